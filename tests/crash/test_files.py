"""P4 and P5: what the daemon makes of the files it finds, and what it leaves to others."""
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

from faults import answer_of, settled, training
from harness import TIMEOUT, Daemon

FILES = ["empowerd.db", "confidential.db"]
NOBODY = 65534


@pytest.fixture(scope="module")
def made():
    """A state directory with some events, of a daemon that ended in order."""
    with Daemon() as d:
        d.start()
        with d.client() as c:
            assert c.lines([answer_of(i % 11, i, unit=f"u{i % 7}", comment="x" * 200)
                            for i in range(2000)] + [training(i) for i in range(200)]
                           ).json()["stored"] == 2200
        d.stop()
        yield d.dir


@pytest.fixture
def stopped(made):
    """A daemon of the test's own, not started, on a copy of it."""
    with Daemon() as d:
        shutil.copytree(made, d.dir)
        yield d


def path_of(daemon, name):
    return os.path.join(daemon.dir, name)


def digests(daemon):
    found = {}
    for folder, _, names in os.walk(daemon.dir):
        for path in (os.path.join(folder, name) for name in names):
            if not path.endswith("-shm"):
                with open(path, "rb") as f:
                    found[path] = hashlib.sha256(f.read()).digest()
    return found


def refuses(daemon, name, *words):
    """It ends with an error that names the file, and changes nothing."""
    before = digests(daemon)
    result = subprocess.run(daemon.argv(), capture_output=True, text=True,
                            timeout=TIMEOUT, env=daemon.env)
    assert result.returncode == 1, result
    assert "ready" not in result.stderr
    assert path_of(daemon, name) in result.stderr, result.stderr
    for word in words:
        assert word in result.stderr, result.stderr
    after = digests(daemon)
    assert {n: after[n] for n in before} == before


def change(daemon, name, sql):
    db = sqlite3.connect(path_of(daemon, name))
    db.executescript(sql)
    db.close()


# --- damaged and foreign files

@pytest.mark.parametrize("name", FILES)
def test_no_database(stopped, name):
    with open(path_of(stopped, name), "wb") as f:
        f.write(b"This is a letter and no database.\n" * 500)
    refuses(stopped, name, "restore")


@pytest.mark.parametrize("name", FILES)
def test_truncated(stopped, name):
    size = os.path.getsize(path_of(stopped, name))
    os.truncate(path_of(stopped, name), size // 2 // 4096 * 4096)
    refuses(stopped, name, "damaged", "restore")


@pytest.mark.parametrize("name", FILES)
def test_overwritten_in_the_middle(stopped, name):
    size = os.path.getsize(path_of(stopped, name))
    with open(path_of(stopped, name), "r+b") as f:
        f.seek(size // 2 // 4096 * 4096)
        f.write(os.urandom(4096))
    refuses(stopped, name, "damaged", "restore")


@pytest.mark.parametrize("name", FILES)
def test_of_a_newer_version(stopped, name):
    change(stopped, name, "PRAGMA user_version = 9999")
    refuses(stopped, name, "9999", "newer")


@pytest.mark.parametrize("name", FILES)
def test_of_another_program(stopped, name):
    change(stopped, name, "PRAGMA application_id = 77")
    refuses(stopped, name, "another program")


def test_exchanged(stopped):
    """Each file belongs in its own place: what is confidential has another mode."""
    for suffix in "", "-wal", "-shm":
        a, b, c = (path_of(stopped, name + suffix) for name in [*FILES, "third"])
        if os.path.exists(a) and os.path.exists(b):
            os.rename(a, c)
            os.rename(b, a)
            os.rename(c, b)
    refuses(stopped, "confidential.db", "another program")


def test_a_damaged_log_is_as_if_it_had_not_been_written(stopped):
    """What a crash left half written at the end of the log is nothing acknowledged."""
    stopped.start()
    with stopped.client() as c:
        assert c.event(answer_of(9, "last")).status == 201
    stopped.kill()
    with open(path_of(stopped, "empowerd.db-wal"), "ab") as f:
        f.write(os.urandom(3 * 4096 + 77))
    stopped.start()
    with stopped.client() as c:
        assert c.event(answer_of(9, "last")).json()["status"] == "duplicate"
        assert c.lines([answer_of(i % 11, i, unit=f"u{i % 7}", comment="x" * 200)
                        for i in range(2000)]).json()["duplicate"] == 2000
    expected = {score: len(range(score, 2000, 11)) for score in range(11)}
    expected[9] += 1
    settled(stopped, expected)


# --- counters against the events



@pytest.mark.parametrize("sql", [
    # An answer that reads another value, is gone, or is of another day or place.
    "UPDATE answer SET value = (value + 1) % 11 WHERE key = (SELECT min(key) FROM answer)",
    "DELETE FROM answer WHERE key = (SELECT max(key) FROM answer)",
    "UPDATE event SET time = time - 86400000 WHERE seq = 5",
    "UPDATE event SET series_id = series_id % 7 + 1 WHERE seq = 5",
    # A counter that is gone, or is another's.
    "DELETE FROM cell WHERE (grain, series_id) = (2, 3)",
    "UPDATE cell SET slots = (SELECT slots FROM cell WHERE (grain, series_id) = (2, 1)) "
    "WHERE (grain, series_id) = (2, 7)",
    # A row that refers to nothing.
    "UPDATE answer SET question_id = 999 WHERE key = (SELECT min(key) FROM answer)",
])
def test_verify_finds_what_was_changed(stopped, sql):
    change(stopped, "empowerd.db", sql)
    stopped.start()
    with stopped.client() as c:
        report = c.get("/v1/verify").json()
    assert report["differences"] + len(report["findings"]) > 0, report
    assert report["first"] or report["findings"]


def test_verify_finds_one_changed_count(stopped):
    """The packed counts end with one of the last slot: one more of it is found."""
    db = sqlite3.connect(path_of(stopped, "empowerd.db"))
    key = "grain = 2 AND series_id = 4"
    (slots,), = db.execute(f"SELECT slots FROM cell WHERE {key}").fetchall()
    with db:
        db.execute(f"UPDATE cell SET slots = ? WHERE {key}",
                   (slots[:-1] + bytes([slots[-1] ^ 1]),))
    db.close()
    stopped.start()
    with stopped.client() as c:
        assert c.get("/v1/verify").json()["differences"] > 0


# --- others

def test_a_second_daemon_is_refused(daemon):
    with daemon.client() as c:
        assert c.event(answer_of(5, 1)).status == 201
        result = subprocess.run(daemon.argv(), capture_output=True, text=True,
                                timeout=TIMEOUT, env=daemon.env)
        assert result.returncode == 1 and path_of(daemon, "lock") in result.stderr
        assert c.event(answer_of(5, 2)).status == 201
    settled(daemon, {5: 2})
    # The lock ends with its holder, however that ends.
    daemon.kill()
    daemon.start()
    settled(daemon, {5: 2})


def test_modes_and_foreign_files():
    old = os.umask(0)
    try:
        with Daemon() as d:
            os.mkdir(d.dir)
            foreign = {"notes.txt": b"mine", "other.db": b"SQLite format 3\0 not yours",
                       "lock.txt": b"", ".hidden": b"x"}
            os.mkdir(path_of(d, "sub"))
            for name, content in foreign.items():
                with open(path_of(d, name), "wb") as f:
                    f.write(content)
            d.start()
            with d.client() as c:
                assert c.lines([answer_of(5, 1), training(1)]).json()["stored"] == 2
            for end in d.stop, d.kill:
                for name in set(os.listdir(d.dir)) - set(foreign) - {"sub"}:
                    mode = os.stat(path_of(d, name)).st_mode & 0o777
                    widest = {"empowerd": 0o640, "keys": 0o700}.get(
                        name.split(".")[0], 0o600)
                    assert mode & ~widest == 0, (name, oct(mode))
                end()
                d.start()
            for name, content in foreign.items():
                with open(path_of(d, name), "rb") as f:
                    assert f.read() == content
            assert os.listdir(path_of(d, "sub")) == []
    finally:
        os.umask(old)


def test_modes_that_became_too_wide_are_mended(stopped):
    for name in FILES:
        os.chmod(path_of(stopped, name), 0o666)
    stopped.start()
    for name, mode in zip(FILES, (0o640, 0o600)):
        assert os.stat(path_of(stopped, name)).st_mode & 0o777 == mode


READ = """
import sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
print(db.execute("SELECT count(*) FROM v_answer").fetchone()[0])
try:
    db.execute("DELETE FROM answer")
    print("written")
except sqlite3.OperationalError as e:
    print(e)
"""


@pytest.mark.parametrize("running", [False, True], ids=["stopped", "running"])
def test_an_analyst_who_may_only_read(stopped, running):
    """Another user of the group reads empowerd.db, and nothing else."""
    stopped.start()
    if not running:
        stopped.stop()
    os.chmod(stopped.home, 0o755)
    who = {}
    if os.geteuid() == 0:
        who = {"user": NOBODY, "group": os.stat(path_of(stopped, "empowerd.db")).st_gid,
               "extra_groups": []}
    else:  # nobody else to be: give up one's own right to write
        for name in os.listdir(stopped.dir):
            if name.startswith("empowerd.db"):
                os.chmod(path_of(stopped, name), 0o440)
        os.chmod(stopped.dir, 0o550)

    def read(name):
        return subprocess.run([sys.executable, "-c", READ, path_of(stopped, name)],
                              capture_output=True, text=True, timeout=TIMEOUT, **who)

    result = read("empowerd.db")
    assert result.stdout.splitlines() == ["2000", "attempt to write a readonly database"]
    if who:
        assert read("confidential.db").returncode != 0
    os.chmod(stopped.dir, 0o750)
