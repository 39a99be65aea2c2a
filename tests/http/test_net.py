"""Bodies, deadlines, limits and abuse against the test server of net.

Deadlines are short and are waited for by reading until the server closes. That one does
not fire early is shown by what is served meanwhile, never by a clock.
"""
import errno
import gzip
import json
import os
import socket
import struct

import pytest

import wire
from wire import request

SHORT = ("header=300", "body=300", "answer=300", "send=300", "linger=300")


@pytest.fixture(scope="module")
def server():
    s = wire.echo_server()
    yield s
    s.stop()


@pytest.fixture(scope="module")
def hasty():
    s = wire.echo_server(*SHORT)
    yield s
    s.stop()


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


def stats(server):
    return json.loads(server.ask("/stats").body)


def wait_for(condition):
    """Ask the server until it says so: each question is answered by the server itself."""
    for _ in range(100000):
        if condition():
            return
    raise AssertionError("it never happened")


def held(server):
    return int(server.ask("/held").body.split()[0])


# --- bodies

SIZES = [0, 1, 8000, 16000, 16384, 16500, 16577, 70000, 300000, 8 * 1024 * 1024]


@pytest.mark.parametrize("size", SIZES)
def test_bodies_come_back_whole(server, size):
    body = os.urandom(size)
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 5000]), body[i:i + 5000])
                      for i in range(0, size, 5000)) + b"0\r\n\r\n"
    packed = gzip.compress(body, 1)
    chunked_gzip = b"%x;gz\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    te = "Transfer-Encoding: chunked\r\n"
    ce = "Content-Encoding: gzip\r\n"
    forms = [request("/echo", "POST", body),
             request("/echo", "POST", fields=te) + chunks]
    if len(packed) <= 8 * 1024 * 1024:
        forms += [request("/echo", "POST", packed, ce),
                  request("/echo", "POST", fields=te + ce) + chunked_gzip]
    with server.wire() as w:
        for form in forms:
            w.send(form)
            answer = w.answer()
            assert answer.status == 200
            assert answer.body == body


def test_bodies_behind_other_requests(server):
    """Where a request starts in the read buffer makes no difference."""
    with server.wire() as w:
        for size in (0, 10, 3000, 8000, 15000, 20000):
            body = os.urandom(size)
            packed = gzip.compress(body)
            pad = "X: %s\r\n" % ("y" * 3500)
            w.send(request("/hello", fields=pad) * 3 +
                   request("/echo", "POST", body, pad) +
                   request("/hello", fields=pad) * 2 +
                   request("/echo", "POST", packed, pad + "Content-Encoding: gzip\r\n") +
                   request("/hello"))
            got = [w.answer().body for _ in range(8)]
            assert got == [b"hello\n"] * 3 + [body] + [b"hello\n"] * 2 + [body] + \
                [b"hello\n"]


READ_BUFFER = 16384 + 192


@pytest.mark.parametrize("coding", ["chunked", "gzip"])
def test_streamed_bodies_at_the_end_of_the_read_buffer(server, coding):
    """A head that ends where the buffer ends leaves no room to read the body into."""
    body = os.urandom(30000)
    if coding == "chunked":
        head = request("/echo", "POST", fields="Transfer-Encoding: chunked\r\n")
        rest = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    else:
        rest = gzip.compress(body)
        head = request("/echo", "POST", fields="Content-Encoding: gzip\r\n"
                       "Content-Length: %d\r\n" % len(rest))
    for end in range(READ_BUFFER - 3, READ_BUFFER + 2):
        fill = request("/hello", fields="X: %s\r\n" % ("y" * 7000)) * 2
        pad = end - len(fill) - len(head) - len(request("/hello", fields="X: \r\n"))
        fill += request("/hello", fields="X: %s\r\n" % ("y" * pad))
        assert len(fill + head) == end
        with server.wire() as w:
            w.send(fill + head)
            for _ in range(3):
                assert w.answer().status == 200
            w.send(rest)
            assert w.answer().body == body


def test_requests_cut_at_every_byte(server):
    data = (request("/echo", "POST", b"one") + request("/hello") +
            request("/echo", "POST", fields="Transfer-Encoding: chunked\r\n") +
            b"3\r\ntwo\r\n0\r\n\r\n" + request("/echo", "POST", b"three"))
    with server.wire() as w:
        for cut in range(1, len(data)):
            w.send(data[:cut])
            w.send(data[cut:])
            got = [w.answer().body for _ in range(4)]
            assert got == [b"one", b"hello\n", b"two", b"three"]


@pytest.mark.parametrize("fields,body", [
    ("", b"x" * 17),
    ("Content-Encoding: gzip\r\n", gzip.compress(b"x" * 17)),
    ("Transfer-Encoding: chunked\r\n", b"11\r\n" + b"x" * 17 + b"\r\n0\r\n\r\n"),
], ids=["plain", "gzip", "chunked"])
def test_the_limit_of_the_route_holds(server, fields, body):
    with server.wire() as w:
        if "chunked" in fields:
            w.send(request("/small", "PUT", None, fields) + body)
        else:
            w.send(request("/small", "PUT", body, fields))
        answer = w.answer()
        assert answer.status == 413
        assert json.loads(answer.body)["type"] == "/problems/content-too-large"
        if "chunked" in fields:
            assert w.closed()
        else:
            w.send(request("/small", "PUT", b"x" * 16))
            assert w.answer().body == b"x" * 16


def test_a_gzip_bomb_is_refused(server):
    bomb = gzip.compress(b"\0" * (200 << 20))
    assert len(bomb) < 1 << 20
    answer = server.ask("/echo", "POST", bomb, "Content-Encoding: gzip\r\n")
    assert answer.status == 413


def test_a_cut_gzip_is_refused_and_the_connection_kept(server):
    packed = gzip.compress(b"hello")[:-3]
    with server.wire() as w:
        w.send(request("/echo", "POST", packed, "Content-Encoding: gzip\r\n") +
               request("/hello"))
        answer = w.answer()
        assert answer.status == 400
        assert json.loads(answer.body)["type"] == "/problems/malformed-gzip"
        assert w.answer().status == 200


# --- Expect, early refusals

EXPECT = "Expect: 100-continue\r\n"


def test_continue_is_said_before_the_body(server):
    with server.wire() as w:
        w.send(request("/echo", "POST", fields=EXPECT + "Content-Length: 5\r\n"))
        assert w.answer().status == 100
        w.send(b"hello")
        assert w.answer().body == b"hello"


def test_continue_is_not_said_when_the_body_is_there(server):
    with server.wire() as w:
        w.send(request("/echo", "POST", b"hello", EXPECT))
        assert w.answer().body == b"hello"


def test_a_refusal_instead_of_continue(server):
    with server.wire() as w:
        w.send(request("/forbidden", "POST", fields=EXPECT + "Content-Length: 5\r\n"))
        answer = w.answer()
        assert answer.status == 401 and answer.fields["connection"] == "close"
        assert w.closed()


def test_a_refused_body_is_read_over_when_small(server):
    with server.wire() as w:
        for size in (5, 16000, 40000, 65536):
            w.send(request("/forbidden", "POST", b"x" * size))
            assert w.answer().status == 401
        w.send(request("/hello"))
        assert w.answer().status == 200


def test_a_refused_body_ends_the_connection_when_large(server):
    with server.wire() as w:
        w.send(request("/forbidden", "POST", b"x" * 65537))
        answer = w.answer()
        assert answer.status == 401 and answer.fields["connection"] == "close"
        assert w.closed() and not w.reset


def test_a_refusal_reaches_a_client_that_sends_on(start):
    """Such as a proxy: a reset in the middle of its sending would hide the answer."""
    server = start("linger=20000")
    with server.wire() as w:
        w.send(request("/forbidden", "POST", fields="Content-Length: 999999999\r\n"))
        w.sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                w.sock.send(b"x" * 65536)
        w.sock.settimeout(wire.TIMEOUT)
        assert w.answer().status == 401
        assert w.closed() and not w.reset


def test_a_refused_flood_is_cut_off(hasty):
    """The client sees the answer, and cannot make the server read for ever."""
    with hasty.wire() as w:
        w.send(request("/forbidden", "POST", fields="Content-Length: 999999999\r\n"))
        assert w.answer().status == 401
        sent = 0
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while sent < 1 << 28:
                sent += w.sock.send(b"x" * 65536)


# --- deadlines

def test_a_slow_head_times_out(hasty):
    before = stats(hasty)["timeout_header"]
    with hasty.wire() as w, hasty.wire() as other:
        w.send(b"GET / HTTP/1.1\r\nHost: h\r\nX: ")
        # A byte now and then does not prolong it.
        w.sock.settimeout(0.05)
        while True:
            w.send(b"y")
            try:
                if not w.fill() or w.data:
                    break
            except (TimeoutError, socket.timeout):
                other.send(request("/hello"))
                assert other.answer().status == 200
        w.sock.settimeout(wire.TIMEOUT)
        assert w.answer().status == 408
        assert w.closed()
    assert stats(hasty)["timeout_header"] == before + 1


def test_a_slow_body_times_out(hasty):
    for fields in ("Content-Length: 9\r\n", "Transfer-Encoding: chunked\r\n",
                   "Content-Length: 100000\r\n"):
        with hasty.wire() as w:
            w.send(request("/echo", "POST", fields=fields) + b"5\r\n")
            assert w.answer().status == 408
            assert w.closed()


def test_a_refused_body_that_never_comes_times_out(hasty):
    with hasty.wire() as w:
        w.send(request("/forbidden", "POST", fields="Content-Length: 9\r\n"))
        assert w.answer().status == 401
        assert w.closed()


def test_a_slow_answer_times_out(hasty):
    with hasty.wire() as w:
        w.send(request("/never"))
        answer = w.answer()
        assert answer.status == 503
        assert "retry-after" in answer.fields
        assert w.closed()


def test_an_idle_connection_times_out(start):
    server = start("idle=200")
    with server.wire() as w:
        assert w.closed()
    with server.wire() as w:
        w.send(request("/hello"))
        assert w.answer().status == 200
        assert w.closed()
    assert stats(server)["timeout_idle"] == 2


def test_a_slow_reader_is_dropped(hasty):
    """It gets what fits in the socket's buffers; then the connection is closed."""
    before = stats(hasty)
    asked = []
    with hasty.wire(rcvbuf=4096) as w:
        w.send(request("/big?30000000") * 20)
        wait_for(lambda: asked.append(stats(hasty)) or
                 asked[-1]["timeout_send"] > before["timeout_send"])
        # Only the first was answered: what waits for a slow reader is bounded.
        assert asked[-1]["requests"] == before["requests"] + len(asked) + 1
        wait_for(lambda: stats(hasty)["open"] == 1)
        total = 0
        try:
            while True:
                got = w.sock.recv(1 << 20)
                if not got:
                    break
                total += len(got)
        except ConnectionResetError:
            pass
        assert total < 30000000


def test_a_reader_that_takes_its_time_gets_everything(start):
    server = start("send=20000")
    with server.wire(rcvbuf=4096) as w:
        w.send(request("/big?3000000") * 3 + request("/hello"))
        for _ in range(3):
            assert len(w.answer().body) == 3000000
        assert w.answer().body == b"hello\n"


# --- holding and pipelining

def test_answers_come_in_order_while_one_is_held(server):
    with server.wire() as w:
        w.send(request("/hello") + request("/hold", "POST", b"first") +
               request("/echo", "POST", b"second") + request("/hold", "POST", b"third") +
               request("/hello"))
        assert w.answer().body == b"hello\n"
        wait_for(lambda: held(server) == 1)
        server.ask("/release")
        assert w.answer().body == b"first"
        assert w.answer().body == b"second"
        wait_for(lambda: held(server) == 1)
        server.ask("/release")
        assert w.answer().body == b"third"
        assert w.answer().body == b"hello\n"


def test_a_held_request_keeps_its_bytes(server):
    """Its body lies in a buffer that other connections must not get."""
    wires = [server.wire() for _ in range(20)]
    bodies = [os.urandom(100 + 900 * i) for i in range(20)]
    for w, body in zip(wires, bodies):
        w.send(request("/hold", "POST", body) + request("/echo", "POST", body[::-1]))
    wait_for(lambda: held(server) == 20)
    for _ in range(50):
        assert server.ask("/echo", "POST", b"z" * 15000).status == 200
    server.ask("/release")
    for w, body in zip(wires, bodies):
        assert w.answer().body == body
        assert w.answer().body == body[::-1]
        w.sock.close()


def test_much_may_wait_behind_a_held_request(server):
    with server.wire() as w:
        w.send(request("/hold", "POST", b"first"))
        wait_for(lambda: held(server) == 1)
        w.send(request("/echo", "POST", b"x" * 50) * 2000)
        server.ask("/release")
        assert w.answer().body == b"first"
        for _ in range(2000):
            assert w.answer().body == b"x" * 50


def test_a_client_that_shuts_down_still_gets_its_answer(server):
    with server.wire() as w:
        w.send(request("/hold", "POST", b"body"))
        w.sock.shutdown(socket.SHUT_WR)
        wait_for(lambda: held(server) == 1)
        server.ask("/release")
        assert w.answer().body == b"body"
        assert w.closed()


def test_a_client_that_leaves_while_held(server):
    lost = int(server.ask("/held").body.split()[1])
    with server.wire() as w:
        w.send(request("/hold", "POST", b"body"))
        wait_for(lambda: held(server) == 1)
        # A reset, as of a process that was killed.
        w.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_for(lambda: stats(server)["open"] == 1)
    server.ask("/release")
    wait_for(lambda: int(server.ask("/held").body.split()[1]) == lost + 1)


def test_a_late_answer_finds_nobody_else(start):
    """The place of a client that left is taken by the next one."""
    server = start("workers=1", "answer=1000")
    with server.wire() as w:
        w.send(request("/hold", "POST", b"old"))
        wait_for(lambda: held(server) == 1)
        w.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_for(lambda: stats(server)["open"] == 1)
    with server.wire() as w:
        before = stats(server)["requests"]
        w.send(request("/never"))
        wait_for(lambda: stats(server)["requests"] > before + 1)
        server.ask("/release")
        assert w.answer().status == 503


def test_many_pipelined_requests(server):
    with server.wire() as w:
        for _ in range(5):
            w.send(request("/hello") * 1000)
            for _ in range(1000):
                assert w.answer().body == b"hello\n"


def test_the_end_of_input_does_not_cut_what_was_asked(server):
    for _ in range(20):
        with server.wire() as w:
            w.send(request("/hello") * 400)
            w.sock.shutdown(socket.SHUT_WR)
            assert [a.body for a in w.answers()] == [b"hello\n"] * 400


# --- how many connections

def test_too_many_connections_are_turned_away(start):
    server = start("max_connections=5")
    wires = [server.wire() for _ in range(5)]
    for w in wires:
        w.send(request("/hello"))
        assert w.answer().status == 200
    with server.wire() as w:
        answer = w.answer()
        assert answer.status == 503 and "retry-after" in answer.fields
        assert json.loads(answer.body)["status"] == 503
        assert w.closed()
    wires.pop().sock.close()
    wait_for(lambda: json.loads(ask(wires[0], "/stats").body)["open"] == 4)
    with server.wire() as w:
        assert ask(w, "/hello").status == 200


def ask(w, path):
    w.send(request(path))
    return w.answer()


def test_one_address_cannot_take_all(start):
    """Loopback is exempt, so the test needs an address of this machine that is not."""
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        probe.connect(("192.0.2.1", 9))
        address = probe.getsockname()[0]
    except OSError as e:
        assert e.errno == errno.ENETUNREACH
        pytest.skip("this machine has only loopback")
    finally:
        probe.close()
    server = start("listen=0.0.0.0:0", "max_per_address=3")
    wires = [wire.Wire((address, server.port)) for _ in range(3)]
    for w in wires:
        assert ask(w, "/hello").status == 200
    with wire.Wire((address, server.port)) as w:
        assert w.answer().status == 503
        assert w.closed()
    assert server.ask("/hello").status == 200
    wires.pop().sock.close()
    wait_for(lambda: stats(server)["open"] == 3)
    with wire.Wire((address, server.port)) as w:
        assert ask(w, "/hello").status == 200


def test_it_recovers_when_descriptors_run_out(start):
    server = start("nofile=40", "workers=1")
    wires = []
    with server.wire() as first:
        assert ask(first, "/hello").status == 200
        # More than there are descriptors: some are refused, none harms the others.
        for _ in range(60):
            wires.append(server.wire())
        wait_for(lambda: json.loads(ask(first, "/stats").body)["refused_descriptors"] > 0)
        assert ask(first, "/hello").status == 200
        for w in wires:
            w.sock.close()
        with server.wire() as w:
            assert ask(w, "/hello").status == 200


# --- addresses and paths

def info(server, fields="", path="/info"):
    return json.loads(server.ask(path, fields=fields).body)


def test_forwarded_addresses_need_trust(start):
    server = start()
    seen = info(server, "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: http\r\n")
    assert (seen["loopback"], seen["secure"]) == (1, 1)
    assert seen["key"] == info(server)["key"]


def test_a_trusted_proxy_is_believed(start):
    server = start("trusted=127.0.0.0/8")
    seen = info(server, "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n")
    assert (seen["loopback"], seen["secure"]) == (0, 1)
    other = info(server, "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-For: 192.0.2.1\r\n"
                         "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n")
    assert (other["loopback"], other["secure"]) == (0, 0)
    assert other["key"] == seen["key"]
    assert info(server, "X-Forwarded-For: 192.0.2.2\r\n")["key"] != seen["key"]
    assert info(server)["secure"] == 1


def test_insecure_is_a_choice(start):
    server = start("trusted=127.0.0.1", "insecure=yes")
    assert info(server, "X-Forwarded-For: 192.0.2.1\r\n")["secure"] == 1


def test_a_base_path_is_taken_off(start):
    server = start("base_path=/feed/back")
    assert info(server, path="/feed/back/info?x=%41")["path"] == "/info"
    assert info(server, path="/feed/back/%69nfo?x=%41")["query"] == "x=%41"
    assert server.ask("/feed/back").body == b"hello\n"
    assert server.ask("/feed/back/").body == b"hello\n"
    for path in ("/info", "/feed/backinfo", "/feed", "/"):
        assert server.ask(path).status == 404


def test_a_unix_socket_is_served(start, tmp_path):
    path = str(tmp_path / "sock")
    server = start("unix=" + path)
    assert os.stat(path).st_mode & 0o777 == 0o660
    with wire.Wire(path, family=socket.AF_UNIX) as w:
        w.send(request("/info"))
        seen = json.loads(w.answer().body)
        assert (seen["loopback"], seen["secure"]) == (1, 1)
    # What a crash leaves behind is no obstacle; a second server is.
    server.kill()
    assert os.path.exists(path)
    server = start("unix=" + path)
    with pytest.raises(AssertionError, match="did not start"):
        start("unix=" + path)
    with wire.Wire(path, family=socket.AF_UNIX) as w:
        assert ask(w, "/hello").status == 200
    server.stop()
    assert not os.path.exists(path)


@pytest.mark.parametrize("option", [
    "listen=127.0.0.1", "listen=127.0.0.1:99999", "listen=host:80", "listen=::1:80",
    "listen=192.0.2.1:80", "trusted=10.0.0.0/40", "base_path=x", "base_path=/x/",
    "max_connections=0"])
def test_a_wrong_configuration_does_not_start(option):
    with pytest.raises(AssertionError, match="did not start"):
        wire.echo_server(option)


def test_a_taken_port_is_told(server):
    with pytest.raises(AssertionError, match="did not start"):
        wire.echo_server("listen=127.0.0.1:%d" % server.port)


# --- the end

def test_draining_finishes_what_is_in_flight(start):
    server = start("drain=20000")
    with server.wire() as idle, server.wire() as busy, server.wire() as half, \
            server.wire() as helper:
        assert ask(idle, "/hello").status == 200
        busy.send(request("/hold", "POST", b"in flight"))
        wait_for(lambda: held(server) == 1)
        half.send(b"GET /hello HTTP/1.1\r\nHost: h\r\nX: ")
        helper.send(request("/hello") + b"GET /release HTTP/1.1\r\n")
        assert helper.answer().status == 200
        # All bytes sent so far have been read when this is answered.
        wait_for(lambda: stats(server)["bytes_in"] > 0)
        server.term()
        assert idle.closed()
        half.send(b"y\r\n\r\n")
        answer = half.answer()
        assert answer.status == 200 and answer.fields["connection"] == "close"
        helper.send(b"Host: h\r\n\r\n")
        assert helper.answer().body == b"1\n"
        answer = busy.answer()
        assert answer.body == b"in flight"
        assert answer.fields["connection"] == "close"
        assert busy.closed() and half.closed() and helper.closed()
    assert "drained" in server.stop()


def test_draining_has_an_end(start):
    server = start("drain=200")
    with server.wire() as w:
        w.send(request("/never"))
        wait_for(lambda: stats(server)["requests"] >= 2)
        server.term()
        assert w.closed()
    assert "drained" in server.stop()


def test_a_draining_server_refuses_connections(start):
    server = start("drain=20000")
    with server.wire() as w:
        w.send(request("/never"))
        wait_for(lambda: stats(server)["requests"] >= 2)
        with server.wire() as idle:
            server.term()
            assert idle.closed()
        refused = False
        for _ in range(100000):
            try:
                server.wire().sock.close()
            except ConnectionResetError:
                continue  # it was queued when the listener closed
            except ConnectionRefusedError:
                refused = True
                break
        assert refused
