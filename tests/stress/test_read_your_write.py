"""P3: whoever has an answer can read what it acknowledged, on any connection.

Many clients at once, each with a unit of its own, so that each knows what a rollup of
that unit must say while all the others write. Counted rounds, no clock.
"""
import os
import random
import threading
import time

import pytest

from harness import Client, Daemon, refused, until

WRITERS = 8
ROUNDS = int(os.environ.get("EMPOWERD_ROUNDS", "40"))
POOL = 12  # connections to read from, more than workers
SCORES = range(1, 6)


@pytest.fixture(scope="module")
def many():
    """A daemon with more workers than processors, and a survey."""
    with Daemon("workers=4") as d:
        d.start()
        with d.client() as c:
            document = {"name": "visit", "audience": "customer", "questions": [],
                        "open": {"metric": "csat", "scale": [1, 5]}}
            assert c.put("/v1/surveys/visit", document).status == 201
        yield d


def in_threads(work, n):
    """Runs work(0) ... work(n-1) at once; the first failure is the test's."""
    failures = []

    def run(i):
        try:
            work(i)
        except BaseException as e:  # pylint: disable=broad-except
            failures.append(e)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if failures:
        raise failures[0]


class Pool:
    """Open connections; each is used by one thread at a time."""

    def __init__(self, daemon, n):
        self.clients = [(Client(daemon), threading.Lock()) for _ in range(n)]

    def ask(self, rng, *args, **params):
        client, lock = rng.choice(self.clients)
        with lock:
            return client.rollup(*args, **params)

    def close(self):
        for client, _ in self.clients:
            client.close()


def histogram(rows, question):
    return {int(v): n for row in rows if row["question"] == question
            for v, n in row["histogram"].items() if n}


def test_a_rollup_includes_what_was_acknowledged(many):
    pool = Pool(many, POOL)

    def write_and_read(i):
        rng = random.Random(i)
        sent = {}
        seq = 0
        with Client(many) as c:
            for n in range(ROUNDS):
                # Some batches span several slices, some events bring new names.
                size = rng.choice([1, 1, 1, 2, 30, 300])
                unit = f"w{i}/{'new' + str(n) if n % 7 == 0 else 'old'}"
                events = [{"type": "survey.answered", "source": f"w{i}",
                           "id": f"{n}-{k}",
                           "data": {"survey": "visit", "unit": unit,
                                    "answers": {f"q{i}": rng.choice(SCORES)}}}
                          for k in range(size)]
                answer = c.event(events[0]) if size == 1 else c.lines(events)
                body = answer.json()
                assert body.get("stored") in (None, size) and body["seq"] > seq, body
                seq = body["seq"]
                for event in events:
                    score = event["data"]["answers"][f"q{i}"]
                    sent[score] = sent.get(score, 0) + 1
                for step in "all", "day":
                    rows = pool.ask(rng, "satisfaction", survey="visit", unit=f"w{i}",
                                    step=step)["rows"]
                    assert histogram(rows, f"q{i}") == sent, (i, n, step)
        return sent

    in_threads(write_and_read, WRITERS)
    pool.close()
    many.verify()
    assert many.sql("SELECT source, id FROM v_event GROUP BY 1, 2 "
                    "HAVING count(*) > 1") == []


def test_a_unit_that_became_too_small_is_shown_to_nobody(many):
    """Who may be shown follows from headcounts, which every worker must know at once:
    asked before, between and after, on connections that others use as well."""
    pool = Pool(many, POOL)
    with many.client() as c:  # else the last unit that is too small takes one with it
        for unit in ("few/a", "few/b"):
            assert c.event({"type": "headcount.set",
                            "data": {"unit": unit, "headcount": 4}}).status == 201

    def rows_of(rng, unit):
        # Not whole months, which readers answer.
        return [row for row in pool.ask(rng, "decisions", group_by="unit",
                                        **{"from": int(time.time()) - 7200})["rows"]
                if row.get("unit") == unit]

    def declare_and_read(i):
        rng = random.Random(i)
        with Client(many) as c:
            for n in range(ROUNDS):
                unit = f"h{i}/{n}"
                many_people = {"type": "headcount.set",
                               "data": {"unit": unit, "headcount": 5}}
                assert c.event({"type": "decision.made",
                                "data": {"unit": unit, "role": "clerk", "class": "refund",
                                         "answer": "yes"}}).status == 201
                assert rows_of(rng, unit) == [], (i, n)
                assert c.event(many_people).status == 201
                assert [row["n"] for row in rows_of(rng, unit)] == [1], (i, n)
                many_people["data"]["headcount"] = 4
                assert c.event(many_people).status == 201
                assert rows_of(rng, unit) == [], (i, n)

    in_threads(declare_and_read, 4)
    pool.close()
    many.verify()


def test_figures_never_go_back(many):
    """What one has read, a later read on another connection has, too."""
    pool = Pool(many, POOL)
    stop = threading.Event()

    def work(i):
        rng = random.Random(i)
        if i < 2:
            with Client(many) as c:
                for n in range(ROUNDS * 3):
                    assert c.event({"type": "survey.answered",
                                    "data": {"survey": "visit", "unit": f"f{n % 3}",
                                             "answers": {"forward": 4}}}).status == 201
            stop.set()
            return
        seen = 0
        while not stop.is_set():
            rows = pool.ask(rng, "satisfaction", survey="visit", question="forward",
                            group_by="unit")["rows"]
            n = sum(row["n"] for row in rows)
            assert all(row["n"] == sum(row["histogram"].values()) for row in rows)
            assert n >= seen
            seen = n

    in_threads(work, 6)
    rows = pool.ask(random, "satisfaction", survey="visit", question="forward")["rows"]
    assert [row["n"] for row in rows] == [2 * 3 * ROUNDS]
    pool.close()
    many.verify()


@pytest.fixture
def busy(many):
    """Workers that have large batches to decode all the time, each its own."""
    stop = threading.Event()
    lines = "\n".join('{"type":"survey.answered","source":"busy","id":"%d","data":'
                      '{"survey":"visit","answers":{"busy":2}}}' % k for k in range(5000))

    def work():
        with Client(many) as c:
            while not stop.is_set():
                assert c.lines([lines]).status == 200

    threads = [threading.Thread(target=work) for _ in range(6)]
    for t in threads:
        t.start()
    yield many
    stop.set()
    for t in threads:
        t.join()


def test_a_survey_can_be_used_at_once_on_every_connection(busy):
    many = busy
    clients = [Client(many) for _ in range(POOL)]
    for n in range(20):
        name = f"later-{n}"
        event = {"type": "survey.answered",
                 "data": {"survey": name, "answers": {"overall": 3}}}
        refused(clients[n % POOL].event(event), 422, "invalid", "/data/survey")
        answer = clients[(n * 5 + 1) % POOL].put("/v1/surveys/" + name, {
            "name": name, "audience": "customer",
            "questions": [{"name": "overall", "metric": "csat"}]})
        assert answer.status == 201, answer
        for c in clients:
            assert c.event(event).status == 201
            assert c.get("/v1/surveys/" + name).status == 200
        rows = clients[n % POOL].rollup("satisfaction", survey=name)["rows"]
        assert [row["n"] for row in rows] == [POOL]
    for c in clients:
        c.close()


def test_a_token_is_good_and_void_at_once_on_every_connection(busy):
    many = busy
    clients = [Client(many) for _ in range(POOL)]
    for n in range(10):
        made = clients[n % POOL].post("/v1/tokens", {"label": f"t{n}",
                                                     "scopes": ["read"]}).json()
        auth = {"Authorization": "Bearer " + made["token"]}
        for c in clients:
            assert c.get("/v1/rollups/satisfaction", headers=auth, survey="visit"
                         ).status == 200
        answer = clients[(n + 3) % POOL].delete(f"/v1/tokens/{made['id']}")
        assert answer.status in (200, 204), answer
        for c in clients:
            refused(c.get("/v1/rollups/satisfaction", headers=auth, survey="visit"), 401,
                    "unauthorized")
    for c in clients:
        c.close()


def test_clients_that_leave_are_counted(many):
    """Requests whose sender hangs up are stored whole or not, and counted like that."""
    def hang_up(i):
        for n in range(ROUNDS):
            c = Client(many)
            body = "\n".join('{"type":"survey.answered","source":"gone%d","id":"%d-%d",'
                             '"data":{"survey":"visit","unit":"gone",'
                             '"answers":{"gone":2}}}' % (i, n, k) for k in range(50))
            c.connection.request("POST", "/v1/events", body,
                                 {"Authorization": "Bearer " + c.token,
                                  "Content-Type": "application/x-ndjson"})
            if n % 2:
                assert c.connection.getresponse().status == 200
            c.close()

    in_threads(hang_up, 4)
    with Client(many) as c:
        # Behind all that was sent before: the queue is in order.
        assert c.event({"type": "survey.answered", "data": {
            "survey": "visit", "answers": {"last": 1}}}).status == 201
        rows = c.rollup("satisfaction", survey="visit", question="gone")["rows"]
        assert rows[0]["n"] >= 4 * ROUNDS // 2 * 50
    until(lambda: many.metric("connections_open") == 1)  # the one that asks
    stored = many.one("SELECT count(*) FROM v_answer WHERE question = 'gone'")
    with Client(many) as c:
        rows = c.rollup("satisfaction", survey="visit", question="gone")["rows"]
        assert rows[0]["n"] == stored
    many.verify()
