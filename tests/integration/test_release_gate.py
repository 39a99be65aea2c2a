"""The way in and the way out of employees' surveys: thresholds, single-use invitations,
closing a period. Who may ask, what is refused and where it points, and that no answer
depends on whether anybody answered."""
import csv
import datetime
import io
import itertools
import json
import os
import re
import subprocess

import pytest

from ctl_harness import EMPOWERCTL, Tool
from harness import HERE, TIMEOUT, Daemon, refused

QUESTIONS = [{"name": "voice", "metric": "pulse"}]
NAMES = itertools.count(1)
CODE = re.compile(r"I(-[0-9A-HJKMNP-TV-Z]{5}){4}-[0-9A-HJKMNP-TV-Z]{6}")
NOBODY = "I-00000-00000-00000-00000-000000"


@pytest.fixture(scope="module")
def shared():
    with Daemon("rate_limit=0") as d:
        d.start()
        with d.client() as c:
            assert c.put("/v1/units", {"units": [
                {"name": "works"}, {"name": "works/hall"}, {"name": "works/lab"}]}).status == 200
        yield d


@pytest.fixture
def tool(shared, tmp_path):
    return Tool(shared, tmp_path)


def survey(c, **members):
    """A new survey of employees; its name."""
    name = f"team{next(NAMES)}"
    document = {"audience": "employee", "questions": QUESTIONS, **members}
    assert c.put("/v1/surveys/" + name, document).status == 201
    return name


def release(c, name, period=None):
    return c.post(f"/v1/surveys/{name}/release", {"period": period} if period else {})


def invite(c, name, count=1, unit="works/hall"):
    answer = c.post(f"/v1/surveys/{name}/invites",
                    {"count": count, **({"unit": unit} if unit else {})})
    assert answer.status == 201, answer
    return answer.json()["invites"]


def answered(name, id_=None, **data):
    return {"type": "survey.answered", **({"source": "t", "id": id_} if id_ else {}),
            "data": {"survey": name, "answers": {"voice": 4}, **data}}


def month_before(day, n=1):
    index = day.year * 12 + day.month - 1 - n
    return f"{index // 12}-{index % 12 + 1:02}"


def today():
    return datetime.datetime.now(datetime.timezone.utc).date()


# --- who may

@pytest.mark.parametrize("what,scope,body", [("release", "admin", {}),
                                             ("invites", "roster", {"count": 1})])
def test_scopes(shared, client, what, scope, body):
    path = f"/v1/surveys/{survey(client)}/{what}"
    allowed = {scope, "admin"}
    for name in ("ingest", "respond", "concern", "roster", "read", "admin"):
        with shared.client(shared.new_token(name)) as c:
            answer = c.post(path, body)
            if name in allowed:
                assert answer.status == 201, (name, answer)
            else:
                refused(answer, 403, "forbidden")
    with shared.client(shared.new_token(scope, unit="works")) as c:
        refused(c.post(path, body), 403, "forbidden")
    with shared.client(None) as c:
        refused(c.post(path, body), 401, "unauthorized")
    # The scope comes before whether there is such a survey.
    with shared.client(shared.new_token("ingest")) as c:
        refused(c.post(f"/v1/surveys/none/{what}", body), 403, "forbidden")


@pytest.mark.parametrize("what", ["release", "invites"])
def test_of_what(client, what):
    body = {"count": 1} if what == "invites" else {}
    refused(client.post(f"/v1/surveys/none/{what}", body), 404, "not-found")
    refused(client.post(f"/v1/surveys/A%20b/{what}", body), 404, "not-found")
    refused(client.post(f"/v1/surveys/csat/{what}", body), 409, "conflict")
    refused(client.post(f"/v1/surveys/pulse/{what}?now=1", body), 422, "invalid")
    answer = client.get(f"/v1/surveys/pulse/{what}")
    refused(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "OPTIONS, POST"


@pytest.mark.parametrize("what,body,status,pointer", [
    ("release", "{", 400, None), ("release", "[]", 422, ""), ("release", "7", 422, ""),
    ("release", {"period": ""}, 422, "/period"), ("release", {"period": 1}, 422, "/period"),
    ("release", {"period": None}, 422, "/period"),
    ("release", {"period": "1" * 40}, 422, "/period"),
    ("release", {"wave": "1"}, 422, ""), ("release", {"period": "1", "x": 1}, 422, ""),
    ("release", '{"period":"1","period":"1"}', 400, None),
    ("invites", "", 422, "/count"), ("invites", {}, 422, "/count"), ("invites", "{", 400, None),
    ("invites", "[]", 422, ""), ("invites", {"count": 0}, 422, "/count"),
    ("invites", {"count": -1}, 422, "/count"), ("invites", {"count": 10001}, 422, "/count"),
    ("invites", {"count": 1.0}, 422, "/count"), ("invites", {"count": "1"}, 422, "/count"),
    ("invites", {"count": None}, 422, "/count"),
    ("invites", {"count": 1, "unit": 7}, 422, "/unit"),
    ("invites", {"count": 1, "unit": ""}, 422, "/unit"),
    ("invites", {"count": 1, "unit": "A"}, 422, "/unit"),
    ("invites", {"count": 1, "unit": "works//hall"}, 422, "/unit"),
    ("invites", {"count": 1, "unit": "works/nowhere"}, 422, "/unit"),
    ("invites", {"count": 1, "units": "works"}, 422, ""),
])
def test_bodies(client, what, body, status, pointer):
    name = survey(client)
    answer = client.request("POST", f"/v1/surveys/{name}/{what}", body)
    refused(answer, status, "invalid" if status == 422 else "malformed-json", pointer)
    # It did nothing: the first wave is still the present one.
    assert release(client, name).json()["period"] == "1"


# --- periods

@pytest.mark.parametrize("now", ["wave", "week", "month"])
def test_a_period_is_for_good(client, now):
    """Or a wave would come out as a month of long ago."""
    name = survey(client, period=now)
    document = client.get("/v1/surveys/" + name).json()
    for other in "wave", "week", "month":
        answer = client.put("/v1/surveys/" + name, {**document, "period": other})
        if other == now:
            assert answer.status == 200
        else:
            refused(answer, 409, "conflict", "/period")
    assert client.get("/v1/surveys/" + name).json() == document


def test_waves(client):
    name = survey(client)
    first = client.request("POST", f"/v1/surveys/{name}/release")  # no body at all
    assert first.status == 201
    one = first.json()
    assert set(one) == {"survey", "period", "from", "to"}
    assert (one["survey"], one["period"]) == (name, "1") and one["from"] <= one["to"]
    two = release(client, name, "2")
    assert two.status == 201
    assert two.json()["period"] == "2" and two.json()["from"] == one["to"]
    # Again: what was, as it was.
    again = release(client, name, "1")
    assert (again.status, again.json()) == (200, one)
    assert (release(client, name, "2").status, release(client, name).json()["period"]) == \
        (200, "3")
    refused(release(client, name, "5"), 409, "conflict", "/period")
    for bad in ("0", "-1", "01", "1.0", "x", "2026-11", "2026-W01", " 1"):
        refused(release(client, name, bad), 422, "invalid", "/period")
    assert release(client, name, "4").status == 201


def test_months(client):
    name = survey(client, period="month")
    day = today()
    last, now = month_before(day), month_before(day, 0)
    first = release(client, name)
    assert first.status == 201, first
    assert first.json() == {"survey": name, "period": last, "from": f"{last}-01T00:00:00Z",
                            "to": f"{now}-01T00:00:00Z"}
    for again in (release(client, name), release(client, name, last)):
        if today().month == day.month:
            assert (again.status, again.json()) == (200, first.json())
    for early in (now, month_before(day, -1), "2199-12"):
        refused(release(client, name, early), 409, "conflict", "/period")
    for bad in ("1", "2026-13", "2026-00", "2026-1", "26-01", "2026-W10", "2026-11-01", "soon"):
        refused(release(client, name, bad), 422, "invalid", "/period")


def test_weeks(client):
    name = survey(client, period="week")
    monday = today() - datetime.timedelta(days=today().weekday())
    year, week, _ = (monday - datetime.timedelta(days=7)).isocalendar()
    first = release(client, name)
    assert first.status == 201, first
    assert first.json()["period"] == f"{year}-W{week:02}"
    assert first.json()["to"] == f"{monday}T00:00:00Z"
    year, week, _ = monday.isocalendar()
    refused(release(client, name, f"{year}-W{week:02}"), 409, "conflict", "/period")
    for bad in ("2026-W00", "2026-W54", "2026-W1", "2025-W53", "2026-11", "W47"):
        refused(release(client, name, bad), 422, "invalid", "/period")


def test_the_answer_is_the_same_whatever_was_answered(shared, client):
    """But for the name of the survey, and for moments that differ by when it was put."""
    for period in ("wave", "week", "month"):
        answers = []
        for n in (0, 1, 40):
            name = survey(client, period=period)
            day = (today().replace(day=1) - datetime.timedelta(days=9)).isoformat()
            for i in range(n):
                event = answered(name, unit="works/hall", respondent=f"{name}-{i}")
                assert client.event({**event, "time": day + "T12:00:00Z"}).status == 201
            seen = []
            for _ in range(1 if period == "wave" else 2):
                answer = release(client, name)
                document = answer.json()
                assert document.pop("survey") == name
                if period == "wave":
                    # By the moment: a full second is written without its fraction.
                    begin, end = (datetime.datetime.fromisoformat(
                        document.pop(k).replace("Z", "+00:00")) for k in ("from", "to"))
                    assert begin <= end
                seen.append((answer.status, document, sorted(
                    h for h in answer.headers.items() if h[0] not in ("Date", "Content-Length"))))
            answers.append(seen)
        assert answers[0] == answers[1] == answers[2], period
    assert shared.verify()


# --- invitations

def test_invitations_leave_once(shared, client):
    name = survey(client)
    answer = client.post(f"/v1/surveys/{name}/invites", {"unit": "works/hall", "count": 300})
    assert answer.status == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    document = answer.json()
    assert set(document) == {"survey", "unit", "invites"}
    assert (document["survey"], document["unit"]) == (name, "works/hall")
    codes = document["invites"]
    assert len(set(codes)) == 300 and all(CODE.fullmatch(code) for code in codes)
    assert shared.one("SELECT count(*) FROM invite WHERE survey = ? AND unit = 'works/hall' "
                      "AND spent = 0", name, file="confidential.db") == 300
    for file in os.listdir(shared.dir):
        path = os.path.join(shared.dir, file)
        if os.path.isfile(path):
            with open(path, "rb") as f:
                content = f.read()
            assert not [c for c in codes[:20]
                        if c.encode() in content or c.replace("-", "").encode() in content], file
    # Of no unit.
    for body in ({"count": 2}, {"count": 2, "unit": None}):
        document = client.post(f"/v1/surveys/{name}/invites", body).json()
        assert document["unit"] is None and len(document["invites"]) == 2
    assert len(invite(client, name, 10000)) == 10000
    # A headcount declares a unit, too; an answer from somewhere does not.
    assert client.event({"type": "headcount.set", "data": {"unit": "depot", "headcount": 4}}
                        ).status == 201
    assert client.event({"type": "base.set", "data": {"unit": "shop", "active": 4}}).status == 201
    assert len(invite(client, name, unit="depot")) == 1
    refused(client.post(f"/v1/surveys/{name}/invites", {"count": 1, "unit": "shop"}), 422,
            "invalid", "/unit")


def test_an_invitation_works_once(shared, client):
    name, other = survey(client), survey(client)
    one, two, three, four = invite(client, name, 4)
    nobodys, = invite(client, name, unit=None)
    refuse = dict(status=422, slug="unknown-reference", pointer="/data/invite")

    def spent():
        return shared.one("SELECT count(*) FROM invite WHERE survey = ? AND spent = 1", name,
                          file="confidential.db")

    first = client.event(answered(name, "a1", invite=one))
    assert first.status == 201 and first.json() == {"id": "a1", "status": "stored"}
    refused(client.event(answered(name, "a2", invite=one)), **refuse)
    refused(client.event(answered(name, invite=one)), **refuse)
    # Sent again it is what it was, and refused ones were never stored.
    again = client.event(answered(name, "a1", invite=one))
    assert again.status == 200 and again.json()["status"] == "duplicate"
    refused(client.event(answered(name, "a2", invite=one)), **refuse)
    # Typed by hand; the unit may be said if it is the right one.
    assert client.event(answered(name, invite=two.lower().replace("-", " "),
                                 unit="works/hall")).status == 201
    for event in (answered(other, invite=three), answered(name, invite=three, unit="works/lab"),
                  answered(name, invite=three, unit="works"), answered(name, invite=NOBODY),
                  answered(name, invite=nobodys, unit="works")):
        refused(client.event(event), **refuse)
    assert spent() == 2
    # What was refused for something else spends nothing either.
    refused(client.event(answered(name, invite=three, answers={"voice": 9})), 422, "invalid",
            "/data/answers/voice")
    assert client.event(answered(name, invite=three)).status == 201
    assert client.event(answered(name, invite=nobodys)).status == 201
    assert spent() == 4
    assert shared.sql("SELECT unit, verified, count(*) FROM event WHERE survey = ? "
                      "GROUP BY 1, 2 ORDER BY 1", name, file="confidential.db") in (
        [(None, 1, 1), ("works/hall", 1, 3)], [("", 1, 1), ("works/hall", 1, 3)])
    # A release ends the others.
    assert release(client, name).status == 201
    refused(client.event(answered(name, "late", invite=four)), **refuse)
    assert shared.one("SELECT count(*) FROM invite WHERE survey = ?", name,
                      file="confidential.db") == 0
    assert client.event(answered(name, invite=invite(client, name)[0])).status == 201
    assert client.event(answered(name, "a1", invite=one)).json()["status"] == "duplicate"
    assert shared.verify()


def test_invitations_in_batches(client):
    name = survey(client)
    one, two = invite(client, name, 2)
    both = [answered(name, "b1", invite=one), answered(name, "b2", invite=one)]
    # All or nothing: then it is not spent.
    refused(client.lines(both, "?atomic=1"), 422, "invalid", "/1/data/invite")
    document = client.lines([*both, answered(name, "b3", invite="I-1"),
                             answered(name, "b4", invite=two)]).json()
    assert document["stored"] == 2
    assert [(r["index"], r["error"]["errors"][0]["pointer"]) for r in document["rejected"]] == \
        [(1, "/data/invite"), (2, "/data/invite")]
    again = client.lines([both[0], answered(name, "b4", invite=two)]).json()
    assert again["duplicate"] == 2


@pytest.mark.parametrize("data,pointer", [
    ({"invite": "I-1"}, "/data/invite"), ({"invite": ""}, "/data/invite"),
    ({"invite": 7}, "/data/invite"), ({"invite": None}, "/data/invite"),
    ({"invite": "P" + NOBODY[1:]}, "/data/invite"), ({"invite": "E" + NOBODY[1:]}, "/data/invite"),
    ({"invite": NOBODY + "0"}, "/data/invite"), ({"invite": "I" * 129}, "/data/invite"),
    ({"invite": NOBODY, "respondent": "ann"}, "/data/respondent"),
])
def test_what_is_no_invitation(client, data, pointer):
    refused(client.event(answered("pulse", **data)), 422, "invalid", pointer)


def test_invitations_are_for_answers_of_employees(client):
    refused(client.event({"type": "survey.answered", "data": {
        "survey": "csat", "answers": {"overall": 4}, "invite": NOBODY}}), 422, "invalid",
        "/data/invite")
    refused(client.event({"type": "survey.shown", "data": {
        "survey": "pulse", "invite": NOBODY}}), 422, "invalid", "/data/invite")


def test_an_invitation_needs_no_more_than_ingest(shared, client):
    name = survey(client)
    hall, lab = invite(client, name)[0], invite(client, name, unit="works/lab")[0]
    with shared.client(shared.new_token("ingest")) as c:
        assert c.event(answered(name, invite=hall)).status == 201
    with shared.client(shared.new_token("ingest", unit="works/hall")) as c:
        refused(c.event(answered(name, invite=lab)), 403, "forbidden", "/data/unit")
        refused(c.event(answered(name, invite=lab, unit="works/hall")), 422,
                "unknown-reference", "/data/invite")
    with shared.client(shared.new_token("ingest", unit="works/lab")) as c:
        assert c.event(answered(name, invite=lab, unit="works/lab")).status == 201


def test_who_is_vouched_for(shared, client):
    """A token that knows the roster, for whom it names; nobody else by a name."""
    name = survey(client)
    for scopes in (("ingest", "roster"), ("ingest",)):
        with shared.client(shared.new_token(*scopes)) as c:
            for who in ("ann", None):
                event = answered(name, unit="works/lab",
                                 **({"respondent": who + scopes[-1]} if who else {}))
                event["data"]["lang"] = scopes[-1] + ("-named" if who else "")
                assert c.event(event).status == 201
    assert sorted(shared.sql("SELECT lang, verified FROM event WHERE survey = ?", name,
                             file="confidential.db")) == [
        ("ingest", 0), ("ingest-named", 0), ("roster", 0), ("roster-named", 1)]


# --- the threshold

def test_threshold(shared, client):
    name = survey(client)
    path = "/v1/surveys/" + name
    base = {"audience": "employee", "questions": QUESTIONS}

    def stored():
        return shared.one("SELECT threshold FROM survey WHERE name = ?", name)

    assert stored() == 5
    refused(client.put(path, {**base, "threshold": 4}), 409, "conflict", "/threshold")
    before = client.put(path, {**base, "threshold": 4}).json()
    assert client.event(answered(name, unit="works/hall", respondent="ann")).status == 201
    assert client.put(path, {**base, "threshold": 4}).json() == before  # tells nothing
    assert client.put(path, {**base, "threshold": 8}).status == 200
    assert stored() == 8 and client.get(path).json()["threshold"] == 8
    for document in (base, {**base, "threshold": 7}):
        refused(client.put(path, document), 409, "conflict", "/threshold")
    assert client.put(path, {**base, "threshold": 8}).status == 200
    for bad in (2, 0, -1, 1001, 5.0, "5", None, True):
        refused(client.put(path, {**base, "threshold": bad}), 422, "invalid", "/threshold")
    refused(client.put("/v1/surveys/visits", {"audience": "customer", "threshold": 5,
                                              "questions": QUESTIONS}),
            422, "invalid", "/threshold")
    low = survey(client, threshold=3)
    assert shared.one("SELECT threshold FROM survey WHERE name = ?", low) == 3
    assert shared.sql("SELECT name FROM survey WHERE (threshold IS NULL) <> "
                      "(audience_id = (SELECT id FROM audience WHERE name = 'customer'))") == []


def test_threshold_survives_and_binds_what_ships(daemon):
    with daemon.client() as c:
        name = survey(c, threshold=9)
        pulse = c.get("/v1/surveys/pulse").json()
    daemon.restart()
    with daemon.client() as c:
        refused(c.put("/v1/surveys/" + name, {"audience": "employee", "questions": QUESTIONS}),
                409, "conflict", "/threshold")
        refused(c.put("/v1/surveys/pulse", {**pulse, "threshold": 3}), 409, "conflict",
                "/threshold")
        assert c.put("/v1/surveys/pulse", {**pulse, "threshold": 6}).status == 200
    daemon.restart()
    assert daemon.one("SELECT threshold FROM survey WHERE name = 'pulse'") == 6


# --- the README

def test_the_readme_asks_employees(tmp_path):
    """Its commands as they stand there, in bash, with the words that it defines before."""
    with open(os.path.join(HERE, "..", "README"), encoding="utf-8") as f:
        text = f.read()
    section = re.search(r"^Asking employees\n-+\n(.*?)\n\n\n", text, re.M | re.S)[1]
    script = "set -e -o pipefail\n" + "".join(
        line + "\n" for line in re.findall(r"^ {4}((?:TOKEN=|API=|ctl\(\)|get\(\)|post\(\)).*)",
                                           text, re.M))
    script += "".join(line + "\n" for line in re.findall(r"^ {4}(.*)", section, re.M))
    assert script.count("get \"rollups") == 2
    with Daemon() as d:
        d.start()
        script = script.replace("http://127.0.0.1:8787", f"http://127.0.0.1:{d.port}")
        script = script.replace("build/empowerctl", EMPOWERCTL).replace("build/state", d.dir)
        # Answers that differ in each unit, or chance would decide.
        script = script.replace("RANDOM % 5", "N++ % 5")
        done = subprocess.run(["bash", "-c", script], capture_output=True, cwd=tmp_path,
                              text=True, timeout=TIMEOUT)
        assert done.returncode == 0, done.stdout + done.stderr
        before, _, after = done.stdout.partition("workplace 1: released, ")
        assert before.count('"status":"stored"') == 18 and '"protected"' in before
        rows = json.JSONDecoder().raw_decode(after, after.index("{"))[0]["rows"]
        assert [(row["unit"], row["n"], row["verified"]) for row in rows] == [
            ("shop", 9, True), ("shop/floor", 9, True)]
        assert not os.listdir(tmp_path) and d.verify()


# --- empowerctl

def test_ctl_release(shared, client, tool):
    name = survey(client)
    out = tool.ok("release", name)
    assert re.fullmatch(rf"{name} 1: released, \S+Z to \S+Z\n", out), out
    assert re.match(rf"{name} 1: released before, ", tool.ok("release", name, "--period", "1"))
    document = json.loads(tool.ok("release", name, "--json"))
    assert document["period"] == "2"
    assert "no survey" in tool.fails("release", "none")
    assert "/period" in tool.fails("release", survey(client, period="month"), "--period",
                                   month_before(today(), 0))
    tool.fails("release", "csat")
    tool.fails("release", status=2)
    tool.fails("release", name, "x", status=2)


@pytest.mark.parametrize("reply", [b"\n", b"n\n", b"yesterday\n", b"\x04"])
def test_ctl_release_asks_at_a_terminal(client, tool, reply):
    name = survey(client)
    status, out, shown = tool.at_a_terminal("release", name, reply=reply)
    assert status == 1 and not out and "nothing was released" in shown
    assert (f"{name}: about to release the present wave, for good; invitations end with "
            "it.\r\nGo on? [y/N] ") in shown
    # It was not, and neither --yes nor a pipe is asked.
    status, out, shown = tool.at_a_terminal("release", name, "--yes", reply=b"")
    assert status == 0 and out.startswith(f"{name} 1: released, ") and not shown
    assert tool.ok("release", name).startswith(f"{name} 2: released, ")


@pytest.mark.parametrize("reply", [b"y\n", b"Yes\n"])
def test_ctl_release_goes_on_when_told(client, tool, reply):
    name = survey(client)
    status, out, shown = tool.at_a_terminal("release", name, "--period", "1", reply=reply)
    assert status == 0 and out.startswith(f"{name} 1: released, ")
    assert f"{name}: about to release period 1 and those before it, for good" in shown


def test_ctl_release_names_the_kind_of_period(client, tool):
    name = survey(client, period="month")
    _, out, shown = tool.at_a_terminal("release", name, reply=b"no\n")
    assert not out and "the last month that is over and those before it" in shown
    status, _, shown = tool.at_a_terminal("release", "csat", reply=b"")
    assert status == 1 and "[y/N]" not in shown and "asks customers" in shown
    status, _, shown = tool.at_a_terminal("release", "none", reply=b"")
    assert status == 1 and "no survey" in shown


def test_ctl_invite(shared, client, tool):
    name = survey(client)
    lines = tool.ok("invite", name, "--unit", "works/hall", "--count", "7").splitlines()
    assert len(set(lines)) == 7 and all(CODE.fullmatch(line) for line in lines)
    assert client.event(answered(name, invite=lines[0], unit="works/hall")).status == 201
    assert CODE.fullmatch(tool.ok("invite", name).strip())  # one, of no unit
    link, = tool.ok("invite", name, "--url", "https://voice.example/base/").splitlines()
    # A link that leads nowhere would have spent an invitation.
    assert "--url: expected a place" in tool.fails("invite", name, "--url", "voice.example",
                                                   status=2)
    head, code = link.split("?invite=")
    assert head == f"https://voice.example/base/f/{name}" and CODE.fullmatch(code)
    rows = list(csv.reader(io.StringIO(tool.ok("invite", name, "-u", "works/lab", "--csv"))))
    assert rows[0] == ["unit", "invite"] and rows[1][0] == "works/lab"
    document = json.loads(tool.ok("invite", name, "-u", "works/lab", "--count", "2", "--json"))
    assert document["survey"] == name
    assert [set(i) for i in document["invites"]] == [{"unit", "invite"}] * 2
    assert "/unit" in tool.fails("invite", name, "--unit", "works/nowhere")
    for wrong in (["none"], ["csat"], [name, "--unit", "A"]):
        tool.fails("invite", *wrong)
    for wrong in ([], [name, "a", "b"], [name, "--count", "0"], [name, "--count", "x"],
                  [name, "-", "--unit", "works"], [name, "-", "--count", "1"]):
        tool.fails("invite", *wrong, status=2)


def people(tool, name, text, *options):
    """Rows of the CSV that a table becomes."""
    out = tool.ok("invite", name, *options, "-", text=text.encode())
    separator = ";" if ";" in text.split("\n")[0] else ","
    return list(csv.reader(io.StringIO(out, newline=""), delimiter=separator))


def test_ctl_invite_a_table_of_people(shared, client, tool, tmp_path):
    name = survey(client)
    text = ('\ufeffName,Unit,phone,note\r\n"Doe, Ann",works/hall,+48 1,"says ""hi"""\r\n'
            'Ben,works/lab,=1+1,"two\nlines"\r\n\r\nCleo,works/hall,,\r\n')
    rows = people(tool, name, text, "--url", "https://v.example")
    assert rows[0] == ["Name", "Unit", "phone", "note", "invite", "link"]
    assert [row[:4] for row in rows[1:]] == [
        ["Doe, Ann", "works/hall", "+48 1", 'says "hi"'],
        ["Ben", "works/lab", "=1+1", "two\nlines"], ["Cleo", "works/hall", "", ""]]
    assert len({row[4] for row in rows[1:]}) == 3
    assert [row[5] for row in rows[1:]] == [
        f"https://v.example/f/{name}?invite={row[4]}" for row in rows[1:]]
    # Each is of the unit of its row.
    refused(client.event(answered(name, invite=rows[2][4], unit="works/hall")), 422,
            "unknown-reference", "/data/invite")
    for row in rows[1:]:
        assert client.event(answered(name, invite=row[4], unit=row[1])).status == 201
    # By numbers, with the separator of the file; more than one request takes.
    rows = people(tool, name, "unit;count\nworks/lab;2\n;1\nworks/hall;5001\nworks/lab;0\n")
    assert rows[0] == ["unit", "invite"]
    assert [r[0] for r in rows[1:]] == ["works/lab"] * 2 + [""] + ["works/hall"] * 5001
    assert len({r[1] for r in rows[1:]}) == 5004
    document = json.loads(tool.ok("invite", name, "--json", "-", text=b"unit,who\nworks,Ann\n"))
    assert document["invites"][0]["who"] == "Ann"
    # Also from a file, and with --csv before it.
    path = tmp_path / "people.csv"
    path.write_text("unit\nworks\n")
    assert tool.ok("invite", name, "--csv", path).startswith("unit,invite\r\nworks,I-")


@pytest.mark.parametrize("text,reason", [
    ("", "no header"), ("name\nAnn\n", "no column unit"), ("unit,invite\na,b\n", "already"),
    ("unit,count\nworks,x\n", "row 1"), ("unit,count\nworks,-1\n", "row 1"),
    ("unit,who\nworks\n", "line 2"), ('unit\n"works\n', "line 2"),
    ("unit\nworks\nworks/nowhere\n", '"works/nowhere"'),
])
def test_ctl_tables_that_are_refused(client, tool, text, reason):
    result = tool.run("invite", survey(client), "-", text=text.encode())
    assert result.returncode == 1 and result.stdout == b""
    assert reason in result.stderr.decode()
