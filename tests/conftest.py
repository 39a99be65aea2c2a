"""What all black-box tests share: see harness.py."""
import os
import re
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import openapi  # noqa: E402
from harness import Daemon  # noqa: E402


# Tests of disks, of crashes, and of what happens while commits take their time.
ON_DISK = re.compile(r"/crash/|/stress/|/integration/test_load\.py$")


@pytest.fixture(scope="module", autouse=True)
def place(request):
    """Where the daemons of a module have their state directories."""
    with pytest.MonkeyPatch.context() as patch:
        if ON_DISK.search(str(request.path)):
            patch.setattr(Daemon, "place", None)
        yield


@pytest.fixture
def daemon():
    """A daemon of the test's own."""
    with Daemon() as d:
        yield d.start()


@pytest.fixture(scope="module")
def shared():
    """One daemon for a module's tests that do not disturb each other."""
    with Daemon() as d:
        yield d.start()


@pytest.fixture
def client(shared):
    """A connection to the shared daemon with the admin's token."""
    with shared.client() as c:
        yield c


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A machine without a network cannot run every test. Where CI is set it must: a
    test that is skipped there has failed."""
    report = (yield).get_result()
    if report.skipped and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {call.excinfo.value}"


def pytest_sessionfinish(session):
    """What the daemon answered is what schema/openapi.json declares."""
    findings = openapi.RECORD.findings()
    for finding in findings:
        print("\nnot in schema/openapi.json: " + finding, end="")
    if findings:
        print()
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
