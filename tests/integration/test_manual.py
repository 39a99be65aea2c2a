"""The examples of the manual pages work as they stand, and none is missing: each route
has one. They run in the shell and in sqlite3, in order, on a daemon of their own."""
import os
import re
import subprocess

import pytest

import openapi
from ctl_harness import Tool
from harness import HERE, TIMEOUT, Daemon

MAN = os.path.join(HERE, "..", "man")


def examples(page):
    """The literal texts of the section EXAMPLES, as a reader sees them."""
    with open(os.path.join(MAN, page), encoding="utf-8") as f:
        section = re.search(r"^\.Sh EXAMPLES\n(.*?)(?=^\.Sh )", f.read(), flags=re.M | re.S)
    found = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", section[1], flags=re.M | re.S)
    assert found
    return [text.replace("\\e", "\\").replace("\\-", "-").replace("\\(dq", '"')
            for text in found]


# An answer that is no 2xx stops the script; what was called is written down.
SHELL = """set -eu
curl() {
	printf '%s\\0' "$@" END >>"$CALLS"
	command curl --fail-with-body "$@"
}
"""


def run_as_in_the_manual(daemon, tmp_path):
    """Methods and paths of all that was asked."""
    text = re.sub(r"^TOKEN=.*$", "TOKEN=" + daemon.token,
                  "".join(examples("empowerd-api.7")), flags=re.M)
    text = text.replace("http://127.0.0.1:8787/", f"http://127.0.0.1:{daemon.port}/")
    calls = tmp_path / "calls"
    result = subprocess.run(["bash", "-c", SHELL + text], text=True, timeout=TIMEOUT,
                            capture_output=True, env={**os.environ, "CALLS": str(calls)})
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr
    asked = set()
    for call in calls.read_text(encoding="utf-8").split("\0END\0")[:-1]:
        words = call.split("\0")
        sends = {"-d", "--data-binary"} & set(words)
        method = words[words.index("-X") + 1] if "-X" in words else "POST" if sends else "GET"
        place = next(word for word in words if word.startswith("http://"))
        asked.add((method, "/" + place.split("/", 3)[3].partition("?")[0]))
    return asked


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """With sample data, as `contrib/dev run` starts it, and all that the page adds."""
    with Daemon() as d:
        d.start()
        home = tmp_path_factory.mktemp("memory")
        # A whole month at least, which is released.
        Tool(d, home).ok("demo", "--days", "70")
        run_as_in_the_manual(d, home)
        yield d


def test_examples_of_the_interface_work(daemon, tmp_path):
    asked = run_as_in_the_manual(daemon, tmp_path)
    daemon.verify()
    with open(os.path.join(HERE, "..", "src", "api", "routes.def"), encoding="utf-8") as f:
        routes = re.findall(r'^ROUTE\((\w+),\s*"([^"]+)"', f.read(), flags=re.M)
    assert routes
    for method, path in routes:
        pattern = re.compile("".join(
            ".+" if part.startswith("{+") else "[^/]+" if part.startswith("{")
            else re.escape(part) for part in re.split(r"(\{[^}]+\})", path)))
        assert any(m == method and pattern.fullmatch(p) for m, p in asked), \
            f"no example of {method} {path}"


def test_example_events_of_the_document_are_taken(daemon):
    """In the order in which they stand; a receipt is that of the example before."""
    schemas = openapi.Document().root["components"]["schemas"]
    receipt = None
    with daemon.client() as c:
        for type_, ref in schemas["event"]["discriminator"]["mapping"].items():
            for event in schemas[ref.rsplit("/", 1)[1]]["examples"]:
                if "receipt" in event["data"]:
                    event["data"]["receipt"] = receipt
                answer = c.event(event)
                # Nothing new may have come since it was seen.
                assert answer.status in ((200, 201) if type_ == "suggestion.seen" else (201,)), \
                    (type_, answer)
                if type_ == "suggestion.submitted":
                    receipt = answer.json()["receipt"]
    daemon.verify()


@pytest.mark.parametrize("text", [
    text for text in examples("empowerd-schema.7") if text.startswith("SELECT")])
def test_examples_of_the_file_work(used, text):
    path = os.path.join(used.dir, "empowerd.db")
    result = subprocess.run(["sqlite3", "-readonly", "-bail", path, text], text=True,
                            capture_output=True, timeout=TIMEOUT)
    assert result.returncode == 0 and not result.stderr, result.stderr
    assert result.stdout, "the sample data has nothing of that"
