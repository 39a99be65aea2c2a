"""GET /v1/live: who listens is told of every change of published figures, soon, once, and
of nothing else.

That something is not told is shown by what is told next: notices come in order.
"""
import json
import socket
import threading
import time

import pytest

import openapi
from harness import TIMEOUT, Daemon, refused, until

HEARTBEAT_S = 15


class Listener:
    """One who listens: a connection of its own, read event by event."""

    def __init__(self, daemon, token=None, before=b"", version="1.1"):
        self.sock = socket.create_connection(("127.0.0.1", daemon.port), TIMEOUT)
        self.data = b""
        self.body = b""
        self.ended = False
        self.chunked = version == "1.1"
        self.sock.sendall(before + f"GET /v1/live HTTP/{version}\r\nHost: x\r\nAuthorization: "
                          f"Bearer {token or daemon.token}\r\n\r\n".encode())

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.sock.close()

    def fill(self):
        got = self.sock.recv(65536)
        self.data += got
        return bool(got)

    def head(self):
        """Status and fields of the next answer."""
        while b"\r\n\r\n" not in self.data:
            assert self.fill(), "it closed before it answered"
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        line, *fields = head.decode().split("\r\n")
        return int(line.split()[1]), {k.lower(): v for k, v in
                                      (field.split(": ", 1) for field in fields)}

    def begin(self):
        """The first notice."""
        status, fields = self.head()
        assert status == 200 and fields["content-type"] == "text/event-stream", fields
        assert fields["cache-control"] == "no-store" and fields["x-accel-buffering"] == "no"
        text = self.event()
        openapi.RECORD.add("GET", "/v1/live", status, fields["content-type"], None,
                           text.encode())
        first, _, rest = text.partition("\n")
        assert first == "retry: 2000"
        return notice(rest)

    def more(self):
        """More of the body; False at its end."""
        if not self.chunked:
            more = bool(self.data) or self.fill()
            self.body, self.data = self.body + self.data, b""
            return more
        while b"\r\n" not in self.data:
            assert self.fill(), "the end is missing"
        size, _, rest = self.data.partition(b"\r\n")
        n = int(size, 16)
        while len(rest) < n + 2:
            got = self.sock.recv(65536)
            assert got, "a chunk is cut off"
            rest += got
        self.body += rest[:n]
        self.data = rest[n + 2:]
        return n > 0

    def event(self):
        """Up to the next empty line, None at the end of the stream."""
        while b"\n\n" not in self.body:
            if not self.more():
                assert self.body == b""
                return None
        text, _, self.body = self.body.partition(b"\n\n")
        return text.decode()

    def notice(self):
        return notice(self.event())

    def until(self, seq):
        """Notices up to the one with that number."""
        found = [self.notice()]
        while found[-1]["seq"] < seq:
            found.append(self.notice())
        return found

    def over(self):
        """It ended in order, and the connection with it."""
        return self.event() is None and not self.data and not self.fill()


def notice(text):
    fields = dict(line.split(": ", 1) for line in text.split("\n"))
    assert list(fields) == ["id", "event", "data"], text
    assert fields["event"] == "change"
    data = json.loads(fields["data"])
    assert list(data) == ["seq", "definitions", "releases"]
    assert fields["id"] == str(data["seq"])
    return data


def answered(**data):
    return {"type": "survey.answered", "data": {
        "survey": "csat", "answers": {"overall": 4}, **data}}


def store(client, event):
    """Its sequence number, None for what has none."""
    answer = client.event(event)
    assert answer.status == 201, answer
    return answer.json().get("seq")


@pytest.fixture(scope="module")
def shared():
    with Daemon("workers=2") as d:
        d.start()
        with d.client() as c:
            assert c.put("/v1/surveys/mood", {
                "name": "mood", "audience": "employee", "period": "month",
                "questions": [{"name": "energy", "metric": "pulse"}]}).status == 201
            assert c.put("/v1/units/ops", {"name": "ops"}).status == 201
            store(c, answered())
        yield d


def test_a_notice_for_every_change(shared, client):
    with Listener(shared) as one, Listener(shared) as other:
        now = one.begin()
        assert other.begin() == now
        for _ in range(3):
            seq = store(client, answered())
            for listener in one, other:
                # Nothing beside it came, so there is nothing between.
                assert listener.notice() == {**now, "seq": seq}
        # Who comes later is told where things stand.
        with Listener(shared) as third:
            assert third.begin() == {**now, "seq": seq}


def test_a_notice_means_that_figures_have_it(shared, client):
    with Listener(shared) as listener, shared.client() as reader:
        listener.begin()
        count = reader.rollup("satisfaction", survey="csat")["rows"][0]["n"]
        for k in range(1, 5):
            listener.until(store(client, answered()))
            assert reader.rollup("satisfaction", survey="csat")["rows"][0]["n"] == count + k


def test_many_changes_are_few_notices(shared, client):
    with Listener(shared) as listener:
        listener.begin()
        began = time.monotonic()
        for _ in range(400):
            seq = store(client, answered())
        found = [n["seq"] for n in listener.until(seq)]
        took = time.monotonic() - began
        assert found == sorted(set(found)) and found[-1] == seq
        # One each 250 ms, and the one for the first of them.
        assert len(found) <= took / 0.25 + 2


CONFIDENTIAL = [
    {"type": "survey.answered", "data": {"survey": "mood", "respondent": "e-1",
                                         "answers": {"energy": 1}, "comment": "No."}},
    {"type": "survey.invited", "data": {"survey": "mood", "respondent": "e-1"}},
    {"type": "suggestion.submitted", "data": {"audience": "employee", "kind": "suggestion",
                                              "unit": "ops", "body": "He shouts."}},
    {"type": "training.requested", "data": {"person": "e-1", "topic": "law"}},
    {"type": "training.completed", "data": {"person": "e-1", "topic": "law", "hours": 2}},
    {"type": "recognition.given", "data": {"audience": "employee", "kind": "praise",
                                           "from": "e-1", "to": "e-2",
                                           "visibility": "private"}},
    *[{"type": "signal.recorded", "data": {"audience": "employee", "signal": s,
                                           "person": "e-1", "unit": "ops"}}
      for s in ("joined", "absence", "separation", "stay_intent", "leave_intent")],
]


def test_what_is_confidential_starts_no_notice(shared, client):
    seq = store(client, {"type": "decision.made", "id": "decided", "data": {
        "person": "e-1", "role": "agent", "class": "refund", "answer": "yes"}})
    review = {"type": "decision.reviewed", "data": {
        "ref": "decided", "verdict": "sanction", "lesson": "Ask."}}
    with Listener(shared) as listener, Listener(shared) as other:
        before = listener.begin()
        assert other.begin() == before and before["seq"] == seq
        case = {}

        def confidential(answer):
            assert answer.status == 201 and "seq" not in answer.json(), answer
            if "receipt" in answer.json():
                case.update(answer.json())

        def step(route, name, **body):
            return client.post(f"/v1/{route}/{name}", body)

        for act in (*[lambda e=e: client.event(e) for e in (*CONFIDENTIAL, review)],
                    lambda: step("suggestions", case["id"] + "/acknowledge"),
                    lambda: step("suggestions", case["id"] + "/triage", will_examine=True),
                    lambda: step("suggestions", case["id"] + "/answers", status="done"),
                    lambda: step("suggestions", case["id"] + "/reopen", reason="No."),
                    lambda: step("receipts", case["receipt"] + "/reply", body="Again."),
                    lambda: step("receipts", case["receipt"] + "/withdraw")):
            confidential(act())
            # A customer's event behind each: had there been a notice for the other,
            # it would come first.
            seq = store(client, answered())
            for each in listener, other:
                assert each.notice() == {**before, "seq": seq}
        assert client.get(f"/v1/receipts/{case['receipt']}").status == 200
        # All of them at once, in one request.
        lines = client.lines([{**e, "id": f"again-{i}"} for i, e in enumerate(CONFIDENTIAL)])
        assert lines.json()["stored"] == len(CONFIDENTIAL)
        seq = store(client, answered())
        for each in listener, other:
            assert each.notice() == {**before, "seq": seq}


def test_definitions_are_told_and_tokens_are_not(shared, client):
    with Listener(shared) as listener, Listener(shared) as other:
        before = listener.begin()
        assert other.begin() == before
        shared.new_token("read")
        assert client.post("/v1/people", {"person": "e-9"}).status == 201
        assert client.put("/v1/units/desk", {"name": "desk"}).status == 201
        for each in listener, other:
            after = each.notice()
            assert after["definitions"] > before["definitions"]
            assert after["seq"] == before["seq"]
        seq = store(client, answered())
        assert listener.notice() == {**after, "seq": seq}


def test_definitions_are_the_same_on_every_worker(shared, client):
    """Or one who comes again would take it for news."""
    until(lambda: shared.metric("streams_open") == 0)
    with Listener(shared) as alone:  # so on one worker nobody listens
        alone.begin()
        assert client.put("/v1/units/table", {"name": "table"}).status == 201
        now = alone.notice()
        for _ in range(4):
            with Listener(shared) as one, Listener(shared) as other:
                assert one.begin() == other.begin() == now


def test_a_release_is_told_when_it_shows_something(shared, client):
    assert client.put("/v1/surveys/trust", {
        "name": "trust", "audience": "employee", "period": "wave",
        "questions": [{"name": "leader", "metric": "pulse"}]}).status == 201

    def answer(people):
        for i in range(people):
            assert store(client, {"type": "survey.answered", "data": {
                "survey": "trust", "respondent": f"e-{i}",
                "answers": {"leader": 1 + i % 5}}}) is None

    def release():
        assert client.post("/v1/surveys/trust/release", None).status in (200, 201)

    with Listener(shared) as listener, Listener(shared) as other:
        before = listener.begin()
        assert other.begin() == before
        # Of nobody, of one, and making invitations: nothing to be seen.
        for people in 0, 1:
            answer(people)
            release()
            assert client.post("/v1/surveys/trust/invites", {"count": 3}).status == 201
            seq = store(client, answered())
            for each in listener, other:
                assert each.notice() == {**before, "seq": seq}
        answer(20)
        release()
        for each in listener, other:
            after = each.notice()
            assert after == {**before, "seq": seq, "releases": after["releases"]}
            assert after["releases"] > before["releases"]
        # It is there when it is told.
        assert shared.one("SELECT sum(people) FROM release_block") == 20
        with Listener(shared) as third:
            assert third.begin() == after


def test_a_revoked_token_ends_its_streams(shared, client):
    made = client.post("/v1/tokens", {"label": "gone", "scopes": ["read"]}).json()
    with Listener(shared, made["token"]) as one, Listener(shared, made["token"]) as other, \
            Listener(shared) as stays:
        before = one.begin()
        assert other.begin() == stays.begin() == before
        assert client.delete(f"/v1/tokens/{made['id']}").status == 204
        assert one.over() and other.over()
        seq = store(client, answered())
        assert stays.notice() == {**before, "seq": seq}
    with shared.client(made["token"]) as c:
        refused(c.get("/v1/live"), 401, "unauthorized")


def test_who_may_listen(shared):
    with shared.client(None) as c:
        refused(c.get("/v1/live"), 401, "unauthorized")
    for scope in "ingest", "respond", "concern", "roster":
        with shared.client(shared.new_token(scope)) as c:
            refused(c.get("/v1/live"), 403, "forbidden")
    with shared.client(shared.new_token("read", unit="ops")) as c:
        refused(c.get("/v1/live"), 403, "forbidden")
    with shared.client(shared.new_token("read")) as c:
        assert c.get("/v1/live").status == 200
        refused(c.get("/v1/live?since=1"), 422, "invalid")


def test_head_and_last_event_id(shared, client):
    head = client.request("HEAD", "/v1/live")
    assert head.status == 200 and head.body == b""
    assert head.headers["Content-Type"] == "text/event-stream"
    with Listener(shared) as listener:
        seq = listener.begin()["seq"]
    again = client.get("/v1/live", headers={"Last-Event-ID": "1"})
    assert again.text().startswith(f"retry: 2000\nid: {seq}\n")


def test_a_stream_behind_other_requests(shared, client):
    asked = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with Listener(shared, before=asked) as listener:
        status, fields = listener.head()
        n = int(fields["content-length"])
        while len(listener.data) < n:
            assert listener.fill()
        assert status == 200
        listener.data = listener.data[n:]
        before = listener.begin()
        # What is sent behind it is nobody's.
        listener.sock.sendall(asked * 3)
        seq = store(client, answered())
        assert listener.notice() == {**before, "seq": seq}


def test_http_1_0(shared, client):
    with Listener(shared, version="1.0") as listener:
        listener.begin()
        seq = store(client, answered())
        assert listener.notice()["seq"] == seq


def test_two_hundred_on_both_workers(shared, client):
    until(lambda: shared.metric("streams_open") == 0)
    listeners = [Listener(shared) for _ in range(200)]
    try:
        now = listeners[0].begin()
        assert all(x.begin() == now for x in listeners[1:])
        assert shared.metric("streams_open") == 200
        for _ in range(3):
            seq = store(client, answered())
            assert all(x.until(seq)[-1]["seq"] == seq for x in listeners)
        for x in listeners[::2]:
            x.sock.close()
        until(lambda: shared.metric("streams_open") == 100)
        seq = store(client, answered())
        assert all(x.until(seq)[-1]["seq"] == seq for x in listeners[1::2])
    finally:
        for x in listeners:
            x.sock.close()


def test_nobody_misses_the_last_who_comes_in_between(shared, client):
    last = []

    def write():
        with shared.client() as c:
            last.extend(store(c, answered()) for _ in range(300))

    writer = threading.Thread(target=write)
    listeners = []
    try:
        writer.start()
        while writer.is_alive() or len(listeners) < 20:
            for x in listeners[:-20]:
                x.sock.close()
            del listeners[:-20]
            listeners.append(Listener(shared))
            listeners[-1].first = listeners[-1].begin()["seq"]
        writer.join()
        for x in listeners:
            assert x.first == last[-1] or x.until(last[-1])[-1]["seq"] == last[-1]
    finally:
        writer.join()
        for x in listeners:
            x.sock.close()


def test_one_who_does_not_read_holds_nobody_up(shared, client):
    """How much is kept for such a one, and when it is dropped: http/test_stream.py."""
    with Listener(shared) as deaf, Listener(shared) as listener:
        listener.begin()
        for _ in range(5):
            seq = store(client, answered())
            assert listener.until(seq)[-1]["seq"] == seq
        deaf.begin()
        assert deaf.until(seq)[-1]["seq"] == seq


def test_a_sign_of_life(shared):
    """Nothing happens meanwhile: 15 seconds without a byte, then a comment."""
    with Listener(shared) as listener:
        listener.begin()
        began = time.monotonic()
        assert listener.event() == ": "
        assert HEARTBEAT_S - 2 < time.monotonic() - began


def test_as_many_as_may():
    with Daemon("live_max=3", "workers=2") as d:
        d.start()
        with d.client() as c:
            listeners = [Listener(d) for _ in range(3)]
            for x in listeners:
                x.begin()
            problem = c.get("/v1/live")
            refused(problem, 503, "overloaded")
            assert int(problem.headers["Retry-After"]) > 0
            seq = store(c, answered())
            assert all(x.notice()["seq"] == seq for x in listeners)
            listeners[0].sock.close()
            until(lambda: d.metric("streams_open") == 2)
            with Listener(d) as x:
                assert x.begin()["seq"] == seq
            for x in listeners:
                x.sock.close()


def test_a_stop_ends_streams_at_once():
    with Daemon("drain_timeout=1h") as d:
        d.start()
        with d.client() as c, Listener(d) as listener, Listener(d) as other:
            listener.begin()
            other.begin()
            seq = store(c, answered())
            listener.until(seq)
            other.until(seq)
            d.stop()
            assert listener.over() and other.over()
        d.start()
        with Listener(d) as listener:
            assert listener.begin()["seq"] == seq
