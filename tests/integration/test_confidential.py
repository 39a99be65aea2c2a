"""What employees say leaves no trace: not in figures, not in the analysts' file, not in a
log, not in what a daemon says about itself.

Everything that somebody with the scope read, or with the file, can look at is noted, then
confidential events of every kind are stored, then all of it must be the same, byte by
byte.
"""
import itertools
import json
import os
import re

import pytest

from harness import Daemon, refused

MOOD = {"name": "mood", "audience": "employee", "period": "month",
        "questions": [{"name": "energy", "metric": "pulse"}], "open": {"metric": "pulse"}}
# Words that stand in confidential events only.
WORDS = ["secretperson", "secretunit", "secretchannel", "secretquestion", "secrettext",
         "secretid", "secretsource", "secrettopic", "secretcategory"]


def confidential(n):
    """Events of every kind that goes to confidential.db, the same for the same n."""
    where = {"unit": "secretunit/a", "channel": "secretchannel"}
    person = f"secretperson{n}"
    kinds = [
        ("survey.invited", {"survey": "mood", "respondent": person}),
        ("survey.shown", {"survey": "mood"}), ("survey.dismissed", {"survey": "mood"}),
        ("survey.answered", {"survey": "mood", "respondent": person, "comment": "secrettext",
                             "answers": {"energy": 1 + n % 5, "secretquestion": 3}, **where}),
        ("survey.answered", {"survey": "pulse", "answers": {"voice": 1 + n % 5}}),
        ("survey.answered", {"survey": "enps", "answers": {"recommend": n % 11}}),
        ("recognition.given", {"audience": "employee", "kind": "praise", "from": person,
                               "to": "secretperson", "visibility": "private",
                               "message": "secrettext", **where}),
        ("training.completed", {"person": person, "topic": "secrettopic", "hours": 2}),
        ("training.requested", {"person": person, "topic": "secrettopic", **where}),
        ("suggestion.submitted", {"audience": "employee", "kind": "concern", "person": person,
                                  "title": "secrettext", "body": "secrettext", "board": True,
                                  "category": "secretcategory", **where}),
        *[("signal.recorded", {"audience": "employee", "signal": s, "person": person, **where})
          for s in ("joined", "separation", "absence", "referral", "stay_intent",
                    "leave_intent")]]
    return [{"type": t, "source": "secretsource", "id": f"secretid-{n}-{i}", "data": data}
            for i, (t, data) in enumerate(kinds)]


def questions():
    for name, audience, more in itertools.product(
            ("satisfaction", "retention", "recognition", "participation", "suggestions",
             "decisions", "training", "contact"),
            ("audience=employee", "audience=customer", ""),
            ("", "step=day", "group_by=unit", "group_by=unit,channel,audience",
             "format=csv", "shape=columns", "unit=ops", "unit=secretunit",
             "channel=secretchannel", "group_by=unit&depth=1",
             "step=month&fill=1&from=2026-01-01T00:00:00Z&to=2027-06-01T00:00:00Z")):
        yield f"/v1/rollups/{name}?" + "&".join(x for x in (audience, more) if x)
    for name, survey in itertools.product(("satisfaction", "participation"),
                                          ("mood", "pulse", "enps")):
        yield f"/v1/rollups/{name}?survey={survey}"
        yield f"/v1/rollups/{name}?survey={survey}&group_by=unit&step=day"
    for more in ("question=energy", "question=secretquestion", "group_by=question"):
        yield f"/v1/rollups/satisfaction?survey=mood&{more}"
    for path in ("/v1/surveys", "/v1/surveys/mood", "/v1/surveys/pulse", "/v1/units",
                 "/v1/verify"):
        yield path


QUESTIONS = list(questions())
# Of the daemon's figures about itself, those that every request moves, a confidential or
# another, and those of clock and disk.
MOVING = re.compile(r"empowerd_(uptime|disk_free|event_requests|rollup|received|sent|"
                    r"requests|answers|connections|counter_buckets_dirty|cells_written|"
                    r"commit_groups|last_commit|wal_bytes)")


def seen(client):
    answers = [client.get(p) for p in QUESTIONS]
    return {p: (a.status, a.headers.get("ETag"), a.body) for p, a in zip(QUESTIONS, answers)}


def bodies(client):
    """Without the tags, which a new process chooses anew."""
    return [body for _, _, body in seen(client).values()]


def metrics(client):
    return [line for line in client.get("/metrics").text().splitlines()
            if not MOVING.match(line)]


def contents(daemon):
    """All of the analysts' file."""
    names = [name for name, in daemon.sql(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY 1")]
    assert "event" in names and "v_answer" in names
    return {name: daemon.sql(f"SELECT * FROM {name}") for name in names}


@pytest.fixture(scope="module")
def used():
    """A daemon with something of every visible kind in it."""
    with Daemon("workers=2", "log_level=debug") as d:
        d.start()
        with d.client() as c:
            assert c.put("/v1/surveys/mood", MOOD).status == 201
            assert c.put("/v1/units", {"units": [{"name": "ops"}]}).status == 200
            events = [{"type": "survey.answered", "id": f"c{i}", "data": {
                "survey": "csat", "unit": "ops/a", "answers": {"overall": 1 + i % 5}}}
                for i in range(30)]
            events += [{"type": "headcount.set", "data": {"unit": "ops", "headcount": 20}},
                       {"type": "recognition.given", "data": {
                           "audience": "employee", "kind": "praise", "to": "a", "unit": "ops",
                           "visibility": "public", "to_name": "A", "from_name": "B",
                           "to_agrees": True}}]
            assert c.lines(events).json()["stored"] == len(events)
        d.restart()  # counters are in the file and nothing is left to write
        yield d


def test_nobody_can_see_whether_employees_answered(used):
    with used.client() as c, used.client(used.new_token("read")) as reader:
        before, figures, file = seen(reader), metrics(reader), contents(used)
        sizes = [os.stat(os.path.join(used.dir, name)).st_size
                 for name in ("empowerd.db", "empowerd.db-wal")]
        groups = used.metric("commit_groups_total")
        took = used.metric("last_commit_microseconds")
        for event in confidential(0):
            answer = c.event(event)
            assert answer.status == 201
            told = answer.json()
            if event["type"] == "suggestion.submitted":
                # Its author gets another id, and the receipt.
                assert told.pop("receipt") and told["id"].startswith("case-")
                told["id"] = event["id"]
            assert told == {"id": event["id"], "status": "stored"}
        events = [e for n in range(1, 40) for e in confidential(n)]
        told = c.lines(events).json()
        assert len(told.pop("receipts")) == 39
        assert told == {"stored": len(events), "duplicate": 0, "rejected": []}
        told = c.lines(events[:30], "?atomic=1").json()
        assert len(told.pop("receipts")) == 2
        assert told == {"stored": 0, "duplicate": 30, "rejected": []}
        after = seen(reader)
        for path in QUESTIONS:
            assert after[path] == before[path], path
            if "secret" not in path:
                assert b"secret" not in after[path][2], path
        assert metrics(reader) == figures
        assert used.metric("commit_groups_total") == groups
        assert used.metric("last_commit_microseconds") == took
        assert contents(used) == file
        assert sizes == [os.stat(os.path.join(used.dir, name)).st_size
                         for name in ("empowerd.db", "empowerd.db-wal")]
        assert used.one("SELECT count(*) FROM event", file="confidential.db") >= len(events)
        # The next visible event has the next number: none was used in between.
        last = used.one("SELECT max(seq) FROM event")
        answer = c.event({"type": "survey.answered", "data": {
            "survey": "csat", "answers": {"overall": 3}}}).json()
        assert answer["seq"] == last + 1


def test_nor_after_a_restart(used):
    used.restart()  # the counters of what came before are in the file
    with used.client(used.new_token("read")) as reader:
        before, file = bodies(reader), contents(used)
    with used.client() as c:
        assert c.lines(confidential(100)).json()["stored"] > 0
    for end in used.stop, used.kill:
        end()
        used.start()
        with used.client(used.new_token("read")) as reader:
            assert bodies(reader) == before
        assert contents(used) == file


def test_ids_of_employees_cannot_be_guessed_or_taken(used):
    """Whoever sends customers' events learns nothing by sending the id of an employee's
    answer, and an answer is not lost because its id was taken."""
    visible = {"type": "survey.answered", "source": "hr", "data": {
        "survey": "csat", "answers": {"overall": 4}}}
    hidden = {"type": "survey.answered", "source": "hr", "data": {
        "survey": "mood", "answers": {"energy": 4}}}
    with used.client() as c:
        for first, second in (hidden, visible), (visible, hidden):
            number = f"{first['data']['survey']}-17"
            for event in first, second:
                assert c.event({**event, "id": number}).json()["status"] == "stored"
            for event in first, second:
                assert c.event({**event, "id": number}).json()["status"] == "duplicate"
    used.restart()
    with used.client() as c:
        for number in "mood-17", "csat-17":
            for event in visible, hidden:
                assert c.event({**event, "id": number}).json()["status"] == "duplicate"


def test_mixed_batches_give_no_number_away(used):
    """The sequence in an answer is that of visible events, however many others came."""
    visible = [{"type": "survey.answered", "data": {"survey": "csat",
                                                    "answers": {"overall": 4}}}] * 2
    with used.client() as c:
        last = used.one("SELECT max(seq) FROM event")
        result = c.lines([visible[0], *confidential(200), visible[1]]).json()
        assert result["seq"] == last + 2
        assert "seq" not in c.lines(confidential(201)).json()


def test_files_and_log(used):
    """No word of them anywhere but in confidential.db; no pseudonymised name even there."""
    with used.client() as c:
        for event in confidential(300):
            assert c.event(event).status == 201
        # Refused ones must leave none either.
        for event in confidential(301):
            event["data"]["secrettext"] = "secrettext"
            assert c.event(event).status == 422
        c.request("GET", "/v1/surveys/secrettext", headers={"Authorization": "secretid"})
    token = used.token
    used.stop()
    hidden = b""
    for root, _, names in os.walk(used.dir):
        for name in names:
            with open(os.path.join(root, name), "rb") as f:
                content = f.read()
            if name.startswith("confidential.db"):
                hidden += content
            else:
                assert not [w for w in WORDS if w.encode() in content], name
            if name != "admin.token":
                assert token.encode() not in content, name
            mode = os.stat(os.path.join(root, name)).st_mode & 0o777
            assert mode == (0o640 if name.startswith("empowerd.db") else 0o600), name
    assert b"secrettext" in hidden  # comments are kept, for the release
    for word in "secretperson", "secretid", "secretsource":
        assert word.encode() not in hidden
    log = "".join(used.log)
    assert token not in log and not [w for w in WORDS if w in log]
    used.start()


def test_definitions_say_nothing(used):
    """A survey that was answered and one that was not behave the same to whoever tries."""
    with used.client() as c:
        outcomes = []
        for name in "tried-a", "tried-b":
            document = {**MOOD, "name": name}
            assert c.put("/v1/surveys/" + name, document).status == 201
            if name == "tried-a":
                for i in range(10):
                    event = {"type": "survey.answered", "data": {
                        "survey": name, "respondent": f"p{i}",
                        "answers": {"energy": 1 + i % 5, "new": 2}}}
                    assert c.event(event).status == 201
            tries = [{"questions": [{"name": "energy", "metric": "nps"}]},
                     {"questions": [{"name": "energy", "metric": "pulse", "scale": [1, 7]}]},
                     {"questions": [{"name": "new", "metric": "nps"}]},
                     {"questions": [], "open": {"metric": "nps"}},
                     {"audience": "customer"}, {"period": "week"}]
            outcome = []
            for change in tries:
                answer = c.put("/v1/surveys/" + name, {**document, **change})
                outcome.append((answer.status, answer.text().replace(name, "")))
                answer = c.get("/v1/surveys/" + name)
                outcome.append(answer.text().replace(name, ""))
            outcomes.append(outcome)
        assert outcomes[0] == outcomes[1]


def test_an_identity_is_no_question(used):
    with used.client(used.new_token("read")) as c:
        for name in "satisfaction", "retention", "recognition", "participation":
            for person in "person", "respondent", "from", "to", "case", "ref":
                problem = refused(c.get(f"/v1/rollups/{name}?group_by={person}"), 422,
                                  "invalid", "group_by")
                assert "people" in problem["detail"]
            for person in "person", "respondent", "case", "ref":
                problem = refused(c.get(f"/v1/rollups/{name}?{person}=x"), 422, "invalid",
                                  person)
                assert "people" in problem["detail"]


def test_employee_rows_are_only_declared_questions(used):
    with used.client(used.new_token("read")) as c:
        document = c.rollup("satisfaction", survey="mood", group_by="unit", step="day")
        for row in document["rows"]:
            assert row["question"] == "energy"
            assert row["n"] is None and row["suppressed"] == "protected"
            assert not {"histogram", "mean", "favorable"} & set(row)
        assert "secret" not in json.dumps(document)
