"""empowerctl import: files go in once, whatever happens on the way."""
import gzip
import json
import os

import pytest

from ctl_harness import BUSY, DROP, LOSE, PASS, Proxy, Tool

SURVEY = {"name": "visit", "audience": "customer", "questions": [],
          "open": {"metric": "csat", "scale": [1, 5]}}
BATCH = 1000  # lines in a request


def events(n, with_id=True, start=0):
    """n good events."""
    made = []
    for i in range(start, start + n):
        event = {"type": "survey.answered", "source": "import-test",
                 "time": f"2026-01-{1 + i % 28:02d}T10:00:00Z",
                 "data": {"survey": "visit", "unit": f"shop/u{i % 3}",
                          "answers": {"overall": 1 + i % 5}}}
        if with_id:
            event["id"] = f"i{i}"
        made.append(event)
    return made


def write(path, items, pack=False):
    data = "".join((e if isinstance(e, str) else json.dumps(e)) + "\n"
                   for e in items).encode()
    path.write_bytes(gzip.compress(data) if pack else data)
    return path


@pytest.fixture
def fresh(daemon):
    """A daemon of the test's own that knows the survey."""
    with daemon.client() as c:
        assert c.put("/v1/surveys/visit", SURVEY).status == 201
    return daemon


@pytest.fixture
def tool(fresh, tmp_path):
    return Tool(fresh, tmp_path / "memory")


def stored(daemon):
    return daemon.one("SELECT count(*) FROM event")


def by_score(daemon):
    return dict(daemon.sql("SELECT value, count(*) FROM v_answer GROUP BY value"))


def test_one_is_an_event(tool, fresh, tmp_path):
    assert ": 1 event in " in tool.ok("import", write(tmp_path / "one", events(1)))
    assert ": 2 events in " in tool.ok("import", write(tmp_path / "two", events(2)))


@pytest.mark.parametrize("pack", [False, True])
def test_a_file_goes_in(tool, fresh, tmp_path, pack):
    # The name says nothing: packed data is told by its first bytes.
    file = write(tmp_path / "events.data", events(2500), pack)
    out = tool.ok("import", file)
    assert "2,500 stored, 0 duplicate, 0 rejected" in out
    assert by_score(fresh) == {v: 500 for v in range(1, 6)}
    assert fresh.verify()


def test_standard_input_goes_in(tool, fresh, tmp_path):
    file = write(tmp_path / "x.gz", events(10), pack=True)
    assert "10 stored" in tool.ok("import", "-", text=file.read_bytes())
    assert "10 stored" in tool.ok("import", "-", text="".join(
        json.dumps(e) + "\n" for e in events(10, with_id=False)).encode())
    assert stored(fresh) == 20


def test_several_files_and_json(tool, fresh, tmp_path):
    one = write(tmp_path / "one", events(5))
    two = write(tmp_path / "two", events(7, start=3))
    reports = [json.loads(line) for line in
               tool.ok("import", "--json", one, two).splitlines()]
    assert [(r["stored"], r["duplicate"], r["finished"]) for r in reports] == [
        (5, 0, True), (5, 2, True)]
    assert stored(fresh) == 10


def test_a_finished_file_is_refused_unless_again(tool, fresh, tmp_path):
    file = write(tmp_path / "events", events(50, with_id=False))
    tool.ok("import", file)
    assert "was imported already (50 stored" in tool.fails("import", file)
    # A copy under another name is the same file.
    copy = tmp_path / "copy"
    copy.write_bytes(file.read_bytes())
    assert "was imported already" in tool.fails("import", copy)
    # Lines without an id get the same one again, so nothing counts twice.
    assert "0 stored, 50 duplicate" in tool.ok("import", "--again", file)
    assert stored(fresh) == 50


def test_a_longer_file_is_another_file(tool, fresh, tmp_path):
    file = write(tmp_path / "events", events(20))
    tool.ok("import", file)
    write(file, events(30))
    assert "10 stored, 20 duplicate" in tool.ok("import", file)
    assert stored(fresh) == 30


def test_rejected_lines_are_reported_by_number_and_reason(tool, fresh, tmp_path):
    good = events(30)
    lines = []
    for i, event in enumerate(good):
        lines += [event, ""]  # empty lines count as lines
        if i == 3:
            lines.append("{oops")
        if i == 7:
            lines.append({"type": "survey.answered", "data": {
                "survey": "visit", "answers": {"overall": 9}}})
        if i >= 20:
            lines.append({"type": "survey.answered", "data": {"survey": "nope",
                                                              "answers": {}}})
    lines.append('{"type":"' + "x" * (2 << 20) + '"}')
    file = write(tmp_path / "events", lines)
    result = tool.run("import", file)
    out = result.stdout.decode()
    assert result.returncode == 1
    assert "30 stored, 0 duplicate, 13 rejected" in out
    number = {json.dumps(e) if not isinstance(e, str) else e: i
              for i, e in enumerate(lines, 1)}
    assert f"line {number['{oops']}: " in out
    assert f"line {len(lines)}: the line is longer" in out
    nine = next(i for i, e in enumerate(lines, 1)
                if isinstance(e, dict) and e["data"]["answers"].get("overall") == 9)
    assert f"line {nine}: " in out and "/data/answers/overall" in out
    report = json.loads(tool.run("import", "--again", "--json", file).stdout)
    assert report["rejected"] == 13 and report["duplicate"] == 30
    assert max(r["count"] for r in report["reasons"]) == 10
    assert sum(r["count"] for r in report["reasons"]) == 13
    assert stored(fresh) == 30


def test_many_rejections_stay_a_short_report(tool, tmp_path):
    bad = {"type": "survey.answered", "data": {"survey": "nope", "answers": {}}}
    file = write(tmp_path / "events", [bad] * 3000)
    out = tool.run("import", file).stdout.decode()
    assert "3,000 rejected" in out and "and 2,980 more" in out
    assert len(out.splitlines()) < 40


def test_source_is_for_lines_that_name_none(tool, fresh, tmp_path):
    mixed = events(2)
    del mixed[1]["source"]
    tool.ok("import", "--source", "crm", write(tmp_path / "events", mixed))
    assert fresh.sql("SELECT source FROM v_event ORDER BY source") == [
        ("crm",), ("import-test",)]


def test_it_goes_on_where_it_was_cut_off(tool, fresh, tmp_path):
    """The daemon goes away in the middle and takes an answer with it."""
    file = write(tmp_path / "events", events(6000, with_id=False))
    cut = {"after": 3}
    with Proxy(fresh, lambda n, body: PASS if n < cut["after"] else
               LOSE if n == cut["after"] else DROP) as proxy:
        tool.port = proxy.port
        complaint = tool.fails("import", "--retry", "0", file)
        assert "go on behind line 2000" in complaint
        assert stored(fresh) == 3000  # the third was stored, but not answered
        cut["after"] = 10**9
        before = proxy.requests
        out = tool.ok("import", file)
        assert proxy.requests - before == 4
    assert "went on behind line 2000" in out
    assert "3,000 stored, 1,000 duplicate, 0 rejected" in out
    assert stored(fresh) == 6000
    assert fresh.verify()


@pytest.mark.parametrize("trouble", [LOSE, DROP, BUSY], ids=["lost", "dropped", "busy"])
def test_trouble_on_the_way_loses_and_doubles_nothing(tool, fresh, tmp_path, trouble):
    file = write(tmp_path / "events", events(9500, with_id=False))
    with Proxy(fresh, lambda n, body: trouble if n in (2, 5, 6) else PASS) as proxy:
        tool.port = proxy.port
        result = tool.run("import", file)
    assert result.returncode == 0 and b" 0 rejected" in result.stdout
    # Nobody waits in silence, except where a crowd passes by itself.
    assert (b"trying again for up to 60 seconds" in result.stderr) == (trouble != BUSY)
    assert stored(fresh) == 9500
    assert by_score(fresh) == {v: 1900 for v in range(1, 6)}
    assert fresh.verify()


def test_a_restart_of_the_daemon_in_between(fresh, tmp_path):
    file = write(tmp_path / "events", events(5000, with_id=False))

    def decide(number, body):
        if number == 3:
            fresh.kill()
            fresh.start()
            return DROP
        return PASS

    with Proxy(fresh, decide) as proxy:
        tool = Tool(fresh, tmp_path / "memory", proxy.port)
        assert " 0 rejected" in tool.ok("import", file)
    assert stored(fresh) == 5000
    assert fresh.verify()


def test_what_another_daemon_got_is_not_remembered_for_this_one(tool, fresh, tmp_path):
    file = write(tmp_path / "events", events(5))
    tool.ok("import", file)
    with Proxy(fresh, lambda n, body: PASS) as proxy:
        tool.port = proxy.port
        assert "5 duplicate" in tool.ok("import", file)


def test_state_can_be_elsewhere(tool, tmp_path):
    file = write(tmp_path / "events", events(5))
    tool.ok("import", "--state", tmp_path / "here", file)
    assert len(os.listdir(tmp_path / "here")) == 1
    assert not (tmp_path / "memory").exists()
    assert "was imported already" in tool.fails("import", "--state", tmp_path / "here",
                                                file)


def test_a_damaged_gzip_file_stores_what_came_before(tool, fresh, tmp_path):
    data = write(tmp_path / "x", events(5000), pack=True).read_bytes()
    file = tmp_path / "cut.gz"
    file.write_bytes(data[:len(data) * 2 // 3])
    assert "gzip data ends in the middle" in tool.fails("import", file)
    assert 0 < stored(fresh) < 5000


@pytest.mark.parametrize("make,complaint", [
    (lambda p: p / "absent", "No such file"),
    (lambda p: p, "Is a directory"),
])
def test_a_file_that_cannot_be_read(tool, tmp_path, make, complaint):
    assert complaint in tool.fails("import", make(tmp_path))


def test_nobody_listens(fresh, tmp_path):
    file = write(tmp_path / "events", events(1))
    tool = Tool(fresh, tmp_path / "memory")
    fresh.stop()
    complaint = tool.fails("import", file)
    assert "Connection refused" in complaint and "empowerd -d" in complaint


def test_a_token_that_may_not_ingest(fresh, tool, tmp_path):
    file = write(tmp_path / "events", events(3))
    reader = fresh.new_token("read")
    result = tool.run("import", file, env={"EMPOWERD_TOKEN": reader})
    assert result.returncode == 1 and b"3 rejected" in result.stdout
    complaint = tool.fails("import", "--again", file, env={"EMPOWERD_TOKEN": "emp_x"})
    assert "token" in complaint
    assert stored(fresh) == 0
