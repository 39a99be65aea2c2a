"""Routes about one thing each: suggestions and what is done with them, receipts,
boundaries and personal codes. Their answers, good and bad, and who may do what.
"""
import itertools
import json
import time

import pytest

from harness import Client, Daemon, refused

numbers = itertools.count(1)
DAY = 86400
UNKNOWN = "C-00000-00000-00000-00000-000000"
NOT_FOUND_CODE = "nothing is known under this code"


@pytest.fixture(scope="module")
def shared():
    """One that answers however often it is asked without a token."""
    with Daemon("rate_limit=0") as d:
        yield d.start()


@pytest.fixture
def anybody(shared):
    with shared.client(None) as c:
        yield c


def submit(client, **fields):
    """The answer to a new suggestion, by default of a customer."""
    body = {"audience": "customer", "kind": "suggestion", "title": "Open on Sunday", **fields}
    answer = client.post("/v1/suggestions", body)
    assert answer.status == 201, answer
    return answer.json()


def step(client, suggestion, verb, body=None, status=201):
    """Do something about a suggestion, by its id."""
    answer = client.request("POST", f"/v1/suggestions/{suggestion['id']}/{verb}",
                            json.dumps(body) if body is not None else None)
    assert answer.status == status, answer
    return answer


def state(client, suggestion):
    answer = client.get(f"/v1/suggestions/{suggestion['id']}")
    assert answer.status == 200, answer
    return answer.json()["state"]


def own(client, suggestion, verb, body=None):
    """Do something as the author, by receipt."""
    return client.request("POST", f"/v1/receipts/{suggestion['receipt']}/{verb}",
                          json.dumps(body) if body is not None else None)


# --- submitting

def test_submitted(client):
    s = submit(client, id=f"v{next(numbers)}", source="shop", unit="retail/north", body="Why not?",
               category="hours")
    assert set(s) == {"id", "status", "seq", "receipt"}
    assert s["status"] == "stored" and s["receipt"].startswith("C-")
    seen = client.get("/v1/suggestions/" + s["id"]).json()
    assert (seen["id"], seen["source"], seen["title"], seen["unit"], seen["category"]) == \
        (s["id"], "shop", "Open on Sunday", "retail/north", "hours")
    assert seen["state"] == "submitted"
    assert s["id"] in [r["id"] for r in client.get("/v1/suggestions").json()["rows"]]


def test_without_an_id_it_gets_one(client):
    a, b = submit(client), submit(client)
    assert a["id"] != b["id"] and a["receipt"] != b["receipt"]
    assert a["idempotent"] is False


def test_sent_again(client):
    for audience in "customer", "employee":
        body = {"audience": audience, "kind": "question", "title": "When?",
                "id": f"v{next(numbers)}", "source": "shop"}
        first = client.post("/v1/suggestions", body)
        again = client.post("/v1/suggestions", dict(reversed(body.items())))
        assert (first.status, again.status) == (201, 200)
        assert again.json()["status"] == "duplicate"
        for name in "id", "receipt":
            assert first.json()[name] == again.json()[name]
        other = client.post("/v1/suggestions", {**body, "title": "Whence?"})
        if audience == "customer":
            refused(other, 422, "id-conflict", "/id")
        else:
            # Compared by id alone; the receipt it gets opens nothing.
            assert other.json()["status"] == "duplicate"
            with Client(client.daemon, None) as c:
                refused(c.get("/v1/receipts/" + other.json()["receipt"]), 404, "not-found")
            assert other.json()["receipt"] != first.json()["receipt"]


@pytest.mark.parametrize("change,pointer", [
    ({"kind": None}, "/kind"), ({"kind": "praise"}, "/kind"), ({"audience": None}, "/audience"),
    ({"kind": "boundary_request"}, "/kind"), ({"title": None}, "/body"),
    ({"colour": "red"}, "/colour"), ({"type": "suggestion.submitted"}, "/type"),
    ({"data": {}}, "/data"), ({"unit": "A B"}, "/unit"), ({"time": "yesterday"}, "/time"),
    ({"id": ""}, "/id"), ({"id": "case-" + "0" * 32}, "/id"), ({"title": 5}, "/title"),
])
def test_what_is_no_suggestion(shared, client, change, pointer):
    before = shared.one("SELECT count(*) FROM event")
    body = {"audience": "customer", "kind": "suggestion", "title": "x", **change}
    body = {k: v for k, v in body.items() if v is not None}
    refused(client.post("/v1/suggestions", body), 422, "invalid", pointer)
    assert shared.one("SELECT count(*) FROM event") == before


def test_bodies_that_are_none(client):
    for body in b"{", b"", b"[1", b"{}x":
        answer = client.request("POST", "/v1/suggestions", body)
        assert answer.status in (400, 422), (body, answer)
    refused(client.request("POST", "/v1/suggestions", b"[]"), 422, "invalid")
    refused(client.request("POST", "/v1/suggestions", b'{"title":"' + b"x" * 70000 + b'"}'),
            413, "content-too-large")


# --- answering

def test_from_submitted_to_done(client):
    s = submit(client)
    for verb, body, then in (
            ("acknowledge", {"auto": True}, "received"), ("acknowledge", None, "acknowledged"),
            ("triage", {"will_examine": True}, "examining"),
            ("answers", {"status": "accepted"}, "accepted"),
            ("answers", {"status": "planned"}, "planned"),
            ("answers", {"status": "done", "reason": "From May on"}, "done"),
            ("reopen", {"reason": "Not everywhere"}, "reopened"),
            ("triage", {"will_examine": False, "reason": "Later"}, "not_examined")):
        made = step(client, s, verb, body).json()
        assert made["status"] == "stored" and "receipt" not in made
        assert state(client, s) == then


def test_no_without_a_why(client):
    s = submit(client)
    for verb, body in (("triage", {"will_examine": False}), ("answers", {"status": "declined"}),
                       ("triage", {"will_examine": False, "reason": " "}), ("reopen", {})):
        refused(step(client, s, verb, body, 422), 422, "invalid", "/reason")
    assert state(client, s) == "submitted"


@pytest.mark.parametrize("verb,body,pointer", [
    ("triage", {}, "/will_examine"), ("triage", {"will_examine": "yes"}, "/will_examine"),
    ("triage", {"will_examine": True, "ref": "x"}, "/ref"),
    ("answers", {}, "/status"), ("answers", {"status": "maybe"}, "/status"),
    ("acknowledge", {"auto": 1}, "/auto"), ("acknowledge", {"unit": "a"}, "/unit"),
    ("support", {"receipt": "x"}, "/receipt"),
])
def test_what_is_no_step(client, verb, body, pointer):
    s = submit(client)
    refused(step(client, s, verb, body, 422), 422, "invalid", pointer)
    assert state(client, s) == "submitted"


def test_a_second_triage_says_what_is_possible(client):
    s = submit(client)
    step(client, s, "triage", {"will_examine": False, "reason": "No"})
    answer = step(client, s, "triage", {"will_examine": True}, 409)
    detail = refused(answer, 409, "illegal-transition")["detail"]
    assert "not_examined" in detail and "reopen" in detail
    step(client, s, "reopen", {"reason": "Yes, after all"})
    answer = step(client, s, "reopen", {"reason": "Again"}, 409)
    assert "triage" in answer.json()["detail"]


def test_steps_are_sent_again(client):
    s = submit(client)
    body = {"will_examine": True, "id": f"v{next(numbers)}", "source": "desk"}
    first = step(client, s, "triage", body).json()
    again = step(client, s, "triage", body, 200).json()
    assert first["id"] == again["id"] == body["id"] and again["status"] == "duplicate"
    refused(step(client, s, "triage", {**body, "will_examine": False, "reason": "x"}, 422),
            422, "id-conflict", "/id")


def test_ids_that_are_not_there(client):
    for verb, body in (("acknowledge", None), ("triage", {"will_examine": True}),
                       ("answers", {"status": "done"}), ("support", None),
                       ("reopen", {"reason": "x"})):
        for name in "none", "case-" + "0" * 32, "a/b/c", "%20", "x" * 200:
            refused(step(client, {"id": name}, verb, body, 404), 404, "not-found")
    for name in "none", "case-" + "0" * 32, "a/b/c":
        refused(client.get("/v1/suggestions/" + name), 404, "not-found")


def test_ids_with_slashes_and_of_two_sources(client):
    name = f"orders/{next(numbers)}"
    for source in "shop", "web":
        submit(client, id=name, source=source, title=source)
    step(client, {"id": name}, "acknowledge")  # the newest
    for source, then in (("shop", "submitted"), ("web", "acknowledged")):
        answer = client.get("/v1/suggestions/" + name, source=source)
        assert (answer.json()["state"], answer.json()["title"]) == (then, source)
    path = f"/v1/suggestions/{name}/triage?source="
    assert client.post(path + "shop", {"will_examine": True}).status == 201
    refused(client.post(path + "none", {"will_examine": True}), 404, "not-found")
    refused(client.post(path, {"will_examine": True}), 422, "invalid", "source")
    refused(client.post(path + "a&source=b", {"will_examine": True}), 422, "invalid", "source")
    refused(client.post("/v1/suggestions?source=a", {}), 422, "invalid")


# --- support

def test_support(client):
    s, other = submit(client), submit(client)
    step(client, s, "support", {"receipt": other["receipt"]})
    refused(step(client, s, "support", {"receipt": other["receipt"]}, 409), 409,
            "illegal-transition")
    typed = other["receipt"].lower().replace("-", "")
    refused(step(client, s, "support", {"receipt": typed}, 409), 409, "illegal-transition")
    refused(step(client, s, "support", {"receipt": s["receipt"]}, 409), 409,
            "illegal-transition")
    step(client, s, "support")
    assert client.get("/v1/suggestions/" + s["id"]).json()["supporters"] == 2
    step(client, s, "triage", {"will_examine": False, "reason": "x"})
    answer = step(client, s, "support", None, 409)
    assert "not_examined" not in answer.json()["detail"]


# --- receipts

def test_a_receipt_is_read_as_people_type_it(shared, client, anybody):
    s = submit(client)
    step(client, s, "answers", {"status": "accepted", "reason": "Good idea"})
    canonical = s["receipt"]
    plain = canonical.replace("-", "")
    for text in (canonical, canonical.lower(), plain, plain.lower(), plain.replace("0", "o"),
                 plain.replace("1", "l"), plain.replace("1", "i"), "--" + plain + "-"):
        answer = anybody.get("/v1/receipts/" + text)
        assert answer.status == 200, (text, answer)
        assert answer.json()["state"] == "accepted"
    assert answer.json()["history"][-1]["reason"] == "Good idea"
    assert answer.headers.get_all("Cache-Control") == ["no-store"]
    assert answer.headers.get_all("Referrer-Policy") == ["no-referrer"]
    assert answer.headers["ETag"] is None
    # Opening it once was news (behind the answer), opening it again was not.
    assert shared.one("SELECT count(*) FROM event WHERE seq > ?", s["seq"]) == 2


def test_head_stores_nothing(shared, client, anybody):
    s = submit(client)
    step(client, s, "answers", {"status": "accepted"})
    before = shared.one("SELECT count(*) FROM event")
    head = anybody.request("HEAD", "/v1/receipts/" + s["receipt"])
    assert (head.status, head.body) == (200, b"")
    assert shared.one("SELECT count(*) FROM event") == before
    assert anybody.get("/v1/receipts/" + s["receipt"]).status == 200
    assert shared.one("SELECT count(*) FROM event") == before + 1


def test_codes_that_open_nothing(shared, client, anybody):
    before = shared.one("SELECT count(*) FROM event")
    bodies = set()
    for code in (UNKNOWN, "E" + UNKNOWN[1:], "P" + UNKNOWN[1:], "x", "C-", "%00x"[3:], "C-1?"[:3],
                 UNKNOWN + "0", "ż"):
        path = "/v1/receipts/" + "".join(f"%{b:02X}" for b in code.encode())
        answer = anybody.get(path)
        assert refused(answer, 404, "not-found")["detail"] == NOT_FOUND_CODE
        bodies.add(answer.body)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        for verb, body in (("rate", {"felt_heard": 3}), ("reply", {"body": "x"}),
                           ("withdraw", None)):
            answer = anybody.post(f"{path}/{verb}", body if body is not None else {})
            refused(answer, 404, "not-found")
            bodies.add(answer.body)
        bodies.add(anybody.get(path.replace("receipts", "me")).body)
        answer = anybody.post(path.replace("receipts", "me") + "/requests",
                              {"role": "agent", "class": "refund"})
        bodies.add(answer.body)
    assert len(bodies) == 1
    assert shared.one("SELECT count(*) FROM event") == before


def test_rate_reply_withdraw(client, anybody):
    s = submit(client)
    refused(own(anybody, s, "rate", {"felt_heard": 4}), 409, "illegal-transition")
    step(client, s, "answers", {"status": "declined", "reason": "Too dear"})
    assert own(anybody, s, "rate", {"felt_heard": 4}).status == 201
    refused(own(anybody, s, "rate", {"felt_heard": 5}), 409, "illegal-transition")
    for value in 0, 6, 2.5, "4", None:
        refused(own(anybody, s, "rate", {"felt_heard": value}), 422, "invalid", "/felt_heard")
    refused(own(anybody, s, "withdraw"), 409, "illegal-transition")
    refused(own(anybody, s, "reply", {"body": " "}), 422, "invalid", "/body")
    refused(own(anybody, s, "reply", {}), 422, "invalid", "/body")
    refused(own(anybody, s, "reply", {"body": "x", "receipt": s["receipt"]}), 422, "invalid",
            "/receipt")
    answer = own(anybody, s, "reply", {"body": "Not that dear"})
    assert answer.status == 201 and answer.headers["Referrer-Policy"] == "no-referrer"
    assert state(client, s) == "reopened"
    assert own(anybody, s, "withdraw").status == 201
    assert state(client, s) == "withdrawn"
    detail = refused(own(anybody, s, "reply", {"body": "x"}), 409, "illegal-transition")["detail"]
    assert "withdrawn" in detail


def test_by_receipt_again(client, anybody):
    s = submit(client)
    body = {"body": "More", "id": f"v{next(numbers)}"}
    assert [own(anybody, s, "reply", body).status for _ in range(2)] == [201, 200]


def test_a_token_does_not_matter_to_a_receipt(shared, client):
    s = submit(client, kind="concern")
    with shared.client(shared.new_token("read", unit="elsewhere")) as c:
        assert c.get("/v1/receipts/" + s["receipt"]).status == 200
        assert own(c, s, "reply", {"body": "x"}).status == 201


def test_employees_receipts(client, anybody):
    s = submit(client, audience="employee", kind="concern", person="ann",
               time=int(time.time()) - 3 * DAY)
    assert s["receipt"].startswith("E-") and s["id"].startswith("case-") and "seq" not in s
    answer = anybody.get("/v1/receipts/" + s["receipt"].lower())
    assert answer.status == 200 and "ann" not in answer.text()
    step(client, s, "answers", {"status": "accepted"})
    assert own(anybody, s, "rate", {"felt_heard": 1}).status == 201
    answer = client.event({"type": "suggestion.withdrawn", "time": int(time.time()) - DAY,
                           "data": {"receipt": s["receipt"]}})
    assert answer.status == 201
    # Who answers sees that it was withdrawn, and nothing of how it felt.
    answer = client.get("/v1/suggestions/" + s["id"])
    assert answer.json()["state"] == "withdrawn" and "felt" not in answer.text()


# --- who may

def test_concerns_need_their_scope(shared, client):
    kinds = {kind: [submit(client, audience=a, kind=kind, time=int(time.time()) - 3 * DAY)
                    for a in ("customer", "employee")] for kind in ("concern", "question")}
    with shared.client(shared.new_token("respond")) as c, \
            shared.client(shared.new_token("respond", "concern")) as both:
        for s in kinds["concern"]:
            refused(c.get("/v1/suggestions/" + s["id"]), 404, "not-found")
            step(c, s, "triage", {"will_examine": True}, 404)
            assert both.get("/v1/suggestions/" + s["id"]).status == 200
            step(both, s, "triage", {"will_examine": True})
        for s in kinds["question"]:
            assert c.get("/v1/suggestions/" + s["id"]).status == 200
            step(c, s, "triage", {"will_examine": True})


def test_a_token_of_a_unit(shared, client):
    mine, other = (submit(client, unit=u) for u in ("retail/north", "web"))
    with shared.client(shared.new_token("respond", "ingest", "roster", unit="retail")) as c:
        assert c.get("/v1/suggestions/" + mine["id"]).status == 200
        step(c, mine, "acknowledge")
        step(c, mine, "support")
        refused(c.get("/v1/suggestions/" + other["id"]), 404, "not-found")
        step(c, other, "acknowledge", None, 404)
        step(c, other, "support", None, 404)
        refused(c.get("/v1/suggestions"), 403, "forbidden", "unit")
        rows = c.get("/v1/suggestions", unit="retail").json()["rows"]
        assert mine["id"] in [r["id"] for r in rows]
        assert other["id"] not in [r["id"] for r in rows]
        body = {"audience": "customer", "kind": "opinion", "title": "x"}
        refused(c.post("/v1/suggestions", body), 403, "forbidden", "/unit")
        assert c.post("/v1/suggestions", {**body, "unit": "retail/x"}).status == 201
        boundary = {"role": "agent", "class": "gift", "limit": 5, "mode": "act"}
        refused(c.put("/v1/boundaries", boundary), 403, "forbidden", "/unit")
        assert c.put("/v1/boundaries", {**boundary, "unit": "retail/north"}).status == 201
        ask = {"role": "agent", "class": "gift", "amount": 5}
        refused(c.post("/v1/boundaries/check", ask), 403, "forbidden", "/unit")
        answer = c.post("/v1/boundaries/check", {**ask, "unit": "retail/north"})
        assert answer.json()["mode"] == "act"
        refused(c.post("/v1/people", {"person": "x"}), 403, "forbidden", "Authorization")


def test_nothing_of_it_in_the_log(shared, client, anybody):
    s = submit(client, id="secretid", title="secret title")
    anybody.get("/v1/receipts/" + s["receipt"])
    own(anybody, s, "reply", {"body": "secret body"})
    refused(own(anybody, s, "nothing"), 404, "not-found")
    log = "".join(shared.log).lower()
    assert "secret" not in log and s["receipt"].lower() not in log


# --- boundaries

def check(client, **ask):
    answer = client.post("/v1/boundaries/check", {"role": "lead", "class": "refund", **ask})
    assert answer.status == 200, answer
    return answer.json()


def test_a_boundary_is_in_force_at_once_everywhere():
    with Daemon("workers=3") as d:
        d.start()
        clients = [d.client() for _ in range(9)]
        for limit in range(20):
            body = {"role": "lead", "class": "refund", "limit": limit, "mode": "act"}
            assert clients[0].put("/v1/boundaries", body).status == 201
            for c in clients:
                assert check(c, amount=limit)["limit"] == limit
                assert check(c, amount=limit + 0.01)["mode"] == "propose"
        for c in clients:
            c.close()


def test_act_or_propose(client):
    none = check(client, amount=1)
    assert (none["mode"], none["limit"], none["in_force_since"]) == ("propose", None, None)
    assert [q["driver"] for q in none["questions"]] == [
        "spend", "retention", "reputation", "referral"]
    assert all(q["question"].endswith("?") for q in none["questions"])
    put = {"role": "lead", "class": "refund", "mode": "act", "limit": 19.99,
           "requires_training": "Money", "reason": "Trust", "time": "2026-01-01T00:00:00Z",
           "id": f"v{next(numbers)}"}
    assert client.put("/v1/boundaries", put).json()["status"] == "stored"
    again = client.put("/v1/boundaries", put)
    assert (again.status, again.json()["status"]) == (200, "duplicate")
    found = check(client, amount=19.99)
    assert (found["mode"], found["limit"]) == ("act", 19.99)
    assert found["requires_training"] == "Money"
    assert found["in_force_since"] == "2026-01-01T00:00:00Z"
    assert check(client)["mode"] == "act"
    assert check(client, amount=20)["mode"] == "propose"
    assert check(client, amount=0)["mode"] == "act"
    # The nearest unit, and a person before it.
    for body in ({"unit": "shop", "limit": 100}, {"person": "eve", "limit": 500}):
        body = {"role": "lead", "class": "refund", "mode": "act", **body}
        assert client.put("/v1/boundaries", body).status == 201
    assert check(client, amount=100, unit="shop/7")["mode"] == "act"
    assert check(client, amount=100)["mode"] == "propose"
    assert check(client, amount=101, unit="shop/7")["mode"] == "propose"
    assert check(client, amount=500, person="eve")["mode"] == "act"
    assert check(client, amount=500, person="adam")["mode"] == "propose"
    rows = client.get("/v1/boundaries", role="lead").json()["rows"]
    assert {r["limit"] for r in rows if r["in_force"]} == {19.99, 100}


@pytest.mark.parametrize("body,pointer", [
    ({}, "/role"), ({"role": "a"}, "/class"), ({"role": "A", "class": "b"}, "/role"),
    ({"role": "a", "class": 5}, "/class"), ({"role": "a", "class": "b", "x": 1}, "/x"),
    *[({"role": "a", "class": "b", "amount": amount}, "/amount")
      for amount in (-1, 0.001, 19.999, "5", None, True, 1e10)],
    ({"role": "a", "class": "b", "unit": ""}, "/unit"),
    ({"role": "a", "class": "b", "unit": "a//b"}, "/unit"),
    ({"role": "a", "class": "b", "person": ""}, "/person"),
    ({"role": "a", "class": "b", "person": "x" * 129}, "/person"),
    ([], ""), (5, ""),
])
def test_what_is_no_question(client, body, pointer):
    problem = refused(client.post("/v1/boundaries/check", body), 422, "invalid")
    assert [e["pointer"] for e in problem.get("errors", [{"pointer": ""}])] == [pointer]


def test_questions_that_are_no_json(client):
    for body in b"", b"{", b'{"role":"a","role":"a","class":"b"}', b"\xff":
        refused(client.request("POST", "/v1/boundaries/check", body), 400, "malformed-json")


def test_every_amount_of_two_decimals_is_one(client):
    for cents in itertools.chain(range(0, 300), range(99999999000, 99999999100, 7)):
        text = f'{{"role":"a","class":"b","amount":{cents // 100}.{cents % 100:02}}}'
        assert client.request("POST", "/v1/boundaries/check", text).status == 200, text


@pytest.mark.parametrize("change,pointer", [
    ({"role": None}, "/role"), ({"class": "A B"}, "/class"), ({"mode": None}, "/mode"),
    ({"limit": -1}, "/limit"), ({"limit": 1.005}, "/limit"), ({"mode": "maybe"}, "/mode"),
    ({"channel": "web"}, "/channel"),
])
def test_what_is_no_boundary(client, change, pointer):
    body = {"role": "agent", "class": "x", "mode": "act", "limit": 5, **change}
    body = {k: v for k, v in body.items() if v is not None}
    refused(client.put("/v1/boundaries", body), 422, "invalid", pointer)


# --- personal codes

def code_of(client, person):
    answer = client.post("/v1/people", {"person": person})
    assert answer.status == 201, answer
    assert answer.headers.get_all("Cache-Control") == ["no-store"]
    return answer.json()["code"]


def test_a_personal_code(shared, client, anybody):
    code = code_of(client, "zoe")
    assert code.startswith("P-") and len(code.replace("-", "")) == 27
    for text in code, code.lower().replace("-", ""):
        answer = anybody.get("/v1/me/" + text)
        assert answer.status == 200, answer
        assert answer.headers.get_all("Cache-Control") == ["no-store"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    # A new one replaces it.
    new = code_of(client, "zoe")
    refused(anybody.get("/v1/me/" + code), 404, "not-found")
    assert anybody.get("/v1/me/" + new).status == 200
    # It is no receipt.
    refused(anybody.get("/v1/receipts/" + new), 404, "not-found")
    assert new.lower() not in "".join(shared.log).lower()


def test_asking_for_a_boundary(shared, client, anybody):
    code = code_of(client, "yan")
    ask = {"role": "agent", "class": "refund", "limit": 80, "reason": "Every week",
           "id": f"v{next(numbers)}"}
    path = f"/v1/me/{code}/requests"
    first = anybody.post(path, ask)
    assert first.status == 201 and first.headers["Referrer-Policy"] == "no-referrer"
    again = anybody.post(path, ask)
    assert again.status == 200
    for name in "id", "receipt":
        assert first.json()[name] == again.json()[name]
    # The same id from somebody else is not the same request.
    other = anybody.post(f"/v1/me/{code_of(client, 'xen')}/requests", ask)
    refused(other, 422, "id-conflict", "/id")
    answer = anybody.get("/v1/receipts/" + first.json()["receipt"])
    assert answer.status == 200 and answer.json()["kind"] == "boundary_request"
    rows = client.get("/v1/suggestions", audience="employee", kind="boundary_request")
    assert rows.status == 200
    step(client, first.json(), "answers", {"status": "declined", "reason": "Not yet"})
    assert anybody.get("/v1/receipts/" + first.json()["receipt"]).json()["state"] == "declined"
    assert shared.one("SELECT count(*) FROM v_event WHERE type = 'boundary.requested'") == 1
    for body, pointer in (({"role": "agent"}, "/class"), ({**ask, "person": "yan"}, "/person"),
                          ({**ask, "colour": 1}, "/colour")):
        refused(anybody.post(path, body), 422, "invalid", pointer)


@pytest.mark.parametrize("body,pointer", [
    ({}, "/person"), ({"person": ""}, "/person"), ({"person": 5}, "/person"), ([], ""),
    ({"person": "x" * 129}, "/person"), ({"person": "x", "unit": "a"}, ""),
])
def test_who_is_nobody(client, body, pointer):
    problem = refused(client.post("/v1/people", body), 422, "invalid")
    assert [e["pointer"] for e in problem.get("errors", [{"pointer": ""}])] == [pointer]


# --- the rest

def test_methods(anybody):
    for path, allow in (("/v1/suggestions", "GET, HEAD, OPTIONS, POST"),
                        ("/v1/suggestions/a/b/c", "GET, HEAD, OPTIONS"),
                        ("/v1/suggestions/a/b/triage", "OPTIONS, POST"),
                        ("/v1/receipts/x", "GET, HEAD, OPTIONS"),
                        ("/v1/receipts/x/rate", "OPTIONS, POST"),
                        ("/v1/boundaries", "GET, HEAD, OPTIONS, PUT"),
                        ("/v1/boundaries/check", "OPTIONS, POST"),
                        ("/v1/people", "OPTIONS, POST")):
        answer = anybody.request("OPTIONS", path)
        assert (answer.status, answer.headers["Allow"]) == (204, allow)
        answer = anybody.request("DELETE", path)
        assert answer.headers["Allow"] == allow
        refused(answer, 405, "method-not-allowed")
    for path in ("/v1/receipts", "/v1/receipts/", "/v1/receipts/a/b", "/v1/receipts/a/rate/",
                 "/v1/me", "/v1/suggestions/", "/v1/boundaries/x"):
        assert anybody.request("OPTIONS", path).status == 404, path


def test_codes_are_rate_limited():
    with Daemon("rate_limit=5", "workers=1") as d:
        d.start()
        with d.client(None) as c:
            found = {c.get("/v1/receipts/" + UNKNOWN).status for _ in range(60)}
            assert found == {404, 429}
        with d.client(None) as c:
            assert 429 in {c.post(f"/v1/me/{UNKNOWN}/requests", {}).status for _ in range(60)}


def test_the_description_of_the_interface(client, anybody):
    answer = anybody.get("/v1/openapi.json")
    document = answer.json()
    assert document["openapi"].startswith("3.1") and "/v1/suggestions" in document["paths"]
    tag = answer.headers["ETag"]
    assert anybody.get("/v1/openapi.json", {"If-None-Match": tag}).status == 304
    refused(anybody.get("/v1/openapi.json?x=1"), 422, "invalid")


def test_answers_are_kept_apart_by_who_asks(shared, client):
    """The bytes kept for one token are not given to one that may see less."""
    submit(client, unit="apart")
    everything = client.get("/v1/rollups/suggestions", unit="apart")
    assert everything.status == 200
    with shared.client(shared.new_token("read", unit="elsewhere")) as c:
        refused(c.get("/v1/rollups/suggestions", unit="apart"), 403, "forbidden", "unit")
    with shared.client(shared.new_token("read", unit="apart")) as c:
        assert c.get("/v1/rollups/suggestions", unit="apart").body == everything.body
