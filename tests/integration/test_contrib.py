"""What contrib/ offers to other programs fits the daemon: nginx before it, and what
Grafana, Datasette and Prometheus read, on sample data."""
import http.client
import json
import os
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import time
import urllib.parse

import pytest

from ctl_harness import Tool
from harness import EMPOWERD, HERE, NDJSON, TIMEOUT, Answer, Daemon, refused, until

CONTRIB = os.path.join(HERE, "..", "contrib")
ELSEWHERE = "203.0.113.7"
BATCH_MAX = 8 << 20
TARGET_MAX = 2048


def contrib(*path):
    with open(os.path.join(CONTRIB, *path), encoding="utf-8") as f:
        return f.read()


def fill_in(text, *pairs):
    """Replaces each, which must stand there exactly once."""
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def voice(client):
    """What the sample data does not have: a suggestion that was answered and read, and
    a decision that served the customer."""
    before = int(time.time()) - 3 * 86400
    answer = client.post("/v1/suggestions", {"audience": "customer", "kind": "suggestion",
                                             "title": "Open on Sunday", "id": "idea",
                                             "time": before})
    assert answer.status == 201, answer
    assert client.post("/v1/suggestions/idea/answers",
                       {"status": "done", "time": before + 86400}).status == 201
    assert client.get("/v1/receipts/" + answer.json()["receipt"]).status == 200
    for event in ({"type": "decision.made", "id": "d", "source": "s", "data": {
                       "role": "agent", "class": "refund", "answer": "yes"}},
                  {"type": "decision.outcome", "data": {
                      "ref": {"source": "s", "id": "d"}, "customer_benefit": True}}):
        assert client.event(event).status == 201


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A daemon with sample data that trusts a proxy on this machine."""
    with Daemon("trusted_proxies=127.0.0.1") as d:
        d.start()
        Tool(d, tmp_path_factory.mktemp("memory")).ok("demo", "--days", "90")
        with d.client() as c:
            voice(c)
        yield d


@pytest.fixture
def client(demo):
    with demo.client() as c:
        yield c


# --- nginx

class Front:
    """nginx with our snippet before a daemon: `tls` and `plain` are its ports. The
    client's address is what the header X-Test-Address says. nginx inherits its sockets,
    so that nobody else has the port and connections wait until it is up."""

    def __init__(self, home, daemon, *changes):
        self.home = str(home)
        self.sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.tls, self.plain = (s.getsockname()[1] for s in self.sockets)
        pem = os.path.join(self.home, "pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                        "-subj", "/CN=localhost", "-keyout", pem + ".key", "-out", pem],
                       check=True, capture_output=True, timeout=TIMEOUT)
        self.write("empowerd.conf", fill_in(
            contrib("nginx", "empowerd.conf"),
            ("\tserver 127.0.0.1:8787;", f"\tserver 127.0.0.1:{daemon.port};"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.tls} ssl;"),
            ("listen [::]:443 ssl;", f"listen 127.0.0.1:{self.plain};"),
            ("/etc/ssl/certs/feedback.example.org.pem", pem),
            ("/etc/ssl/private/feedback.example.org.key", pem + ".key"), *changes))
        temporary = "".join(f"{kind}_temp_path {self.home}/{kind};\n" for kind in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;" if os.geteuid() == 0 else ""  # others cannot change it
        self.conf = self.write("nginx.conf", f"""
            daemon off; {user} pid {self.home}/pid; error_log stderr;
            events {{ worker_connections 256; }}
            http {{
                {temporary}
                set_real_ip_from 127.0.0.1; real_ip_header X-Test-Address;
                include {self.home}/empowerd.conf;
            }}""")
        self.process = None

    def write(self, name, text):
        path = os.path.join(self.home, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def argv(self, *more):
        nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
        assert nginx, "on Debian: apt install nginx-light"
        return [nginx, "-p", self.home, "-c", self.conf, *more]

    def __enter__(self):
        test = subprocess.run(self.argv("-t"), capture_output=True, timeout=TIMEOUT)
        assert test.returncode == 0 and b"[warn]" not in test.stderr, test.stderr
        numbers = [s.fileno() for s in self.sockets]
        self.process = subprocess.Popen(
            self.argv(), stderr=subprocess.DEVNULL, pass_fds=numbers,
            env={**os.environ, "NGINX": "".join(f"{n};" for n in numbers)})
        for s in self.sockets:
            s.close()
        return self

    def __exit__(self, *exc):
        self.process.terminate()
        self.process.wait(TIMEOUT)

    def connect(self, port):
        if port == self.plain:
            return http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        context = ssl.create_default_context(cafile=os.path.join(self.home, "pem"))
        context.check_hostname = False
        return http.client.HTTPSConnection("127.0.0.1", port, timeout=TIMEOUT,
                                           context=context)

    def ask(self, port, method, path, *, token=None, body=None, headers=None):
        connection = self.connect(port)
        headers = {"X-Test-Address": ELSEWHERE, **(headers or {})}
        if token:
            headers["Authorization"] = "Bearer " + token
        try:
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            return Answer(reply.status, reply.headers, reply.read())
        finally:
            connection.close()

    def post(self, port, body, **more):
        return self.ask(port, "POST", "/v1/events", body=body,
                        headers={"Content-Type": NDJSON, **more.pop("headers", {})}, **more)


@pytest.fixture(scope="module")
def front(demo, tmp_path_factory):
    with Front(tmp_path_factory.mktemp("nginx"), demo) as f:
        yield f


def test_nginx_hands_on_events_and_figures(demo, front):
    event = {"type": "survey.answered", "source": "nginx", "id": "1",
             "data": {"survey": "csat", "answers": {"overall": 5}}}
    answer = front.post(front.tls, json.dumps(event), token=demo.token)
    assert answer.status == 200 and answer.json()["stored"] == 1, answer
    path = "/v1/rollups/satisfaction?survey=csat"
    first = front.ask(front.tls, "GET", path, token=demo.token)
    assert first.status == 200 and first.json()["rows"][0]["n"] == 1, first
    again = front.ask(front.tls, "GET", path, token=demo.token,
                      headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304 and not again.body


def test_nginx_tells_how_is_asked(demo, front):
    """A token is taken over TLS; over plain HTTP it is not, whatever the client claims."""
    path = "/v1/surveys"
    assert front.ask(front.tls, "GET", path, token=demo.token).status == 200
    claims = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"}
    for headers in ({}, claims):
        refused(front.ask(front.plain, "GET", path, token=demo.token, headers=headers),
                403, "insecure-transport")


def test_nginx_has_the_limits_of_the_daemon(demo, front):
    whole = b" " * (BATCH_MAX - 1) + b"\n"
    assert front.post(front.tls, whole, token=demo.token).status == 200
    refused(front.post(front.tls, whole + b"\n", token=demo.token), 413,
            "content-too-large")
    path = "/v1/surveys?".ljust(TARGET_MAX, "x")
    refused(front.ask(front.tls, "GET", path, token=demo.token), 422, "invalid")
    refused(front.ask(front.tls, "GET", path + "x", token=demo.token), 414, "uri-too-long")


def test_nginx_passes_on_an_early_refusal(front):
    """The daemon does not read what it refuses; that is no 502."""
    for _ in range(5):
        refused(front.post(front.tls, b" " * BATCH_MAX), 401, "unauthorized")


def test_nginx_needs_no_temporary_files(demo, front):
    """It could not make one."""
    assert front.ask(front.tls, "GET", "/healthz").status == 200
    directory = os.path.join(front.home, "client_body")
    os.rmdir(directory)
    try:
        assert front.post(front.tls, b"\n" * BATCH_MAX, token=demo.token).status == 200
    finally:
        os.mkdir(directory)


def test_nginx_keeps_connections_to_the_daemon(demo, front):
    front.ask(front.tls, "GET", "/healthz")
    before = demo.metric("connections_accepted_total")
    for _ in range(20):
        assert front.ask(front.tls, "GET", "/healthz").status == 200
    # One of its own each time for the metric itself.
    assert demo.metric("connections_accepted_total") - before <= 2


def test_nginx_below_a_path_for_different_clients_without_a_daemon(tmp_path):
    with Daemon("trusted_proxies=127.0.0.1", "base_path=/feedback", "rate_limit=1") as d:
        d.start()
        with Front(tmp_path, d, ("location / {", "location /feedback/ {")) as front:
            assert front.ask(front.tls, "GET", "/feedback/healthz").status == 200
            assert front.ask(front.tls, "GET", "/healthz").status == 404
            # Without a token, many are too many; that is nobody else's fault.
            path = "/feedback/v1/surveys"
            until(lambda: front.ask(front.tls, "GET", path).status == 429)
            assert front.ask(front.tls, "GET", path, headers={
                "X-Test-Address": "203.0.113.8"}).status == 401
            d.stop()
            answer = front.ask(front.tls, "GET", "/feedback/healthz")
            refused(answer, 503, "not-ready")
            assert int(answer.headers["Retry-After"]) > 0


# --- Grafana

def dashboard():
    document = json.loads(contrib("grafana", "dashboard.json"))
    variables = {v["name"]: v["current"].get("value", "")
                 for v in document["templating"]["list"]}
    now = int(time.time())
    variables["__from"] = str((now - 60 * 86400) * 1000)
    variables["__to"] = str(now * 1000)
    return document["panels"], variables


def select(value, path):
    for part in path.split("."):
        value = value[part]
    return value


@pytest.mark.parametrize("panel", dashboard()[0], ids=lambda p: p["title"])
def test_grafana_panel(demo, panel):
    read = demo.new_token("read")
    variables = dashboard()[1]
    assert panel["targets"]
    for target in panel["targets"]:
        url = re.sub(r"\$\{(\w+)\}", lambda m: variables[m.group(1)], target["url"])
        with demo.client(read) as c:
            answer = c.get(url)
        assert answer.status == 200, answer
        rows = select(answer.json(), target["root_selector"])
        assert rows and target["columns"]
        for column in target["columns"]:
            values = [select(row, column["selector"]) for row in rows]
            kinds = str if column["type"] == "timestamp" else (int, float, type(None))
            assert all(isinstance(v, kinds) for v in values)
            assert any(v is not None for v in values), column


def test_grafana_shows_what_it_promises():
    urls = " ".join(t["url"] for p in dashboard()[0] for t in p["targets"])
    columns = {c["selector"] for p in dashboard()[0] for t in p["targets"]
               for c in t["columns"]}
    assert {"csat", "nps", "histogram.5", "response_rate", "churn_of_due",
            "answered_in_time", "told", "delegated", "benefit"} <= columns
    assert "step=day" in urls
    # What employees say has no window: one that cuts a release is refused.
    released = [u for u in urls.split() if "team" in u]
    assert released and not any("from=" in u or "to=" in u for u in released)


# --- Datasette

METADATA = json.loads(contrib("datasette", "metadata.json"))["databases"]["empowerd"]


@pytest.mark.parametrize("name", METADATA["queries"])
def test_datasette_query(demo, name):
    path = urllib.parse.quote(os.path.join(demo.dir, "empowerd.db"))
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=TIMEOUT)
    try:
        unit = db.execute("SELECT min(unit) FROM v_answer").fetchone()[0]
        cursor = db.execute(METADATA["queries"][name]["sql"], {"unit": unit})
        assert cursor.fetchall() and all(c[0].isidentifier() for c in cursor.description)
    finally:
        db.close()


def test_datasette_figures_are_those_of_the_daemon(demo, client):
    def rows(name):
        return demo.sql(METADATA["queries"][name]["sql"])

    csat = [row for row in rows("csat_by_unit") if row[:2] == ("demo_visit", "overall")]
    shown = client.rollup("satisfaction", survey="demo_visit", question="overall",
                          group_by="unit")["rows"]
    assert {row[2:] for row in csat} == {(r["unit"], r["n"], r["csat"]) for r in shown}
    shown = client.rollup("satisfaction", survey="demo_visit", question="recommend",
                          step="month")["rows"]
    assert [row[2:] for row in rows("nps_by_month")] == [
        (r["time"][:7], r["n"], r["nps"]) for r in shown]
    shown = client.rollup("satisfaction", survey="demo_team", question="voice",
                          step="month", group_by="unit")["rows"]
    blocks = [row for row in rows("employees_by_release") if row[:2] == ("demo_team", "voice")]
    assert len(blocks) > 5 and {(row[2], row[3], bool(row[4]), *row[5:]) for row in blocks} == {
        (r["time"][:7], r["unit"], r["verified"], r["n"], r["favorable"]) for r in shown}
    shown = client.rollup("satisfaction", survey="demo_team", question="recommend",
                          step="month")["rows"]
    assert [row[2:] for row in rows("enps_by_release") if row[0] == "demo_team"] == [
        (r["time"][:7], r["verified"], r["n"], r["nps"]) for r in shown]
    shown = client.rollup("retention", step="month")["figures"]
    assert [(row[0], row[3]) for row in rows("churn_by_month")] == [
        (r["time"][:7], r["churn_of_due"]) for r in shown if r["churn_of_due"] is not None]


def test_datasette_says_what_the_file_says(demo):
    """Every view with all its columns, in the words of schema_doc."""
    words = {(table, column): text + (f" ({unit})" if unit else "")
             for table, column, text, unit in demo.sql("SELECT * FROM schema_doc")}
    for view, in demo.sql("SELECT name FROM sqlite_schema WHERE type = 'view'"):
        columns = [row[1] for row in demo.sql(f"PRAGMA table_info({view})")]
        assert list(METADATA["tables"][view]["columns"]) == columns
    for table, entry in METADATA["tables"].items():
        assert entry["description"] == words[table, ""]
        for column, text in entry.get("columns", {}).items():
            assert text == words[table, column]


# --- Prometheus

def test_prometheus_alerts_name_metrics_that_exist(client):
    there = set(re.findall(r"^(empowerd_\w+)", client.get("/metrics").text(), re.M))
    rules = contrib("prometheus", "alerts.yml").split("- alert: ")[1:]
    assert len(rules) == len({r.split()[0] for r in rules}) > 5
    for rule in rules:
        expression = re.search(r"expr:(.*?)\n        \w+:", rule, re.S).group(1)
        named = set(re.findall(r"\bempowerd_\w+", expression))
        assert named <= there and (named or "up{" in expression), rule


# --- Debian

def test_debian_package_is_of_this_version_and_finds_its_files():
    version = subprocess.run([EMPOWERD, "--version"], capture_output=True, check=True,
                             timeout=TIMEOUT).stdout.decode().split()[1]
    assert contrib("debian", "changelog").startswith(f"empowerd ({version}-")
    for name in ("install", "docs", "examples"):
        for line in contrib("debian", "empowerd." + name).splitlines():
            assert os.path.exists(os.path.join(CONTRIB, "..", line.split()[0])), line


def test_debian_package_builds_with_what_configure_asks_for():
    with open(os.path.join(CONTRIB, "..", "configure.ac"), encoding="utf-8") as f:
        asked = set(re.findall(r"\[([\w-]+-dev)\]\)", f.read()))
    assert asked and asked <= set(re.findall(r"^ ([\w-]+-dev)\b",
                                             contrib("debian", "control"), re.M))
