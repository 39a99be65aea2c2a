"""Raw HTTP over sockets, and the servers to talk to.

Nothing here waits for a time: every exchange ends because the server closed, or because
the expected number of answers has come. TIMEOUT only bounds a test that fails.
"""
import os
import re
import signal
import socket
import subprocess

TIMEOUT = 30
BUILD = os.environ.get(
    "top_builddir",
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build"))


class Answer:
    def __init__(self, status, fields, body):
        self.status = status
        self.fields = fields
        self.body = body

    def __repr__(self):
        return "<%d %r %r>" % (self.status, self.fields, self.body[:80])


class Wire:
    """One connection. Reads answers strictly by their framing."""

    def __init__(self, address, family=socket.AF_INET, rcvbuf=None):
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT)
        if rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.sock.connect(address)
        if family == socket.AF_INET:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""
        self.eof = False
        self.reset = False

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.sock.close()

    def send(self, data):
        """Send; a server that has closed is seen when reading."""
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def send_bytes(self, data):
        """One byte a packet."""
        try:
            for i in range(len(data)):
                self.sock.sendall(data[i:i + 1])
        except (BrokenPipeError, ConnectionResetError):
            pass

    def fill(self):
        """More bytes, False at the end."""
        try:
            got = self.sock.recv(65536)
        except ConnectionResetError:
            got = b""
            self.reset = True
        self.data += got
        self.eof = self.eof or not got
        return bool(got)

    def answer(self, head=False):
        """The next answer, None at the end of the connection."""
        while b"\r\n\r\n" not in self.data:
            if not self.fill():
                assert self.data == b"", "half an answer: %r" % self.data
                return None
        top, self.data = self.data.split(b"\r\n\r\n", 1)
        lines = top.decode("latin-1").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.1 ([1-5]\d\d) [A-Za-z ]+", lines[0])
        assert match, lines[0]
        status = int(match.group(1))
        fields = {}
        for line in lines[1:]:
            name, value = line.split(": ", 1)
            assert name.lower() not in fields, "repeated field: " + name
            fields[name.lower()] = value
        if status == 100:
            return Answer(status, fields, b"")
        assert "date" in fields or status == 503
        length = int(fields.get("content-length", 0))
        if head or status in (204, 304):
            length = 0
        while len(self.data) < length:
            assert self.fill(), "the answer's body is cut off"
        body, self.data = self.data[:length], self.data[length:]
        return Answer(status, fields, body)

    def answers(self):
        """All until the server closes."""
        found = []
        while True:
            answer = self.answer()
            if answer is None:
                return found
            found.append(answer)

    def closed(self):
        """True when the server closes without another byte."""
        return not self.data and not self.fill()


class Server:
    """A running server with the routes that the raw cases name."""

    def __init__(self, argv, ready, stream, get, post):
        self.stream_name = stream
        self.process = subprocess.Popen(argv, **{stream: subprocess.PIPE})
        self.stream = getattr(self.process, stream)
        self.get, self.post = get, post
        while True:
            line = self.stream.readline().decode()
            assert line, "the server did not start: " + " ".join(argv)
            match = re.search(ready, line)
            if match:
                self.port = int(match.group(1))
                break

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    def wire(self, **options):
        return Wire(self.address, **options)

    def ask(self, path, method="GET", body=None, fields=""):
        with self.wire() as w:
            w.send(request(path, method, body, fields + "Connection: close\r\n"))
            return w.answer(head=method == "HEAD")

    def term(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        """Terminate; the server must end by itself and without an error."""
        self.term()
        rest = self.stream.read().decode()
        assert self.process.wait(TIMEOUT) == 0, rest
        return rest

    def kill(self):
        self.process.kill()
        self.process.wait()


def request(path, method="GET", body=None, fields=""):
    length = "" if body is None else "Content-Length: %d\r\n" % len(body)
    top = "%s %s HTTP/1.1\r\nHost: test\r\n%s%s\r\n" % (method, path, length, fields)
    return top.encode() + (body or b"")


def echo_server(*options):
    """The test server; options are key=value."""
    program = os.path.join(BUILD, "tests/http/echo_server")
    return Server([program] + list(options), r"ready: (\d+)", "stdout",
                  b"/hello", b"/echo")


def daemon(state):
    return Server([daemon_path(), "-d", state, "-l", "127.0.0.1:0"],
                  r"ready: http://[^:]+:(\d+)/", "stderr", b"/healthz", b"/v1/events")


def daemon_path():
    return os.environ.get("EMPOWERD", os.path.join(BUILD, "empowerd"))
