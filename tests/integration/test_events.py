"""POST /v1/events: every form, every refusal, and what is in the file afterwards."""
import gzip
import itertools
import json
import os
import socket

import pytest

from harness import Daemon, NDJSON, PROBLEM, refused

numbers = itertools.count(1)


def answered(score=5, **more):
    """A good survey.answered with an id of its own."""
    data = {"survey": "visit", "answers": {"satisfaction": score}}
    data.update(more.pop("data", {}))
    return {"type": "survey.answered", "source": "test", "id": f"e{next(numbers)}",
            "data": data, **more}


def count(daemon, event_id):
    return daemon.one("SELECT count(*) FROM event WHERE id = ?", event_id)


def total(daemon):
    return daemon.one("SELECT count(*) FROM event")


@pytest.fixture(scope="module", autouse=True)
def survey(shared):
    """The survey that the module's events answer."""
    with shared.client() as c:
        document = {"name": "visit", "audience": "customer", "questions": [
            {"name": "satisfaction", "metric": "csat"}, {"name": "why", "metric": "text"},
            {"name": "seat", "metric": "choice", "options": ["window", "aisle"]}],
            "open": {"metric": "csat", "scale": [1, 5]}}
        assert c.put("/v1/surveys/visit", document).status == 201
        staff = {"name": "mood", "audience": "employee", "period": "month",
                 "open": {"metric": "pulse"}, "questions": []}
        assert c.put("/v1/surveys/mood", staff).status == 201


# --- one event

def test_stored(shared, client):
    event = answered(4, data={"unit": "shop/north", "comment": "grüße"})
    answer = client.event(event)
    assert answer.status == 201 and answer.type == "application/json"
    body = answer.json()
    assert body == {"id": event["id"], "status": "stored", "seq": body["seq"]}
    assert shared.sql("SELECT source, id, type, audience, unit FROM v_event "
                      "WHERE id = ?", event["id"]) == [
        ("test", event["id"], "survey.answered", "customer", "shop/north")]
    assert shared.sql("SELECT survey, question, value FROM v_answer WHERE event_seq = ?",
                      body["seq"]) == [("visit", "satisfaction", 4)]


def test_read_your_write_on_every_connection(shared):
    clients = [shared.client() for _ in range(8)]
    for i in range(40):
        event = answered(data={"unit": "ryw"})
        assert clients[i % 8].event(event).status == 201
        for c in clients:
            rows = c.rollup("satisfaction", survey="visit", unit="ryw",
                            question="satisfaction")["rows"]
            assert [r["n"] for r in rows] == [i + 1]
    for c in clients:
        c.close()


def test_without_an_id(client):
    event = answered()
    del event["id"]
    first, second = client.event(event), client.event(event)
    for answer in first, second:
        assert answer.status == 201
        assert answer.json()["idempotent"] is False
        assert len(answer.json()["id"]) == 32
    assert first.json()["id"] != second.json()["id"]


def test_duplicate(shared, client):
    event = answered()
    assert client.event(event).status == 201
    with shared.client() as other:
        for c in client, other:
            answer = c.event(event)
            assert answer.status == 200
            assert answer.json()["status"] == "duplicate"
            assert answer.json()["id"] == event["id"]
    # White space and order of members make no other content.
    text = json.dumps(dict(reversed(event.items())), indent=3)
    assert client.event(text).json()["status"] == "duplicate"
    assert count(shared, event["id"]) == 1


def test_another_source_is_another_event(shared, client):
    event = answered()
    assert client.event(event).status == 201
    assert client.event({**event, "source": "other"}).status == 201
    assert count(shared, event["id"]) == 2


def test_same_id_other_content(shared, client):
    event = answered(5)
    assert client.event(event).status == 201
    event["data"]["answers"]["satisfaction"] = 1
    refused(client.event(event), 422, "id-conflict", "/id")
    assert count(shared, event["id"]) == 1


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_duplicates_across_restarts(end):
    event = answered(data={"survey": "nps", "answers": {"recommend": 9}})
    with Daemon() as d:
        d.start()
        with d.client() as c:
            assert c.event(event).status == 201
        getattr(d, end)()
        d.start()
        with d.client() as c:
            assert c.event(event).json()["status"] == "duplicate"
            changed = json.loads(json.dumps(event).replace("9}", "8}"))
            refused(c.event(changed), 422, "id-conflict", "/id")
        assert total(d) == 1
        d.verify()


def test_confidential_events_leave_no_trace_outside(shared, client):
    before = total(shared)
    secret = {"type": "survey.answered", "id": "conf-1", "source": "hr-form",
              "data": {"survey": "mood", "answers": {"hidden_question": 2},
                       "respondent": "secret-person", "unit": "secret/unit",
                       "comment": "secret comment"}}
    personnel = {"type": "training.completed", "id": "conf-2",
                 "data": {"person": "secret-person", "topic": "secret topic",
                          "unit": "secret/unit"}}
    for event in secret, personnel:
        answer = client.event(event)
        assert answer.status == 201
        assert answer.json() == {"id": event["id"], "status": "stored"}
        assert client.event(event).json() == {"id": event["id"], "status": "duplicate"}
    assert total(shared) == before
    for name in os.listdir(shared.dir):
        if name.startswith("empowerd.db"):
            with open(os.path.join(shared.dir, name), "rb") as f:
                content = f.read()
            for word in b"secret", b"hidden_question", b"conf-1", b"hr-form":
                assert word not in content, (name, word)
    mode = os.stat(os.path.join(shared.dir, "confidential.db")).st_mode & 0o777
    assert mode == 0o600


# --- forms

def ce(event):
    return {"specversion": "1.0", **event}


def post(client, body, content_type, **headers):
    return client.request("POST", "/v1/events", body,
                          {"Content-Type": content_type, **headers})


@pytest.mark.parametrize("content_type", [
    "application/json", "application/json; charset=utf-8", "Application/JSON",
    'application/json;charset="UTF-8"'])
def test_form_json(client, content_type):
    assert post(client, answered(), content_type).status == 201


@pytest.mark.parametrize("content_type,lines", [
    ("application/json", False), ("application/cloudevents-batch+json", False),
    (NDJSON, True), ("application/jsonl", True), ("application/ndjson", True)])
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("n", [0, 1, 3])
def test_forms_of_many(shared, client, content_type, lines, compress, n):
    events = [ce(answered()) for _ in range(n)]
    body = ("".join(json.dumps(e) + "\n" for e in events) if lines
            else json.dumps(events)).encode()
    headers = {"Content-Encoding": "gzip"} if compress else {}
    answer = post(client, gzip.compress(body) if compress else body, content_type,
                  **headers)
    assert answer.status == 200, answer
    result = answer.json()
    assert (result["stored"], result["duplicate"], result["rejected"]) == (n, 0, [])
    assert ("seq" in result) == (n > 0)
    for event in events:
        assert count(shared, event["id"]) == 1


def test_form_cloudevents_structured(client):
    assert post(client, ce(answered()), "application/cloudevents+json").status == 201
    refused(post(client, answered(), "application/cloudevents+json"), 422, "invalid",
            "/specversion")


def test_form_cloudevents_binary(shared, client):
    event = answered()
    headers = {"ce-specversion": "1.0", "ce-type": event["type"],
               "ce-source": "caf%C3%A9", "ce-id": event["id"],
               "ce-time": "2026-01-01T10:02:00Z", "ce-other": "ignored"}
    answer = post(client, event["data"], "application/json", **headers)
    assert answer.status == 201, answer
    assert shared.sql("SELECT source, ts FROM v_event WHERE id = ?", event["id"]) == [
        ("café", 1767261720)]
    refused(post(client, event["data"], "application/json",
                 **{**headers, "ce-source": "%zz"}), 422, "invalid", "ce-source")


@pytest.mark.parametrize("content_type", [
    "text/plain", "application/x-www-form-urlencoded", "application/xml", "",
    "application/json; charset=iso-8859-1"])
def test_other_media_types(client, content_type):
    answer = post(client, answered(), content_type)
    refused(answer, 415, "unsupported-media-type", "Content-Type")
    assert "application/json" in answer.headers["Accept-Post"]


# --- many events

def test_batch_of_good_and_bad(shared, client):
    good, twin = answered(), answered()
    bad = answered(9)
    answer = client.lines([good, bad, "{nonsense", "", twin, twin,
                           {"type": "no.such", "id": "t"}])
    assert answer.status == 200, answer
    result = answer.json()
    assert (result["stored"], result["duplicate"]) == (2, 1)
    first, second, third = result["rejected"]
    assert (first["index"], first["id"]) == (1, bad["id"])
    assert first["error"]["type"] == "/problems/invalid"
    assert first["error"]["errors"][0]["pointer"] == "/data/answers/satisfaction"
    assert second["index"] == 2
    assert second["error"]["type"] == "/problems/malformed-json"
    assert third["error"]["errors"][0]["pointer"] == "/type"
    assert count(shared, bad["id"]) == 0 and count(shared, good["id"]) == 1


def test_batch_id_conflict(client):
    one = answered(1)
    other = {**one, "data": {**one["data"], "answers": {"satisfaction": 2}}}
    # The decoder refuses before the store does; the answer is in the client's order.
    result = client.lines([one, other, one, answered(9)]).json()
    assert (result["stored"], result["duplicate"]) == (1, 1)
    assert [r["index"] for r in result["rejected"]] == [1, 3]
    assert result["rejected"][0]["error"]["type"] == "/problems/id-conflict"


@pytest.mark.parametrize("array", [False, True])
def test_large_batch(shared, client, array):
    events = [answered(1 + i % 5, data={"unit": f"large/{array}".lower()})
              for i in range(3000)]
    for i in range(100, 3000, 500):
        events[i]["data"]["answers"] = {"satisfaction": 77}
    answer = client.event(events) if array else client.lines(events)
    result = answer.json()
    assert answer.status == 200 and result["stored"] == 2994
    assert [r["index"] for r in result["rejected"]] == list(range(100, 3000, 500))
    assert [r["id"] for r in result["rejected"]] == [
        events[i]["id"] for i in range(100, 3000, 500)]
    rows = client.rollup("satisfaction", survey="visit",
                         unit=f"large/{array}".lower())["rows"]
    assert sum(r["n"] for r in rows) == 2994
    again = client.lines(events).json()
    assert (again["stored"], again["duplicate"]) == (0, 2994)


def test_broken_array_stores_nothing(shared, client):
    before = total(shared)
    events = [answered() for _ in range(3)]
    for text in (json.dumps(events)[:-1], json.dumps(events) + "x",
                 "[" + json.dumps(events[0]) + " " + json.dumps(events[1]) + "]",
                 json.dumps(events)[:-1] + ",]"):
        refused(client.event(text), 400, "malformed-json")
    assert total(shared) == before


def test_atomic(shared, client):
    before = total(shared)
    events = [answered() for _ in range(700)]
    bad = [*events[:3], answered(9), *events[3:], answered(data={"unit": "NO"})]
    problem = refused(client.lines(bad, "?atomic=1"), 422, "invalid",
                      "/3/data/answers/satisfaction")
    assert [e["pointer"] for e in problem["errors"]] == [
        "/3/data/answers/satisfaction", "/701/data/unit"]
    assert total(shared) == before
    result = client.lines(events, "?atomic=1").json()
    assert result["stored"] == 700 and result["rejected"] == []
    # A repeat is no reason to refuse.
    result = client.lines([*events, answered()], "?atomic=1").json()
    assert (result["stored"], result["duplicate"]) == (1, 700)
    conflict = json.loads(json.dumps(events[5]).replace(": 5}", ": 4}"))
    refused(client.lines([answered(), conflict], "?atomic=1"), 422, "invalid", "/1/id")
    assert total(shared) == before + 701


def test_atomic_over_both_files(shared, client):
    staff = {"type": "survey.answered", "id": f"m{next(numbers)}",
             "data": {"survey": "mood", "answers": {"energy": 3}}}
    before = total(shared)
    refused(client.lines([answered(), staff], "?atomic=1"), 422, "mixed-classes")
    assert total(shared) == before
    result = client.lines([staff], "?atomic=1").json()
    assert result == {"stored": 1, "duplicate": 0, "rejected": []}


@pytest.mark.parametrize("query,pointer", [("?atomic=2", "atomic"), ("?x=1", "")])
def test_parameters(client, query, pointer):
    refused(client.lines([answered()], query), 422, "invalid", pointer)


def test_a_client_that_leaves_is_counted(shared, client):
    events = [answered(data={"unit": "leaver"}) for _ in range(200)]
    body = "".join(json.dumps(e) + "\n" for e in events).encode()
    s = socket.create_connection(("127.0.0.1", shared.port))
    s.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: %b\r\n"
              b"Authorization: Bearer %b\r\nContent-Length: %d\r\n\r\n%b" %
              (NDJSON.encode(), shared.token.encode(), len(body), body))
    # The first byte of the answer shows that all is stored; nobody reads on.
    assert s.recv(1) == b"H"
    s.close()
    rows = client.rollup("satisfaction", survey="visit", unit="leaver")["rows"]
    assert [r["n"] for r in rows] == [200]


# --- refusals

DEEP = "[" * 5000 + "]" * 5000
BAD = [
    ("", 400, "malformed-json", None),
    ("{", 400, "malformed-json", None),
    ("nonsense", 400, "malformed-json", None),
    ('{"type":"survey.answered"} x', 400, "malformed-json", None),
    ('{"type":"survey.answered","type":"survey.answered"}', 400, "malformed-json", None),
    (b'{"type":"survey.answered","id":"\xff"}', 400, "malformed-json", None),
    ('{"type":"survey.answered","id":"a\0b"}', 400, "malformed-json", None),
    ('{"data":' + DEEP + "}", 400, "malformed-json", None),
    ("5", 422, "invalid", None),
    ({"data": {}}, 422, "invalid", "/type"),
    ({"type": 5, "data": {}}, 422, "invalid", "/type"),
    ({"type": "survey.answered"}, 422, "invalid", "/data"),
    ({"type": "nothing.known", "data": {}}, 422, None, "/type"),
    ({"type": "decision.made", "data": {}}, 422, "invalid", "/data/role"),
    (answered(0), 422, "invalid", "/data/answers/satisfaction"),
    (answered(6), 422, "invalid", "/data/answers/satisfaction"),
    (answered(4.5), 422, "invalid", "/data/answers/satisfaction"),
    (answered("5"), 422, "invalid", "/data/answers/satisfaction"),
    (answered(True), 422, "invalid", "/data/answers/satisfaction"),
    (answered(data={"survey": "none"}), 422, "invalid", "/data/survey"),
    (answered(data={"answers": {}}), 422, "invalid", "/data/answers"),
    (answered(data={"answers": {"seat": "middle"}}), 422, "invalid",
     "/data/answers/seat"),
    (answered(data={"unknown": 1}), 422, "invalid", "/data/unknown"),
    (answered(data={"unit": "Upper"}), 422, "invalid", "/data/unit"),
    (answered(data={"unit": "a//b"}), 422, "invalid", "/data/unit"),
    (answered(data={"channel": "x" * 65}), 422, "invalid", "/data/channel"),
    (answered(data={"audience": "employee"}), 422, "invalid", "/data/audience"),
    (answered(data={"comment": "x" * 8193}), 422, "invalid", "/data/comment"),
    (answered(data={"respondent": "x" * 129}), 422, "invalid", "/data/respondent"),
    (answered(time="2999-01-01T00:00:00Z"), 422, "invalid", "/time"),
    (answered(time="1969-12-31T23:59:59Z"), 422, "invalid", "/time"),
    (answered(time="yesterday"), 422, "invalid", "/time"),
    ({**answered(), "id": ""}, 422, "invalid", "/id"),
    ({**answered(), "id": "x" * 129}, 422, "invalid", "/id"),
    ({**answered(), "id": 7}, 422, "invalid", "/id"),
    ({"type": "signal.recorded", "data": {"audience": "customer"}}, 422, "invalid",
     "/data/signal"),
    ({"type": "signal.recorded", "data": {"audience": "customer", "signal": "joined"}},
     422, "invalid", "/data/signal"),
    ({"type": "headcount.set", "data": {"unit": "a", "headcount": -1}}, 422, "invalid",
     "/data/headcount"),
    (answered(data={"comment": "x" * 70000}), 413, "content-too-large", None),
]


@pytest.mark.parametrize("body,status,slug,pointer", BAD,
                         ids=[str(i) for i in range(len(BAD))])
def test_bad_input(shared, client, body, status, slug, pointer):
    before = total(shared)
    answer = client.event(body)
    assert answer.type == PROBLEM
    refused(answer, status, slug or answer.json()["type"].split("/")[-1], pointer)
    assert total(shared) == before
    assert client.event(answered()).status == 201  # on the same connection


def test_gzip_bomb(shared, client):
    before = total(shared)
    bomb = gzip.compress(b" " * (64 << 20))
    answer = post(client, bomb, NDJSON, **{"Content-Encoding": "gzip"})
    refused(answer, 413, "content-too-large")
    assert total(shared) == before


def test_bad_gzip(client):
    answer = post(client, b"not gzip", NDJSON, **{"Content-Encoding": "gzip"})
    refused(answer, 400, "malformed-gzip")


# --- who may

def test_no_token_and_a_wrong_one(shared):
    for token in None, "emp_wrong", "", "x" * 500:
        with shared.client(token) as c:
            answer = c.event(answered())
            refused(answer, 401, "unauthorized")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_other_authorization(shared):
    with shared.client(None) as c:
        for value in "Basic eDp5", "Bearer", "bearer", shared.token:
            refused(c.event(answered(), Authorization=value), 401, "unauthorized")
        assert c.event(answered(),
                       Authorization="bEaReR  " + shared.token).status == 201


def test_scopes(shared):
    training = {"type": "training.completed", "data": {"person": "p", "topic": "t"}}
    absence = {"type": "signal.recorded", "data": {"audience": "employee", "person": "p",
                                                   "signal": "absence", "days": 1}}
    signup = {"type": "signal.recorded", "data": {"audience": "customer", "person": "p",
                                                  "signal": "signup"}}
    may = {"ingest": [answered(), signup], "roster": [training, absence], "read": []}
    everything = [*may["ingest"], *may["roster"]]
    for scope, allowed in may.items():
        with shared.client(shared.new_token(scope)) as c:
            for event in everything:
                answer = c.event(event)
                if event in allowed:
                    assert answer.status == 201, (scope, answer)
                else:
                    refused(answer, 403, "forbidden", "/type")
    with shared.client(shared.new_token("ingest")) as c:
        result = c.lines([answered(), training]).json()
        assert result["stored"] == 1
        assert result["rejected"][0]["error"]["status"] == 403


def test_unit_of_a_token(shared):
    with shared.client(shared.new_token("ingest", unit="retail/north")) as c:
        for unit in "retail/north", "retail/north/store-1":
            assert c.event(answered(data={"unit": unit})).status == 201
        for unit in "retail", "retail/northern", "retail/south", "other":
            refused(c.event(answered(data={"unit": unit})), 403, "forbidden",
                    "/data/unit")
        refused(c.event(answered()), 403, "forbidden", "/data/unit")


def test_rate_limit():
    with Daemon("rate_limit=5", "workers=1") as d:
        d.start()
        with d.client(None) as c:
            statuses = [c.event(answered()).status for _ in range(200)]
            assert 401 in statuses and 429 in statuses
            answer = next(a for a in iter(lambda: c.event(answered()), None)
                          if a.status == 429)
            refused(answer, 429, "rate-limited")
            assert int(answer.headers["Retry-After"]) >= 1
            assert c.get("/healthz").status == 200  # never limited
        with d.client() as c:  # nor is who has a token
            for _ in range(100):
                assert c.get("/v1/surveys").status == 200


# --- methods

@pytest.mark.parametrize("path,allow", [
    ("/v1/events", "OPTIONS, POST"), ("/healthz", "GET, HEAD, OPTIONS"),
    ("/v1/surveys/x", "GET, HEAD, OPTIONS, PUT"), ("/v1/tokens/1", "DELETE, OPTIONS")])
def test_methods(client, path, allow):
    answer = client.request("OPTIONS", path)
    assert answer.status == 204 and answer.headers["Allow"] == allow
    answer = client.request("PATCH", path)
    refused(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == allow


def test_unknown_path(client):
    refused(client.get("/v2/events"), 404, "not-found")
