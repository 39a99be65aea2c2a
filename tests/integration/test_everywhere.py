"""What is declared holds on every connection once it is answered: an answer waits for
workers that are late. Here one is held by the debugger's interface, as a busy machine
would hold it."""
import contextlib
import ctypes
import json
import os
import select
import time

import pytest

from harness import Daemon

libc = ctypes.CDLL(None, use_errno=True)
SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
ALL_KINDS = 0x40000000  # __WALL: threads, too
JSON = {"Content-Type": "application/json"}


def ptrace(request, tid):
    result = libc.ptrace(ctypes.c_long(request), ctypes.c_long(tid), None, None)
    assert result == 0, os.strerror(ctypes.get_errno())


@contextlib.contextmanager
def held(tid):
    """Meanwhile this thread does not run."""
    ptrace(SEIZE, tid)
    ptrace(INTERRUPT, tid)
    os.waitpid(tid, ALL_KINDS)
    try:
        yield
    finally:
        ptrace(DETACH, tid)


def wakes(pid):
    """By thread, how often it waited for something and went on."""
    found = {}
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/status", encoding="ascii") as f:
            found[int(tid)] = int(next(line.split()[1] for line in f
                                       if line.startswith("voluntary_ctxt_switches")))
    return found


def worker_of(daemon, client):
    """The thread that answers this connection."""
    before = wakes(daemon.process.pid)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert client.get("/healthz").status == 200
        now = wakes(daemon.process.pid)
        growth = sorted(((n - before.get(tid, 0), tid) for tid, n in now.items()),
                        reverse=True)
        if growth[0][0] > 10 + 3 * growth[1][0]:
            return growth[0][1]
    raise AssertionError(growth)


@pytest.mark.parametrize("path,document", [
    ("/v1/boundaries", {"role": "agent", "class": "refund", "limit": 40, "mode": "act"}),
    ("/v1/surveys/late", {"name": "late", "audience": "customer",
                          "questions": [{"name": "q", "metric": "nps"}]}),
    ("/v1/units", {"units": [{"name": "north", "title": "North"}]}),
])
def test_an_answer_waits_for_a_late_worker(path, document):
    with Daemon("workers=2") as d:
        d.start()
        clients = [d.client() for _ in range(3)]
        workers = [worker_of(d, c) for c in clients]
        assert len(set(workers)) == 2
        # Two connections of one worker, and the other worker.
        mine = max(workers, key=workers.count)
        one, two = (c for c, w in zip(clients, workers) if w == mine)
        with held(next(w for w in workers if w != mine)):
            asked = one.connection
            asked.request("PUT", path, json.dumps(document),
                          {**JSON, "Authorization": "Bearer " + one.token})
            # When the first of these is answered, the writer has the change; when the
            # second is, an answer that does not wait would be here.
            for _ in range(2):
                assert two.event({"type": "contact.logged",
                                  "data": {"mode": "meeting"}}).status == 201
            assert select.select([asked.sock], [], [], 0)[0] == []
        answer = asked.getresponse()
        assert answer.status in (200, 201), answer.read()
        answer.read()
        for client in clients:
            client.close()
        d.stop()
