"""A daemon on a disk that fails on command: see faultfs.c; and what its tests share."""
import contextlib
import json
import mmap
import os
import select
import struct

from harness import BUILD, Client, Daemon, NDJSON, TIMEOUT

PAGE_BYTES = 256
SYNCED, STRUCK, MATCH, DIE = 4, 8, 12, 252  # offsets
SYNC, NO_WRITE, NO_SPACE = 0, 1, 2
SYNC_FAILS, SYNC_HOLDS = 1, 2
MAIN = "/empowerd.db"
SEALED = "/confidential.db"
ANY = ".db"


class FaultyDaemon(Daemon):
    """A Daemon whose disk obeys the test."""

    def __init__(self, *options):
        super().__init__(*options)
        library = os.path.join(BUILD, "tests", "crash", "faultfs.so")
        assert os.path.exists(library), "make tests/crash/faultfs.so"
        path = os.path.join(self.home, "page")
        with open(path, "wb+") as f:
            f.write(bytes(PAGE_BYTES))
            f.flush()
            self.page = mmap.mmap(f.fileno(), PAGE_BYTES)
        for pipe in "held", "go":
            os.mkfifo(f"{path}.{pipe}")
        self.held = os.open(path + ".held", os.O_RDWR)
        self.go = os.open(path + ".go", os.O_RDWR)
        # Sanitizers want to be the first library; they need not be for these calls.
        asan = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        self.env.update(LD_PRELOAD=library, FAULTFS_PAGE=path, ASAN_OPTIONS=asan)

    def remove(self):
        super().remove()
        for fd in self.held, self.go:
            os.close(fd)

    def start(self):
        super().start()
        assert self.synced, "the daemon does not use the disk that fails on command"
        return self

    @property
    def synced(self):
        """Calls of fsync that went well, since the first start."""
        return struct.unpack_from("=I", self.page, SYNCED)[0]

    @property
    def struck(self):
        """Faults that the daemon met."""
        return struct.unpack_from("=I", self.page, STRUCK)[0]

    @contextlib.contextmanager
    def fault(self, kind, how=1, file=ANY):
        """While the body runs, calls on files with `file` in their path fail."""
        before = self.struck
        self.page[MATCH:MATCH + len(file) + 1] = file.encode() + b"\0"
        self.page[kind] = how
        try:
            yield
        finally:
            self.page[kind] = 0
        assert self.struck > before, "the daemon did not meet the fault"

    @contextlib.contextmanager
    def holding(self, file=ANY):
        """fsync does not return until the body has ended (one call of it)."""
        with self.fault(SYNC, SYNC_HOLDS, file):
            yield
        if self.process:
            os.write(self.go, b"g")

    def doom(self, calls, file=ANY):
        """Kills the daemon instead of that call that writes or syncs, from now on; 0:
        spares it. How many calls were left."""
        left, = struct.unpack_from("=I", self.page, DIE)
        self.page[MATCH:MATCH + len(file) + 1] = file.encode() + b"\0"
        struct.pack_into("=I", self.page, DIE, calls)
        return left

    def wait_held(self):
        """Until some thread is in an fsync that does not return."""
        assert select.select([self.held], [], [], TIMEOUT)[0], "fsync was not called"
        os.read(self.held, 1)


def begin(client, events):
    """Sends a batch, and leaves the answer for later."""
    client.connection.request(
        "POST", "/v1/events", "\n".join(map(json.dumps, events)),
        {"Authorization": "Bearer " + client.token, "Content-Type": NDJSON})


def end(client):
    reply = client.connection.getresponse()
    return reply.status, json.loads(reply.read())


def answer_of(score, number, source="test", survey="nps", **data):
    """A survey.answered of a customer, its id made of a number."""
    return {"type": "survey.answered", "source": source, "id": f"e{number}",
            "data": {"survey": survey, "answers": {"recommend": score}, **data}}


def training(number, topic="first aid"):
    """A personnel event, which goes to confidential.db."""
    return {"type": "training.completed", "source": "test", "id": f"t{number}",
            "data": {"person": "p1", "topic": topic}}


def thanks(number, giver, *to):
    """A public recognition: people to confidential.db, all else to empowerd.db."""
    return {"type": "recognition.given", "source": "test", "id": f"r{number}",
            "data": {"audience": "employee", "from": giver, "to": list(to),
                     "kind": "praise", "visibility": "public", "from_name": "F",
                     "to_name": "T", "to_agrees": True}}


def thanked(client):
    """(recognitions, distinct givers, distinct recipients), as the rollup has them."""
    figures = client.rollup("recognition", audience="employee")["figures"]
    assert len(figures) <= 1
    return [(r["n"], r["givers"], r["recipients"]) for r in figures] or [(0, 0, 0)]


def scores(client, **filters):
    """{score: n} of the built-in nps survey, as the rollup counts it."""
    rows = client.rollup("satisfaction", survey="nps", **filters)["rows"]
    assert len(rows) <= 1
    return {int(v): n for row in rows for v, n in row["histogram"].items() if n}


def stored_scores(daemon):
    """The same by SQL on the events alone."""
    return dict(daemon.sql("SELECT value, count(*) FROM v_answer WHERE survey = 'nps' "
                           "GROUP BY value"))


def settled(daemon, expected):
    """Memory, cells, events and expectation agree; nothing is stored twice."""
    with Client(daemon) as c:
        assert scores(c) == stored_scores(daemon) == expected
    daemon.verify()
    assert daemon.sql("SELECT source, id FROM v_event GROUP BY 1, 2 "
                      "HAVING count(*) > 1") == []
    assert daemon.one("PRAGMA integrity_check") == "ok"
