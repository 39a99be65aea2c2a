"""Who read what employees wrote: one line per answer, there before the answer is, and
for good.

That a line is there after a kill is tested with each answer, as the daemon of these
tests is killed at once; what happens when it cannot be written, tests/crash does.
"""
import concurrent.futures
import csv
import io
import json
import re
import sqlite3
import time
import urllib.parse

import pytest

from ctl_harness import Tool
from harness import Client, Daemon, refused, until

DAY = 86400


def submit(c, days, kind="suggestion", audience="employee", **data):
    answer = c.event({"type": "suggestion.submitted", "source": "s",
                      "time": int(time.time()) - days * DAY,
                      "data": {"audience": audience, "kind": kind, **data}})
    assert answer.status == 201, answer
    return answer.json()


@pytest.fixture(scope="module")
def world():
    """(daemon, client of everything, a case, a concern, a customer's)."""
    with Daemon() as d:
        d.start()
        with Client(d) as c:
            c.event({"type": "headcount.set", "time": int(time.time()) - 400 * DAY,
                     "data": {"unit": "u", "headcount": 30}})
            case = submit(c, 5, title="Quieter rooms", unit="u")
            concern = submit(c, 5, "concern", title="Blocked exits", unit="u")
            ours = submit(c, 5, "opinion", "customer", title="Slow")
            yield d, c, case, concern, ours


def lines(d):
    """As the file has them, oldest first."""
    return d.sql("SELECT token_label, action, object FROM audit ORDER BY number",
                 file="confidential.db")


def added(d, ask):
    """The lines that it leaves, and what it returns."""
    before = len(lines(d))
    answer = ask()
    return lines(d)[before:], answer


@pytest.mark.parametrize("query, object_", [
    ("audience=employee", "audience=employee"),
    ("audience=employee&limit=1", "audience=employee&limit=1"),
    ("audience=employee&kind=suggestion,concern&unit=u&from=2020-01-01",
     "audience=employee&kind=suggestion,concern&unit=u&from=2020-01-01"),
    ("audience=employee&format=csv", "audience=employee&format=csv"),
    ("audience=employee&shape=columns", "audience=employee&shape=columns"),
])
def test_a_list_leaves_a_line(world, query, object_):
    d, c, *_ = world
    found, answer = added(d, lambda: c.get("/v1/suggestions?" + query))
    assert answer.status == 200 and ("Quieter" in answer.text() or
                                     "Blocked" in answer.text()), answer
    assert found == [("admin.token", "suggestions", object_)]


def test_the_next_page_leaves_another_without_its_cursor(world):
    d, c, *_ = world
    page = c.get("/v1/suggestions?audience=employee&limit=1").json()
    found, answer = added(d, lambda: c.get("/v1/suggestions", cursor=page["next"],
                                           audience="employee", limit=1))
    assert len(answer.json()["rows"]) == 1
    assert [f[2] for f in found] == ["audience=employee&limit=1"]


def test_one_suggestion_leaves_a_line(world):
    d, c, case, concern, _ = world
    for one in case, concern:
        found, answer = added(d, lambda: c.get("/v1/suggestions/" + one["id"]))
        assert answer.status == 200 and answer.json()["title"]
        assert found == [("admin.token", "suggestion", one["id"])]


def test_an_empty_list_leaves_a_line_as_a_full_one_does(world):
    """Who reads the audit may not see concerns, nor learn that there is one."""
    d, c, *_ = world
    full, _ = added(d, lambda: c.get("/v1/suggestions?audience=employee&kind=concern"))
    with Client(d, d.new_token("respond", "concern", label="admin.token")) as other:
        empty, answer = added(d, lambda: other.get(
            "/v1/suggestions?audience=employee&kind=concern&category=none"))
    assert answer.json()["rows"] == []
    assert [e[:2] for e in empty] == [f[:2] for f in full]


@pytest.mark.parametrize("path", [
    "/v1/suggestions", "/v1/suggestions?audience=customer", "/v1/suggestions/{ours}",
    "/v1/suggestions?kind=boundary_request", "/v1/receipts/{receipt}", "/v1/comments",
    "/v1/recognition", "/v1/rollups/suggestions?audience=employee", "/v1/overview",
    "/v1/audit"])
def test_what_is_no_text_of_employees_leaves_none(world, path):
    d, c, case, _, ours = world
    path = path.format(ours=ours["id"], receipt=case["receipt"])
    found, answer = added(d, lambda: c.get(path))
    assert answer.status == 200, answer
    assert found == []


def test_what_is_refused_leaves_none(world):
    d, c, case, concern, _ = world
    with Client(d, d.new_token("respond", label="t")) as responder, \
            Client(d, d.new_token("read", label="r")) as reader:
        for client, path, status in (
                (responder, "/v1/suggestions/" + concern["id"], 404),
                (responder, "/v1/suggestions?audience=employee&kind=concern", 403),
                (reader, "/v1/suggestions?audience=employee", 403),
                (responder, "/v1/suggestions/case-" + 32 * "0", 404),
                (c, "/v1/suggestions?audience=employee&limit=0", 422)):
            found, answer = added(d, lambda: client.get(path))
            assert (answer.status, found) == (status, [])


def test_it_is_who_asked_and_when(world):
    d, c, case, *_ = world
    token = d.new_token("respond", label="Works council")
    with Client(d, token) as responder:
        before = int(time.time() * 1000)
        assert responder.get("/v1/suggestions/" + case["id"]).status == 200
        after = int(time.time() * 1000)
    id_ = max(t["id"] for t in c.get("/v1/tokens").json()["tokens"])
    row = d.sql("SELECT time, token_id, token_label FROM audit ORDER BY number DESC "
                "LIMIT 1", file="confidential.db")[0]
    assert before <= row[0] <= after and row[1:] == (id_, "Works council")


def test_no_text_of_anybody_is_in_it(world):
    d, c, *_ = world
    c.get("/v1/suggestions?audience=employee")
    text = json.dumps(c.get("/v1/audit").json())
    assert "Quieter" not in text and "Blocked" not in text


def test_the_list(world):
    d, c, case, *_ = world
    for _ in range(5):
        c.get("/v1/suggestions/" + case["id"])
    everything = c.get("/v1/audit", limit=500).json()
    rows = everything["rows"]
    assert everything["next"] is None
    assert [r["number"] for r in rows] == list(range(len(rows), 0, -1))
    assert rows[0]["token"] == 1 and rows[0]["label"] == "admin.token"
    assert (rows[0]["action"], rows[0]["object"]) == ("suggestion", case["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", rows[0]["time"])
    got, cursor = [], {}
    while cursor is not None:
        page = c.get("/v1/audit", limit=2, **cursor).json()
        assert len(page["rows"]) <= 2
        got += page["rows"]
        cursor = {"cursor": page["next"]} if page["next"] else None
    assert got == rows
    table = list(csv.DictReader(io.StringIO(c.get("/v1/audit?format=csv&limit=500").text())))
    assert [int(r["number"]) for r in table] == [r["number"] for r in rows]
    assert c.get("/v1/audit").headers["ETag"] is None


def test_a_window(world):
    d, c, case, *_ = world
    now = int(time.time())
    c.get("/v1/suggestions/" + case["id"])
    assert c.get("/v1/audit", from_=now).json()["rows"][0]["object"] == case["id"]
    assert c.get("/v1/audit", to=now - DAY).json()["rows"] == []
    assert c.get("/v1/audit", from_=now + DAY).json()["rows"] == []
    refused(c.get("/v1/audit?from=2026-01-02&to=2026-01-01"), 422, "invalid", "to")


@pytest.mark.parametrize("query, pointer", [
    ("cursor=x", "cursor"), ("cursor=0", "cursor"), ("limit=501", "limit"),
    ("audience=employee", "audience"), ("unit=u", "unit"), ("as_of=1", "as_of")])
def test_bad_questions(world, query, pointer):
    refused(world[1].get("/v1/audit?" + query), 422, "invalid", pointer)


def test_only_whole_admins_read_it(world):
    d, *_ = world
    for scopes, unit in ((["read", "respond", "concern", "roster", "ingest"], None),
                         (["admin"], "u")):
        with Client(d, d.new_token(*scopes, unit=unit)) as c:
            refused(c.get("/v1/audit"), 403, "forbidden")
    with Client(d, None) as c:
        refused(c.get("/v1/audit"), 401, "unauthorized")
    with Client(d, d.new_token("admin")) as c:
        assert c.get("/v1/audit").status == 200


def test_many_at_a_time_leave_a_line_each(world):
    d, _, case, *_ = world
    tokens = {f"t{i}": d.new_token("respond", label=f"t{i}") for i in range(8)}

    def read(label):
        with Client(d, tokens[label]) as c:
            for _ in range(25):
                assert c.get("/v1/suggestions/" + case["id"]).status == 200
        return label

    def run():
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(read, tokens))

    found, labels = added(d, run)
    assert sorted(f[0] for f in found) == sorted(labels * 25)
    numbers = [r[0] for r in d.sql("SELECT number FROM audit ORDER BY number",
                                   file="confidential.db")]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_line_outlives_a_kill(daemon):
    with daemon.client() as c:
        case = submit(c, 5, title="A")
        for n in range(1, 4):
            answer = c.get("/v1/suggestions/" + case["id"])
            assert answer.status == 200
            daemon.kill()
            daemon.start()
            c.close()
            c = daemon.client()
            assert len(c.get("/v1/audit").json()["rows"]) == n
        c.close()


def test_lines_cannot_be_changed_or_removed(daemon):
    with daemon.client() as c:
        case = submit(c, 5, title="A")
        c.get("/v1/suggestions/" + case["id"])
    daemon.stop()
    path = urllib.parse.quote(daemon.dir + "/confidential.db")
    db = sqlite3.connect(f"file:{path}", uri=True)
    try:
        for sql in ("DELETE FROM audit", "UPDATE audit SET token_label = 'nobody'",
                    "INSERT OR REPLACE INTO audit (number, time, action) VALUES (1, 1, 'x')"):
            with pytest.raises(sqlite3.IntegrityError, match="stays on record"):
                db.execute(sql)
        assert db.execute("SELECT count(*) FROM audit").fetchone() == (1,)
    finally:
        db.close()


def test_a_client_that_leaves_costs_nothing(daemon):
    """Its line may be there; the daemon goes on."""
    import socket
    with daemon.client() as c:
        case = submit(c, 5, title="A")
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", daemon.port)) as s:
                s.sendall(f"GET /v1/suggestions/{case['id']} HTTP/1.1\r\nHost: x\r\n"
                          f"Authorization: Bearer {daemon.token}\r\n\r\n".encode())
        assert c.get("/v1/suggestions/" + case["id"]).status == 200
        until(lambda: c.get("/readyz").status == 200)


def test_the_command(world, tmp_path):
    d, c, case, *_ = world
    c.get("/v1/suggestions?audience=employee&kind=concern")
    c.get("/v1/suggestions/" + case["id"])
    tool = Tool(d, tmp_path)
    table = tool.ok("audit", "--rows", "2").splitlines()
    assert table[0].split() == ["number", "time", "token", "label", "action", "object"]
    # Whole times: whoever asks about a line needs the moment.
    assert re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", table[1]), table
    assert case["id"] in table[1] and "kind=concern" in table[2]
    cursor = re.fullmatch(r"More: --cursor (\d+)", table[3]).group(1)
    assert tool.ok("audit", "--cursor", cursor).splitlines()[1].split()[0] == \
        str(int(cursor) - 1)
    rows = list(csv.DictReader(io.StringIO(tool.ok("audit", "--csv"))))
    assert rows[0]["object"] == case["id"]
    assert json.loads(tool.ok("audit", "--json"))["rows"][0]["object"] == case["id"]
    assert tool.ok("audit", "--from", "2100-01-01") == "No rows.\n"
    assert "audit: too much: x" in tool.fails("audit", "x", status=2)


# --- everywhere

CASE_TEXT, COMMENT_TEXT = "Text-of-a-case", "Text-of-a-comment"


@pytest.fixture(scope="module")
def spoken():
    """(daemon, client): a case, a concern and released comments that hold marks."""
    with Daemon() as d:
        d.start()
        with Client(d) as c:
            assert c.put("/v1/units", {"name": "u"}).status in (200, 201)
            c.event({"type": "headcount.set", "time": int(time.time()) - 400 * DAY,
                     "data": {"unit": "u", "headcount": 30}})
            assert c.put("/v1/surveys/work", {
                "audience": "employee", "questions": [
                    {"name": "voice", "metric": "pulse"},
                    {"name": "why", "metric": "text"}]}).status == 201
            for i in range(14):
                answer = c.event({"type": "survey.answered", "data": {
                    "survey": "work", "respondent": f"p{i}", "unit": "u",
                    "answers": {"voice": 1 + i % 5, "why": f"{COMMENT_TEXT} {i}"},
                    "comment": f"{COMMENT_TEXT} c{i}"}})
                assert answer.status == 201, answer
            assert c.post("/v1/surveys/work/release", {}).status == 201
            case = submit(c, 5, title=CASE_TEXT, body=CASE_TEXT, unit="u", person="p1")
            submit(c, 5, "concern", title=CASE_TEXT, unit="u")
            code = c.post("/v1/people", {"person": "p1"}).json()["code"]
            yield d, c, {"id": case["id"], "code": case["receipt"], "path": "u",
                         "name": "work", "personal": code}


def fill(path, known):
    """A path of the interface with something that is there in each place."""
    if path.startswith("/v1/me/"):
        path = path.replace("{code}", "{personal}")
    if path.startswith("/v1/rollups/"):
        return [path.replace("{name}", name) for name in (
            "satisfaction", "retention", "recognition", "participation", "suggestions",
            "decisions", "training", "contact")]
    if path == "/v1/tokens/{id}":
        return []
    return [re.sub(r"{\+?(\w+)}", lambda m: known[m[1]], path)]


def test_no_route_gives_words_of_employees_without_a_line(spoken):
    """Of every route and every way to ask: where such words are, there is one line, and
    one's own receipt and code are the only ways without."""
    d, c, known = spoken
    own = "/v1/receipts/", "/v1/me/"
    carried = set()
    for template, operations in c.get("/v1/openapi.json").json()["paths"].items():
        if "get" not in operations or template in ("/v1/live", "/v1/verify"):
            continue
        for path in fill(template, known):
            for query in ("", "?audience=employee", "?survey=work", "?kind=concern",
                          "?audience=employee&format=csv", "?format=csv",
                          "?audience=employee&survey=work", "?audience=employee&kind=concern"):
                found, answer = added(d, lambda: c.get(path + query))
                words = CASE_TEXT in answer.text() or COMMENT_TEXT in answer.text()
                if path.startswith(own):
                    assert found == []
                elif words:
                    carried.add(template)
                    assert len(found) == 1, (path + query, found)
    assert carried == {"/v1/suggestions", "/v1/suggestions/{id}", "/v1/comments"}


@pytest.mark.parametrize("whom", ["code", "receipt", "person"])
def test_an_export_leaves_a_line_that_does_not_say_whose(spoken, whom):
    d, c, known = spoken
    text = {"code": known["personal"], "receipt": known["code"], "person": "p1"}[whom]
    found, answer = added(d, lambda: c.post("/v1/people/export", {whom: text}))
    assert answer.status == 200, answer
    assert found == [("admin.token", "export", whom)]
    assert (CASE_TEXT in answer.text()) == (whom == "receipt")


def test_a_new_personal_code_leaves_a_line_that_does_not_say_whose(spoken):
    """Whoever makes it could read by it."""
    d, c, _ = spoken
    found, answer = added(d, lambda: c.post("/v1/people", {"person": "p2"}))
    assert answer.status == 201, answer
    assert found == [("admin.token", "code", "person")]
    assert any(row["action"] == "code" for row in c.get("/v1/audit", limit=500).json()["rows"])
    found, answer = added(d, lambda: c.get("/v1/me/" + answer.json()["code"]))
    assert answer.status == 200 and found == []
    assert added(d, lambda: c.post("/v1/people", {"person": ""}))[0] == []


def test_comments_of_employees(spoken):
    d, c, _ = spoken
    found, answer = added(d, lambda: c.get("/v1/comments?audience=employee&limit=3"))
    page = answer.json()
    assert len(page["rows"]) == 3 and page["next"]
    assert found == [("admin.token", "comments", "audience=employee&limit=3")]
    assert answer.headers["ETag"] is None and answer.headers["Cache-Control"] == "no-store"
    again, answer = added(d, lambda: c.get("/v1/comments", audience="employee", limit=3,
                                           cursor=page["next"]))
    assert len(again) == 1 and page["next"] not in again[0][2]


def test_an_erasure_leaves_a_line_that_does_not_say_whose(spoken):
    d, c, known = spoken
    for who, text in (("person", "p3"), ("person", "nobody"), ("receipt", known["code"])):
        found, answer = added(d, lambda: c.post("/v1/people/erase", {who: text}))
        assert answer.status == 200, answer
        assert found == [("admin.token", "erase", who)]
        assert text not in json.dumps(c.get("/v1/audit", limit=500).json())
