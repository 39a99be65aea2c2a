"""No text of employees leaves before it is on record that it was read."""
import select
import time

import pytest

from faults import ANY, NO_SPACE, NO_WRITE, SEALED, SYNC, SYNC_FAILS, FaultyDaemon
from harness import refused, until

MARK = "Quieter rooms"


@pytest.fixture
def faulty():
    with FaultyDaemon() as d:
        yield d.start()


@pytest.fixture
def path(faulty):
    """Of one suggestion that may be shown."""
    with faulty.client() as c:
        answer = c.event({"type": "suggestion.submitted",
                          "time": int(time.time()) - 5 * 86400,
                          "data": {"audience": "employee", "kind": "suggestion",
                                   "title": MARK}})
    assert answer.status == 201, answer
    return "/v1/suggestions/" + answer.json()["id"]


def lines(faulty):
    return faulty.one("SELECT count(*) FROM audit", file="confidential.db")


@pytest.mark.parametrize("how", [None, "?audience=employee"])
def test_the_answer_waits_for_its_line(faulty, path, how):
    path = "/v1/suggestions" + how if how else path
    with faulty.client() as c:
        with faulty.holding(SEALED):
            c.connection.request("GET", path, headers={"Authorization": "Bearer " + c.token})
            faulty.wait_held()
            # Others read on meanwhile.
            with faulty.client() as other:
                assert other.get("/v1/overview").status == 200
            assert not select.select([c.connection.sock], [], [], 0)[0]
        reply = c.connection.getresponse()
        assert reply.status == 200 and MARK in reply.read().decode()
    assert lines(faulty) == 1


@pytest.mark.parametrize("kind, how, file, status, slug", [
    (SYNC, SYNC_FAILS, SEALED, 500, "internal"), (NO_WRITE, 1, SEALED, 507, "disk-full"),
    (NO_SPACE, 1, ANY, 507, "disk-full")])
def test_without_a_line_there_is_no_text(faulty, path, kind, how, file, status, slug):
    with faulty.client() as c:
        with faulty.fault(kind, how, file):
            until(lambda: c.get(path).status == status)  # free space is looked at at times
            for at in path, "/v1/suggestions?audience=employee":
                answer = c.get(at)
                refused(answer, status, slug)
                assert MARK not in answer.text()
            assert c.get("/v1/rollups/satisfaction").status == 200
        before = lines(faulty)
        until(lambda: c.get(path).status == 200)
    assert lines(faulty) == before + 1


def test_whoever_is_first(faulty, path):
    """The writer may be done before the reader has let go of the line."""
    with faulty.client() as c:
        for _ in range(40):
            with faulty.fault(SYNC, SYNC_FAILS, SEALED):
                answer = c.get(path)
            refused(answer, 500, "internal")
            assert c.get(path).status == 200
    assert lines(faulty) == 40
