"""P1 and P5: what an acknowledgement is worth when the disk fails, fills or is slow."""
import contextlib
import http.client
import itertools
import json
import os
import select
import sqlite3
import time

import pytest

from faults import (ANY, MAIN, NO_SPACE, NO_WRITE, SEALED, SYNC, SYNC_FAILS, FaultyDaemon,
                    answer_of, begin, end, scores, settled, stored_scores, thanked, thanks,
                    training)
from harness import TIMEOUT, refused, until

GONE = (OSError, http.client.HTTPException)


@pytest.fixture
def faulty():
    with FaultyDaemon() as d:
        yield d.start()


def is_answered(client):
    return bool(select.select([client.connection.sock], [], [], 0)[0])


def send_until(send, *statuses):
    """The first answer that has one of the statuses."""
    return until(lambda: answer if (answer := send()).status in statuses else None)


def sealed_count(daemon):
    return daemon.one("SELECT count(*) FROM training", file="confidential.db")


def read(daemon):
    """Both files of empowerd.db, byte by byte."""
    found = {}
    for name in "empowerd.db", "empowerd.db-wal":
        with open(os.path.join(daemon.dir, name), "rb") as f:
            found[name] = f.read()
    return found


# --- acknowledged means synced

@pytest.mark.parametrize("file,event", [(MAIN, answer_of(3, 1)), (SEALED, training(1))])
def test_nothing_is_acknowledged_or_shown_before_it_is_synced(faulty, file, event):
    with faulty.client() as c, faulty.client() as other:
        assert c.event(answer_of(9, 0)).status == 201
        with faulty.holding(file):
            begin(c, [event])
            faulty.wait_held()
            assert scores(other) == {9: 1}
            assert other.get("/readyz").status == 200
            assert not is_answered(c)
        assert end(c)[1]["stored"] == 1
        assert scores(other) == ({9: 1, 3: 1} if file == MAIN else {9: 1})
    settled(faulty, stored_scores(faulty))


@pytest.mark.parametrize("lost", [False, True], ids=["kept", "lost"])
@pytest.mark.parametrize("file", [MAIN, SEALED])
def test_killed_before_the_sync(faulty, file, lost):
    """What the disk had or had not, both files agree after everything is sent again."""
    batch = [answer_of(3, 1), training(1), answer_of(4, 2, unit="new/unit"), training(2)]
    with faulty.client() as c:
        assert c.lines([answer_of(9, 0), training(0)]).json()["stored"] == 2
        before = read(faulty)
        with faulty.holding(file):
            begin(c, batch)
            faulty.wait_held()
            assert not is_answered(c)
            faulty.kill()
    if lost:  # as when the power fails: only what was synced stays
        for name, content in before.items():
            with open(os.path.join(faulty.dir, name), "wb") as f:
                f.write(content)
    faulty.start()
    with faulty.client() as c:
        result = c.lines(batch).json()
        assert result["stored"] + result["duplicate"] == 4 and not result["rejected"]
        # confidential.db is first: by the time the other is synced, it is.
        assert file == SEALED or result["duplicate"] == (2 if lost else 4)
        assert c.lines(batch).json()["duplicate"] == 4
    assert sealed_count(faulty) == 3
    settled(faulty, {9: 1, 3: 1, 4: 1})


@pytest.mark.parametrize("lost", [False, True], ids=["kept", "lost"])
@pytest.mark.parametrize("file", [MAIN, SEALED])
def test_a_recognition_killed_between_both_files(faulty, file, lost):
    """Its people are in one file and itself in the other: they come together or not."""
    batch = [thanks(1, "ann", "bob"), thanks(2, "bob", "cleo", "dan")]
    with faulty.client() as c:
        assert c.lines([thanks(0, "ann", "bob")]).json()["stored"] == 1
        before = read(faulty)
        with faulty.holding(file):
            begin(c, batch)
            faulty.wait_held()
            assert not is_answered(c)
            with faulty.client() as other:
                assert thanked(other) == [(1, 1, 1)]
            faulty.kill()
    if lost:
        for name, content in before.items():
            with open(os.path.join(faulty.dir, name), "wb") as f:
                f.write(content)
    faulty.start()
    with faulty.client() as c:
        assert thanked(c) == ([(1, 1, 1)] if lost or file == SEALED else [(3, 2, 3)])
        assert c.lines(batch).json()["rejected"] == []
        assert thanked(c) == [(3, 2, 3)]
    settled(faulty, {})


# --- fsync fails

@pytest.mark.parametrize("file", [MAIN, SEALED])
def test_a_failed_sync_of_either_file_recognises_nobody(faulty, file):
    with faulty.client() as c:
        assert c.event(thanks(0, "ann", "bob")).status == 201
        with faulty.fault(SYNC, SYNC_FAILS, file):
            refused(c.event(thanks(1, "bob", "cleo", "dan")), 500, "internal")
            assert thanked(c) == [(1, 1, 1)]
        assert c.event(thanks(1, "bob", "cleo", "dan")).json()["status"] == "stored"
        assert thanked(c) == [(2, 2, 3)]
        assert c.event(thanks(1, "bob", "cleo", "dan")).json()["status"] == "duplicate"
    settled(faulty, {})
    faulty.restart()
    with faulty.client() as c:
        assert thanked(c) == [(2, 2, 3)]


@pytest.mark.parametrize("file", [MAIN, SEALED, ANY])
def test_a_failed_sync_acknowledges_nothing(faulty, file):
    batch = [answer_of(3, 1), training(1), answer_of(4, 2, unit="new/unit"),
             answer_of(4, 2, unit="new/unit")]
    with faulty.client() as c:
        # Its counters are written with what fails, and not touched again later.
        first = answer_of(9, 0, unit="alone")
        assert c.lines([first, training(0)]).json()["stored"] == 2
        with faulty.fault(SYNC, SYNC_FAILS, file):
            refused(c.lines(batch), 500, "internal")
            if file != SEALED:
                refused(c.event(answer_of(5, 3)), 500, "internal")
            if file != MAIN:
                refused(c.event(training(3)), 500, "internal")
            assert scores(c) == {9: 1}
            assert c.event(first).json()["status"] == "duplicate"
        assert faulty.metric("store_failures_total") >= 2
        settled(faulty, {9: 1})
        assert faulty.sql("SELECT name FROM unit") == [("alone",)]
        # Sent again, it is stored once, by the same names and ids.
        result = c.lines(batch).json()
        assert result["stored"] + result["duplicate"] == 4 and not result["rejected"]
        assert c.lines([*batch, answer_of(5, 3), training(3)]).json()["duplicate"] >= 4
    for _ in range(2):
        assert sealed_count(faulty) == 3
        settled(faulty, {9: 1, 3: 1, 4: 1, 5: 1})
        faulty.restart()


def test_a_disk_that_stays_broken_stops_the_daemon(faulty):
    sent = []
    with faulty.client() as c:
        assert c.event(answer_of(9, 0)).status == 201
        with faulty.fault(SYNC, SYNC_FAILS):
            try:
                for i in range(1, 50):
                    sent.append(answer_of(i % 11, i))
                    assert c.event(sent[-1]).status >= 500
            except GONE:
                pass
            assert 5 <= len(sent) < 50
            assert faulty.wait() > 0
    faulty.start()
    with faulty.client() as c:
        assert c.event(answer_of(9, 0)).json()["status"] == "duplicate"
        result = c.lines(sent).json()
        assert result["stored"] + result["duplicate"] == len(sent)
    expected = {9: 1}
    for event in sent:
        score = event["data"]["answers"]["recommend"]
        expected[score] = expected.get(score, 0) + 1
    settled(faulty, expected)


def test_definitions_are_synced_too(faulty):
    document = {"name": "later", "audience": "customer",
                "questions": [{"name": "recommend", "metric": "nps"}]}
    with faulty.client() as c:
        with faulty.fault(SYNC, SYNC_FAILS):
            refused(c.put("/v1/surveys/later", document), 500, "internal")
            refused(c.put("/v1/units", {"name": "some/unit", "title": "Some"}), 500,
                    "internal")
            refused(c.post("/v1/tokens", {"label": "x", "scopes": ["read"]}), 500,
                    "internal")
        refused(c.get("/v1/surveys/later"), 404, "not-found")
        assert len(c.get("/v1/tokens").json()["tokens"]) == 1
        assert faulty.sql("SELECT name FROM unit") == []
        assert c.put("/v1/surveys/later", document).status == 201
        assert c.event(answer_of(2, 1, survey="later", unit="some/unit")).status == 201
    faulty.restart()
    with faulty.client() as c:
        assert c.get("/v1/surveys/later").status == 200
        assert len(c.get("/v1/tokens").json()["tokens"]) == 1
    settled(faulty, {})


# --- no space

@pytest.mark.parametrize("kind", [NO_WRITE, NO_SPACE], ids=["write", "reserve"])
def test_a_full_disk(faulty, kind):
    kept, batch = answer_of(9, 0), [answer_of(4, i) for i in range(1, 700)]
    with faulty.client() as c:
        assert c.event(kept).status == 201
        with faulty.fault(kind):
            answer = send_until(lambda: c.event(answer_of(3, 1000)), 507)
            refused(answer, 507, "disk-full")
            counted = scores(c)
            assert counted == stored_scores(faulty)
            for send in (lambda: c.lines(batch), lambda: c.event(training(1)),
                         lambda: c.put("/v1/units", {"name": "a", "title": "A"})):
                refused(send(), 507, "disk-full")
            # Reads go on.
            assert scores(c) == counted
            assert faulty.metric("disk_full") == 1
            assert faulty.verify()
        # And it recovers by itself.
        answer = send_until(lambda: c.event(answer_of(3, 1000)), 200, 201)
        assert faulty.metric("disk_full") == 0
        assert c.lines(batch).json()["rejected"] == []
        assert c.event(training(1)).status == 201
    settled(faulty, {9: 1, 4: len(batch), 3: 1})
    faulty.restart()
    settled(faulty, {9: 1, 4: len(batch), 3: 1})


def test_no_space_for_the_key_of_a_period(faulty):
    """The first answer of a period makes one: it waits, as any event does."""
    said = {"type": "survey.answered", "source": "hr", "id": "1",
            "data": {"survey": "team", "respondent": "a", "answers": {"q": 3}}}
    team = {"name": "team", "audience": "employee",
            "questions": [{"name": "q", "metric": "pulse"}]}
    with faulty.client() as c:
        assert c.put("/v1/surveys/team", team).status == 201
        with faulty.fault(NO_WRITE, file="/keys/"):
            # Far more often than a broken disk is borne.
            for _ in range(30):
                refused(c.event(said), 507, "disk-full")
            assert scores(c) == {}
        answer = send_until(lambda: c.event(said), 201)
        assert answer.json()["status"] == "stored"
        assert c.event(answer_of(9, 0)).status == 201
        assert os.listdir(os.path.join(faulty.dir, "keys")).count(
            "period-team-1.key") == 1
    settled(faulty, {9: 1})


@pytest.mark.parametrize("file", [SEALED, MAIN])
def test_no_space_in_the_middle_of_a_release(faulty, file):
    """In confidential.db it is none; in empowerd.db it is one, and the copy follows."""
    key = os.path.join(faulty.dir, "keys", "period-team-1.key")
    team = {"name": "team", "audience": "employee",
            "questions": [{"name": "q", "metric": "pulse"}]}
    said = [{"type": "survey.answered", "source": "hr", "id": str(i),
             "data": {"survey": "team", "respondent": f"p{i}", "answers": {"q": 1 + i % 5}}}
            for i in range(20)]

    def people():
        row, = c.rollup("satisfaction", survey="team")["rows"]
        return row["n"]

    def told():
        """What who listens is told next."""
        while not (line := live.readline()).startswith(b"data: "):
            assert not line.startswith(b":"), "nothing was told for long"
        return json.loads(line[len("data: "):])["releases"]

    with faulty.client() as c, contextlib.closing(http.client.HTTPConnection(
            "127.0.0.1", faulty.port, timeout=TIMEOUT)) as listener:
        assert c.put("/v1/surveys/team", team).status == 201
        assert c.lines(said).json()["rejected"] == []
        listener.request("GET", "/v1/live", headers={"Authorization": f"Bearer {c.token}"})
        live = listener.getresponse()
        before = told()
        with faulty.fault(NO_WRITE, file=file):
            answer = send_until(lambda: c.post("/v1/surveys/team/release", {}),
                                507 if file == SEALED else 201)
            assert people() is None and os.path.exists(key) == (file == SEALED)
        if file == SEALED:
            answer = send_until(lambda: c.post("/v1/surveys/team/release", {}), 201)
        assert answer.json()["period"] == "1"
        until(lambda: people() == 20)
        assert not os.path.exists(key)
        # Of blocks that are made, and of those that are copied.
        while told() < before + 2:
            pass
        # Who answered can do so again: in the next one.
        send_until(lambda: c.event(said[0] | {"id": "again"}), 201)
    settled(faulty, {})


def test_the_log_of_a_release_is_emptied_however_busy_the_daemon_is(faulty):
    """Readers come and go, and customers never stop: no moment is quiet."""
    log = os.path.join(faulty.dir, "confidential.db-wal")
    team = {"name": "team", "audience": "employee",
            "questions": [{"name": "q", "metric": "pulse"}]}
    with faulty.client() as c:
        assert c.put("/v1/surveys/team", team).status == 201
        said = [{"type": "survey.answered", "source": "hr", "id": str(i),
                 "data": {"survey": "team", "respondent": f"p{i}", "answers": {"q": 3}}}
                for i in range(20)]
        reader = sqlite3.connect(os.path.join(faulty.dir, "confidential.db"))
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchone()
        assert c.lines(said).json()["rejected"] == []
        assert c.post("/v1/surveys/team/release", {}).status == 201
        assert os.path.getsize(log) > 0
        reader.close()
        ids = itertools.count()

        def is_empty():  # asked many times in each second
            assert c.event(answer_of(9, next(ids))).status == 201
            return os.path.getsize(log) == 0

        until(is_empty)
    settled(faulty, {9: next(ids)})


def test_a_start_and_an_end_on_a_full_disk(faulty):
    with faulty.client() as c:
        assert c.lines([answer_of(9, i, unit=f"u{i}") for i in range(300)]
                       ).json()["stored"] == 300
    faulty.kill()  # so that the start has something to count
    with faulty.fault(NO_SPACE):
        for _ in range(2):
            faulty.start()
            with faulty.client() as c:
                assert scores(c) == {9: 300}
                answer = send_until(lambda: c.event(answer_of(9, 0, unit="u0")), 507)
                refused(answer, 507, "disk-full")
            faulty.stop()
    faulty.start()
    with faulty.client() as c:
        assert c.event(answer_of(9, 0, unit="u0")).json()["status"] == "duplicate"
        assert c.event(answer_of(8, 301)).status == 201
    settled(faulty, {9: 300, 8: 1})


# --- too much

def test_overload_loses_nothing_and_counts_nothing_twice():
    """Events pile up behind a disk that does not answer."""
    queue, slice_ = 16384, 256  # the least; what a batch puts into it at a time
    with FaultyDaemon(f"queue_max={queue}") as d:
        d.start()
        batches = [[answer_of((i + j) % 11, f"{i}-{j}") for j in range(4000)]
                   for i in range(8)]
        clients = [d.client() for _ in batches]
        late = [answer_of(10, f"late-{j}") for j in range(slice_ + 1)]
        with d.client() as c:
            with d.holding():
                for client, batch in zip(clients, batches):
                    begin(client, batch)
                d.wait_held()
                until(lambda: d.metric("queue_events") > queue - slice_)
                answer = c.lines(late)
                refused(answer, 503, "overloaded")
                assert int(answer.headers["Retry-After"]) >= 1
                assert d.metric("overloaded_total") >= 1
                assert c.get("/healthz").status == 200
                assert scores(c) == {}
            results = [end(client) for client in clients]
            for client, batch, (status, result) in zip(clients, batches, results):
                assert status == 200 and not result["rejected"] or status == 503, result
                if status == 503:
                    assert client.lines(batch).json()["rejected"] == []
            assert c.lines(late).json()["stored"] == len(late)
        for client in clients:
            client.close()
        expected = {}
        for batch in [*batches, late]:
            for event in batch:
                score = event["data"]["answers"]["recommend"]
                expected[score] = expected.get(score, 0) + 1
        settled(d, expected)


def test_a_long_reader_stops_nobody(daemon):
    path = os.path.join(daemon.dir, "empowerd.db")
    with daemon.client() as c:
        assert c.event(answer_of(9, 0)).status == 201
        reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM event").fetchone() == (1,)
        text = "x" * 8000
        for i in range(30):  # more than the log is let grow without a reader
            result = c.lines([answer_of(4, f"{i}-{j}", comment=text)
                              for j in range(100)]).json()
            assert result["stored"] == 100
        assert daemon.metric("wal_bytes") > 16 << 20
        assert scores(c) == {9: 1, 4: 3000}
        assert reader.execute("SELECT count(*) FROM event").fetchone() == (1,)
        reader.close()
    settled(daemon, {9: 1, 4: 3000})
    # With the reader gone, the log is emptied when there is time.
    until(lambda: daemon.metric("wal_bytes") == 0)
