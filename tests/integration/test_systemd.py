"""What systemd is told, and the sockets that it passes."""
import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile

import pytest

from harness import BUILD, EMPOWERD, TIMEOUT

# What systemd does: the first socket is descriptor 3, for this process alone.
PASS = """import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])"""


class Service:
    """A daemon started as systemd would, on a socket at `port`."""

    def __init__(self, home, **env):
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.told.bind(os.path.join(home, "notify"))
        self.told.settimeout(TIMEOUT)
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-c", PASS, str(listening.fileno()), EMPOWERD,
             "-d", os.path.join(home, "state")],
            pass_fds=[listening.fileno()], stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "NOTIFY_SOCKET": self.told.getsockname(),
                 **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")},
                 **env})
        listening.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.process.wait()
        self.told.close()

    def hear(self):
        """The next message, by its assignments."""
        return dict(line.split("=", 1) for line in
                    self.told.recv(4096).decode().splitlines())

    def status(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status
        finally:
            connection.close()


@pytest.fixture
def home():
    with tempfile.TemporaryDirectory(prefix="empowerd-test-") as path:
        yield path


def built_with_systemd():
    with open(os.path.join(BUILD, "config.h"), encoding="utf-8") as f:
        return "#define HAVE_SYSTEMD 1\n" in f.read()


def test_systemd_hears_of_start_and_end_and_passes_the_socket(home):
    with Service(home) as s:
        if not built_with_systemd():  # nothing is told then, nor taken
            s.process.send_signal(signal.SIGTERM)
            s.process.wait(TIMEOUT)
            assert not select.select([s.told], [], [], 0)[0]
            return
        assert s.hear()["READY"] == "1"
        assert s.status() == 200
        s.process.send_signal(signal.SIGTERM)
        assert s.hear()["STOPPING"] == "1"
        assert s.process.wait(TIMEOUT) == 0


def test_the_watchdog_hears_that_all_is_well(home):
    if built_with_systemd():
        with Service(home, WATCHDOG_USEC="200000") as s:
            assert s.hear()["READY"] == "1"
            for _ in range(3):
                assert s.hear() == {"WATCHDOG": "1"}
