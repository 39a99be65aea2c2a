"""What is shown one by one: suggestions, receipts, comments, recognition.

Who asks decides what is there: scopes, the unit of a token, and of employees the day
after, units of ten, dates, and no order.
"""
import csv
import io
import json
import re
import time

import pytest

from harness import Client, Daemon, refused

DAY = 86400
TODAY = time.strftime("%Y-%m-%d", time.gmtime())


def event(type_, time_, data, id_=None):
    e = {"type": type_, "source": "sender", "time": time_, "data": data}
    if id_:
        e["id"] = id_
    return e


def submit(c, at, id_=None, **data):
    data.setdefault("audience", "customer")
    data.setdefault("kind", "opinion")
    answer = c.event(event("suggestion.submitted", at, data, id_))
    assert answer.status == 201, answer
    return answer.json()


def step(c, type_, at, ref, **data):
    answer = c.event(event("suggestion." + type_, at, {"ref": ref, **data}))
    assert answer.status == 201, answer


def ours(id_):
    return {"source": "sender", "id": id_}


def rows_of(c, path="/v1/suggestions", **params):
    """All pages of a list."""
    rows = []
    while True:
        answer = c.get(path, **params)
        assert answer.status == 200, answer
        page = answer.json()
        rows += page["rows"]
        if page["next"] is None:
            return rows
        params["cursor"] = page["next"]


def ids(rows):
    return [r["id"] for r in rows]


def token(d, c, scopes, unit=None):
    document = {"label": "t", "scopes": scopes}
    if unit:
        document["unit"] = unit
    answer = c.post("/v1/tokens", document)
    assert answer.status == 201, answer
    return Client(d, answer.json()["token"])


@pytest.fixture(scope="module")
def world():
    """(daemon, client of everything, the moment it was filled)."""
    now = int(time.time())
    with Daemon("sla_days=9") as d:
        d.start()
        with Client(d) as c:
            for unit, n in (("u", 16), ("u/s", 4), ("w", 30)):
                c.event(event("headcount.set", now - 300 * DAY,
                              {"unit": unit, "headcount": n}))
            for i in range(30):
                submit(c, now - (60 - i) * DAY, f"c{i}", title=f"title {i}",
                       body="a body", kind=("opinion", "question", "concern")[i % 3],
                       unit=("a", "a/x", "ab")[i % 3], category=("pay", "noise")[i % 2],
                       channel="web", board=i % 5 == 0, person=f"p{i}")
            step(c, "acknowledged", now - 30 * DAY, ours("c0"))
            step(c, "triaged", now - 29 * DAY, ours("c0"), will_examine=False,
                 reason="not ours")
            step(c, "answered", now - 28 * DAY, ours("c3"), status="planned",
                 reason="good")
            yield d, c, now


# --- the list of customers' ---


def test_newest_first_in_pages_without_gap_or_repeat(world):
    _, c, _ = world
    want = [f"c{i}" for i in reversed(range(30))]
    assert ids(rows_of(c, limit=500)) == want
    for limit in (1, 7, 10, 29, 30):
        assert ids(rows_of(c, limit=limit)) == want


def test_what_comes_between_two_pages_is_in_neither(world):
    _, c, now = world
    page = c.get("/v1/suggestions", limit=10).json()
    late = submit(c, now, title="late")["id"]
    try:
        rest = rows_of(c, limit=10, cursor=page["next"])
        assert ids(page["rows"] + rest) == [f"c{i}" for i in reversed(range(30))]
    finally:
        receipt = c.event(event("suggestion.triaged", now, {
            "ref": late, "will_examine": False, "reason": "gone"}))
        assert receipt.status == 201


def own(rows):
    return [r for r in rows if re.fullmatch(r"c\d+", r["id"])]


def numbers(rows):
    return [int(r["id"][1:]) for r in own(rows)]


def test_filters(world):
    _, c, now = world
    every = list(reversed(range(30)))

    def got(**params):
        return numbers(rows_of(c, limit=4, **params))

    assert got(kind="question") == [i for i in every if i % 3 == 1]
    assert got(kind="question,concern") == [i for i in every if i % 3]
    assert got(category="pay") == [i for i in every if i % 2 == 0]
    # A unit is its subtree, and not what only begins alike.
    assert got(unit="a") == [i for i in every if i % 3 != 2]
    assert got(unit="a/x") == [i for i in every if i % 3 == 1]
    assert got(state="planned") == [3] and got(state="not_examined,planned") == [3, 0]
    # Concerns are never for the board.
    assert got(board=1) == [i for i in every if i % 5 == 0 and i % 3 != 2]
    assert got(from_=now - 40 * DAY, to=now - 35 * DAY) == [24, 23, 22, 21, 20]
    assert got(category="nobody-said-so") == [] and got(unit="nowhere") == []


def test_overdue_follows_the_clocks(world):
    _, c, now = world
    waits = [i for i in reversed(range(30)) if i not in (0, 3)]

    def late(i, as_of):
        return as_of - (now - (60 - i) * DAY) > (7 if i % 3 == 2 else 9) * DAY

    for as_of in (now, now - 22 * DAY, now - 48 * DAY):
        want = [i for i in waits if late(i, as_of)]
        got = rows_of(c, overdue=1, as_of=as_of, limit=6)
        assert numbers(got) == want
        assert all(r["overdue"] for r in got)
        rest = [r for r in rows_of(c, as_of=as_of) if not r["overdue"]]
        assert not set(numbers(rest)) & set(want)


def test_a_row_says_how_it_stands(world):
    _, c, now = world
    at = lambda days: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - days * DAY))
    (row,) = rows_of(c, state="planned")
    assert row == {
        "id": "c3", "source": "sender", "audience": "customer", "kind": "opinion",
        "category": "noise", "title": "title 3", "body": "a body", "state": "planned",
        "status": "planned", "submitted": at(57), "acknowledged": None,
        "first_response": at(28), "due": None, "overdue": False, "supporters": 0,
        "board": False, "unit": "a", "channel": "web", "touchpoint": None,
        "segment": None, "initiative": None, "lang": None}


def test_csv_has_the_same_rows(world):
    _, c, _ = world
    text = c.get("/v1/suggestions", format="csv", state="planned,not_examined").text()
    rows = own(csv.DictReader(io.StringIO(text)))
    assert [(r["id"], r["title"]) for r in rows] == [("c3", "title 3"), ("c0", "title 0")]


@pytest.mark.parametrize("params,pointer", [
    ({"cursor": "x"}, "cursor"), ({"limit": 0}, "limit"), ({"limit": 501}, "limit"),
    ({"kind": "praise"}, "kind"), ({"kind": "boundary_request,concern"}, "kind"),
    ({"state": "lost"}, "state"), ({"unit": "a,b"}, "unit"), ({"person": "p1"}, "person"),
    ({"audience": "employee", "cursor": "17"}, "cursor")])
def test_bad_questions_are_named(world, params, pointer):
    answer = world[1].get("/v1/suggestions", **params)
    assert answer.status == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


# --- who may see what ---


def test_scopes(world):
    d, c, _ = world
    with token(d, c, ["read"]) as reader, token(d, c, ["respond"]) as responder:
        assert reader.get("/v1/suggestions").status == 403
        assert reader.get("/v1/suggestions/c3").status == 403
        assert responder.get("/v1/comments").status == 403
        assert responder.get("/v1/recognition").status == 403
        got = rows_of(responder)
        assert got and all(r["kind"] != "concern" for r in got)
        assert responder.get("/v1/suggestions", kind="concern").status == 403
        assert responder.get("/v1/suggestions/c2").status == 404
        assert responder.get("/v1/suggestions/c3").status == 200
        # What cannot be seen and what is not there look alike.
        assert json.loads(responder.get("/v1/suggestions/c2").body) == \
            json.loads(responder.get("/v1/suggestions/c999").body)
    with token(d, c, ["respond", "concern"]) as trusted:
        assert rows_of(trusted, kind="concern")


def test_a_token_of_a_unit_sees_that_unit(world):
    d, c, _ = world
    with token(d, c, ["respond", "concern"], "a/x") as limited:
        assert numbers(rows_of(limited, unit="a/x")) == [
            i for i in reversed(range(30)) if i % 3 == 1]
        assert limited.get("/v1/suggestions", unit="a").status == 403
        assert limited.get("/v1/suggestions/c1").status == 200
        assert limited.get("/v1/suggestions/c0").status == 404


def test_one_has_its_history(world):
    _, c, _ = world
    one = c.get("/v1/suggestions/c0", source="sender").json()
    assert [(s["type"], s["by"]) for s in one["history"]] == [
        ("acknowledged", "responder"), ("triaged", "responder")]
    assert one["history"][1]["will_examine"] is False
    assert one["history"][1]["reason"] == "not ours"
    assert one["title"] == "title 0" and one["state"] == "not_examined"
    assert one["as_of"] == c.get("/v1/suggestions").json()["as_of"]
    assert c.get("/v1/suggestions/c0", source="other").status == 404


# --- receipts ---


def test_a_receipt_shows_what_became_of_it(world):
    d, c, now = world
    made = submit(c, now - 5 * DAY, "r1", title="T", body="B", kind="question")
    step(c, "acknowledged", now - 4 * DAY, ours("r1"))
    step(c, "answered", now - 3 * DAY, ours("r1"), status="declined", reason="because")
    path = "/v1/receipts/" + made["receipt"]
    with Client(d, token=None) as author:
        shown = author.get(path).json()
        assert (shown["title"], shown["body"], shown["author"]) == ("T", "B", True)
        assert shown["state"] == "declined" and "declined" in shown["in_words"]
        assert [s["type"] for s in shown["history"]] == ["acknowledged", "answered"]
        assert shown["history"][1]["reason"] == "because"
        assert (shown["may_rate"], shown["may_reply"], shown["may_withdraw"]) == (
            True, True, False)
        assert author.post(path + "/rate", {"felt_heard": 2}).status in (200, 201)
        assert author.post(path + "/reply", {"body": "but"}).status in (200, 201)
        shown = author.get(path).json()
        assert [s["type"] for s in shown["history"]] == [
            "acknowledged", "answered", "rated", "replied"]
        assert shown["history"][2]["felt_heard"] == 2
        assert shown["history"][3]["body"] == "but"
        assert shown["state"] == "reopened" and shown["may_rate"] is False
        assert author.get("/v1/receipts/C-00000-00000-00000-00000-00000-00000"
                          ).status == 404
    # Who responds sees that it was opened, too.
    history = c.get("/v1/suggestions/r1", source="sender").json()["history"]
    assert "seen" in [s["type"] for s in history]


def code_of_nobody():
    """A well-formed receipt that no suggestion here has: another daemon's."""
    with Daemon() as other:
        other.start()
        with Client(other) as c:
            return submit(c, int(time.time()), title="elsewhere")["receipt"]


def test_a_supporter_sees_no_text_of_the_author(world):
    d, c, now = world
    made = submit(c, now - 5 * DAY, "r2", title="T", body="secret")
    code = code_of_nobody()
    with Client(d, token=None) as author:
        assert author.get("/v1/receipts/" + code).status == 404
        step(c, "supported", now - 4 * DAY, ours("r2"), receipt=code)
        own_path = "/v1/receipts/" + made["receipt"]
        assert author.post(own_path + "/reply", {"body": "hidden"}).status in (200, 201)
        step(c, "triaged", now - 3 * DAY, ours("r2"), will_examine=True)
        shown = author.get("/v1/receipts/" + code).json()
        assert author.get(own_path).json()["supporters"] == 1
    assert shown["title"] == "T" and shown["author"] is False
    assert "body" not in shown
    assert [s["type"] for s in shown["history"]] == ["triaged"]
    assert shown["may_reply"] is shown["may_rate"] is shown["may_withdraw"] is False


# --- employees ---


@pytest.fixture(scope="module")
def staff(world):
    _, c, now = world
    made = [submit(c, now - (20 - i) * DAY, audience="employee", body=f"b{i}",
                   kind="concern" if i == 3 else "suggestion", person="bob",
                   unit=("u", "u/s", "w", "nobody/knows")[i % 4], lang="en",
                   channel="kiosk") for i in range(12)]
    made.append(submit(c, now, audience="employee", body="today", unit="u"))
    return made


def test_employees_are_listed_from_the_next_day_on_without_order(world, staff):
    d, c, _ = world
    rows = rows_of(c, audience="employee", limit=5)
    assert sorted(ids(rows)) == sorted(m["id"] for m in staff[:12])
    # Twelve in the order they came, or its reverse, would be no accident.
    assert ids(rows) == sorted(ids(rows))
    for row in rows:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["submitted"])
        assert row["submitted"] < TODAY
        assert set(row) == {
            "id", "audience", "kind", "category", "title", "body", "state", "status",
            "submitted", "acknowledged", "first_response", "due", "overdue",
            "supporters", "board", "unit", "lang"}
    # Four people of u/s are shown as u, and what nobody declared as nothing.
    assert {r["unit"] for r in rows} == {"u", "w", None}
    assert c.get("/v1/suggestions/" + staff[12]["id"]).status == 404
    with token(d, c, ["respond"]) as responder:
        assert staff[3]["id"] not in ids(rows_of(responder, audience="employee"))
        assert responder.get("/v1/suggestions/" + staff[3]["id"]).status == 404


def test_one_of_employees_is_as_of_the_day_as_in_the_list(world, staff):
    _, c, _ = world
    listed = c.get("/v1/suggestions", audience="employee").json()
    one = c.get("/v1/suggestions/" + listed["rows"][0]["id"]).json()
    assert one.pop("as_of") == listed["as_of"]
    del one["history"]
    assert one == listed["rows"][0]


def test_a_small_unit_is_not_found_by_asking_for_it(world, staff):
    _, c, _ = world
    assert rows_of(c, audience="employee", unit="u/s") == []
    # Nor by adding and taking away: it is in u for every question.
    assert len(rows_of(c, audience="employee", unit="u")) == 6
    assert len(rows_of(c, audience="employee", unit="w")) == 3


def test_of_what_employees_did_as_authors_little_is_told(world, staff):
    d, c, now = world
    one = staff[0]
    step(c, "triaged", now - DAY, one["id"], will_examine=True)
    path = "/v1/receipts/" + one["receipt"]
    with Client(d, token=None) as author:
        assert author.get(path).status == 200
        assert author.post(path + "/rate", {"felt_heard": 5}).status in (200, 201)
        assert author.post(path + "/reply", {"body": "more"}).status in (200, 201)
        assert "replied" in [s["type"] for s in author.get(path).json()["history"]]
    shown = c.get("/v1/suggestions/" + one["id"]).json()
    # What was written today is told tomorrow; what was opened or felt, never.
    assert [s["type"] for s in shown["history"]] == ["triaged"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", shown["history"][0]["time"])


def test_requests_are_listed_alone(world):
    _, c, now = world
    made = c.event(event("boundary.requested", now - 60, {
        "role": "agent", "class": "refund", "limit": 50, "reason": "often",
        "unit": "u/s", "person": "eve"})).json()
    (row,) = rows_of(c, kind="boundary_request")
    assert row["id"] == made["id"] and row["unit"] == "u"
    assert (row["role"], row["class"], row["limit"]) == ("agent", "refund", 50)
    assert made["id"] not in ids(rows_of(c, audience="employee"))
    assert made["id"] not in ids(rows_of(c))


# --- feeds ---

COMMENTERS = 100
# With limit=1 this one's three texts are read in two steps.
CUT = COMMENTERS - 44


@pytest.fixture(scope="module")
def feeds(world):
    _, c, now = world
    c.put("/v1/surveys/ask", {
        "name": "ask", "audience": "customer", "questions": [
            {"name": "score", "metric": "csat"}, {"name": "why", "metric": "text"},
            {"name": "what", "metric": "text"}]})
    lines = [event("survey.answered", now - (150 - i) * 3600, {
        "survey": "ask", "answers": {"score": 3, "why": f"why {i}", "what": f"what {i}"},
        "comment": f"comment {i}", "unit": "z" if i == CUT else ("a", "b")[i % 2]},
        f"q{i}") for i in range(COMMENTERS)]
    lines.append(event("survey.answered", now - 3600, {
        "survey": "enps", "answers": {"recommend": 3}, "comment": "secret"}))
    for i in range(12):
        lines.append(event("recognition.given", now - (40 - i) * 3600, {
            "audience": ("customer", "employee")[i % 2], "from": "x", "to": "y",
            "unit": "u/s", "kind": "praise", "visibility": "public", "to_agrees": True,
            "message": f"m{i}", "to_name": "Yo", "from_name": "Xi"}))
    lines.append(event("recognition.given", now - 3600, {
        "audience": "employee", "from": "x", "to": "y", "kind": "praise",
        "visibility": "private", "message": "private"}))
    answer = c.lines(lines)
    assert answer.json()["rejected"] == [], answer
    return c


def test_comments_in_pages_are_whole(feeds):
    c = feeds
    want = {(f"q{i}", text) for i in range(COMMENTERS)
            for text in (f"why {i}", f"what {i}", f"comment {i}")}
    for limit in (1, 7, 131, 300, 500):
        rows = rows_of(c, "/v1/comments", limit=limit)
        assert len(rows) == len(want) and {(r["id"], r["text"]) for r in rows} == want
        order = [int(r["id"][1:]) for r in rows]
        assert order == sorted(order, reverse=True)
    assert {r["text"] for r in rows_of(c, "/v1/comments", question="why", unit="a",
                                       limit=3)} == {
        f"why {i}" for i in range(0, COMMENTERS, 2) if i != CUT}
    assert len(rows_of(c, "/v1/comments", unit="z", limit=1)) == 3
    assert "secret" not in str(rows_of(c, "/v1/comments"))
    # Of employees there is nothing before a release, and never both in one list.
    nothing = {"rows": [], "next": None}
    assert c.get("/v1/comments", survey="enps").json() == nothing
    assert c.get("/v1/comments", audience="employee").json() == nothing
    refused(c.get("/v1/comments", audience="customer", survey="enps"), 422, "invalid",
            "survey")
    refused(c.get("/v1/comments", survey="enps", channel="web"), 422, "invalid", "channel")
    refused(c.get("/v1/comments", survey="enps", cursor="17"), 422, "invalid", "cursor")


def test_recognition_is_one_feed_of_what_is_public(feeds):
    c = feeds
    want = [f"m{i}" for i in reversed(range(12))]
    for limit in (1, 5, 12, 500):
        rows = rows_of(c, "/v1/recognition", limit=limit)
        assert [r["message"] for r in rows] == want
    assert [r["message"] for r in rows_of(c, "/v1/recognition", audience="employee",
                                          limit=2)] == want[::2]
    for row in rows:
        employee = row["audience"] == "employee"
        assert (len(row["time"]) == 10) == employee
        assert row["unit"] == ("u" if employee else "u/s")
        assert (row["to_name"], row["from_name"]) == ("Yo", "Xi")
    assert c.get("/v1/recognition", to_name="Yo").status == 422


@pytest.mark.parametrize("path", ["/v1/comments", "/v1/recognition?audience=customer",
                                  "/v1/recognition"])
def test_the_way_far_back_is_walked_in_parts(path, crowd):
    c, now = crowd
    path, _, query = path.partition("?")
    window = {"to": (now - 50 * DAY), **dict(p.split("=") for p in query.split("&") if p)}
    seen, pages, cursor = [], 0, {}
    while True:
        answer = c.get(path, limit=2, **window, **cursor).json()
        seen += [r.get("message", r.get("text")) for r in answer["rows"]]
        pages += 1
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}
    assert seen == ["old 2", "old 1", "old 0"]
    # What is newer than the window is not all looked at for one page.
    assert pages >= 3


@pytest.fixture(scope="module")
def crowd():
    """Three old comments and thanks, and very many new ones."""
    now = int(time.time())

    def both(n, at, text):
        return [event("survey.answered", at, {"survey": "csat", "answers": {"overall": 3},
                                              "comment": f"{text} {n}"}),
                event("recognition.given", at, {
                    "audience": "customer", "kind": "praise", "visibility": "public",
                    "to_agrees": True, "message": f"{text} {n}", "to_name": "Yo",
                    "from": "x", "to": "y", "from_name": "Xi"})]

    with Daemon() as d:
        d.start()
        with Client(d) as c:
            old = [e for n in range(3) for e in both(n, now - (60 - n) * DAY, "old")]
            new = [e for n in range(4500) for e in both(n, now - DAY, "new")]
            answer = c.lines(old + new).json()
            assert answer["rejected"] == [], answer["rejected"][:3]
            yield c, now
