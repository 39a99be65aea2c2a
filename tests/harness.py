"""A daemon to test from outside: start, talk, read its file, kill, start again.

Nothing sleeps: a daemon is up when it says so, gone when the process has ended, and an
exchange is over when its answer is there; what the daemon does in its own time is asked
for until it is done. TIMEOUT only bounds a test that fails.
"""
import contextlib
import gzip
import http.client
import json
import os
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
import urllib.parse

import openapi

TIMEOUT = 60
HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("top_builddir", os.path.join(HERE, "..", "build"))
EMPOWERD = os.environ.get("EMPOWERD", os.path.join(BUILD, "empowerd"))
PROBLEM = "application/problem+json"
NDJSON = "application/x-ndjson"
MEMORY = "/dev/shm"
MEMORY_MIN = 1 << 30  # bytes free; containers have been seen with 64 MiB


class Answer:
    """A whole HTTP answer."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def type(self):
        return (self.headers.get("Content-Type") or "").split(";")[0]

    def json(self):
        return json.loads(self.body)

    def text(self):
        return self.body.decode()

    def __repr__(self):
        return f"<{self.status} {self.type} {self.body[:400]!r}>"


def parse_headers(stream):
    """Header fields, one a line: what a daemon sends needs no reader of electronic mail,
    and a third of the time of a request goes into that."""
    headers = http.client.HTTPMessage()
    while (line := stream.readline()) != b"\r\n":
        if not line.endswith(b"\n"):
            raise http.client.IncompleteRead(line)
        name, colon, value = line.decode("latin-1").partition(": ")
        assert colon and name and not name[0].isspace() and value.endswith("\r\n"), line
        headers[name] = value[:-2]
    return headers


http.client.parse_headers = parse_headers


class Client:
    """One kept-alive connection, and a token (None: none)."""

    def __init__(self, daemon, token="admin"):
        self.daemon = daemon
        self.token = daemon.token if token == "admin" else token
        self.connection = http.client.HTTPConnection("127.0.0.1", daemon.port,
                                                     timeout=TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.connection.close()

    def request(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if self.token and "Authorization" not in headers:
            headers["Authorization"] = "Bearer " + self.token
        if isinstance(body, str):
            body = body.encode()
        elif body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.connection.request(method, path, body, headers)
        reply = self.connection.getresponse()
        answer = Answer(reply.status, reply.headers, self._body(reply))
        plain = openapi.kind_of(headers.get("Content-Type")) == "application/json" and \
            not any(h.lower() in ("content-encoding", "ce-specversion") for h in headers)
        openapi.RECORD.add(method, path, answer.status, answer.type,
                           body if plain else None, answer.body, self.daemon.base)
        return answer

    def _body(self, reply):
        """Of a stream the first event: then it is left."""
        if openapi.kind_of(reply.headers.get("Content-Type")) != "text/event-stream":
            return reply.read()
        body = b""
        while line := reply.readline():
            body += line
            if line == b"\n":
                break
        reply.close()
        self.close()
        return body

    def get(self, path, headers=None, **params):
        if params:
            path += "?" + urllib.parse.urlencode(
                {k.rstrip("_"): v for k, v in params.items()})
        return self.request("GET", path, headers=headers)

    def put(self, path, document):
        return self.request("PUT", path, document, {"Content-Type": "application/json"})

    def post(self, path, document):
        return self.request("POST", path, document, {"Content-Type": "application/json"})

    def delete(self, path):
        return self.request("DELETE", path)

    def event(self, event, **headers):
        return self.request("POST", "/v1/events", event,
                            {"Content-Type": "application/json", **headers})

    def lines(self, events, query="", compress=False):
        """NDJSON; an event may be given as its text."""
        body = b"".join((e if isinstance(e, bytes) else e.encode()
                         if isinstance(e, str) else json.dumps(e).encode()) + b"\n"
                        for e in events)
        headers = {"Content-Type": NDJSON}
        if compress:
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        return self.request("POST", "/v1/events" + query, body, headers)

    def rollup(self, name, **params):
        """The answer's document; the request must succeed."""
        answer = self.get("/v1/rollups/" + name, **params)
        assert answer.status == 200, answer
        return answer.json()


def in_memory():
    """A directory where syncing costs nothing; None: what the system has for temporary
    files. kill -9 takes nothing from either."""
    try:
        fits = shutil.disk_usage(MEMORY).free >= MEMORY_MIN and os.access(MEMORY, os.W_OK)
    except OSError:
        fits = False
    return MEMORY if fits and "TMPDIR" not in os.environ else None


class Daemon:
    """empowerd on a state directory of its own, and its TCP ports in order."""

    place = in_memory()  # of state directories; conftest.py knows whose are on a disk

    def __init__(self, *options, config=None, env=None, listen=("127.0.0.1:0",)):
        self.home = tempfile.mkdtemp(prefix="empowerd-test-", dir=self.place)
        self.dir = os.path.join(self.home, "state")
        self.options = list(options)
        self.listen = list(listen)
        self.base = next((o.split("=")[1].rstrip("/") for o in options
                          if o.startswith("base_path=")), "")
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith(("EMPOWERD_", "NOTIFY_", "LISTEN_"))}
        self.env.update(env or {})
        self.config = None
        if config is not None:
            self.config = os.path.join(self.home, "empowerd.conf")
            with open(self.config, "w", encoding="utf-8") as f:
                f.write(config)
        self.process = None
        self.port = None
        self.ports = []
        self.log = []
        self.readers = {}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.remove()

    def argv(self, *more):
        argv = [EMPOWERD, "-d", self.dir]
        for address in self.listen:
            argv += ["-l", address]
        if self.config:
            argv += ["-c", self.config]
        for option in self.options:
            argv += ["-o", option]
        return argv + list(more)

    def start(self):
        assert self.process is None
        self.close_readers()
        # Unbuffered: select must see every line that was not read yet.
        self.process = subprocess.Popen(self.argv(), stderr=subprocess.PIPE, bufsize=0,
                                        stdin=subprocess.DEVNULL, env=self.env)
        stderr = self.process.stderr
        self.ports = []
        ready = 0
        while ready < len(self.listen):
            readable, _, _ = select.select([stderr], [], [], TIMEOUT)
            line = stderr.readline().decode(errors="replace") if readable else ""
            self.log.append(line)
            if not line:
                self.process.kill()
                self.process.wait()
                self.process = None
                raise AssertionError("the daemon did not start:\n" + "".join(self.log))
            if line.startswith("ready: "):
                ready += 1
                found = re.match(r"ready: http://[^/]*:(\d+)/", line)
                self.ports += [int(found.group(1))] if found else []
        self.port = self.ports[0]
        self.reader = threading.Thread(target=self._read_log, args=(stderr,), daemon=True)
        self.reader.start()
        return self

    def _read_log(self, stderr):
        for line in stderr:
            self.log.append(line.decode(errors="replace"))

    def wait(self):
        """Until the process has ended; its exit status."""
        status = self.process.wait(TIMEOUT)
        self.close_readers()
        self.reader.join(TIMEOUT)
        self.process.stderr.close()
        self.process = None
        # A finding that does not end the process must not go with one that is killed.
        assert not any("Sanitizer:" in line for line in self.log), "".join(self.log)
        return status

    def stop(self):
        """In order, which must succeed."""
        self.close_readers()  # it is the last to close its files, as it was the first
        self.process.send_signal(signal.SIGTERM)
        status = self.wait()
        assert status == 0, (status, "".join(self.log))

    def kill(self):
        """As a power cut would, as far as the process goes."""
        self.process.kill()
        self.wait()

    def restart(self):
        self.stop()
        return self.start()

    def remove(self):
        try:
            if self.process:
                died = self.process.poll()
                self.kill()
                if died is not None:  # pytest shows it with the test that failed
                    print(f"the daemon had ended with {died}:", *self.log, sep="\n")
        finally:
            shutil.rmtree(self.home, ignore_errors=True)

    @property
    def token(self):
        with open(os.path.join(self.dir, "admin.token"), encoding="ascii") as f:
            return f.read().strip()

    def client(self, token="admin"):
        return Client(self, token)

    def new_token(self, *scopes, unit=None, label="test"):
        with self.client() as c:
            answer = c.post("/v1/tokens", {"label": label, "scopes": list(scopes),
                                           **({"unit": unit} if unit else {})})
        assert answer.status == 201, answer
        return answer.json()["token"]

    def sql(self, query, *params, file="empowerd.db"):
        """Rows, read as an analyst would: another process, read-only, while it runs."""
        if not self.process or threading.current_thread() is not threading.main_thread():
            with contextlib.closing(self.open(file)) as db:
                return db.execute(query, params).fetchall()
        # Kept open while this daemon runs: most of a short question is reading the schema.
        if file not in self.readers:
            self.readers[file] = self.open(file)
        return self.readers[file].execute(query, params).fetchall()

    def open(self, file):
        path = urllib.parse.quote(os.path.join(self.dir, file))
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=TIMEOUT)

    def close_readers(self):
        """Before the daemon has its files to itself, or others have them."""
        while self.readers:
            self.readers.popitem()[1].close()

    def one(self, query, *params, file="empowerd.db"):
        """The one value of a query."""
        return self.sql(query, *params, file=file)[0][0]

    def verify(self):
        """Counters equal the file, by the daemon's own word."""
        with self.client() as c:
            answer = c.get("/v1/verify")
        assert answer.status == 200, answer
        report = answer.json()
        assert report["differences"] == 0 and report["quiet"], report
        return report

    def metric(self, name):
        with self.client() as c:
            text = c.get("/metrics").text()
        return float(re.search(rf"^empowerd_{name} (\S+)$", text, re.M).group(1))


def refused(answer, status, slug, pointer=None):
    """The answer is a problem document of this kind that names the place."""
    assert answer.status == status, answer
    assert answer.type == PROBLEM, answer
    problem = answer.json()
    assert problem["type"] == "/problems/" + slug, problem
    assert problem["status"] == status and problem["title"], problem
    if pointer is not None:
        pointers = [e["pointer"] for e in problem.get("errors", [])]
        assert pointer in pointers if pointer else not pointers or pointers == [""], problem
    return problem


def until(holds):
    """What it returns once it is true; for what the daemon does in its own time."""
    deadline = time.monotonic() + TIMEOUT
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not happen"
        select.select([], [], [], 0.02)
    return found
