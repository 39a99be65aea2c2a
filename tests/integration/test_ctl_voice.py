"""empowerctl: suggestions, decisions, boundaries, personal codes, and what surveys lack."""
import csv
import html.parser
import io
import itertools
import json
import re

import pytest

from ctl_harness import Tool, run
from harness import Daemon

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def tool(shared, tmp_path_factory):
    return Tool(shared, tmp_path_factory.mktemp("memory"))


def submit(client, **fields):
    answer = client.post("/v1/suggestions", {"audience": "customer", "kind": "suggestion",
                                             "title": "Open on Sunday", **fields})
    assert answer.status == 201, answer
    return answer.json()


# --- suggestions

def test_suggestion_from_list_to_answer(tool, client):
    s = submit(client, unit="shop/north", category="hours", title="Open é" + "x" * 80)
    row = next(l for l in tool.ok("suggestion", "list").splitlines() if s["id"] in l)
    assert "hours" in row and "submitted" in row and row.count("x...") == 1
    # A day is enough in a list.
    assert re.search(r" \d{4}-\d\d-\d\d +\d{4}-\d\d-\d\d  no ", row), row
    assert tool.ok("suggestion", "acknowledge", s["id"], "--auto") == "stored\n"
    assert tool.ok("suggestion", "acknowledge", s["id"]) == "stored\n"
    assert tool.ok("suggestion", "triage", s["id"], "--examine", "yes") == "stored\n"
    assert s["id"] in tool.ok("suggestion", "list", "examining,done")
    assert tool.ok("suggestion", "answer", s["id"], "declined", "-r", "No staff") == "stored\n"
    shown = tool.ok("suggestion", "show", s["id"])
    assert re.search(r"^state +declined$", shown, re.M)
    assert re.search(r"answered +responder .*declined +No staff", shown)
    assert "received" not in shown.split("\n\n")[0]
    assert tool.ok("suggestion", "reopen", s["id"], "--reason", "Staff") == "stored\n"
    assert s["id"] not in tool.ok("suggestion", "list", "declined")
    document = json.loads(tool.ok("suggestion", "show", s["id"], "--json"))
    assert [h["type"] for h in document["history"]] == [
        "acknowledged", "acknowledged", "triaged", "answered", "reopened"]


def test_suggestion_filters_and_pages(tool, client):
    unit = f"page{next(numbers)}"
    ids = [submit(client, unit=unit, kind=kind, category="c1")["id"]
           for kind in ("question", "suggestion", "question")]
    first = tool.ok("suggestion", "list", "-u", unit, "--rows", "2")
    assert ids[2] in first and ids[1] in first and ids[0] not in first
    cursor = re.search(r"^More: --cursor (\S+)$", first, re.M)[1]
    rest = tool.ok("suggestion", "list", "--unit", unit, "--cursor", cursor)
    assert ids[0] in rest and "More" not in rest
    rows = list(csv.DictReader(io.StringIO(
        tool.ok("suggestion", "list", "--unit", unit, "--kind", "question", "--csv"))))
    assert [r["id"] for r in rows] == [ids[2], ids[0]]
    assert len(json.loads(tool.ok("suggestion", "list", "--unit", unit, "--category", "c1",
                                  "--json"))["rows"]) == 3
    for nothing in (["--category", "c2"], ["--overdue"], ["--board"], ["done"],
                    ["--to", "2020-01-01T00:00:00Z"], ["--from", "2100-01-01T00:00:00Z"],
                    ["--audience", "employee"]):
        assert tool.ok("suggestion", "list", "--unit", unit, *nothing) == "No rows.\n", nothing


def test_suggestion_ids_with_slashes_and_sources(tool, client):
    name = f"a b/{next(numbers)}?"
    submit(client, id=name, source="one")
    submit(client, id=name, source="two")
    tool.ok("suggestion", "acknowledge", name, "--source", "one")
    for source, state in (("one", "acknowledged"), ("two", "submitted")):
        assert state in tool.ok("suggestion", "show", name, "--source", source)


@pytest.mark.parametrize("words,complaint", [
    (["triage", "--examine", "no"], "/reason"),
    (["answer", "declined"], "/reason"),
    (["answer", "perhaps"], "/status"),
    (["reopen", "-r", "x"], "submitted"),
])
def test_suggestion_refused(tool, client, words, complaint):
    s = submit(client)
    assert complaint in tool.fails("suggestion", words[0], s["id"], *words[1:])


def test_suggestion_that_is_not_there(tool):
    for words in (["show", "none"], ["triage", "none", "--examine", "yes"],
                  ["show", "none", "--source", "x"]):
        assert "nothing" in tool.fails("suggestion", *words).lower()
    complaint = tool.fails("suggestion", "list", "upside_down")
    assert "submitted, received, " in complaint and ", reopened" in complaint


# --- decisions

def test_decision_log_settle_outcome_review(tool, shared):
    before = shared.one("SELECT count(*) FROM event")
    one = tool.ok("decision", "log", "clerk", "refund", "yes", "40", "-p", "ana", "-u", "shop",
                  "-e", "-c", "case 7", "--rule", "r1", "--rule-did-not-fit", "--conflict",
                  "--special-request", "--moment", "delivery", "--self-rating", "4",
                  "--drivers", "spend=no,retention=yes,referral=unsure", "--goal", "keep her",
                  "--time", "2026-01-02T03:04:05Z").strip()
    assert re.fullmatch("[0-9a-f]{32}", one)
    assert tool.ok("decision", "settle", one, "partial") == "stored\n"
    assert tool.ok("decision", "outcome", one, "--benefit", "yes", "--drivers",
                   "spend=yes") == "stored\n"
    assert tool.ok("decision", "review", one, "coach", "--lesson", "Ask", "--missed", "spend",
                   "--rule", "r2") == "stored\n"
    assert shared.one("SELECT count(*) FROM event") == before + 3
    again = tool.fails("decision", "review", one, "coach")
    assert "reviewed already" in again
    row = json.loads(tool.ok("rollup", "decisions", "group_by=class", "role=clerk",
                             "from=2026-01-01T00:00:00Z", "to=2026-02-01T00:00:00Z",
                             "--json"))["rows"]
    assert [(r["n"], r["yes"], r["escalated"], r["settled"]) for r in row] == [(1, 1, 1, 1)]


def test_decision_by_options_and_own_id(tool):
    name = f"d{next(numbers)}"
    words = ["decision", "log", "--id", name, "--source", "desk", "--class", "gift", "agent",
             "no", "--amount", "2.5"]
    assert tool.ok(*words) == tool.ok(*words) == name + "\n"
    assert tool.ok("decision", "outcome", name, "--source", "desk", "--benefit",
                   "no") == "stored\n"
    assert "/ref" in tool.fails("decision", "outcome", name, "--source", "other", "--benefit",
                                "no")
    assert tool.ok("decision", "settle", "--source", "desk", name, "--answer", "yes",
                   "--json").startswith("{")


@pytest.mark.parametrize("words,complaint", [
    (["log", "agent", "refund", "maybe"], "/data/answer"),
    (["log", "Agent", "refund", "yes"], "/data/role"),
    (["log", "agent", "refund", "yes", "1.234"], "/data/amount"),
    (["log", "agent", "refund", "yes", "--drivers", "speed=yes"], "/data/drivers"),
    (["log", "agent", "refund", "yes", "--self-rating", "6"], "/data/self_rating"),
    (["settle", "none", "yes"], "/data/ref"),
    (["outcome", "none"], "/data"),
    (["review", "none", "coach"], "/data/ref"),
])
def test_decision_refused(tool, words, complaint):
    assert complaint in tool.fails("decision", *words)


# --- boundaries

def test_boundary_set_check_list(tool):
    role = f"lead{next(numbers)}"
    assert "no boundary is in force" in tool.ok("boundary", "check", role, "refund", "5")
    assert tool.ok("boundary", "set", role, "refund", "act", "49.5", "-u", "shop", "--training",
                   "money", "-r", "trust") == "stored\n"
    act = tool.ok("boundary", "check", role, "refund", "49.50", "-u", "shop/north")
    assert act.startswith("act (limit 49.50, since ") and "the training money" in act
    assert len(re.findall(r"^  \w+: .*\?$", act, re.M)) == 4
    over = tool.ok("boundary", "check", role, "refund", "49.51", "-u", "shop", "-p", "ana")
    assert over.startswith("propose")
    assert json.loads(tool.ok("boundary", "check", role, "refund", "-u", "shop",
                              "--json"))["mode"] == "act"
    tool.ok("boundary", "set", role, "gift", "--limit", "none", "--mode", "act", "--time",
            "2026-01-01T00:00:00Z")
    assert "without limit" in tool.ok("boundary", "check", role, "gift", "1000000")
    listed = tool.ok("boundary", "list", "--role", role)
    assert len(listed.splitlines()) == 3 and "money" in listed and "trust" in listed
    assert "gift" not in tool.ok("boundary", "list", "--role", role, "--class", "refund")
    rows = list(csv.DictReader(io.StringIO(
        tool.ok("boundary", "list", "--role", role, "--unit", "shop", "--csv"))))
    assert {r["class"] for r in rows} == {"refund", "gift"}
    assert tool.ok("boundary", "candidates", "--role", role) == "No rows.\n"
    assert json.loads(tool.ok("boundary", "candidates", "--json"))["rows"] == []


@pytest.mark.parametrize("words,complaint", [
    (["set", "agent", "refund", "decide", "5"], "/mode"),
    (["set", "agent", "refund", "act", "--limit", "-1"], "/limit"),
    (["check", "agent", "re fund"], "/class"),
    (["list", "--unit", "A B"], "unit"),
    (["candidates", "--class", "A B"], "class"),
])
def test_boundary_refused(tool, words, complaint):
    assert complaint in tool.fails("boundary", *words)


# --- personal codes

def test_person_link(tool, shared):
    out = tool.ok("person", "link", "ana b")
    code = out.splitlines()[0]
    assert re.fullmatch(r"P-[0-9A-Z-]+", code) and "only now" in out
    address = re.search(r"http://\S+/v1/me/\S+$", out, re.M)[0]
    with shared.client(None) as c:
        assert c.get(address[address.index("/v1"):]).status == 200
    other = json.loads(tool.ok("person", "link", "--person", "ana b", "--json"))["code"]
    assert other != code
    with shared.client(None) as c:
        assert c.get("/v1/me/" + code).status == 404
    assert "/person" in tool.fails("person", "link", "x" * 200)


# --- usage

@pytest.mark.parametrize("words", [
    ["suggestion"], ["suggestion", "forget"], ["suggestion", "show"],
    ["suggestion", "show", "x", "y"], ["suggestion", "triage", "x"],
    ["suggestion", "triage", "x", "--examine", "perhaps"], ["suggestion", "answer", "x"],
    ["suggestion", "show", ""], ["suggestion", "list", "--examine", "yes"],
    ["suggestion", "acknowledge", "x", "--csv"], ["suggestion", "list", "--role", "x"],
    ["decision"], ["decision", "undo"], ["decision", "log", "agent", "refund"],
    ["decision", "log", "agent", "refund", "yes", "many"],
    ["decision", "log", "agent", "refund", "yes", "4", "5"],
    ["decision", "log", "agent", "refund", "yes", "--drivers", "spend"],
    ["decision", "log", "agent", "refund", "yes", "--lesson", "x"],
    ["decision", "settle", "x"], ["decision", "review", "x"], ["decision", "outcome"],
    ["decision", "outcome", "x", "--benefit", "maybe"],
    ["boundary"], ["boundary", "set", "agent", "refund", "act"],
    ["boundary", "set", "agent", "refund", "act", "all"], ["boundary", "check", "agent"],
    ["boundary", "list", "x"], ["boundary", "check", "agent", "refund", "01"],
    ["person"], ["person", "link"], ["person", "list"], ["person", "link", "a", "b"],
    ["lint"], ["lint", "units"], ["lint", "surveys", "--csv"],
])
def test_a_wrong_command_line_is_2(words):
    result = run(*words)
    assert result.returncode == 2, (result.stdout, result.stderr)
    assert result.stderr and not result.stdout


@pytest.mark.parametrize("words,complaint", [
    (["suggestion", "show"], "suggestion show needs ID"),
    (["suggestion", "triage", "x"], "suggestion triage needs --examine"),
    (["suggestion", "triage", "x", "--examine", "maybe"], "--examine cannot be maybe"),
    (["suggestion", "answer", "x"], "suggestion answer needs STATUS"),
    (["decision", "log"], "decision log needs ROLE"),
    (["decision", "log", "agent", "refund", "yes", "many"], "AMOUNT cannot be many"),
    (["decision", "settle"], "decision settle needs ID"),
    (["decision", "outcome", "x", "--benefit", "maybe"], "--benefit cannot be maybe"),
    (["boundary", "set", "agent", "refund", "act"], "boundary set needs LIMIT"),
    (["person", "link"], "person link needs PERSON"),
    (["invite", "x", "--count", "0"], "--count: expected a number from 1 "),
    (["demo", "--days", "x"], "--days: expected a number from 1 ")])
def test_what_is_wrong_is_named_as_help_names_it(words, complaint):
    result = run(*words)
    assert result.returncode == 2
    assert result.stderr.decode().startswith("empowerctl: " + complaint), result.stderr


@pytest.mark.parametrize("digits", ["2030", "202601", "20260131"])
@pytest.mark.parametrize("words,named", [
    (["suggestion", "list", "--from", "@"], "--from: expected a date"),
    (["suggestion", "list", "--to", "@"], "--to: expected a date"),
    (["audit", "--from", "@"], "--from: expected a date"),
    (["rollup", "satisfaction", "from=@"], "from: expected a date"),
    (["rollup", "satisfaction", "to=@"], "to: expected a date"),
    (["rollup", "alerts", "as_of=@"], "as_of: expected a date"),
    (["suggestion", "reopen", "x", "-r", "y", "--time", "@"], "--time: expected a time"),
    (["decision", "log", "agent", "refund", "yes", "--time", "@"],
     "--time: expected a time"),
    (["boundary", "set", "agent", "refund", "act", "5", "--time", "@"],
     "--time: expected a time")])
def test_a_year_is_no_second_of_1970(words, named, digits):
    result = run(*(w.replace("@", digits) for w in words))
    assert result.returncode == 2 and not result.stdout
    assert f"{named} such as 2026-01-31" in result.stderr.decode()
    assert f" instead of {digits}\n" in result.stderr.decode()


def test_times_of_every_documented_form_are_taken(tool):
    for time in ("2026-01-31", "2026-01-31T09:00:00Z", "1769850000", "1769850000000", "0"):
        tool.ok("audit", "--from", time)
        tool.ok("rollup", "satisfaction", f"from={time}")
    for time in ("2026-01-31T09:00:00Z", "1769850000", "1769850000000"):
        tool.ok("decision", "log", "agent", "refund", "yes", "--time", time)


def test_without_a_token(shared):
    for words in (["suggestion", "list"], ["person", "link", "x"], ["lint", "surveys"]):
        result = run("-s", f"http://127.0.0.1:{shared.port}", *words)
        assert result.returncode == 1 and b"--token-file" in result.stderr


# --- lint

OUTSIDE = {"name": "out", "audience": "customer", "questions": [
    {"name": "heard", "metric": "pulse", "twin": "in/heard"},
    {"name": "again", "metric": "nps", "twin": "enps/recommend"},
    {"name": "why", "metric": "text"}]}
INSIDE = {"name": "in", "audience": "employee", "period": "month", "questions": [
    {"name": "heard", "metric": "pulse"}, {"name": "voice", "metric": "pulse"}]}


def write(path, document):
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_lint_files(tmp_path):
    out, inside = write(tmp_path / "o.json", OUTSIDE), write(tmp_path / "i.json", INSIDE)
    both = run("lint", "surveys", out, inside)
    assert both.returncode == 1 and not both.stderr
    assert both.stdout.decode().splitlines() == [
        f"{inside}: in/voice: has no twin: customers are not asked the same",
        "2 surveys, 1 warning"]
    alone = run("lint", "surveys", out)
    assert alone.returncode == 1
    assert f"{out}: out/heard: its twin in/heard is not asked" in alone.stdout.decode()
    good = dict(INSIDE, questions=INSIDE["questions"][:1])
    fine = run("lint", "surveys", out, write(inside, good))
    assert fine.returncode == 0 and fine.stdout == b"2 surveys, 0 warnings\n"
    document = json.loads(run("lint", "surveys", out, "--json").stdout)
    assert document["surveys"] == 1
    assert document["warnings"][0]["question"] == "heard"


def test_lint_finds_twins_that_do_not_fit(tmp_path):
    bad = dict(INSIDE, questions=[{"name": "heard", "metric": "nps"}])
    result = run("lint", "surveys", write(tmp_path / "o.json", OUTSIDE),
                 write(tmp_path / "i.json", bad))
    assert result.returncode == 1 and b"out: its twin" in result.stdout


@pytest.mark.parametrize("text,complaint", [
    ('{"name": "x",\n"audience" "customer"}', ":2: not well-formed JSON"),
    ("", ":1: not well-formed JSON"),
    ('{"name": "x", "audience": "martians", "questions": []}', ": /audience"),
    ('{"audience": "customer", "questions": []}', ": /name"),
])
def test_lint_broken_files(tmp_path, text, complaint):
    good = write(tmp_path / "good.json", dict(OUTSIDE, questions=OUTSIDE["questions"][1:]))
    bad = write(tmp_path / "bad.json", text)
    result = run("lint", "surveys", bad, good)
    assert result.returncode == 1
    assert f"{bad}{complaint}" in result.stderr.decode()
    assert result.stdout == b"1 survey, 0 warnings, 1 broken file\n"
    document = json.loads(run("lint", "surveys", bad, good, "--json").stdout)
    assert document == {"surveys": 1, "warnings": [], "broken": 1}
    assert run("lint", "surveys", tmp_path / "absent").returncode == 1
    assert run("lint", "surveys", good, good).returncode == 1


def test_lint_the_daemons(daemon, tmp_path):
    own = Tool(daemon, tmp_path)
    # What ships is not judged.
    assert own.ok("lint", "surveys") == "0 surveys, 0 warnings\n"
    with daemon.client() as c:
        for s in (OUTSIDE, INSIDE):
            assert c.put("/v1/surveys/" + s["name"], s).status == 201
    result = own.run("lint", "surveys")
    assert result.returncode == 1
    assert result.stdout.decode().splitlines() == [
        "in/voice: has no twin: customers are not asked the same", "2 surveys, 1 warning"]


# --- the report, of the sample data

SECTIONS = ["At a glance", "What customers say", "What employees say", "Customers who take part",
            "Employees who take part", "Suggestions of customers", "Suggestions of employees",
            "Decisions", "Decisions by role and class", "Boundaries that could be wider",
            "Recognition of employees", "Recognition by customers", "Training", "Contact",
            "Employees who stay", "Customers who stay", "Coherence", "Early warning",
            "Initiatives"]
MONTH = "2026-05"


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """A daemon with sample data of half a year."""
    with Daemon() as d:
        d.start()
        own = Tool(d, tmp_path_factory.mktemp("memory"))
        out = own.ok("demo", "--days", "170", "--until", "2026-06-15")
        assert "0 were there already, 0 rejected" in out
        yield own


def test_the_sample_has_life_on_every_route(sample):
    d = sample.daemon
    assert d.verify()
    with d.client() as c:
        def rows(path, member="rows", **params):
            answer = c.get(path, **params)
            assert answer.status == 200, answer
            return [r for r in answer.json()[member] if "suppressed" not in r]

        for name in ("suggestions", "decisions", "training", "contact", "recognition",
                     "participation", "retention", "satisfaction"):
            for audience in ("customer", "employee"):
                if (name, audience) in (("training", "customer"), ("contact", "customer"),
                                        ("decisions", "customer"), ("retention", "employee"),
                                        ("participation", "employee")):
                    continue
                assert rows("/v1/rollups/" + name, audience=audience), (name, audience)
        month = {"from": "2026-05-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}
        assert rows("/v1/rollups/decisions", "reviews", **month)[0]["reinforce"] > 0
        assert rows("/v1/rollups/decisions", "drivers", **month)[0]["accuracy"] > 50
        assert rows("/v1/rollups/suggestions", audience="customer")[0]["felt_heard"] >= 1
        assert rows("/v1/rollups/suggestions", audience="employee", kind="boundary_request",
                    **month)
        assert rows("/v1/rollups/recognition", "figures", audience="employee",
                    **month)[0]["backing_rate"] > 0
        by_unit = rows("/v1/rollups/suggestions", audience="employee", group_by="unit", **month)
        assert {r["unit"] for r in by_unit} >= {"demo/online/shop", "demo/online/support"}
        assert "demo/south/station" not in {r["unit"] for r in by_unit}  # 9 people
        alarms = rows("/v1/alerts", **{"from": "2026-04-01T00:00:00Z", "to": "2026-06-15T00:00:00Z"})
        price = next(r for r in alarms if r["category"] == "price")
        assert price["since"] <= "2026-05-11"
        candidates = rows("/v1/boundaries/candidates", role="agent", **{"class": "refund"})
        assert [r["unit"] for r in candidates if r["candidate"]] == ["demo/north/harbour"]
        before, after = (rows("/v1/initiatives", "questions")[0][w] for w in ("before_n", "after_n"))
        assert before > 30 and after > 30
        assert rows("/v1/coherence", "lagged")
        coherence = c.get("/v1/coherence").json()
        assert 50 < coherence["index"] < 100 and coherence["twins"] >= 4
        asked = {r["unit"]: r for r in rows("/v1/rollups/satisfaction", survey="demo_team",
                                            question="voice", group_by="unit")}
        assert len(asked) >= 5 and all(r["verified"] for r in asked.values())
        assert len(rows("/v1/recognition")) == len(rows("/v1/comments")) == 50
        for audience in ("customer", "employee"):
            found = {r["state"] for r in rows("/v1/suggestions", audience=audience, limit=500)}
            assert found >= {"not_examined", "declined", "done"}, audience
            assert found & {"submitted", "received", "acknowledged"}, audience
        texts = [r["title"] for r in rows("/v1/suggestions", limit=500)]
        assert texts and all(t.endswith("(sample)") for t in texts)
        assert rows("/v1/boundaries", **{"class": "discount"})[0]["mode"] == "propose"


def test_sample_days_in_any_order(tmp_path):
    with Daemon() as d:
        d.start()
        own = Tool(d, tmp_path)
        for days, until in ((10, "2026-05-20"), (30, "2026-05-30"), (10, "2026-06-05"),
                            (90, "2026-06-02")):
            out = own.ok("demo", "--days", days, "--until", until, "--json")
            assert json.loads(out)["rejected"] == 0
        assert d.verify()


def test_report_as_text(sample):
    out = sample.ok("report", "--month", MONTH, env={"LC_ALL": "C"})
    assert out.startswith("Review of 2026-05\n=================\n"
                          "2026-05-01T00:00:00Z to 2026-06-01T00:00:00Z\n")
    assert re.findall(r"^([A-Z].*)\n-+$", out, re.M) == SECTIONS
    assert "\x1b" not in out and "protected" in out
    n = json.loads(sample.ok("rollup", "decisions", "from=2026-05-01T00:00:00Z",
                             "to=2026-06-01T00:00:00Z", "--json"))["rows"][0]
    assert re.search(rf"^n +{n['n']}$", out, re.M)
    bar = re.search(rf"^delegated +{n['delegated']:.2f}  (#+)$", out, re.M)[1]
    assert len(bar) == int(n["delegated"] / 100 * 24 + 0.5)
    assert "█" in sample.ok("report", "--month", MONTH, env={"LC_ALL": "C.UTF-8"})


def test_report_of_a_unit(sample):
    out = sample.ok("report", "--month", MONTH, "--unit", "demo/north")
    assert out.startswith("Review of 2026-05, demo/north\n")
    assert "demo/north/harbour" in out and "demo/south" not in out
    # A unit with nothing is a report, too.
    empty = sample.ok("report", "--month", MONTH, "-u", "elsewhere")
    assert re.findall(r"^([A-Z].*)\n-+$", empty, re.M) == SECTIONS


def test_report_of_the_last_month_without_a_word(sample):
    assert re.match(r"Review of \d{4}-\d\d\n", sample.ok("report"))


@pytest.mark.parametrize("zone,window", [
    ("America/Sao_Paulo", "2026-10-01T00:00:00-03:00 to 2026-11-01T00:00:00-03:00"),
    ("Europe/Warsaw", "2026-10-01T00:00:00+02:00 to 2026-11-01T00:00:00+01:00"),
])
def test_a_month_is_that_of_the_daemon(tmp_path, zone, window):
    with Daemon("timezone=" + zone) as d:
        d.start()
        own = Tool(d, tmp_path)
        with d.client() as c:
            for i, hour in enumerate(("2026-09-30T23:30:00", "2026-10-01T00:30:00",
                                      "2026-10-31T23:30:00", "2026-11-01T00:30:00")):
                # Sao Paulo has no summer time in 2026, Warsaw does until October 25.
                offset = window[-6:] if hour > "2026-10-26" else window[19:25]
                assert c.event({"type": "decision.made", "time": hour + offset, "data": {
                    "role": "agent", "class": "refund", "answer": "yes"}}).status == 201, i
        out = own.ok("report", "--month", "2026-10")
        assert f"\n{window}\n" in out
        assert re.search(r"^n +2$", out, re.M)


def test_report_as_csv(sample):
    out = sample.ok("report", "--month", MONTH, "--csv")
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0] == ["section", "table", "of", "figure", "value"]
    assert all(len(r) == 5 for r in rows)
    assert ["report", "", "", "month", MONTH] in rows
    assert {r[0] for r in rows[1:]} <= {"report", *SECTIONS}
    figures = {(s, t, o, f): v for s, t, o, f, v in rows[1:]}
    row = json.loads(sample.ok("rollup", "decisions", "from=2026-05-01T00:00:00Z",
                               "to=2026-06-01T00:00:00Z", "--json"))["rows"][0]
    for figure in ("n", "delegated", "benefit"):
        assert float(figures["Decisions", "", "", figure]) == row[figure]
    questions = json.loads(sample.ok("rollup", "satisfaction", "from=2026-05-01T00:00:00Z",
                                     "to=2026-06-01T00:00:00Z", "question=recommend", "--json"))
    assert float(figures["What customers say", "", "demo_visit recommend", "nps"]) == \
        questions["rows"][0]["nps"]


class Page(html.parser.HTMLParser):
    """A page, whose tags must match; what it refers to, its tables."""
    VOID = {"meta", "br", "hr", "img", "link", "input"}

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.attributes, self.headings = [], [], [], []
        self.cells = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += [(tag, *a) for a in attrs]
        if tag == "tr":
            self.cells.append([])
        if tag in ("th", "td"):
            self.cells[-1].append("")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "h2" in self.open:
            self.headings.append(data)
        if self.open and self.open[-1] in ("th", "td"):
            self.cells[-1][-1] += data


def test_report_as_html(sample):
    out = sample.ok("report", "--month", MONTH, "--html")
    assert out.startswith("<!DOCTYPE html>\n<html lang=\"en\">")
    page = Page(out)
    assert page.headings == SECTIONS
    assert page.seen.count("h1") == page.seen.count("main") == page.seen.count("title") == 1
    # Nothing from elsewhere, nothing that runs.
    assert not {"script", "link", "img", "iframe", "object", "form", "a"} & set(page.seen)
    assert {name for _, name, _ in page.attributes} <= {
        "lang", "charset", "name", "content", "class", "scope", "style", "aria-hidden"}
    assert not re.search(r"https?:|//|url\(|@import", out)
    # A table has a caption, and every heading cell its scope.
    assert page.seen.count("caption") == page.seen.count("table") > 15
    assert page.seen.count("th") == sum(n == "scope" for _, n, _ in page.attributes)
    widths = [re.fullmatch(r"width:(\d+\.\d)%", v) for _, n, v in page.attributes
              if n == "style"]
    assert len(widths) > 20 and all(w and 0 <= float(w[1]) <= 100 for w in widths)
    assert any("demo/north/harbour" in row for row in page.cells)


def test_report_escapes_what_people_wrote(daemon, tmp_path):
    evil = "<script>alert('x')</script> & \"quotes\""
    with daemon.client() as c:
        assert c.event({"type": "initiative.started", "data": {
            "initiative": "i1", "audience": "customer", "title": evil}}).status == 201
        assert c.put("/v1/boundaries", {"role": "agent", "class": "x", "limit": 1, "mode": "act",
                                        "reason": evil}).status == 201
    out = Tool(daemon, tmp_path).ok("report", "--html")
    page = Page(out)
    assert "script" not in page.seen
    assert any(evil in row for row in page.cells)


@pytest.mark.parametrize("words", [
    ["report", "x"], ["report", "--json"], ["report", "--html", "--csv"],
    ["report", "--month", "2026"], ["report", "--month", "2026-13"],
    ["report", "--month", "2026-1"], ["report", "--month", "May"]])
def test_a_wrong_report_is_2(words):
    result = run(*words)
    assert result.returncode == 2 and result.stderr and not result.stdout


def test_report_of_a_month_that_has_not_begun(sample):
    assert "2199-12 has not begun" in sample.fails("report", "--month", "2199-12")


def test_report_with_less_than_all(sample):
    d = sample.daemon
    assert "unit" in sample.fails("report", "--month", MONTH, "--unit", "A B")
    none = sample.run("report", env={"EMPOWERD_TOKEN": d.new_token("ingest")})
    assert none.returncode == 1 and not none.stdout
    # A token of a unit reads that unit.
    token = {"EMPOWERD_TOKEN": d.new_token("read", unit="demo/north")}
    assert sample.run("report", "--month", MONTH, env=token).returncode == 1
    part = sample.run("report", "--month", MONTH, "--unit", "demo/north", env=token)
    assert part.returncode == 0, part.stderr


def test_a_refused_section_leaves_the_others(sample):
    from ctl_harness import PASS, Proxy
    body = b'{"title":"No <b>","status":422,"errors":[]}'
    refusal = (b"HTTP/1.1 422 x\r\nContent-Type: application/problem+json\r\n"
               b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    with Proxy(sample.daemon, lambda n, _: refusal if n == 4 else PASS) as proxy:
        broken = Tool(sample.daemon, sample.memory, proxy.port)
        result = broken.run("report", "--month", MONTH, "--html")
    assert result.returncode == 1 and b"No <b>" in result.stderr
    page = Page(result.stdout.decode())
    assert page.headings == SECTIONS and "b" not in page.seen


# --- lists and figures of rollup

@pytest.mark.parametrize("name", ["coherence", "alerts", "initiatives", "comments", "feed",
                                  "boundaries", "candidates", "overview", "suggestions",
                                  "decisions", "training", "contact"])
def test_rollup_takes_it(sample, name):
    assert sample.ok("rollup", name)
    json.loads(sample.ok("rollup", name, "--json"))


def test_rollup_says_that_there_is_more(sample):
    first = sample.ok("rollup", "comments", "limit=2")
    cursor = re.search(r"^More: (cursor=\S+)$", first, re.M)[1]
    rest = sample.ok("rollup", "comments", "limit=2", cursor)
    assert rest.splitlines()[1:3] != first.splitlines()[1:3]
    assert "More:" not in sample.ok("rollup", "boundaries")


def test_rollup_says_what_initiatives_do_not_prove(sample):
    note = json.loads(sample.ok("rollup", "initiatives", "--json"))["note"]
    assert "\n" + note + "\n" in sample.ok("rollup", "initiatives")


def test_rollup_draws_what_it_shows(sample):
    out = sample.ok("rollup", "decisions", "group_by=class", env={"LC_ALL": "C"})
    assert "bars delegated" in out.splitlines()[0] and "blocking_rules" in out
    assert out.splitlines()[2].endswith("#")
