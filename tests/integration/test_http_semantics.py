"""HTTP as proxies, browsers and spreadsheets rely on it: methods, entity tags, parameters,
CSV, and what stands in front of the daemon.
"""
import csv
import io
import itertools
import json
import os
import re
import socket

import pytest

from harness import HERE, TIMEOUT, Daemon, refused

numbers = itertools.count(1)
PATHS = {"/v1/rollups/{name}": "/v1/rollups/satisfaction",
         "/v1/surveys/{name}": "/v1/surveys/csat", "/v1/units/{+path}": "/v1/units/a/b",
         "/v1/tokens/{id}": "/v1/tokens/999999"}
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "BREW"]


def routes():
    """{path: methods} of all there are, HEAD and OPTIONS included."""
    with open(os.path.join(HERE, "..", "src", "api", "routes.def"), encoding="utf-8") as f:
        rows = re.findall(r'^ROUTE\((\w+), "([^"]+)"', f.read(), re.M)
    found = {}
    for method, path in rows:
        found.setdefault(PATHS.get(path, path), {"OPTIONS"}).add(method)
    for methods in found.values():
        if "GET" in methods:
            methods.add("HEAD")
    assert len(found) > 8
    return found


ROUTES = routes()
READABLE = [path for path, methods in ROUTES.items() if "GET" in methods]


def answered(score=4, **data):
    return {"type": "survey.answered", "id": f"h{next(numbers)}", "data": {
        "survey": "csat", "answers": {"overall": score}, **data}}


@pytest.fixture(scope="module", autouse=True)
def some(shared):
    with shared.client() as c:
        assert c.put("/v1/units/a/b", {"name": "a/b", "title": "B"}).status == 201
        for event in (answered(5, unit="shop"), answered(1, unit="web"),
                      {"type": "signal.recorded", "data": {"audience": "customer",
                                                           "signal": "signup"}},
                      {"type": "recognition.given", "data": {
                          "audience": "customer", "kind": "praise", "to": "x"}}):
            assert c.event(event).status == 201


# --- methods

@pytest.mark.parametrize("path", ROUTES)
def test_methods(shared, client, path):
    allow = ", ".join(sorted(ROUTES[path]))
    with shared.client(None) as anybody:
        for query in "", "?a=b&c":
            answer = anybody.request("OPTIONS", path + query)
            assert (answer.status, answer.body) == (204, b"")
            assert answer.headers["Allow"] == allow
            for method in set(METHODS) - ROUTES[path]:
                answer = anybody.request(method, path + query)
                if method == "HEAD":
                    assert (answer.status, answer.body) == (405, b"")
                else:
                    refused(answer, 405, "method-not-allowed")
                assert answer.headers["Allow"] == allow
    answer = client.request("OPTIONS", path, headers={
        "Origin": "https://example.com", "Access-Control-Request-Method": "POST"})
    assert answer.status == 204
    assert not [h for h in answer.headers if h.lower().startswith("access-control-")]


def raw(daemon, *requests):
    """The bytes of the answers; the last request should end the connection."""
    with socket.create_connection(("127.0.0.1", daemon.port), TIMEOUT) as s:
        s.sendall(b"".join(requests))
        data = b""
        while chunk := s.recv(65536):
            data += chunk
    return data


@pytest.mark.parametrize("path", READABLE)
def test_head_is_get_without_the_body(shared, client, path):
    if path in ("/metrics", "/v1/live"):
        return  # numbers that move with each request: see below; and no end: test_live.py
    get, head = client.get(path), client.request("HEAD", path)
    assert head.status == get.status and head.body == b""
    assert get.status == (404 if "{" in path else 200) or get.status == 422, get
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control"):
        assert head.headers[name] == get.headers[name], name
    assert int(head.headers["Content-Length"]) == len(get.body)


def test_nothing_follows_the_head(shared):
    """On the wire: a body behind HEAD or 304 would be taken for the next answer."""
    good = b"Host: x\r\nAuthorization: Bearer %b\r\n" % shared.token.encode()
    asked = [b"HEAD %b HTTP/1.1\r\n%b\r\n" % (p.encode(), good)
             for p in [*READABLE, "/v1/rollups/none", "/no/such", "/v1/surveys/none",
                       "/v1/rollups/satisfaction?x=1", "/v1/tokens/1"]]
    asked.append(b"GET /v1/rollups/satisfaction HTTP/1.1\r\nIf-None-Match: *\r\n%b\r\n" % good)
    data = raw(shared, *asked, b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
               b"Connection: close\r\n\r\n")
    heads = data.split(b"\r\n\r\n")
    assert heads[-1] == b'{"status":"ok"}\n'
    assert len(heads) == len(asked) + 2
    assert all(h.startswith(b"HTTP/1.1 ") for h in heads[:-1])


def test_unknown_addresses(shared, client):
    with shared.client(None) as anybody:
        for path in ("/v1", "/v1/", "/v1/events/", "/v1/events/x", "/v1/rollups", "/v2/events",
                     "//v1/events", "/v1//events", "/V1/events", "/v1/surveys/a/b", "/metrics/",
                     "/v1/rollups/", "/v1/units/", "/v1/surveys/", "/v1/tokens/", "/index.html",
                     "/favicon.ico", "/.git/config", "/v1/../v1/events", "/%2e%2e/etc/passwd"):
            for method in "GET", "POST", "OPTIONS":
                problem = refused(anybody.request(method, path), 404, "not-found")
                assert path not in json.dumps(problem)
    refused(client.get("/v1/rollups/ranking"), 404, "not-found")
    refused(client.get("/v1/surveys/none"), 404, "not-found")
    refused(client.get("/v1/units/none"), 404, "not-found")
    for number in "999999", "x", "-1", "0", "1x", "18446744073709551617":
        refused(client.delete("/v1/tokens/" + number), 404, "not-found")


def test_escapes_in_a_path(client):
    assert client.get("/v1/surveys/%63sat").status == 200
    assert client.get("/%76%31/surveys").status == 200
    refused(client.get("/v1/surveys/a%2Fb"), 400, "bad-request")


@pytest.mark.parametrize("path", [p for p in ROUTES if p not in ("/healthz", "/readyz")])
def test_unknown_parameters(client, path):
    for method in sorted(ROUTES[path] & {"GET", "POST", "PUT", "DELETE", "HEAD"}):
        for query in "?nosuch=1", "?nosuch", "?token=x", "?callback=f":
            answer = client.request(method, path + query, b"{}" if method in ("POST", "PUT")
                                    else None, {"Content-Type": "application/json"})
            assert answer.status == 422, (method, query, answer)
            if method != "HEAD":
                refused(answer, 422, "invalid")


@pytest.mark.parametrize("path", READABLE)
def test_a_body_where_none_belongs(client, path):
    answer = client.request("GET", path, b"{}")
    refused(answer, 413, "content-too-large")
    assert client.get("/healthz").status == 200


# --- entity tags

ROLLUPS = ["satisfaction", "retention", "recognition", "participation"]


@pytest.mark.parametrize("name", ROLLUPS)
def test_entity_tags(shared, client, name):
    clients = [shared.client() for _ in range(6)]  # on whatever workers they are
    queries = ["", "?group_by=unit", "?step=day", "?format=csv", "?shape=columns",
               "?unit=shop"]
    tags = {}
    for query in queries:
        path = f"/v1/rollups/{name}{query}"
        bodies = set()
        for c in clients * 2:
            answer = c.get(path)
            assert answer.status == 200
            bodies.add((answer.headers["ETag"], answer.body))
        assert len(bodies) == 1, path  # the same bytes from everybody
        etag, body = bodies.pop()
        assert re.fullmatch(r'"[^"]+"', etag)
        assert tags.setdefault(etag, body) == body
        for good in (etag, "W/" + etag, f'"x",{etag}', f'W/"x" , {etag}, "y"', "*", " * ",
                     f'"a,b", {etag}', f',, {etag}'):
            for method in "GET", "HEAD":
                answer = client.request(method, path, headers={"If-None-Match": good})
                assert (answer.status, answer.body) == (304, b""), good
                assert answer.headers["ETag"] == etag
                assert "Content-Type" not in answer.headers
        for other in ('"x"', etag[1:-1], etag[:-1], "", '"x", *', etag.upper() + "x",
                      f'"x" {etag}', f"w/{etag}"):
            answer = client.get(path, {"If-None-Match": other})
            assert (answer.status, answer.body) == (200, body), other
    assert len(tags) >= 3
    # An event of another kind changes nothing here, one of this kind does, at once.
    event = {"satisfaction": answered(2, unit="shop"),
             "participation": {"type": "survey.invited", "data": {"survey": "csat",
                                                                  "unit": "shop"}},
             "retention": {"type": "signal.recorded", "data": {
                 "audience": "customer", "signal": "renewal", "unit": "shop"}},
             "recognition": {"type": "recognition.given", "data": {
                 "audience": "customer", "kind": "praise", "to": "y", "unit": "shop"}}}[name]
    path = f"/v1/rollups/{name}"
    etag = client.get(path).headers["ETag"]
    bad = client.event({**answered(9)})
    assert bad.status == 422
    assert client.get(path, {"If-None-Match": etag}).status == 304
    assert client.event(event).status == 201
    for c in clients:
        answer = c.get(path, {"If-None-Match": etag})
        assert answer.status == 200 and answer.headers["ETag"] != etag
        c.close()


def test_caches_must_ask(client):
    answer = client.get("/v1/rollups/satisfaction")
    assert answer.headers["Cache-Control"] == "private, no-cache"


# --- CSV

def test_csv(client):
    """RFC 4180, and nothing that a spreadsheet would run."""
    for unit in "-cmd", "-2-3", "-", "plain", ".x", "_x":
        assert client.event(answered(unit=unit, channel="-1")).status == 201
    for name in ROLLUPS:
        answer = client.get(f"/v1/rollups/{name}?format=csv&group_by=unit,channel")
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert f'filename="{name}.csv"' in answer.headers["Content-Disposition"]
        assert answer.body.endswith(b"\r\n")
        assert answer.body.count(b"\n") == answer.body.count(b"\r\n")
        rows = list(csv.reader(io.StringIO(answer.text(), newline=""), strict=True))
        assert len({len(r) for r in rows}) == 1
        assert len(set(rows[0])) == len(rows[0])
        for cell in itertools.chain(*rows):
            assert not re.match(r"[=+@\t\r]|-(?!\d+(\.\d+)?$)", cell), cell
    rows = list(csv.DictReader(io.StringIO(client.get(
        "/v1/rollups/satisfaction?format=csv&group_by=unit,channel").text())))
    assert {r["unit"] for r in rows} >= {"'-cmd", "'-2-3", "'-", "plain", ".x", "_x", "shop"}
    assert "'-1" in {r["channel"] for r in rows}
    # JSON has them as they are.
    rows = client.rollup("satisfaction", group_by="unit")["rows"]
    assert {r["unit"] for r in rows} >= {"-cmd", "-2-3", "-"}


# --- parameters

BAD = {
    "satisfaction": ["signal=signup", "kind=praise", "as_of=2026-01-01T00:00:00Z",
                     "group_by=signal", "group_by=kind", "question=Bad", "question="],
    "retention": ["survey=csat", "question=overall", "kind=praise", "signal=none",
                  "signal=", "group_by=survey", "group_by=question"],
    "recognition": ["survey=csat", "signal=signup", "kind=none", "kind=", "group_by=survey",
                    "as_of=now", "as_of="],
    "participation": ["question=overall", "signal=signup", "group_by=question"],
}
BAD_EVERYWHERE = [
    "from=", "from=x", "from=2026-01", "from=2026-02-30", "from=2026-01-01T00:00:00", "from=-1",
    "to=2026-13-01T00:00:00Z", "to=1e9", "from=1&from=2", "step=", "step=Day", "step=2h",
    "step=day&step=day", "group_by=", "group_by=x", "group_by=unit,unit", "group_by=unit,",
    "group_by=,unit", "group_by=Unit", "group_by=unit&group_by=lang", "depth=", "depth=0",
    "depth=-1", "depth=1.5", "depth=99999999999999999999", "fill=x", "fill=", "fill=2",
    "shape=", "shape=rows&shape=rows", "shape=table", "format=", "format=xlsx", "format=CSV",
    "format=csv&shape=columns", "audience=", "audience=all", "audience=customer,x", "unit=",
    "unit=A", "unit=a//b", "unit=a,", "unit=/a", "unit=" + "a/" * 200, "channel=a/b",
    "channel=A", "lang=e+n", "segment=%00", "initiative=%FF", "x", "&x=1",
    "from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z",
    "from=2026-01-03T00:00:00Z&to=2026-01-02T00:00:00Z",
    "unit=" + ",".join(f"u{i}" for i in range(33)),
    "fill=1&step=minute&from=1970-01-01T00:00:00Z&to=2026-01-01T00:00:00Z",
]


@pytest.mark.parametrize("name", ROLLUPS)
def test_bad_parameters(client, name):
    for query in BAD_EVERYWHERE + BAD[name]:
        answer = client.get(f"/v1/rollups/{name}?{query}")
        if "%00" in query:
            refused(answer, 400, "bad-request")
            continue
        problem = refused(answer, 422, "invalid")
        assert problem["detail"], query
        parameter = query.strip("&").split("=")[0].split("&")[0]
        if parameter != "x" and "&" not in query:
            assert problem["errors"][0]["pointer"] == parameter
    for query in ("unit=a&", "&&unit=a", "unit=a,b,a", "group_by=unit,lang,audience",
                  "from=0&to=1", "depth=1", "fill=0", "format=json&shape=rows",
                  "from=1767225600&to=1767225600001", "to=2026-01-01T00%3A00%3A00%2B02:00",
                  "unit=" + ",".join(f"u{i}" for i in range(32))):
        assert client.get(f"/v1/rollups/{name}?{query}").status == 200, query


def test_long_and_odd_targets(shared, client):
    assert client.get("/v1/rollups/satisfaction?unit=" + "a" * 60).status == 200
    refused(client.get("/v1/rollups/satisfaction?unit=" + "a" * 4000), 414, "uri-too-long")
    for query in "unit=%", "unit=%zz", "%zz=1", "unit=%2":
        refused(client.get("/v1/rollups/satisfaction?" + query), 400, "bad-request")


@pytest.mark.parametrize("survey", ["none", "csat,none", "none,nil"])
def test_unknown_surveys_are_told(client, survey):
    for name in "satisfaction", "participation":
        refused(client.get(f"/v1/rollups/{name}?survey={survey}"), 422, "invalid", "survey")


# --- problem documents

def test_every_refusal_is_a_problem_document(shared, client):
    """RFC 9457: the members, their types, and the media type; never HTML, never a stack."""
    with shared.client(None) as anybody:
        answers = [anybody.get("/v1/surveys"), anybody.get("/nowhere"),
                   anybody.request("PATCH", "/v1/events"), client.event("{"),
                   client.event({}), client.get("/v1/rollups/satisfaction?x=1"),
                   client.request("POST", "/v1/events", b"", {"Content-Type": "text/html"}),
                   client.lines([{}], "?atomic=1"),
                   client.lines(["{}"]).json()["rejected"][0]["error"]]
    for answer in answers:
        problem = answer
        if not isinstance(answer, dict):
            assert answer.type == "application/problem+json"
            problem = answer.json()
            assert problem["status"] == answer.status
        assert set(problem) <= {"type", "title", "status", "detail", "errors"}
        assert re.fullmatch(r"/problems/[a-z-]+", problem["type"])
        assert problem["title"] and isinstance(problem["status"], int)
        for error in problem.get("errors", []):
            assert isinstance(error["pointer"], str) and error["detail"]


def test_types_of_problems_are_in_the_manual():
    with open(os.path.join(HERE, "..", "man", "empowerd-api.7"), encoding="utf-8") as f:
        manual = f.read()
    with open(os.path.join(HERE, "..", "src", "base", "errors.def"), encoding="utf-8") as f:
        slugs = re.findall(r'^ERR\(\w+, "([a-z-]+)"', f.read(), re.M)
    assert len(slugs) > 25
    assert not [s for s in slugs if s != "ok" and s not in manual]


# --- behind a proxy

def test_below_a_base_path():
    with Daemon("base_path=/feedback", "workers=1") as d:
        d.start()
        with d.client() as c:
            for path in ("/feedback", "/feedback/", "/feedback/healthz",
                         "/feedback/v1/surveys/csat", "/feedback/v1/rollups/satisfaction"):
                assert c.get(path).status == 200, path
            for path in ("/", "/healthz", "/v1/surveys", "/feedbackx/healthz", "/feed/healthz",
                         "/feedback/feedback/healthz", "/Feedback/healthz", "/feedback//healthz"):
                refused(c.get(path), 404, "not-found")
            answer = c.request("OPTIONS", "/feedback/v1/events")
            assert answer.headers["Allow"] == "OPTIONS, POST"
            answer = c.request("POST", "/feedback/v1/events", answered(),
                               {"Content-Type": "application/json"})
            assert answer.status == 201


def test_answers_carry_no_sniffable_surprise(client):
    """What a browser is shown by accident stays what it is."""
    for path in READABLE:
        answer = client.get(path)
        assert answer.headers["Content-Type"], path
        assert "Set-Cookie" not in answer.headers
        assert not [h for h in answer.headers if h.lower() in ("server", "x-powered-by")]
