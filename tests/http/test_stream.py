"""Answers that go on, against the test server of net.

/stream begins one that says "hello", /stream?held begins it with the next push; /push?N
sends N bytes to every stream, /push?0 ends them. Nothing waits for a time: that a
deadline does not hold for a stream is shown by what it closes meanwhile.
"""
import json
import socket

import pytest

import wire
from wire import request


@pytest.fixture
def start():
    """Starts servers of its own options and ends them."""
    started = []

    def run(*options):
        started.append(wire.echo_server(*options))
        return started[-1]

    yield run
    for s in started:
        s.kill()


def wait_for(condition):
    for _ in range(100000):
        if condition():
            return
    raise AssertionError("it never happened")


def stats(server):
    return json.loads(server.ask("/stats").body)


def streams(server):
    return json.loads(server.ask("/streams").body)


def push(server, n):
    assert server.ask("/push?%d" % n).body == b"pushed\n"


def piece(w):
    """The next chunk; b"" is the last one, None the end of the connection."""
    while b"\r\n" not in w.data:
        if not w.fill():
            assert w.data == b""
            return None
    size, _, w.data = w.data.partition(b"\r\n")
    n = int(size, 16)
    while len(w.data) < n + 2:
        assert w.fill(), "a chunk is cut off"
    found, end, w.data = w.data[:n], w.data[n:n + 2], w.data[n + 2:]
    assert end == b"\r\n"
    return found


def begin(w, path="/stream"):
    w.send(request(path))
    return begun(w)


def begun(w):
    answer = w.answer()
    assert answer.status == 200
    assert answer.fields["content-type"] == "text/event-stream"
    assert answer.fields["transfer-encoding"] == "chunked"
    assert answer.fields["connection"] == "close"
    assert answer.fields["cache-control"] == "no-store"
    assert "content-length" not in answer.fields
    assert piece(w) == b"hello\n"
    return answer


def test_pieces_come_as_they_are_sent(start):
    server = start()
    with server.wire() as w:
        begin(w)
        assert stats(server)["streams"] == 1
        for n in (1, 15, 16, 1024):
            push(server, n)
            assert piece(w) == b"x" * (n - 1) + b"\n"
        push(server, 0)
        assert piece(w) == b"" and w.closed()
    wait_for(lambda: stats(server)["streams"] == 0)
    # Its owner ended it and needs not be told.
    assert streams(server) == {"begun": 1, "pushed": 5, "refused": 0, "rooms": 0, "gone": 0}


def test_http_1_0_gets_bare_pieces_until_the_end(start):
    server = start()
    with server.wire() as w:
        w.send(b"GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        answer = w.answer()
        assert answer.status == 200 and answer.fields["connection"] == "close"
        assert "transfer-encoding" not in answer.fields
        push(server, 3)
        while not w.data.endswith(b"xx\n"):
            assert w.fill()
        assert w.data == b"hello\nxx\n"
        w.data = b""
        push(server, 0)
        assert w.closed()


def test_head_has_no_stream(start):
    server = start()
    with server.wire() as w:
        w.send(request("/stream", "HEAD") + request("/hello"))
        answer = w.answer(head=True)
        assert answer.status == 200
        assert answer.fields["content-type"] == "text/event-stream"
        assert "connection" not in answer.fields
        assert w.answer().body == b"hello\n"
    assert stats(server)["streams"] == 0


def test_a_stream_behind_other_requests(start):
    server = start()
    with server.wire() as w:
        w.send(request("/hello") + request("/echo", "POST", b"before") +
               request("/stream"))
        assert w.answer().body == b"hello\n"
        assert w.answer().body == b"before"
        begun(w)


def test_a_held_request_becomes_a_stream(start):
    server = start()
    with server.wire() as w:
        w.send(request("/stream?held"))
        wait_for(lambda: streams(server)["begun"] == 1)
        push(server, 1)
        begun(w)
        push(server, 4)
        assert piece(w) == b"xxx\n"


def test_what_stands_behind_a_stream_is_never_answered(start):
    server = start()
    with server.wire() as w:
        w.send(request("/stream") + request("/hello") * 3)
        begun(w)
        # More than the buffer of a connection holds: it is thrown away as it comes.
        for _ in range(100):
            w.send(request("/hello") * 100)
        push(server, 4)
        assert piece(w) == b"xxx\n"
        push(server, 0)
        assert piece(w) == b"" and w.closed()
    with server.wire() as w:
        begin(w)
        for _ in range(100):
            w.send(request("/hello") * 100)
    # Nobody waits for it to be read.
    wait_for(lambda: streams(server)["gone"] == 1)


def test_no_deadline_but_that_of_sending(start):
    server = start("header=200", "answer=200", "idle=200")
    with server.wire() as w:
        begin(w)
        for _ in range(3):
            with server.wire() as other:
                assert other.closed()
            with server.wire() as other:
                other.send(request("/never"))
                assert other.answer().status == 503
        push(server, 2)
        assert piece(w) == b"x\n"


def test_a_client_that_leaves(start):
    server = start()
    with server.wire() as stays:
        begin(stays)
        with server.wire() as w:
            begin(w)
        wait_for(lambda: streams(server)["gone"] == 1)
        assert stats(server)["streams"] == 1
        with server.wire() as w:
            begin(w)
            w.sock.shutdown(socket.SHUT_WR)
            wait_for(lambda: streams(server)["gone"] == 2)
            assert w.closed()
        push(server, 2)
        assert piece(stays) == b"x\n"


def fill_up(server, others):
    """Push until somebody does not take it; the others take all."""
    before = streams(server)["refused"]
    while streams(server)["refused"] == before:
        push(server, 1024)
        for w in others:
            assert len(piece(w)) == 1024


def test_a_slow_reader_is_bounded_and_told_of_room(start):
    server = start()
    with server.wire(rcvbuf=4096) as slow, server.wire() as quick:
        begin(slow)
        begin(quick)
        fill_up(server, [quick])
        found = streams(server)
        assert found["rooms"] == 0
        # What is kept for it is what the kernel keeps, and one piece.
        assert found["pushed"] < 2 + 2 * 64
        for _ in range(20):
            push(server, 8)
            assert piece(quick) == b"x" * 7 + b"\n"
        while streams(server)["rooms"] == 0:
            assert len(piece(slow)) == 1024
        push(server, 0)
        rest = []
        while piece(slow):
            rest.append(1)
        assert slow.closed()
        # Once for all that was refused.
        assert streams(server)["rooms"] == 1


def test_a_reader_that_takes_nothing_is_dropped(start):
    server = start("send=300")
    with server.wire(rcvbuf=4096) as slow, server.wire() as quick:
        begin(slow)
        begin(quick)
        fill_up(server, [quick])
        wait_for(lambda: streams(server)["gone"] == 1)
        assert stats(server)["streams"] == 1
        push(server, 8)
        assert piece(quick) == b"x" * 7 + b"\n"


def unsent(server, w):
    """Bytes that the server's kernel keeps for a client."""
    client = w.sock.getsockname()[1]
    with open("/proc/net/tcp", encoding="ascii") as f:
        for line in list(f)[1:]:
            local, remote, _, queues = line.split()[1:5]
            if int(local.split(":")[1], 16) == server.port and \
                    int(remote.split(":")[1], 16) == client:
                return int(queues.split(":")[0], 16)
    return 0


def test_a_reader_that_takes_nothing_of_little_is_dropped(start):
    """What the kernel has taken, and the client has not, has the same deadline."""
    server = start("send=500")
    with server.wire(rcvbuf=4096) as slow:
        begin(slow)
        # More than is on its way for a moment.
        while unsent(server, slow) < 2048:
            push(server, 256)
        wait_for(lambda: streams(server)["gone"] == 1)
        assert streams(server)["refused"] == 0
        assert stats(server)["timeout_send"] == 0


def test_draining_ends_streams_at_once(start):
    server = start("drain=60000")
    with server.wire() as w, server.wire() as old, server.wire() as half, \
            server.wire(rcvbuf=4096) as slow:
        begin(slow)
        fill_up(server, [])
        begin(w)
        old.send(b"GET /stream HTTP/1.0\r\n\r\n")
        assert old.answer().status == 200
        while old.data != b"hello\n":
            assert old.fill()
        old.data = b""
        half.send(b"GET /stream HTTP/1.1\r\nHost: h\r\nX: ")
        wait_for(lambda: streams(server)["pushed"] > 3)
        server.term()
        assert piece(w) == b"" and w.closed()
        assert old.closed()
        # What begins now does not go on.
        half.send(b"y\r\n\r\n")
        assert half.answer().status == 503 and half.closed()
    assert "drained" in server.stop()


def test_streams_on_a_unix_socket(start, tmp_path):
    path = str(tmp_path / "s")
    server = start("unix=" + path)
    with wire.Wire(path, family=socket.AF_UNIX) as w:
        begin(w)
        push(server, 3)
        assert piece(w) == b"xx\n"
