"""empowerctl: help, definitions, rollups, status, snapshot, verify, demo."""
import csv
import io
import json
import os
import re
import shlex
import shutil
import sqlite3
import stat
import subprocess

import pytest

from ctl_harness import EMPOWERCTL, Tool, run
from harness import Daemon

COMMANDS = ["import", "verify", "snapshot", "survey", "invite", "release", "unit", "token",
            "lint", "rollup", "report", "suggestion", "decision", "boundary", "person",
            "audit", "status", "demo", "help"]
SURVEY = {"name": "visit", "audience": "customer", "questions": [
    {"name": "overall", "metric": "csat"}, {"name": "recommend", "metric": "nps"}]}


@pytest.fixture(scope="module")
def tool(shared, tmp_path_factory):
    with shared.client() as c:
        assert c.put("/v1/surveys/visit", SURVEY).status == 201
        for i, (unit, score) in enumerate([("shop/a", 5), ("shop/a", 4), ("shop/b", 1)]):
            assert c.event({"type": "survey.answered", "source": "t", "id": f"c{i}",
                            "time": "2026-01-02T10:00:00Z",
                            "data": {"survey": "visit", "unit": unit,
                                     "answers": {"overall": score}}}).status == 201
    return Tool(shared, tmp_path_factory.mktemp("memory"))


# --- help and usage

def test_help_of_everything():
    top = run("--help")
    assert top.returncode == 0 and not top.stderr
    listed = re.findall(r"^  (\w+)", top.stdout.decode().split("Options")[0], re.M)
    assert listed == COMMANDS
    for command in COMMANDS:
        one, other = run(command, "--help"), run("help", command)
        assert one.returncode == other.returncode == 0
        assert one.stdout == other.stdout
        assert one.stdout.decode().startswith(f"usage: empowerctl {command} ")
        assert max(map(len, one.stdout.decode().splitlines())) <= 79
        # What every command takes is told once.
        assert b"  --server" not in one.stdout and b"empowerctl --help" in one.stdout


def test_usage_keeps_each_form_on_a_line():
    for command in COMMANDS:
        usage = run(command, "--help").stdout.decode().split("\n\n")[0].splitlines()
        assert usage[0].startswith(f"usage: empowerctl {command} [OPTION...]")
        assert all(line.endswith(" |") for line in usage[:-1]), usage
        assert all(line.startswith(" " * 7 + line.strip()[0]) for line in usage[1:]), usage


def test_version():
    assert re.fullmatch(rb"empowerctl \d+\.\d+\.\d+\n", run("--version").stdout)


@pytest.mark.parametrize("arguments", [
    [], ["frobnicate"], ["--frobnicate"], ["verify", "x"], ["rollup"], ["import"],
    ["status", "--again"], ["survey"], ["survey", "show"], ["unit", "set"],
    ["token", "add", "x"], ["token", "revoke", "x"], ["rollup", "satisfaction", "x"],
    ["demo", "--days", "0"], ["demo", "--days", "x"], ["demo", "--until", "2026"],
    ["status", "--csv"], ["--json=1", "status"], ["--server"], ["--json", "--csv", "unit", "list"],
    ["rollup", "x", "--bar"], ["suggestion", "x"],
    ["report", "2026-01"], ["decision", "log"]])
def test_a_wrong_command_line_is_2(arguments):
    result = run(*arguments)
    assert result.returncode == 2 and result.stderr and not result.stdout
    for line in result.stderr.decode().splitlines():
        assert len(line) <= 79 and line == line.rstrip()


@pytest.mark.parametrize("url", ["https://x", "http://", "http://a:b", "http://a:0",
                                 "unix:", "http://a b"])
def test_a_wrong_address_is_told(url):
    result = run("-s", url, "status", env={"EMPOWERD_TOKEN": "x"})
    assert result.returncode == 1 and b"--server" in result.stderr


def test_a_socket_that_is_not_there(tmp_path):
    result = run("-s", f"unix:{tmp_path}/s", "status", env={"EMPOWERD_TOKEN": "x"})
    assert result.returncode == 1 and b"No such file" in result.stderr
    assert b"Is the daemon running?" in result.stderr and b"--server URL" in result.stderr


# --- tokens

def test_where_the_token_comes_from(shared, tmp_path):
    address = ["-s", f"http://127.0.0.1:{shared.port}", "survey", "list"]
    assert run(*address, "-d", shared.dir).returncode == 0
    assert run(*address, env={"EMPOWERD_TOKEN": shared.token}).returncode == 0
    file = tmp_path / "token"
    file.write_text(shared.token + "\n")
    assert run(*address, "--token-file", file).returncode == 0
    # What is named wins over the environment.
    assert run(*address, "--token-file", file,
               env={"EMPOWERD_TOKEN": "emp_wrong"}).returncode == 0
    assert run(*address, "-d", shared.dir,
               env={"EMPOWERD_TOKEN": "emp_wrong"}).returncode == 0
    wrong = run(*address, env={"EMPOWERD_TOKEN": "emp_wrong"})
    assert wrong.returncode == 1 and b"--token-file" in wrong.stderr
    assert run(*address, "--token-file", tmp_path / "absent").returncode == 1


def test_a_unix_socket(tmp_path):
    path = str(tmp_path / "s")
    with Daemon(f"listen=127.0.0.1:0,unix:{path}") as d:
        d.argv = lambda *more: [a for a in Daemon.argv(d, *more)
                                if a not in ("-l", "127.0.0.1:0")]
        d.start()
        result = run("-s", "unix:" + path, "-d", d.dir, "status")
        assert result.returncode == 0, result.stderr


def test_token_add_list_revoke(tool, shared):
    text = tool.ok("token", "add", "shop form", "--scopes", "ingest, read",
                   "--unit", "shop").strip()
    assert re.fullmatch(r"emp_[\w-]{43}", text)
    row = next(r for r in tool.ok("token", "list").splitlines() if "shop form" in r)
    assert "ingest,read" in row and " shop " in row
    identity = row.split()[0]
    assert Tool.run(tool, "survey", "list", env={"EMPOWERD_TOKEN": text}).returncode == 0
    assert tool.ok("token", "revoke", identity) == f"{identity}: revoked\n"
    assert tool.run("survey", "list", env={"EMPOWERD_TOKEN": text}).returncode == 1
    assert "no token of this id" in tool.fails("token", "revoke", identity)
    assert "scope" in tool.fails("token", "add", "x", "--scopes", "everything")


# --- surveys and units

def test_survey_apply_list_show(tool, tmp_path):
    document = tmp_path / "s.json"
    document.write_text(json.dumps({"name": "applied", "audience": "customer",
                                    "questions": [], "open": {"metric": "csat"}}))
    assert tool.ok("survey", "apply", document) == "applied: created\n"
    assert tool.ok("survey", "apply", document) == "applied: in place\n"
    assert re.search(r"^applied +customer +0 +yes$", tool.ok("survey", "list"), re.M)
    for name, members, shown in ("team", {"threshold": 7}, "wave +7"), \
            ("weekly", {"period": "week"}, "week +5"):
        document.write_text(json.dumps({"name": name, "audience": "employee",
                                        "questions": [], "open": {"metric": "pulse"},
                                        **members}))
        tool.ok("survey", "apply", document)
        assert re.search(rf"^{name} +employee +0 +yes +{shown}$",
                         tool.ok("survey", "list"), re.M)
    assert json.loads(tool.ok("survey", "show", "applied"))["name"] == "applied"
    # Of many files, which one was wrong.
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"name":"x","audience":"dog","questions":[]}')
    result = tool.run("survey", "apply", wrong, document)
    assert result.returncode == 1 and result.stdout == b"weekly: in place\n"
    assert result.stderr.decode().startswith(f"empowerctl: {wrong}: ")
    assert "no survey" in tool.fails("survey", "show", "absent")
    document.write_text('{"name": "bad", "audience": "customers", "questions": []}')
    assert "/audience" in tool.fails("survey", "apply", document)
    document.write_text("{oops")
    assert "not well-formed" in tool.fails("survey", "apply", document)
    document.write_text("{}")
    assert 'no "name"' in tool.fails("survey", "apply", document)


def test_unit_set_list(tool):
    assert tool.ok("unit", "set", "retail/north", "North") == "retail/north: created\n"
    assert tool.ok("unit", "set", "retail/north", 'The "north"') == "retail/north: in place\n"
    assert json.loads(tool.ok("unit", "set", "retail", "--json"))["created"] == 1
    tool.ok("unit", "set", "retail", "Retail")
    tool.ok("unit", "set", "retail")  # which takes the title away
    assert re.search(r'^retail/north +The "north"$', tool.ok("unit", "list"), re.M)
    rows = list(csv.reader(io.StringIO(tool.ok("unit", "list", "--csv"))))
    assert rows[0] == ["name", "title"] and ["retail/north", 'The "north"'] in rows
    assert {"name": "retail"} in json.loads(tool.ok("unit", "list", "--json"))["units"]
    assert "/name" in tool.fails("unit", "set", "Bad Name")


# --- figures

ROLLUP = ["rollup", "satisfaction", "survey=visit", "question=overall", "group_by=unit"]


def test_rollup_table(tool):
    lines = tool.ok(*ROLLUP, env={"LC_ALL": "C"}).splitlines()
    head = next(l for l in lines if l.startswith("audience"))
    assert head.split()[-1] == "csat" and "histogram" not in head
    rows = lines[lines.index(head) + 1:]
    assert [r.split()[3] for r in rows[:2]] == ["shop/a", "shop/b"]
    assert rows[0].rstrip().endswith("#") and not rows[1].rstrip().endswith("#")
    assert "\x1b" not in "".join(lines) and "bars csat" in lines[0]
    assert "█" in tool.ok(*ROLLUP, env={"LC_ALL": "C.UTF-8"})
    assert "#" not in tool.ok(*ROLLUP, "--bar", "none")
    assert "no figure" in tool.fails(*ROLLUP, "--bar", "shoe_size")


def test_each_row_has_the_bar_of_its_own_figure(daemon, tmp_path):
    with daemon.client() as c:
        assert c.put("/v1/surveys/visit", SURVEY).status == 201
        assert c.event({"type": "survey.answered",
                        "data": {"survey": "visit", "answers": {
                            "overall": 4, "recommend": 10}}}).status == 201
    own = Tool(daemon, tmp_path / "memory")
    lines = own.ok("rollup", "satisfaction", env={"LC_ALL": "C"}).splitlines()
    assert lines[0].endswith("bars csat, nps")
    assert all(line.endswith("#") for line in lines[2:])
    lines = own.ok("rollup", "satisfaction", "--bar", "csat").splitlines()
    assert lines[0].endswith("bars csat") and not lines[-1].endswith(("#", "█"))


def test_rollup_raw(tool, client):
    params = {"survey": "visit", "question": "overall", "group_by": "unit"}
    for option, more in (("--json", {}), ("--csv", {"format": "csv"})):
        answer = client.get("/v1/rollups/satisfaction", **params, **more)
        assert tool.run(*ROLLUP, option).stdout == answer.body
    assert "columns" in json.loads(tool.ok("rollup", "satisfaction", "shape=columns"))
    assert tool.run(*ROLLUP, "format=json").stdout == tool.run(*ROLLUP, "--json").stdout


def test_rollup_overview_is_tables(tool, client):
    answer = client.get("/v1/overview").json()
    text = tool.ok("rollup", "overview", env={"LC_ALL": "C"})
    sections = dict(s.split("\n", 1) for s in text.split("\n\n")[1:])
    if "missing" in answer:
        assert f"events may be missing: {' '.join(answer['missing'])}\n" in text
    assert {name for name in sections if name.isidentifier()} == {
        name for name, v in answer.items() if name != "missing" and
        (isinstance(v, dict) or v and isinstance(v, list))}
    assert f"from {answer['from']}  to {answer['to']}  as_of " in text.split("\n")[0]
    assert f"previous_from {answer['previous_from']}" in text.split("\n")[0]
    head, *rows = (r.split() for r in sections["decisions"].splitlines())
    assert head == ["figure", "now", "before"]
    shown = {name: (now, before) for name, now, before in rows}
    assert set(shown) == {k for k in answer["decisions"] if not k.startswith("previous_")}
    assert shown["n"] == (str(answer["decisions"]["n"]),
                          str(answer["decisions"]["previous_n"]))
    # Nothing was before it, so nothing stands there.
    assert sections["contact"].split()[:2] == ["figure", "now"]
    assert "before" not in sections["contact"] and "{" not in text
    for words in (["--json"], ["format=json"]):
        assert set(json.loads(tool.ok("rollup", "overview", *words))) == set(answer)
    assert tool.run("rollup", "overview", "--csv").returncode == 2
    assert tool.run("rollup", "satisfaction", "format=json", "--csv").returncode == 2


def test_rollup_counts_are_whole(tool):
    assert re.search(r"^twins \d+$", tool.ok("rollup", "coherence"), re.M)
    assert re.search(r"^open \d+$", tool.ok("rollup", "alerts"), re.M)


def test_rollup_problems_are_sentences(tool):
    complaint = tool.fails("rollup", "satisfaction", "respondent=x")
    assert complaint.startswith("empowerctl: rollup: ")
    assert "people are never a dimension" in complaint
    shoes = tool.fails("rollup", "shoes")
    assert "no rollup of this name" in shoes and "empowerctl help rollup" in shoes
    assert "there is no rollup ../units" in tool.fails("rollup", "../units", status=2)
    assert "which rollup?" in tool.fails("rollup", "", status=2)


def test_status(tool, shared):
    out = tool.ok("status")
    assert "is ready" in out and "events in empowerd.db" in out
    document = json.loads(tool.ok("status", "--json"))
    assert document["ready"] is True
    assert document["sequence"] == shared.one("SELECT max(seq) FROM event")


# --- the files

def test_snapshot(shared, tool, tmp_path):
    file = tmp_path / "copy.db"
    told = tool.ok("-d", shared.dir, "snapshot", file)
    assert told == f"{file}: {file.stat().st_size:,} bytes\n"
    assert stat.S_IMODE(os.stat(file).st_mode) & 0o007 == 0
    db = sqlite3.connect(file)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert db.execute("SELECT count(*) FROM v_answer").fetchone()[0] == shared.one(
        "SELECT count(*) FROM v_answer")
    db.close()
    before = file.read_bytes()
    again = tool.run("-d", shared.dir, "snapshot", file)
    assert again.returncode == 1 and again.stderr.decode().count(str(file)) == 1
    assert file.read_bytes() == before
    other = tool.ok("-d", shared.dir, "snapshot", tmp_path / "other", "--json")
    assert json.loads(other)["bytes"] == (tmp_path / "other").stat().st_size
    assert run("-d", tmp_path, "snapshot", tmp_path / "x").returncode == 1


def test_verify_by_the_daemon(tool):
    tool.ok("verify")
    json.loads(tool.ok("verify", "--json"))


def copy_of(daemon, path):
    """The files of a daemon that was stopped."""
    shutil.copytree(daemon.dir, path)
    return path


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """Files with a few hundred events, of a daemon that stopped in order."""
    with Daemon() as d:
        d.start()
        tool = Tool(d, tmp_path_factory.mktemp("memory"))
        tool.ok("demo", "--days", "5", "--until", "2026-03-05")
        d.stop()
        yield copy_of(d, tmp_path_factory.mktemp("files") / "state")


def tampered(stopped, tmp_path, sql):
    path = tmp_path / "state"
    shutil.copytree(stopped, path)
    db = sqlite3.connect(path / "empowerd.db")
    db.execute("PRAGMA foreign_keys = OFF")
    assert db.execute(sql).rowcount > 0
    db.commit()
    db.close()
    return path


def test_verify_files(stopped):
    result = run("-d", stopped, "verify")
    assert result.returncode == 0, (result.stdout, result.stderr)
    assert result.stdout.endswith(b" 0 differ\n")
    assert result.stdout.startswith(b"confidential.db was not read")
    document = json.loads(run("-d", stopped, "verify", "--json").stdout)
    assert document["cells"] > 0 and document["counts"] > 0
    assert document["differences"] == document["damage"] == document["behind"] == 0
    assert document["skipped"] == ["confidential.db"]


def test_verify_files_while_the_daemon_runs(shared):
    result = run("-d", shared.dir, "verify")
    assert result.returncode == 0, (result.stdout, result.stderr)


@pytest.mark.parametrize("sql,finding", [
    ("DELETE FROM answer WHERE key = (SELECT max(key) FROM answer)", "more than"),
    ("INSERT INTO answer (key, question_id, value) SELECT max(key) + 1, question_id, value"
     " FROM answer", "less than"),
    ("UPDATE event SET series_id = (SELECT max(id) FROM series) WHERE seq = "
     "(SELECT min(seq) FROM event WHERE survey_id IS NOT NULL)", "series"),
    ("DELETE FROM cell WHERE grain = 2 AND (start, series_id, subject) = (SELECT start, "
     "series_id, subject FROM cell WHERE grain = 2 LIMIT 1)", "missing"),
    ("UPDATE event SET series_id = 999999 WHERE seq = 1", "series"),
])
def test_verify_finds_what_was_tampered_with(stopped, tmp_path, sql, finding):
    path = tampered(stopped, tmp_path, sql)
    result = run("-d", path, "verify")
    assert result.returncode == 1, result.stdout
    assert finding in result.stdout.decode(), result.stdout
    document = json.loads(run("-d", path, "verify", "--json").stdout)
    assert document["differences"] + document["damage"] > 0
    assert document["findings"]


def test_verify_finds_a_changed_cell(stopped, tmp_path):
    path = tmp_path / "state"
    shutil.copytree(stopped, path)
    db = sqlite3.connect(path / "empowerd.db")
    key = db.execute("SELECT grain, start, series_id, subject, slots FROM cell "
                     "WHERE grain = 2 AND subject >= 16 LIMIT 1").fetchone()
    slots = bytearray(key[4])
    slots[-1] += 1  # one more of the last count
    db.execute("UPDATE cell SET slots = ? WHERE (grain, start, series_id, subject) = "
               "(?, ?, ?, ?)", (bytes(slots), *key[:4]))
    db.commit()
    db.close()
    result = run("-d", path, "verify")
    assert result.returncode == 1 and b"counts more than the events" in result.stdout
    assert b"1 differ" in result.stdout


def test_verify_without_files(tmp_path):
    assert run("-d", tmp_path, "verify").returncode == 1


# --- sample data

def dump(daemon):
    """Every event as the views show it, in a fixed order."""
    return (sorted(daemon.sql("SELECT source, id, type, audience, unit, at FROM v_event")),
            sorted(daemon.sql("SELECT at, survey, question, value, option, unit, channel "
                              "FROM v_answer"), key=str))


def dump_releases(daemon):
    return sorted(daemon.sql("SELECT * FROM v_release"), key=str)


def test_demo(tmp_path):
    with Daemon() as one, Daemon() as two:
        for d in (one, two):
            d.start()
            out = Tool(d, tmp_path).ok("demo", "--days", "60", "--until", "2026-06-30")
            assert "0 were there already, 0 rejected" in out
        assert dump(one) == dump(two)
        events = one.one("SELECT count(*) FROM event")
        tool = Tool(one, tmp_path)
        # Again: nothing is added, not even tried.
        again = json.loads(tool.ok("demo", "--days", "60", "--until", "2026-06-30",
                                   "--json"))
        assert again["stored"] == 0 and again["rejected"] == 0
        # Later: only the days since, and overlapping days agree.
        later = json.loads(tool.ok("demo", "--days", "60", "--until", "2026-07-03",
                                   "--json"))
        assert 100 < later["stored"] < 1000 and later["rejected"] == 0
        assert one.one("SELECT count(*) FROM event") > events
        assert one.verify()
        # It is labelled, and everybody sees something.
        assert one.sql("SELECT DISTINCT source FROM v_event") == [("demo",)]
        for name in ("satisfaction", "participation", "retention", "recognition"):
            assert "demo" in tool.ok("rollup", name, "group_by=unit"), name
        assert "coverage" in tool.ok("rollup", "recognition", "audience=employee")
        assert "demo_team" in tool.ok("rollup", "satisfaction", "survey=demo_team")
        # What a row of employees is about is said where it is not all of the unit.
        for name, group, said in ("demo_team", "unit", True), ("demo_visit", "unit", False), \
                ("demo_team", "survey", False):
            assert ("leaves out" in tool.ok("rollup", "satisfaction", f"survey={name}",
                                            f"group_by={group}")) == said, (name, group)
        # Employees' months that the sample has gone beyond are released: of each unit
        # that is large enough, and nothing of the month that is under way.
        assert later["released"] == 1 and again["released"] == 0
        assert "1 months of employees' answers released" in out
        released = one.sql("SELECT DISTINCT period, unit FROM v_release WHERE "
                           "survey = 'demo_team' AND question = 'voice' ORDER BY 1, 2")
        assert {period for period, _ in released} == {"2026-05", "2026-06"}
        assert ("2026-06", "demo/online/shop") in released
        assert dump_releases(one) != dump_releases(two)
        Tool(two, tmp_path).ok("demo", "--days", "60", "--until", "2026-07-03")
        assert dump_releases(one) == dump_releases(two)
        assert "synthetic" in tool.ok("survey", "show", "demo_visit")
        # Its customers come again: no more of them speak than there are.
        month = one.client().rollup("participation", audience="customer",
                                    from_="2026-06-01T00:00:00Z", to="2026-07-01T00:00:00Z")
        assert 10 < month["voice"][0]["breadth"] < 100, month
        assert 20 < month["rows"][0]["response_rate"] < 50, month


def test_demo_asks_at_a_terminal_before_the_first_of_it(daemon, tmp_path):
    own = Tool(daemon, tmp_path)
    words = ["demo", "--days", "1"]
    status, out, shown = own.at_a_terminal(*words, reply=b"\n")
    assert status == 1 and not out and "about to send made-up events, for good" in shown
    assert "nothing was sent" in shown
    assert daemon.one("SELECT count(*) FROM event") == 0
    assert "demo_visit" not in own.ok("survey", "list")
    status, out, shown = own.at_a_terminal(*words, reply=b"y\n")
    assert status == 0 and "[y/N]" in shown and "Synthetic sample data" in out
    status, out, shown = own.at_a_terminal(*words, reply=b"")
    assert status == 0 and "[y/N]" not in shown


# --- bash

def test_completion_knows_what_help_knows(tmp_path):
    here = os.path.dirname(os.path.abspath(__file__))
    script = os.path.join(here, "..", "..", "contrib", "completion", "empowerctl")

    def complete(*words):
        text = f"""source {shlex.quote(script)}
COMP_WORDS=({" ".join(map(shlex.quote, (EMPOWERCTL, *words)))})
COMP_CWORD={len(words)}
_empowerctl
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
        done = subprocess.run(["bash", "-c", text], capture_output=True, text=True,
                              cwd=tmp_path, timeout=60)
        assert not done.stderr
        return done.stdout.split()

    assert complete("") == COMMANDS
    assert complete("im") == ["import"]
    assert complete("--se") == ["--server"]
    assert complete("import", "--a") == ["--again"]
    assert complete("import", "--se") == ["--server"]
    assert complete("survey", "") == ["apply", "list", "show"]
    assert complete("token", "") == ["add", "list", "revoke"]
    assert complete("suggestion", "") == ["list", "show", "acknowledge", "triage", "answer",
                                          "reopen"]
    assert complete("decision", "") == ["log", "settle", "review", "outcome"]
    assert complete("boundary", "") == ["list", "set", "candidates", "check"]
    assert complete("person", "") == ["link", "export", "erase"]
    assert complete("lint", "") == ["surveys"]
    assert complete("suggestion", "triage", "x", "--examine", "") == ["yes", "no"]
    assert complete("decision", "log", "--esc") == ["--escalated"]
    assert complete("rollup", "sug") == ["suggestions"]
    assert complete("rollup", "sat") == ["satisfaction"]
    (tmp_path / "some.ndjson").write_text("")
    assert complete("import", "so") == ["some.ndjson"]
