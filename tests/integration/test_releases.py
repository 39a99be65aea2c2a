"""What is left in the files after a release, whoever looks: analysts with everybody's
file, admins with the confidential one. And what is an answer though it was no form:
intents, and how heard employees felt.
"""
import datetime
import os
import pathlib
import random
import sqlite3
import subprocess

from harness import BUILD, TIMEOUT, Daemon

EMPOWERCTL = os.environ.get("EMPOWERCTL", os.path.join(BUILD, "empowerctl"))

SURVEY = {"name": "team", "audience": "employee", "title": {"en": "Your team"},
          "questions": [{"name": "mood", "metric": "csat", "scale": [1, 5]},
                        {"name": "want", "metric": "choice",
                         "options": [{"name": "tea"}, {"name": "coffee"}]}]}
PEOPLE = 400


def answers(seed=1):
    """Of people who each work in a unit of their own, below declared ones."""
    rng = random.Random(seed)
    for i in range(PEOPLE):
        yield {"type": "survey.answered", "source": "desk", "id": f"sent-{i:04}",
               "data": {"survey": "team", "unit": f"{rng.choice('ab')}/desk-{i:04}",
                        "respondent": f"person-{i:04}",
                        "answers": {"mood": rng.randint(1, 5),
                                    "want": rng.choice(["tea", "coffee"])}}}


def put(daemon, events):
    """One request for each, as forms come."""
    with daemon.client() as c:
        assert c.put("/v1/units", {"units": [{"name": u} for u in "ab"]}).status == 200
        assert c.put("/v1/surveys/team", SURVEY).status == 201
        for e in events:
            assert c.event(e).json()["status"] == "stored"


def release(daemon, name, status=201):
    with daemon.client() as c:
        answer = c.post(f"/v1/surveys/{name}/release", {})
    assert answer.status == status, answer
    return answer.json()


def read(daemon, name):
    return pathlib.Path(daemon.dir, name).read_bytes()


def test_the_file_does_not_tell_who_came_when(daemon):
    """Nothing is left that names an answer: neither its id nor a unit that is in no
    block, and no former version of a page. (That the order of what is left tells nothing
    is in test_attack_release.py.)"""
    events = list(answers())
    random.Random(7).shuffle(events)
    put(daemon, events)
    release(daemon, "team")
    assert read(daemon, "confidential.db-wal") == b""
    raw = read(daemon, "confidential.db")
    assert daemon.one("PRAGMA freelist_count", file="confidential.db") == 0
    assert {u for u, in daemon.sql("SELECT DISTINCT unit FROM event", file="confidential.db")
            } <= {"a", "b", None}
    assert len(daemon.sql("SELECT key FROM id_window", file="confidential.db")) == PEOPLE
    for name in "confidential.db", "empowerd.db", "empowerd.db-wal":
        raw = read(daemon, name)
        for e in events:
            assert e["id"].encode() not in raw
            assert e["data"]["respondent"].encode() not in raw
            assert e["data"]["unit"].encode() not in raw
    assert daemon.one("SELECT count(person) FROM event", file="confidential.db") == 0


def test_the_order_of_answers_makes_no_difference():
    """To any row of everybody's file."""
    tables = ("SELECT period FROM release", "SELECT id, release_id, question, unit_id, "
              "verified, people FROM release_block", "SELECT * FROM release_count",
              "SELECT id, name FROM unit")
    seen = []
    for events in list(answers()), list(answers())[::-1]:
        with Daemon() as d:
            put(d.start(), events)
            release(d, "team")
            seen.append([d.sql(q) for q in tables])
            d.verify()
    assert seen[0] == seen[1]
    assert len(seen[0][1]) == 4


def keys(daemon):
    return sorted(f for f in os.listdir(os.path.join(daemon.dir, "keys"))
                  if f.startswith("period-"))


def test_keys_are_there_as_long_as_their_period(daemon):
    put(daemon, list(answers())[:6])
    assert keys(daemon) == ["period-team-1.key"]
    daemon.restart()
    release(daemon, "team")
    assert keys(daemon) == []
    with daemon.client() as c:
        late = {**next(answers()), "id": "late"}
        assert c.event(late).status == 201
    assert keys(daemon) == ["period-team-2.key"]
    # One of a former version, and one that was to be gone.
    for name in "survey-team-0.key", "period-team-1.key":
        with open(os.path.join(daemon.dir, "keys", name), "wb") as f:
            f.write(bytes(32))
    daemon.restart()
    assert keys(daemon) == ["period-team-2.key"]
    assert not os.path.exists(os.path.join(daemon.dir, "keys", "survey-team-0.key"))
    with daemon.client() as c:
        assert c.event({**late, "id": "again"}).status == 201
    assert daemon.sql("SELECT counted, count(*) FROM event WHERE period = 2 GROUP BY 1",
                      file="confidential.db") == [(0, 1), (1, 1)]


def last_month():
    now = datetime.datetime.now(datetime.timezone.utc)
    at = now.replace(day=1) - datetime.timedelta(days=1)
    return at.strftime("%Y-%m"), at.strftime("%Y-%m-%dT12:00:00Z")


def test_intents_are_released_like_answers(daemon):
    month, at = last_month()
    with daemon.client() as c:
        assert c.put("/v1/units", {"units": [{"name": "a"}]}).status == 200
        for i in range(9):
            kind = "leave_intent" if i < 3 else "stay_intent"
            for _ in range(2):  # said again, it counts once
                assert c.event({"type": "signal.recorded", "time": at,
                                "data": {"audience": "employee", "unit": "a",
                                         "person": f"p{i}", "signal": kind}}).status == 201
        rows = c.rollup("satisfaction", survey="intent")["rows"]
        assert [r["n"] for r in rows] == [None]
    assert release(daemon, "intent")["period"] == month
    with daemon.client() as c:
        rows = c.rollup("satisfaction", survey="intent", group_by="unit")["rows"]
    assert [(r["unit"], r["question"], r["n"], r["verified"]) for r in rows] == [
        ("a", "intent", 9, True)]
    assert daemon.sql("SELECT option, n FROM v_release ORDER BY value") == [
        ("stay", 6), ("leave", 3)]
    daemon.verify()


def test_how_heard_they_felt_is_released_unverified(daemon):
    """Nobody vouches that ten suggestions are of ten people."""
    with daemon.client() as c:
        for i in range(11):
            made = c.post("/v1/suggestions", {"audience": "employee", "unit": "a",
                                              "kind": "suggestion", "title": f"t{i}"})
            assert made.status == 201, made
            where = made.json()
            assert c.post(f"/v1/suggestions/{where['id']}/triage",
                          {"will_examine": True}).status == 201
            assert c.event({"type": "suggestion.rated",
                            "data": {"receipt": where["receipt"],
                                     "felt_heard": 1 + i % 5}}).status == 201
    assert daemon.sql("SELECT survey, counted, verified, count(*) FROM event "
                      "WHERE class = 'sealed' GROUP BY 1, 2, 3",
                      file="confidential.db") == [("felt_heard", 1, 0, 11)]
    assert daemon.one("SELECT count(*) FROM survey_period WHERE survey = 'felt_heard' AND "
                      "threshold = 5", file="confidential.db") == 1
    # This month is not over.
    release(daemon, "felt_heard")
    assert daemon.sql("SELECT * FROM release") == []
    daemon.verify()


def test_verify_sees_what_was_changed(daemon):
    """The daemon by the other file; without it, by the file alone."""
    put(daemon, list(answers())[:40])
    release(daemon, "team")
    daemon.verify()
    daemon.stop()
    db = sqlite3.connect(os.path.join(daemon.dir, "empowerd.db"))
    with db:
        db.execute("UPDATE release_block SET people = people + 1 WHERE question = 'mood'")
    db.close()
    offline = subprocess.run([EMPOWERCTL, "verify", "-d", daemon.dir], capture_output=True,
                             text=True, timeout=TIMEOUT)
    assert offline.returncode != 0, offline
    assert "other people than its counts" in offline.stdout
    daemon.start()
    with daemon.client() as c:
        found = c.get("/v1/verify").json()["findings"]
    assert "releases are not the same in both files" in found
