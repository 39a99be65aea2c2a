"""empowerctl from outside, and a proxy that fails on demand between it and a daemon."""
import http.client
import os
import pty
import select
import socketserver
import subprocess
import threading

from harness import BUILD, TIMEOUT

EMPOWERCTL = os.environ.get("EMPOWERCTL", os.path.join(BUILD, "empowerctl"))


def run(*arguments, text=None, env=None, cwd=None):
    """Runs empowerctl to its end. `text`: bytes for its standard input."""
    clean = {k: v for k, v in os.environ.items()
             if not k.startswith(("EMPOWERD_", "LC_", "LANG", "XDG_"))}
    clean["EMPOWERD_TOKEN"] = ""
    clean.update(env or {})
    return subprocess.run([EMPOWERCTL, *map(str, arguments)], input=text or b"",
                          capture_output=True, env=clean, cwd=cwd, timeout=TIMEOUT * 2)


class Tool:
    """empowerctl on one daemon: its address, its token, a memory of its own."""

    def __init__(self, daemon, memory, port=None):
        self.daemon = daemon
        self.memory = str(memory)
        self.port = port or daemon.port

    def run(self, *arguments, text=None, env=None):
        return run("-s", f"http://127.0.0.1:{self.port}", *arguments, text=text,
                   env={"EMPOWERD_TOKEN": self.daemon.token,
                        "XDG_STATE_HOME": self.memory, **(env or {})})

    def ok(self, *arguments, **more):
        """What it printed; it must succeed."""
        result = self.run(*arguments, **more)
        assert result.returncode == 0, (result.stdout, result.stderr)
        return result.stdout.decode()

    def fails(self, *arguments, status=1, **more):
        """What it complained about; it must fail with this status."""
        result = self.run(*arguments, **more)
        assert result.returncode == status, (result.stdout, result.stderr)
        return result.stderr.decode()

    def at_a_terminal(self, *words, reply):
        """The status with a terminal for input and errors on which `reply` is typed,
        what was printed, and what the terminal showed."""
        ours, theirs = pty.openpty()
        try:
            with subprocess.Popen(
                    [EMPOWERCTL, "-s", f"http://127.0.0.1:{self.port}", *words],
                    stdin=theirs, stderr=theirs, stdout=subprocess.PIPE,
                    env={"EMPOWERD_TOKEN": self.daemon.token}) as child:
                os.close(theirs)
                theirs = -1
                os.write(ours, reply)
                out = child.stdout.read().decode()
                status = child.wait(TIMEOUT)
            shown = b""
            while select.select([ours], [], [], 0)[0]:
                try:
                    shown += os.read(ours, 4096)
                except OSError:  # how a terminal ends whose other side is closed
                    break
            return status, out, shown.decode()
        finally:
            os.close(ours)
            if theirs >= 0:
                os.close(theirs)


PASS = "pass"  # forward, and hand back the answer
LOSE = "lose"  # forward, then close without the answer
DROP = "drop"  # close without forwarding


class Proxy:
    """Forwards requests to a daemon; `decide(number, body)` says what becomes of each:
    PASS, LOSE, DROP, or the bytes of an answer to give instead. Numbers count from 1."""

    def __init__(self, daemon, decide):
        self.requests = 0
        self.decide = decide
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                while proxy.exchange(self.rfile, self.wfile, daemon):
                    pass

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(TIMEOUT)

    def exchange(self, source, sink, daemon):
        """One request; False ends the connection."""
        line = source.readline().decode()
        if not line.strip():
            return False
        method, path, _ = line.split()
        headers = http.client.parse_headers(source)
        body = source.read(int(headers.get("Content-Length") or 0))
        self.requests += 1
        verdict = self.decide(self.requests, body)
        if verdict == DROP:
            return False
        if isinstance(verdict, bytes):
            sink.write(verdict)
            return True
        backend = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=TIMEOUT)
        try:
            backend.request(method, path, body or None,
                            {k: v for k, v in headers.items()
                             if k.lower() in ("authorization", "content-type")})
            reply = backend.getresponse()
            answer = reply.read()
        finally:
            backend.close()
        if verdict == LOSE:
            return False
        sink.write(f"HTTP/1.1 {reply.status} x\r\nContent-Type: "
                   f"{reply.headers.get('Content-Type', 'application/json')}\r\n"
                   f"Content-Length: {len(answer)}\r\n\r\n".encode() + answer)
        return True


BUSY_BODY = b'{"type":"/problems/overloaded","title":"Busy","status":503}\n'
BUSY = (b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Type: application/problem+json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(BUSY_BODY), BUSY_BODY))
