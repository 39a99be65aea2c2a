"""P1 and P6: kill -9 at every step of a release.

A release is written to confidential.db, then copied to empowerd.db, then the key of the
period is destroyed and confidential.db rewritten. The daemon is killed instead of one
call that writes or syncs, for one call after the other. After the next start the period
is released or it is not; asked for again, it is in both files once and alike, nobody and
no word of anybody is left, and the wave after it is open.

EMPOWERD_RELEASE_STEP sets how many calls are left out between two kills.
"""
import http.client
import os
import shutil

import pytest

from faults import FaultyDaemon
from harness import until

STEP = int(os.environ.get("EMPOWERD_RELEASE_STEP", "3"))
FAR = 1_000_000
SURVEY = {"name": "team", "audience": "employee", "title": {"en": "Your team"},
          "questions": [{"name": "mood", "metric": "csat", "scale": [1, 5],
                         "text": {"en": "How are you?"}}]}
PEOPLE = {"a": 12, "b": 6, "b/c": 2}
BLOCKS = [("mood", "a", 12), ("mood", "b", 8)]
WORD = "a word of mine"


def answers():
    for unit, n in PEOPLE.items():
        for i in range(n):
            data = {"survey": "team", "unit": unit, "respondent": f"{unit} {i}",
                    "answers": {"mood": 1 + i % 5}, "comment": WORD}
            yield {"type": "survey.answered", "source": "test", "id": f"{unit}-{i}",
                   "data": data}


@pytest.fixture(scope="module")
def answered():
    """A daemon with answers, stopped; and a copy of its files."""
    with FaultyDaemon("workers=1") as d:
        with d.start().client() as c:
            assert c.put("/v1/units", {"units": [{"name": u} for u in PEOPLE]}).status in (200, 201)
            assert c.put("/v1/surveys/team", SURVEY).status == 201
            assert c.lines(answers()).json()["stored"] == sum(PEOPLE.values())
        d.stop()
        copy = d.dir + ".copy"
        shutil.copytree(d.dir, copy)
        yield d, copy


def begin_again(d, copy):
    if d.process:
        d.kill()
    shutil.rmtree(d.dir)
    shutil.copytree(copy, d.dir)
    return d.start()


def release(d, body=None):
    with d.client() as c:
        return c.post("/v1/surveys/team/release", body or {})


def released(d):
    return d.sql("SELECT question, unit, max(people) FROM v_release WHERE survey = 'team' "
                 "GROUP BY 1, 2 ORDER BY 1, 2")


def key_is_there(d):
    return os.path.exists(os.path.join(d.dir, "keys", "period-team-1.key"))


def check(d):
    assert released(d) == BLOCKS
    assert d.sql("SELECT period, ended > started FROM release") == [("1", 1)]
    assert d.sql("SELECT question, unit, people FROM release_block WHERE question <> '' "
                 "ORDER BY 1, 2", file="confidential.db") == BLOCKS
    assert d.sql("SELECT number, released IS NOT NULL, copied FROM survey_period WHERE "
                 "survey = 'team' ORDER BY 1", file="confidential.db") == [
                     (1, 1, 1), (2, 0, 0)]
    assert d.sql("SELECT count(*), count(person), count(nullif(comment, '')) FROM event",
                 file="confidential.db") == [(sum(PEOPLE.values()), 0, 0)]
    # Of b and b/c together too few wrote: theirs are in the root's, with all.
    assert d.sql("SELECT unit, text, count(*) FROM release_comment GROUP BY 1, 2",
                 file="confidential.db") == [("", WORD, sum(PEOPLE.values()))]
    assert not key_is_there(d)
    with d.client() as c:
        rows = c.rollup("satisfaction", survey="team", group_by="unit")["rows"]
        assert [(r["unit"], r["n"]) for r in rows] == [("a", 12), ("b", 8)]
    d.verify()


def test_killed_at_every_step(answered):
    d, copy = answered
    begin_again(d, copy)
    d.doom(FAR)
    assert release(d).status == 201
    steps = FAR - d.doom(0)
    check(d)
    d.kill()
    assert steps > 20, "the daemon writes past the library"
    before = after = 0
    for step in range(1, steps + 1, STEP):
        begin_again(d, copy)
        d.doom(step)
        try:
            answer = release(d)
        except (OSError, http.client.HTTPException):
            answer = None
        # What is done in its own time is counted, too.
        died = until(lambda: d.process.poll() is not None or not d.doom(0))
        assert died and (answer is None or d.process.poll() is not None or
                         answer.status == 201), (step, answer)
        d.doom(0)
        if d.process.poll() is None:
            d.kill()
        else:
            d.wait()
        d.start()
        done = d.one("SELECT count(*) FROM survey_period WHERE released IS NOT NULL",
                     file="confidential.db")
        # What is released is complete at once; what is not has left no trace.
        assert released(d) == (BLOCKS if done else []), step
        assert key_is_there(d) == (not done), step
        again = release(d, {"period": "1"})
        assert again.status == (200 if done else 201), (step, again)
        check(d)
        d.kill()
        before, after = before + (not done), after + done
    assert before and after, (before, after)


def test_late_answers_join_the_next_wave(answered):
    """Sent again after the kill: what was stored is a duplicate, the rest counts later."""
    d, copy = answered
    begin_again(d, copy)
    assert release(d).status == 201
    d.kill()
    d.start()
    late = {"type": "survey.answered", "id": "late",
            "data": {"survey": "team", "unit": "a", "respondent": "a 0",
                     "answers": {"mood": 1}}}
    with d.client() as c:
        assert c.lines(answers()).json()["duplicate"] == sum(PEOPLE.values())
        assert c.event(late).status == 201
    assert d.sql("SELECT period, counted FROM event GROUP BY 1, 2 ORDER BY 1",
                 file="confidential.db") == [(1, 1), (2, 1)]
    check_twice = d.sql("SELECT count(*) FROM v_release")
    d.restart()
    assert d.sql("SELECT count(*) FROM v_release") == check_twice
    d.verify()
    d.kill()
