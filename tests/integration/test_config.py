"""The command line, the configuration, start, ready and stop."""
import os
import re
import signal
import socket
import subprocess

import pytest

from harness import Daemon, EMPOWERD, HERE, refused


def run(*argv, env=None):
    return subprocess.run([EMPOWERD, *argv], text=True, capture_output=True, timeout=60,
                          env={"PATH": os.environ["PATH"], **(env or {})})


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "test.conf"
        path.write_text(text)
        return str(path)
    return write


def test_help_and_version():
    result = run("--help")
    assert run("-h").stdout == result.stdout and run("-V").stdout.startswith("empowerd ")
    assert result.returncode == 0 and "--print-config" in result.stdout
    result = run("--version")
    assert result.returncode == 0 and re.match(r"empowerd \d+\.\d+", result.stdout)


@pytest.mark.parametrize("argv", [["-x"], ["stray"], ["-o", "workers"], ["-o", "=3"],
                                  ["-o", "wrkers=3"], ["-o", "workers=x"],
                                  ["-t", "-o", "timezone=Mars"], ["-t", "-l", "8787"], ["-t", "-c"]])
def test_wrong_command_lines(argv):
    result = run(*argv)
    assert result.returncode == 2 and result.stderr and not result.stdout


@pytest.mark.parametrize("text,line,word", [
    ("workers = 2\nlistn = \"x\"\n", 2, "listn"),
    ("# comment\n\nworkers = \"many\"\n", 3, "workers"),
    ("listen = {\"127.0.0.1:0\"\n\n", 3, "")])
@pytest.mark.parametrize("test", [["-t"], []])
def test_a_wrong_file_refuses_to_start(file, tmp_path, text, line, word, test):
    path = file(text)
    result = run(*test, "-c", path, "-d", str(tmp_path / "state"))
    assert result.returncode == 2
    assert f"{path}:{line}:" in result.stderr and word in result.stderr
    assert not os.path.exists(tmp_path / "state")


def test_check(file, tmp_path):
    result = run("-t", "-c", file("workers = 2\n"), "-d", str(tmp_path / "state"))
    assert (result.returncode, result.stdout) == (0, "")
    assert not os.path.exists(tmp_path / "state")


def values(text):
    return dict(re.findall(r"^#?(\w+) = (.*)$", text, re.M))


def test_precedence(file):
    path = file("workers = 1\nreaders = 1\ngroup_max = 1\n")
    env = {"EMPOWERD_WORKERS": "2", "EMPOWERD_READERS": "2"}
    result = run("--print-config", "-c", path, "-o", "workers=3", env=env)
    config = values(result.stdout)
    assert (config["workers"], config["readers"], config["group_max"]) == ("3", "2", "1")


def test_printed_is_a_file(file):
    first = run("--print-config", "-o", "insecure=yes", "-l", "127.0.0.1:1",
                "-l", "unix:/run/x.sock", "-d", "/srv/x", "-o", "base_path=/a")
    assert first.returncode == 0
    second = run("--print-config", "-c", file(first.stdout))
    assert second.returncode == 0 and second.stdout == first.stdout
    assert values(first.stdout)["listen"] == '{"127.0.0.1:1", "unix:/run/x.sock"}'


def test_the_file_that_ships_is_what_is_printed():
    with open(os.path.join(HERE, "..", "etc", "empowerd.conf"), encoding="utf-8") as f:
        assert f.read() == run("--print-config").stdout


def test_first_start():
    os.umask(0o022)
    with Daemon() as d:
        d.start()
        assert os.stat(d.dir).st_mode & 0o777 == 0o750
        path = os.path.join(d.dir, "admin.token")
        assert os.stat(path).st_mode & 0o777 == 0o600
        first = d.token
        with d.client() as c:
            tokens = c.get("/v1/tokens").json()["tokens"]
            assert sorted(tokens[0]["scopes"]) == ["admin", "concern", "ingest", "read",
                                                   "respond", "roster"]
        d.restart()
        assert d.token == first
        with d.client() as c:
            assert c.get("/v1/tokens").json()["tokens"] == tokens


def test_foreign_files_stay():
    with Daemon() as d:
        os.mkdir(d.dir)
        path = os.path.join(d.dir, "notes.txt")
        with open(path, "w", encoding="ascii") as f:
            f.write("mine")
        d.start()
        d.restart()
        with open(path, encoding="ascii") as f:
            assert f.read() == "mine"


def test_token_left_by_a_start_that_did_not_get_further():
    with Daemon() as d:
        os.mkdir(d.dir)
        text = "emp_" + "A" * 43
        with open(os.path.join(d.dir, "admin.token"), "w", encoding="ascii") as f:
            f.write(text + "\n")
        d.start()
        with d.client(text) as c:
            assert c.get("/v1/tokens").status == 200


def test_no_token_in_the_log():
    with Daemon("log_level=debug") as d:
        d.start()
        with d.client() as c:
            c.event({"type": "survey.answered", "id": "secret-id",
                     "data": {"survey": "nps", "answers": {"recommend": 3},
                              "comment": "secret text"}})
            c.event({"type": "secret"})
        token = d.token
        d.stop()
        log = "".join(d.log)
        assert token not in log and "secret" not in log


def test_taken_port_and_second_daemon():
    with Daemon() as d:
        d.start()
        result = run("-d", d.home + "/other", "-l", f"127.0.0.1:{d.port}")
        assert result.returncode == 1 and str(d.port) in result.stderr
        result = run("-d", d.dir, "-l", "127.0.0.1:0")
        assert result.returncode == 1 and d.dir in result.stderr
        with d.client() as c:
            assert c.get("/readyz").status == 200


def test_several_listeners_and_unix_socket(tmp_path):
    path = str(tmp_path / "e.sock")
    with Daemon("socket_mode=0600", listen=["127.0.0.1:0", "127.0.0.1:0",
                                            f"unix:{path}"]) as d:
        d.start()
        assert os.stat(path).st_mode & 0o777 == 0o600
        request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        for family, address in [(socket.AF_INET, ("127.0.0.1", d.ports[1])),
                                (socket.AF_UNIX, path)]:
            with socket.socket(family) as s:
                s.connect(address)
                s.sendall(request)
                data = b""
                while chunk := s.recv(4096):
                    data += chunk
                assert data.startswith(b"HTTP/1.1 200 ")


def test_base_path():
    with Daemon("base_path=/feedback") as d:
        d.start()
        assert any(re.search(r"ready: http://127.0.0.1:\d+/feedback/", x) for x in d.log)
        with d.client() as c:
            assert c.get("/feedback/healthz").status == 200
            assert c.get("/feedback/v1/surveys").status == 200
            refused(c.get("/healthz"), 404, "not-found")


def test_health_and_metrics(daemon):
    with daemon.client(None) as c:
        for path in "/healthz", "/readyz", "/":
            assert c.get(path).status == 200
            assert c.request("HEAD", path).body == b""
        refused(c.get("/metrics"), 401, "unauthorized")
    with daemon.client() as c:
        c.event({"type": "signal.recorded",
                 "data": {"audience": "customer", "signal": "signup"}})
        answer = c.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    helps = re.findall(r"^# HELP (\S+) .+$", answer.text(), re.M)
    types = re.findall(r"^# TYPE (\S+) (?:gauge|counter)$", answer.text(), re.M)
    samples = re.findall(r"^(empowerd_\w+)(?:{[^}]*})? \d+$", answer.text(), re.M)
    assert helps == types == samples and len(samples) == len(set(samples)) > 20
    assert daemon.metric("sequence") == daemon.metric("published_sequence") == 1


def test_stop_finishes_what_has_begun(daemon):
    body = b'{"type":"signal.recorded","data":{"audience":"customer","signal":"signup"}}'
    with socket.create_connection(("127.0.0.1", daemon.port)) as s:
        s.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n"
                  b"Content-Type: application/json\r\nContent-Length: %d\r\n"
                  b"Expect: 100-continue\r\n\r\n" % (daemon.token.encode(), len(body)))
        data = b""
        while not data.endswith(b"\r\n\r\n"):  # then the request has begun
            data += s.recv(1)
        assert data.startswith(b"HTTP/1.1 100 ")
        daemon.process.send_signal(signal.SIGTERM)
        s.sendall(body)
        data = b""
        while chunk := s.recv(4096):
            data += chunk
    assert daemon.wait() == 0
    assert data.startswith(b"HTTP/1.1 201 ")
    daemon.start()
    assert daemon.one("SELECT count(*) FROM event") == 1


def test_interrupt_is_an_end_in_order(daemon):
    daemon.process.send_signal(signal.SIGINT)
    assert daemon.wait() == 0


def test_reload_of_the_log_level():
    with Daemon(config="log_level = error\n") as d:
        d.start()
        with open(d.config, "w", encoding="ascii") as f:
            f.write("log_level = info\n")
        d.process.send_signal(signal.SIGHUP)
        d.stop()
        assert any("log_level" in line for line in d.log)
        assert any("stopping" in line for line in d.log)


def test_timezone():
    with Daemon("timezone=Europe/Madrid") as d:
        d.start()
        with d.client() as c:
            for i, time in enumerate(["2026-01-31T22:59:59Z", "2026-01-31T23:00:00Z"]):
                assert c.event({"type": "survey.answered", "id": str(i), "time": time,
                                "data": {"survey": "nps", "answers": {"recommend": 9}}}
                               ).status == 201
            rows = c.rollup("satisfaction", survey="nps", step="month")["rows"]
            assert [(r["time"], r["n"]) for r in rows] == [
                ("2026-01-01T00:00:00+01:00", 1), ("2026-02-01T00:00:00+01:00", 1)]
        d.stop()
        result = run(*d.argv("-o", "timezone=Europe/Warsaw")[1:])
        assert result.returncode == 1 and "timezone" in result.stderr
