"""The table of raw cases against the test server, and against the daemon."""
import json
import os

import pytest

import wire
from raw_cases import CASES, CHUNKED_CASES, CLOSED, OK, OPEN

# The daemon joins as soon as the build has one; the test server is always there.
TARGETS = ["echo"] + (["daemon"] if os.path.exists(wire.daemon_path()) else [])


@pytest.fixture(scope="module", params=TARGETS)
def server(request, tmp_path_factory):
    if request.param == "daemon":
        s = wire.daemon(str(tmp_path_factory.mktemp("state")))
    else:
        s = wire.echo_server()
    yield s
    s.stop()


@pytest.fixture(scope="module")
def echo():
    s = wire.echo_server()
    yield s
    s.stop()


def check(server, case, send):
    name, data, statuses, then = case
    data = data.replace(b"{get}", server.get).replace(b"{post}", server.post)
    last = (b"GET %s HTTP/1.1\r\nHost: last\r\nConnection: close\r\n\r\n" % server.get)
    with server.wire() as w:
        getattr(w, send)(data + last)
        answers = w.answers()
        assert not w.reset, (name, "a reset can destroy the answer")
    got = [a.status for a in answers]
    if then == OPEN:
        assert got and got[-1] == 200, (name, answers)
        assert answers.pop().fields["connection"] == "close"
        got.pop()
    elif statuses != [OK] or answers:
        assert answers[-1].fields.get("connection") == "close", (name, answers)
    if len(statuses) == 2 and then == CLOSED:
        assert len(got) == 1 and got[0] in statuses, (name, answers)
    else:
        assert len(got) == len(statuses), (name, answers)
        for status, wanted in zip(got, statuses):
            if wanted == OK:
                assert status not in (400, 408, 413, 414, 431, 501, 505), (name, answers)
            else:
                assert status == wanted, (name, answers)
    for a in answers:
        if a.status >= 400:
            assert a.fields["content-type"] == "application/problem+json", (name, a)
            assert json.loads(a.body)["status"] == a.status


@pytest.mark.parametrize("send", ["send", "send_bytes"])
@pytest.mark.parametrize("case", CASES, ids=lambda c: c[0])
def test_case(server, case, send):
    check(server, case, send)


@pytest.mark.parametrize("send", ["send", "send_bytes"])
@pytest.mark.parametrize("case", CHUNKED_CASES, ids=lambda c: c[0])
def test_body_case(echo, case, send):
    check(echo, case, send)


def test_a_problem_names_its_place(echo):
    answer = echo.ask("/error")
    assert answer.status == 429
    assert answer.fields["retry-after"].isdigit()
    assert json.loads(answer.body) == {
        "type": "/problems/rate-limited", "status": 429,
        "title": "Too many requests, try again later", "detail": 'at "noon"',
        "errors": [{"pointer": "/data/answers", "detail": 'at "noon"'}]}


def test_answers_carry_what_they_should(echo):
    answer = echo.ask("/hello")
    assert answer.status == 200 and answer.body == b"hello\n"
    assert answer.fields["content-type"] == "text/plain"
    assert answer.fields["x-content-type-options"] == "nosniff"
    assert answer.fields["cache-control"] == "no-store"
    assert answer.fields["date"].endswith(" GMT")
    assert "server" not in answer.fields
    assert echo.ask("/stats").fields["cache-control"] == "max-age=0"
    assert echo.ask("/forbidden").fields["www-authenticate"] == "Bearer"


def test_head_has_the_length_and_no_body(echo):
    with echo.wire() as w:
        w.send(wire.request("/hello", "HEAD") +
               wire.request("/no", "HEAD") + wire.request("/hello"))
        assert w.answer(head=True).fields["content-length"] == "6"
        assert w.answer(head=True).status == 404
        assert w.answer().body == b"hello\n"


def test_options_and_405_name_the_methods(echo):
    answer = echo.ask("/echo", "OPTIONS")
    assert (answer.status, answer.fields["allow"]) == (204, "POST")
    assert "content-length" not in answer.fields
    answer = echo.ask("/echo", "DELETE")
    assert (answer.status, answer.fields["allow"]) == (405, "POST")


def test_old_clients_are_told_that_they_are_kept(echo):
    with echo.wire() as w:
        w.send(b"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert w.answer().fields["connection"] == "keep-alive"
