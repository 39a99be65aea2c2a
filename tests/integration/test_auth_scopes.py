"""Who may do what: every scope on every route, tokens of a unit, tokens that are gone,
tokens that came over an open wire, and requests without one.
"""
import csv
import http.client
import io
import itertools
import json
import os
import re
import socket

import pytest

from harness import HERE, TIMEOUT, Answer, Daemon, refused

numbers = itertools.count(1)
SCOPES = ["ingest", "respond", "concern", "roster", "read", "admin"]
MOOD = {"name": "mood", "audience": "employee", "open": {"metric": "pulse"}, "questions": []}


def routes():
    """(method, path, access) of all there are."""
    with open(os.path.join(HERE, "..", "src", "api", "routes.def"), encoding="utf-8") as f:
        rows = re.findall(r'^ROUTE\((\w+), "([^"]+)", (\w+)', f.read(), re.M)
    assert len(rows) > 10
    return rows


def concrete(path):
    return {"/v1/rollups/{name}": "/v1/rollups/satisfaction",
            "/v1/surveys/{name}": "/v1/surveys/csat", "/v1/units/{+path}": "/v1/units/a/b",
            "/v1/tokens/{id}": "/v1/tokens/999999"}.get(
                path, path.replace("{+id}", "a/b").replace("{code}", "c-1"))


ANYBODY = ("OPEN", "PUBLIC", "RECEIPT")
ALLOWED = {**{access: set(SCOPES) for access in ANYBODY}, "BY_EVENT": set(SCOPES),
           **{scope.upper(): {scope, "admin"}
              for scope in ("ingest", "respond", "roster", "read")},
           "WHOLE": {"read", "admin"}, "ADMIN": {"admin"}}


@pytest.fixture(scope="module")
def shared():
    """One that answers however often it is asked without a token."""
    with Daemon("rate_limit=0") as d:
        yield d.start()


@pytest.fixture(scope="module")
def tokens(shared):
    with shared.client() as c:
        assert c.put("/v1/surveys/mood", MOOD).status == 201
    return {scope: shared.new_token(scope) for scope in SCOPES}


def outcome(client, method, path):
    """How far the request came: without a token, without the scope, or to the route."""
    answer = client.request(method, path, b"{" if method in ("PUT", "POST") else None,
                            {"Content-Type": "application/json"})
    if answer.status in (401, 403):
        return answer.json()["type"].split("/")[-1]
    return "through"


@pytest.mark.parametrize("method,path,access", routes())
def test_every_scope_on_every_route(shared, tokens, method, path, access):
    for scope in SCOPES:
        with shared.client(tokens[scope]) as c:
            want = "through" if scope in ALLOWED[access] else "forbidden"
            assert outcome(c, method, concrete(path)) == want, scope
            if method == "GET":
                answer = c.request("HEAD", concrete(path))
                assert (answer.status == 403) == (want == "forbidden"), (scope, answer)
    for token in None, "emp_" + "A" * 43, tokens["admin"][:-1], tokens["admin"] + "x", \
            tokens["admin"].upper(), "":
        with shared.client(token) as c:
            want = "through" if access in ANYBODY else "unauthorized"
            assert outcome(c, method, concrete(path)) == want, token


EVENTS = [
    ("ingest", "survey.invited", {"survey": "csat"}),
    ("ingest", "survey.shown", {"survey": "csat"}),
    ("ingest", "survey.dismissed", {"survey": "csat"}),
    ("ingest", "survey.answered", {"survey": "csat", "answers": {"overall": 4}}),
    ("ingest", "survey.answered", {"survey": "mood", "answers": {"energy": 4}}),
    ("ingest", "recognition.given", {"audience": "employee", "kind": "praise", "to": "x",
                                     "visibility": "private"}),
    ("ingest", "recognition.given", {"audience": "customer", "kind": "praise", "to": "x"}),
    *[("ingest", "signal.recorded", {"audience": "customer", "signal": s}) for s in
      ("signup", "referral", "cancellation")],
    *[("roster", "signal.recorded", {"audience": "employee", "signal": s}) for s in
      ("joined", "separation", "absence", "referral", "stay_intent", "leave_intent")],
    ("roster", "training.completed", {"person": "x"}),
    ("roster", "headcount.set", {"unit": "a", "headcount": 5}),
    ("roster", "base.set", {"active": 5}),
]


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_for_every_event(shared, tokens, scope):
    with shared.client(tokens[scope]) as c:
        events = [{"type": t, "id": f"a{next(numbers)}", "data": d} for _, t, d in EVENTS]
        allowed = [need == scope or scope == "admin" for need, _, _ in EVENTS]
        for event, may, (need, _, _) in zip(events, allowed, EVENTS):
            answer = c.event({**event, "id": event["id"] + "-single"})
            if may:
                assert answer.status == 201, (event, answer)
            else:
                problem = refused(answer, 403, "forbidden", "/type")
                assert need in problem["detail"]
        result = c.lines(events).json()
        assert result["stored"] == sum(allowed)
        assert [r["index"] for r in result["rejected"]] == [
            i for i, may in enumerate(allowed) if not may]
        assert all(r["error"]["status"] == 403 for r in result["rejected"])


def test_what_is_wrong_and_not_allowed_stores_nothing(shared, tokens):
    before = shared.one("SELECT count(*) FROM event")
    good = {"type": "survey.shown", "data": {"survey": "csat"}}
    with shared.client(tokens["ingest"]) as c:
        for bad in {"type": "base.set", "data": {"active": 1}}, {"type": "x"}:
            assert c.lines([good, bad], "?atomic=1").status == 422
    with shared.client(tokens["read"]) as c:
        assert c.lines([good] * 600).json()["stored"] == 0
    assert shared.one("SELECT count(*) FROM event") == before


def test_unauthorized_says_how(shared):
    for token in None, "emp_wrong":
        with shared.client(token) as c:
            answer = c.get("/v1/surveys")
            refused(answer, 401, "unauthorized", "Authorization")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_odd_authorization_values(shared):
    token = shared.token
    with shared.client(None) as c:
        for value in ("Bearer", "Bearer ", "Bearer  ", token, f"Basic {token}",
                      f"Bearer{token}", f"Bearer {token} x", f"Bearer {token},{token}",
                      f'Bearer "{token}"', "Bearer " + "x" * 4000, "\x80\xff",
                      f"Token {token}", f"Bearer {token[:20]} {token[20:]}"):
            refused(c.get("/v1/surveys", {"Authorization": value.encode("latin-1")}), 401,
                    "unauthorized")
        for value in f"Bearer {token}", f"bearer {token}", f"BEARER   {token}  ":
            assert c.get("/v1/surveys", {"Authorization": value}).status == 200
        # Nowhere else.
        assert c.get(f"/v1/surveys?access_token={token}").status == 401
        assert c.get("/v1/surveys", {"Cookie": "token=" + token}).status == 401
        assert c.get("/v1/surveys", {"X-Authorization": "Bearer " + token}).status == 401


def test_a_connection_remembers_no_more_than_the_last_one(shared, tokens):
    """Tokens change on one connection: each request counts by its own."""
    with shared.client(None) as c:
        for token, status in [("admin", 200), ("ingest", 403), ("read", 403), ("admin", 200),
                              (None, 401), ("admin", 200)]:
            headers = {"Authorization": "Bearer " + tokens[token]} if token else {}
            assert c.get("/v1/tokens", headers).status == status
        refused(c.get("/v1/tokens", {"Authorization": "Bearer " + tokens["admin"][:-1] + "_"}),
                401, "unauthorized")


def test_revoked_is_revoked_at_once_everywhere(shared):
    with shared.client() as admin:
        made = admin.post("/v1/tokens", {"label": "x", "scopes": ["read", "ingest"]}).json()
        clients = [shared.client(made["token"]) for _ in range(8)]
        path = "/v1/rollups/satisfaction?survey=csat"
        event = {"type": "survey.shown", "data": {"survey": "csat"}}
        for c in clients:
            assert c.get(path).status == 200 and c.event(event).status == 201
        places = [c.connection.sock.getsockname() for c in clients]
        # A request whose body is still on its way when the token is revoked.
        slow = socket.create_connection(("127.0.0.1", shared.port), TIMEOUT)
        body = json.dumps(event).encode()
        slow.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     b"Authorization: Bearer %b\r\nContent-Type: application/json\r\n"
                     b"Content-Length: %d\r\n\r\n%b" % (made["token"].encode(), len(body),
                                                        body[:10]))
        before = shared.one("SELECT count(*) FROM event")
        assert admin.delete(f"/v1/tokens/{made['id']}").status == 204
        slow.sendall(body[10:])
        data = b""
        while chunk := slow.recv(65536):
            data += chunk
        slow.close()
        assert data.startswith(b"HTTP/1.1 401 "), data
        for c, place in zip(clients, places):
            refused(c.get(path), 401, "unauthorized")  # from no cache either
            refused(c.event(event), 401, "unauthorized")
            assert c.connection.sock.getsockname() == place
            c.close()
        assert shared.one("SELECT count(*) FROM event") == before


# --- tokens of a unit

def answered(unit=None, **more):
    data = {"survey": "csat", "answers": {"overall": 4}, **more}
    if unit:
        data["unit"] = unit
    return {"type": "survey.answered", "id": f"u{next(numbers)}", "data": data}


OUTSIDE = ["ret", "retai", "retail2", "retail-2", "retail.x", "other", "other/retail",
           "retail2/a", "x/retail/a"]


def test_events_of_a_unit(shared):
    with shared.client(shared.new_token("ingest", "roster", unit="retail")) as c:
        for unit in "retail", "retail/a", "retail/a/b":
            assert c.event(answered(unit)).status == 201
        for unit in [*OUTSIDE, None]:
            refused(c.event(answered(unit)), 403, "forbidden", "/data/unit")
        for event_type, data in [("headcount.set", {"unit": "other", "headcount": 1}),
                                 ("base.set", {"active": 1}),
                                 ("training.completed", {"person": "x"}),
                                 ("signal.recorded", {"audience": "employee",
                                                      "signal": "joined"})]:
            refused(c.event({"type": event_type, "data": data}), 403, "forbidden",
                    "/data/unit")
        result = c.lines([answered("retail"), answered("retail2"), answered()]).json()
        assert result["stored"] == 1
        assert [r["error"]["status"] for r in result["rejected"]] == [403, 403]


@pytest.fixture(scope="module")
def retail(shared):
    """Figures inside of retail and around it, and a token that may see those inside."""
    with shared.client() as c:
        for unit in ["retail", "retail/a", *OUTSIDE]:
            assert c.event(answered(unit)).status == 201
            for event_type, data in [
                    ("signal.recorded", {"audience": "customer", "signal": "signup"}),
                    ("recognition.given", {"audience": "customer", "kind": "praise",
                                           "to": "x"}),
                    ("survey.invited", {"survey": "csat"})]:
                event = {"type": event_type, "data": {**data, "unit": unit}}
                assert c.event(event).status == 201
    return shared.new_token("read", unit="retail")


ROLLUPS = ["satisfaction", "retention", "recognition", "participation"]


@pytest.mark.parametrize("name", ROLLUPS)
def test_figures_of_a_unit(shared, retail, name):
    escapes = ["", "unit=ret", "unit=retail2", "unit=retail/a,other", "unit=other,retail",
               "unit=retail,retail2", "group_by=unit", "group_by=unit&depth=1",
               "audience=customer", "channel=x", "unit=retail%2Ca,retail2", "format=csv",
               "unit=other/retail", "unit=retail%32", "shape=columns&group_by=unit"]
    inside = ["unit=retail", "unit=retail/a", "unit=retail,retail/a", "unit=retail/none",
              "unit=retail&group_by=unit", "unit=retail/a&group_by=unit&depth=1",
              "unit=retail&format=csv&group_by=unit", "unit=ret%61il"]
    with shared.client() as admin, shared.client(retail) as c:
        for query in escapes:
            path = f"/v1/rollups/{name}?{query}"
            # On the same connection, so that it is in the cache of that worker.
            c.get(path, {"Authorization": "Bearer " + shared.token})
            answer = c.get(path)
            if answer.status == 422:  # no value of the parameter in the first place
                assert answer.json()["type"].endswith("/invalid")
                continue
            refused(answer, 403, "forbidden", "unit")
            etag = admin.get(path).headers["ETag"]
            assert c.get(path, {"If-None-Match": etag}).status == 403
            assert c.request("HEAD", path).status == 403
        for query in inside:
            path = f"/v1/rollups/{name}?{query}"
            answer = c.get(path)
            assert answer.status == 200, answer
            assert answer.body == admin.get(path).body
            for unit in OUTSIDE[2:]:
                assert f'"{unit}"' not in answer.text()
            if "csv" in query:
                rows = csv.DictReader(io.StringIO(answer.text()))
                assert {r["unit"].split("/")[0] for r in rows if r.get("unit")} <= {"retail"}


@pytest.mark.parametrize("method,path,access", [
    r for r in routes() if r[2] in ("WHOLE", "ADMIN")])
def test_what_is_about_all_needs_a_token_for_all(shared, method, path, access):
    for scope in "admin", "read":
        with shared.client(shared.new_token(scope, unit="retail")) as c:
            assert outcome(c, method, concrete(path)) == "forbidden"


# --- where a token may come from

def forwarded(daemon, headers, path="/v1/surveys", address="127.0.0.1"):
    connection = http.client.HTTPConnection(address, daemon.port, timeout=TIMEOUT)
    connection.request("GET", path, headers=headers)
    reply = connection.getresponse()
    answer = Answer(reply.status, reply.headers, reply.read())
    connection.close()
    return answer


def test_tokens_over_an_open_wire():
    with Daemon("trusted_proxies=127.0.0.0/8", "workers=1") as d:
        d.start()
        good = {"Authorization": "Bearer " + d.token}
        far = {"X-Forwarded-For": "203.0.113.9"}
        assert forwarded(d, good).status == 200
        for more in (far, {**far, "X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "http"},
                     {"X-Forwarded-For": "127.0.0.1, 203.0.113.9"},
                     {"X-Forwarded-For": "203.0.113.9, 127.0.0.1"}):
            answer = forwarded(d, {**good, **more})
            refused(answer, 403, "insecure-transport")
            # A wrong token is told nothing else.
            wrong = forwarded(d, {"Authorization": "Bearer emp_x", **more})
            assert wrong.status == 403 and wrong.body == answer.body
        assert forwarded(d, {**good, **far, "X-Forwarded-Proto": "https"}).status == 200
        assert forwarded(d, far, "/healthz").status == 200
    with Daemon("workers=1") as d:  # nobody is trusted: the fields are only noise
        d.start()
        good = {"Authorization": "Bearer " + d.token}
        assert forwarded(d, {**good, "X-Forwarded-For": "203.0.113.9",
                             "X-Forwarded-Proto": "http"}).status == 200
        assert forwarded(d, {"X-Forwarded-For": "127.0.0.1"}).status == 401


def own_address():
    """An address of this machine that is not loopback; None when it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))  # sends nothing
            address = s.getsockname()[0]
        except OSError:
            return None
    return None if address.startswith(("127.", "0.")) else address


@pytest.mark.skipif(own_address() is None, reason="this machine has loopback only")
def test_tokens_from_another_address():
    for insecure in False, True:
        options = ["workers=1", "rate_limit=5"] + (["insecure=yes"] if insecure else [])
        with Daemon(*options, listen=["127.0.0.1:0", "0.0.0.0:0"]) as d:
            d.start()
            d.port = d.ports[1]
            good = {"Authorization": "Bearer " + d.token}
            for more in {}, {"X-Forwarded-Proto": "https"}, {"X-Forwarded-For": "127.0.0.1"}:
                answer = forwarded(d, {**good, **more}, address=own_address())
                if insecure:
                    assert answer.status == 200
                else:
                    refused(answer, 403, "insecure-transport", "Authorization")
            assert forwarded(d, good).status == 200
            statuses = {forwarded(d, {"X-Forwarded-For": f"198.51.100.{i}"},
                                  address=own_address()).status for i in range(80)}
            assert statuses == {401, 429}  # a made-up address is no new one


def test_a_unix_socket_is_near(tmp_path):
    path = str(tmp_path / "s")
    with Daemon("workers=1", listen=["127.0.0.1:0", "unix:" + path]) as d:
        d.start()
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        s.sendall(b"GET /v1/surveys HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                  b"Authorization: Bearer %b\r\n\r\n" % d.token.encode())
        data = b""
        while chunk := s.recv(65536):
            data += chunk
        s.close()
        assert data.startswith(b"HTTP/1.1 200 ")


# --- how often

def test_only_requests_without_a_token_are_limited():
    # Four at once and two a second: the flood of a slow machine is faster, too.
    with Daemon("rate_limit=2", "workers=1", "trusted_proxies=127.0.0.0/8") as d:
        d.start()
        good = {"Authorization": "Bearer " + d.token}

        def flood(n, address, path="/v1/surveys", **headers):
            return [forwarded(d, {"X-Forwarded-For": address, **headers}, path)
                    for _ in range(n)]

        def statuses(answers):
            return [a.status for a in answers]

        answers = flood(80, "203.0.113.1")
        assert statuses(answers[:4]) == [401] * 4
        assert set(statuses(answers)) == {401, 429}
        for answer in answers:
            if answer.status == 429:
                refused(answer, 429, "rate-limited")
                assert int(answer.headers["Retry-After"]) >= 1
        # Others are not concerned, nor he who has a token, nor health checks.
        assert statuses(flood(4, "203.0.113.2")) == [401] * 4
        assert statuses(flood(20, "203.0.113.1", "/healthz")) == [200] * 20
        https = {**good, "X-Forwarded-Proto": "https"}
        assert statuses(flood(80, "203.0.113.1", **https)) == [200] * 80
        # Guessing is limited as well, on whatever route, also within one /64.
        wrong = {"Authorization": "Bearer emp_wrong", "X-Forwarded-Proto": "https"}
        assert {forwarded(d, {"X-Forwarded-For": f"2001:db8::{i:x}", **wrong}, path).status
                for i in range(40)
                for path in ("/v1/surveys", "/v1/tokens", "/metrics")} == {401, 429}
