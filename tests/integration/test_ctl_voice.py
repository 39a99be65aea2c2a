"""empowerctl: suggestions, decisions, boundaries, personal codes, and what surveys lack."""
import csv
import html.parser
import io
import itertools
import json
import re

import pytest

from ctl_harness import Tool, run

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
    assert "no state" in tool.fails("suggestion", "list", "upside_down")


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
        "2 surveys, 1 warnings"]
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
    assert result.stdout == b"1 surveys, 0 warnings\n"
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
        "in/voice: has no twin: customers are not asked the same", "2 surveys, 1 warnings"]
