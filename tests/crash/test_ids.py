"""P2: an event sent again is stored once, as long as its id is remembered."""
import json
import os
import sqlite3
import threading

import pytest

from faults import answer_of, scores, settled, training
from harness import TIMEOUT, Client, Daemon, refused

HOUR_MS = 3600 * 1000
DAY_S = 24 * 3600
WINDOW = 1000  # the least that can be configured


def change_file(daemon, sql, *params):
    """Of a daemon that does not run."""
    db = sqlite3.connect(os.path.join(daemon.dir, "empowerd.db"))
    with db:
        changed = db.execute(sql, params).rowcount
    db.close()
    return changed


def sealed_count(daemon):
    return daemon.one("SELECT count(*) FROM event", file="confidential.db")


def test_at_the_same_time_on_many_connections(daemon):
    """Of 16 that send the same, one stores; all others hear that it is there."""
    rounds, found = 20, []
    barrier = threading.Barrier(16, timeout=TIMEOUT)

    def send():
        with Client(daemon) as c:
            for i in range(rounds):
                barrier.wait()
                event = answer_of(7, i)
                answer = c.event(event) if i % 2 else c.lines([event, event])
                body = answer.json()
                found.append((i, body["status"] if i % 2 else
                              (body["stored"], body["duplicate"])))

    threads = [threading.Thread(target=send) for _ in range(16)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for i in range(rounds):
        mine = sorted(status for number, status in found if number == i)
        assert mine == (["duplicate"] * 15 + ["stored"] if i % 2
                        else [(0, 2)] * 15 + [(1, 1)])
    settled(daemon, {7: rounds})


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_all_kinds_of_repeats_across_an_end(daemon, end):
    one, changed = answer_of(5, 1), answer_of(6, 1)
    secret = training(2)
    # A repeat is known by its id alone where no content is kept.
    secret_changed = training(2, topic="another topic")
    with daemon.client() as c:
        result = c.lines([one, one, changed, secret, secret, secret_changed]).json()
        assert (result["stored"], result["duplicate"]) == (2, 3)
        assert [r["index"] for r in result["rejected"]] == [2]
        assert result["rejected"][0]["error"]["type"] == "/problems/id-conflict"
    for _ in range(3):
        with daemon.client() as c:
            assert c.event(one).json()["status"] == "duplicate"
            refused(c.event(changed), 422, "id-conflict", "/id")
            for event in secret, secret_changed:
                answer = c.event(event)
                assert answer.status == 200
                assert answer.json() == {"id": "t2", "status": "duplicate"}
            result = c.lines([changed, one, secret_changed]).json()
            assert (result["stored"], result["duplicate"]) == (0, 2)
            assert [r["index"] for r in result["rejected"]] == [0]
        getattr(daemon, end)()
        daemon.start()
    assert sealed_count(daemon) == 1
    settled(daemon, {5: 1})


@pytest.mark.parametrize("order", [1, -1], ids=["customer first", "confidential first"])
def test_one_id_in_both_files(daemon, order):
    """Ids of confidential events are apart: nobody learns from an answer about a
    customer's event that an employee's has that id, nor the other way round."""
    pair = [answer_of(5, 1), {**training(1), "id": "e1"}][::order]
    with daemon.client() as c:
        assert [c.event(event).status for event in pair] == [201, 201]
    for end in daemon.kill, daemon.stop:
        with daemon.client() as c:
            for event in pair:
                assert c.event(event).json()["status"] == "duplicate"
            assert c.lines(pair).json()["duplicate"] == 2
            refused(c.event(answer_of(6, 1)), 422, "id-conflict", "/id")
            again = {**training(1, topic="another"), "id": "e1"}
            assert c.event(again).json()["status"] == "duplicate"
        end()
        daemon.start()
    assert sealed_count(daemon) == 1
    settled(daemon, {5: 1})


def test_without_an_id_each_is_another(daemon):
    event = answer_of(5, 1)
    del event["id"]
    with daemon.client() as c:
        answers = [c.event(event).json() for _ in range(3)]
        assert c.lines([event, event]).json()["stored"] == 2
    assert all(a["idempotent"] is False and a["status"] == "stored" for a in answers)
    assert len({a["id"] for a in answers}) == 3
    settled(daemon, {5: 5})


@pytest.mark.parametrize("end", [None, "stop", "kill"])
def test_the_window_by_count(end):
    """The newest WINDOW ids are remembered, over batches, ends and starts."""
    with Daemon(f"id_window_max={WINDOW}") as d:
        d.start()
        old = [answer_of(1, f"old-{i}") for i in range(10)]
        new = [answer_of(2, f"new-{i}") for i in range(WINDOW - 1)]
        with d.client() as c:
            assert c.lines(old).json()["stored"] == 10
            assert c.lines(new).json()["stored"] == WINDOW - 1
        if end:
            getattr(d, end)()
            d.start()
        assert d.metric("id_window_age_seconds") < DAY_S  # full: less is promised
        with d.client() as c:
            assert c.event(old[9]).json()["status"] == "duplicate"  # the last in
            assert c.event(old[8]).json()["status"] == "stored"     # the last out
            assert c.event(old[9]).json()["status"] == "stored"     # now it is out
            assert c.lines(new[1:]).json()["duplicate"] == WINDOW - 2
        with d.client() as c:
            assert scores(c) == {1: 12, 2: WINDOW - 1}
        d.verify()


def test_the_window_by_age(daemon):
    """An id is remembered for a day, and /metrics says so."""
    with daemon.client() as c:
        assert c.event(answer_of(1, "a")).status == 201
    assert daemon.metric("id_window_age_seconds") == DAY_S
    daemon.stop()
    assert change_file(daemon, "UPDATE id_block SET time = time - ?", 23 * HOUR_MS) == 1
    daemon.start()
    assert daemon.metric("id_window_age_seconds") == DAY_S
    with daemon.client() as c:
        assert c.event(answer_of(1, "a")).json()["status"] == "duplicate"
        assert c.event(answer_of(2, "b")).status == 201
    daemon.stop()
    assert change_file(daemon, "UPDATE id_block SET time = time - ? WHERE number = 1",
                       2 * HOUR_MS) == 1
    daemon.start()
    with daemon.client() as c:
        assert c.event(answer_of(2, "b")).json()["status"] == "duplicate"
        assert c.event(answer_of(1, "a")).json()["status"] == "stored"
        assert scores(c) == {1: 2, 2: 1}
    daemon.verify()


def test_ids_that_are_alike(daemon):
    """Source and id are two things, compared byte by byte."""
    pairs = [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc"), ("a", "b\u0001c"),
             ("a\u0001b", "c"), ("A", "bc"), ("a", "Bc"), ("a", "bc "), ("a ", "bc"),
             ("é", "x"), ("e\u0301", "x")]
    events = [{**answer_of(5, 0), "source": source, "id": number}
              for source, number in pairs if source and number]
    with daemon.client() as c:
        result = c.lines(events).json()
        kept = len(events) - len(result["rejected"])
        assert result["stored"] == kept >= 8 and result["duplicate"] == 0
        del events[0]["source"]
        assert c.event(json.dumps(events[0])).status == 201
    settled(daemon, {5: kept + 1})
