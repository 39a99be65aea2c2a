"""P5 and P2: one row that cannot be stored fails its own request and no other.

A trigger, put into the file by another connection, refuses rows with a mark. The groups
are made on purpose: while the disk holds one commit, requests queue up behind it.
"""
import contextlib
import os
import sqlite3

import pytest

from faults import FaultyDaemon, answer_of, begin, end, scores, settled, training
from harness import TIMEOUT, refused, until

MARK = "cannot be stored"
OPEN = {"name": "open", "audience": "customer", "questions": [],
        "open": {"metric": "csat", "scale": [1, 5]}}


@pytest.fixture
def faulty():
    # One worker takes requests in the order in which they came.
    with FaultyDaemon("workers=1") as d:
        d.start()
        with d.client() as c:
            assert c.put("/v1/surveys/open", OPEN).status == 201
        yield d


def change_file(daemon, sql, file):
    db = sqlite3.connect(os.path.join(daemon.dir, file), timeout=TIMEOUT)
    try:
        db.executescript(sql)
    finally:
        db.close()


@contextlib.contextmanager
def refusing(daemon, table="event", column="comment", file="empowerd.db"):
    """Rows with the mark in that column are refused by the file."""
    change_file(daemon, f"CREATE TRIGGER refuse BEFORE INSERT ON {table} "
                f"WHEN NEW.{column} = '{MARK}' BEGIN "
                "SELECT RAISE(ABORT, 'refused by a test'); END", file)
    yield
    change_file(daemon, "DROP TRIGGER refuse", file)


def in_one_group(daemon, requests):
    """Sends lists of events, each on its own connection, so that the writer takes them
    all at once, in this order. The answers."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(daemon.client()) for _ in requests]
        first = stack.enter_context(daemon.client())
        groups = 0
        with daemon.holding():
            begin(first, [answer_of(0, f"hold-{daemon.struck}")])
            daemon.wait_held()
            groups = daemon.metric("commit_groups_total")
            waiting = daemon.metric("queue_events")
            for client, events in zip(clients, requests):
                begin(client, events)
                waiting += len(events)
                until(lambda: daemon.metric("queue_events") == waiting)
        assert end(first)[1]["stored"] == 1
        answers = [end(c) for c in clients]
        return answers, daemon.metric("commit_groups_total") - groups - 1


def test_groups_are_groups(faulty):
    """The helper does what the other tests rely on."""
    answers, groups = in_one_group(faulty, [[answer_of(5, i)] for i in range(10)])
    assert [(status, body["stored"]) for status, body in answers] == [(200, 1)] * 10
    assert groups == 1
    settled(faulty, {0: 1, 5: 10})


@pytest.mark.parametrize("at", [0, 4, 9])
def test_a_row_fails_alone(faulty, at):
    requests = [[answer_of(5, f"{i}-{j}", unit=f"u{i}") for j in range(3)]
                for i in range(10)]
    bad = [answer_of(7, "first", unit="never/seen", channel="lost"),
           answer_of(7, "second", source="newcomer", unit="u3", comment=MARK),
           answer_of(7, "third")]
    requests[at] = bad
    with refusing(faulty):
        answers, _ = in_one_group(faulty, requests)
        for i, (status, body) in enumerate(answers):
            if i == at:
                assert status == 500 and body["type"] == "/problems/internal"
            else:
                assert (status, body["stored"]) == (200, 3), body
        # Nothing of it is there, no name either.
        settled(faulty, {0: 1, 5: 27})
        for table, name in ("unit", "never"), ("channel", "lost"), ("source", "newcomer"):
            assert faulty.one(f"SELECT count(*) FROM {table} WHERE name = ?", name) == 0
        with faulty.client() as c:
            refused(c.lines(bad), 500, "internal")
            assert scores(c) == {0: 1, 5: 27}
    with faulty.client() as c:
        assert c.lines(bad).json()["stored"] == 3
        assert c.lines(bad).json()["duplicate"] == 3
        assert scores(c, unit="never") == {7: 1}
        assert scores(c, channel="lost") == {7: 1}
        assert scores(c, unit="u3") == {5: 3, 7: 1}
        assert c.lines([e for r in requests for e in r]).json()["duplicate"] == 30
    for _ in range(2):
        settled(faulty, {0: 1, 5: 27, 7: 3})
        assert faulty.one("SELECT count(DISTINCT seq) = max(seq) FROM event")
        faulty.restart()


def test_what_depended_on_the_failed_one(faulty):
    """Others of the group that used its ids, names and questions are judged anew."""
    shared, fresh = answer_of(6, "shared"), {"unit": "brand/new", "segment": "gold"}
    question = {"survey": "open", "answers": {"fresh_question": 4}, **fresh}
    bad = [shared, answer_of(6, "other", **fresh),
           {"type": "survey.answered", "id": "q1", "data": question},
           answer_of(6, "bad", comment=MARK)]
    requests = [
        [answer_of(5, "before")], bad,
        [shared],
        [answer_of(4, "other", source="test", **fresh)],  # no conflict: that is not there
        [{"type": "survey.answered", "id": "q2", "data": question}],
        [answer_of(3, "x", **fresh)]]
    with refusing(faulty):
        answers, _ = in_one_group(faulty, requests)
        assert [status for status, _ in answers] == [200, 500, 200, 200, 200, 200]
        for i in 0, 2, 3, 4, 5:
            assert answers[i][1]["stored"] == 1, answers[i]
        settled(faulty, {0: 1, 3: 1, 4: 1, 5: 1, 6: 1})
    with faulty.client() as c:
        result = c.lines([bad[0], *bad[2:]]).json()
        assert (result["stored"], result["duplicate"]) == (2, 1)
        rejected = c.lines([bad[1]]).json()["rejected"]
        assert rejected[0]["error"]["type"] == "/problems/id-conflict"
        rows = c.rollup("satisfaction", survey="open", unit="brand")["rows"]
        assert [(r["question"], r["histogram"]["4"]) for r in rows] == [
            ("fresh_question", 2)]
    for _ in range(2):
        settled(faulty, {0: 1, 3: 1, 4: 1, 5: 1, 6: 2})
        assert faulty.one("SELECT count(*) FROM question WHERE name = 'fresh_question'"
                          ) == 1
        faulty.restart()


def test_a_row_of_the_other_file(faulty):
    requests = [[answer_of(5, 1), training(1)],
                [answer_of(6, 2, unit="gone"), training(2, topic=MARK)],
                [training(3), answer_of(7, 3)]]
    with refusing(faulty, "training", "topic", "confidential.db"):
        answers, _ = in_one_group(faulty, requests)
        assert [status for status, _ in answers] == [200, 500, 200]
        settled(faulty, {0: 1, 5: 1, 7: 1})
        assert faulty.sql("SELECT name FROM unit") == []
    with faulty.client() as c:
        assert c.lines(requests[1]).json()["stored"] == 2
        assert c.lines(sum(requests, [])).json()["duplicate"] == 6
    assert faulty.one("SELECT count(*) FROM training", file="confidential.db") == 3
    settled(faulty, {0: 1, 5: 1, 6: 1, 7: 1})


def test_atomic(faulty):
    batch = [answer_of(6, i, unit=f"a{i}") for i in range(600)]
    batch[400]["data"]["comment"] = MARK
    with faulty.client() as c:
        with refusing(faulty):
            refused(c.lines(batch, "?atomic=1"), 500, "internal")
            assert c.event(answer_of(5, 1000)).status == 201
            settled(faulty, {5: 1})
            assert faulty.sql("SELECT name FROM unit") == []
        assert c.lines(batch, "?atomic=1").json()["stored"] == 600
        assert c.lines(batch, "?atomic=1").json()["duplicate"] == 600
    settled(faulty, {5: 1, 6: 600})


def test_a_large_batch_says_send_again(faulty):
    """Of a batch that is not atomic, a part may be stored: the answer is 'unknown'."""
    batch = [answer_of(6, i) for i in range(2000)]
    batch[1100]["data"]["comment"] = MARK
    with faulty.client() as c:
        with refusing(faulty):
            refused(c.lines(batch), 500, "internal")
        result = c.lines(batch).json()
        assert result["stored"] + result["duplicate"] == 2000 and result["stored"] > 0
    settled(faulty, {6: 2000})
