"""Many clients at once: nothing lost, nothing twice, and refusals that say so."""
import concurrent.futures
import itertools
import signal

import pytest

from harness import Daemon, refused

EVENT = {"type": "survey.answered", "source": "load",
         "data": {"survey": "nps", "answers": {"recommend": 9}}}


def event(event_id, score=9):
    return {**EVENT, "id": event_id, "data": {"survey": "nps",
                                              "answers": {"recommend": score}}}


def counted(daemon):
    with daemon.client() as c:
        return sum(r["n"] for r in c.rollup("satisfaction", survey="nps")["rows"])


def test_more_batches_than_the_queue_holds():
    """Batches wait for room when they have begun; those that have not are refused."""
    clients, n = 14, 6000
    with Daemon("queue_max=16384", "group_max=100") as d:
        d.start()

        def send(k):
            events = [event(f"{k}-{i}", i % 11) for i in range(n)]
            with d.client() as c:
                for _ in range(1000):
                    answer = c.lines(events)
                    if answer.status != 503:
                        break
                    refused(answer, 503, "overloaded")
                    assert int(answer.headers["Retry-After"]) >= 1
                return answer

        with concurrent.futures.ThreadPoolExecutor(clients) as pool:
            answers = list(pool.map(send, range(clients)))
        for answer in answers:
            result = answer.json()
            assert answer.status == 200 and result["rejected"] == [], answer
            assert result["stored"] + result["duplicate"] == n
        assert d.one("SELECT count(*) FROM event") == clients * n
        assert counted(d) == clients * n
        assert d.metric("timeouts_total") == 0  # no batch was left waiting
        d.verify()


def test_single_events_from_many_clients(daemon):
    clients, n = 24, 60

    def send(k):
        with daemon.client() as c:
            return [c.event(event(f"s{k}-{i}")).json()["seq"] for i in range(n)]

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        numbers = list(itertools.chain(*pool.map(send, range(clients))))
    assert sorted(numbers) == list(range(1, clients * n + 1))
    assert counted(daemon) == clients * n
    daemon.verify()


def test_the_same_ids_from_many_clients_at_once(daemon):
    clients, n = 8, 2000
    events = [event(f"same-{i}") for i in range(n)]

    def send(_):
        with daemon.client() as c:
            return c.lines(events).json()

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        results = list(pool.map(send, range(clients)))
    assert sum(r["stored"] for r in results) == n
    assert sum(r["duplicate"] for r in results) == n * (clients - 1)
    assert all(r["rejected"] == [] for r in results)
    assert counted(daemon) == n


def test_definitions_change_under_load(daemon):
    """While events stream in, what was defined can be used and what was revoked not."""
    with daemon.client() as admin, concurrent.futures.ThreadPoolExecutor(3) as pool:
        def stream(k):
            with daemon.client() as c:
                return sum(c.lines([event(f"d{k}-{j}-{i}") for i in range(300)]
                                   ).json()["stored"] for j in range(8))
        streams = [pool.submit(stream, k) for k in range(3)]
        for i in range(25):
            name = f"load-{i}"
            survey = {"name": name, "audience": "customer",
                      "questions": [{"name": "q", "metric": "nps"}]}
            assert admin.put(f"/v1/surveys/{name}", survey).status == 201
            made = admin.post("/v1/tokens", {"label": name, "scopes": ["ingest"]}).json()
            with daemon.client(made["token"]) as c:
                answer = c.event({"type": "survey.answered", "data": {
                    "survey": name, "answers": {"q": 5}}})
                assert answer.status == 201, answer
                assert admin.delete(f"/v1/tokens/{made['id']}").status == 204
                refused(c.event(event("never")), 401, "unauthorized")
        assert sum(s.result() for s in streams) == 3 * 8 * 300
    daemon.verify()


def test_stop_under_load_keeps_what_was_acknowledged():
    with Daemon() as d:
        d.start()
        acknowledged = []

        def send(k):
            with d.client() as c:
                for i in itertools.count():
                    try:
                        answer = c.lines([event(f"{k}-{i}-{j}") for j in range(700)])
                    except OSError:
                        return
                    except Exception as e:  # the connection ended between answers
                        assert "http.client" in type(e).__module__, e
                        return
                    if answer.status != 200:
                        return
                    acknowledged.append(answer.json()["stored"])
                    if len(acknowledged) == 12:
                        d.process.send_signal(signal.SIGTERM)

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(send, range(4)))
        assert d.wait() == 0
        d.start()
        # What was stored but not answered may be there, too.
        assert d.one("SELECT count(*) FROM event") >= sum(acknowledged) >= 12 * 700
        assert counted(d) == d.one("SELECT count(*) FROM event")
        d.verify()


def test_disk_full():
    """Below the reserve events are refused, and everything else goes on."""
    with Daemon() as d:
        d.start()
        with d.client() as c:
            assert c.event(event("before")).status == 201
        d.options.append("disk_reserve=1024G")
        d.restart()
        with d.client() as c:
            refused(c.event(event("after")), 507, "disk-full")
            refused(c.lines([event("after")]), 507, "disk-full")
            refused(c.get("/readyz"), 507, "disk-full")
            assert c.get("/healthz").status == 200
            assert counted(d) == 1
        d.options.pop()
        d.restart()
        with d.client() as c:
            assert c.event(event("after")).json()["status"] == "stored"


@pytest.mark.parametrize("workers", [1, 4])
def test_workers(workers):
    with Daemon(f"workers={workers}") as d:
        d.start()
        assert d.metric("workers") == workers
        for i in range(8):
            with d.client() as c:
                assert c.event(event(f"w{i}")).status == 201
        assert counted(d) == 8
