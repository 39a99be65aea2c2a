"""An erasure that is interrupted anywhere is not begun, or is completed at the next
start; and no figure ever tells."""
import http.client
import shutil

import pytest

from faults import FaultyDaemon
from harness import until
from someone import ERASED, counted, figures, marked, rows_of, two

# The write or sync that kills the daemon. An erasure makes about 140: first those of
# confidential.db, then some of empowerd.db, then those of the logs being copied.
POINTS = range(1, 146, 4)


@pytest.fixture(name="world", scope="module")
def world_():
    """A daemon that is stopped, and a copy of its files to begin with each time."""
    with FaultyDaemon() as daemon:
        maria, pedro = two(daemon)
        before = (counted(figures(daemon)), rows_of(daemon, maria.mark),
                  rows_of(daemon, pedro.mark))
        daemon.stop()
        shutil.copytree(daemon.dir, daemon.dir + ".before")
        yield daemon, maria, pedro, before


def people(daemon):
    return [daemon.sql("SELECT DISTINCT person FROM event", file=file) for file in ERASED]


@pytest.mark.parametrize("calls", POINTS)
def test_it_is_whole_or_nothing(world, calls):
    daemon, maria, pedro, (before, hers, his) = world
    if daemon.process:  # of one that failed
        daemon.kill()
    shutil.rmtree(daemon.dir)
    shutil.copytree(daemon.dir + ".before", daemon.dir)
    daemon.start()
    were = people(daemon)
    died = False
    with daemon.client() as c:
        daemon.doom(calls)
        try:
            answer = c.post("/v1/people/erase", {"person": maria.name})
            assert answer.json() == {"status": "erased", "complete": True}
        except (http.client.HTTPException, OSError):
            died = True
    if daemon.doom(0) == 0 or died:
        daemon.wait()
        daemon.start()
    begun = daemon.one("SELECT count(*) FROM audit WHERE action = 'erase'",
                       file="confidential.db") == 1
    assert begun or died
    if begun:
        until(lambda: not marked(daemon, maria.mark))
        until(lambda: not daemon.one("SELECT count(*) FROM erasure",
                                     file="confidential.db"))
    else:
        assert rows_of(daemon, maria.mark) == hers
    assert rows_of(daemon, pedro.mark) == his
    now = counted(figures(daemon))
    assert [(p, before[p], now[p]) for p in now if now[p] != before[p]] == []
    for file in ERASED:  # what waits is over with the rest
        assert bool(daemon.one("SELECT count(withdrawn) FROM suggestion_state",
                               file=file)) == begun
    assert [len(p) for p in people(daemon)] == [len(p) for p in were]
    assert (people(daemon) != were) == begun
    daemon.verify()
    daemon.stop()
