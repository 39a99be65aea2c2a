"""CloudEvents 1.0: the three content modes of its HTTP binding, as senders use them."""
import gzip
import itertools
import json

import pytest

from harness import refused

numbers = itertools.count(1)
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
DATA = {"survey": "csat", "answers": {"overall": 4}}


def ce(**more):
    event = {"specversion": "1.0", "type": "survey.answered", "source": "/shop",
             "id": f"ce{next(numbers)}", "data": DATA, **more}
    return {k: v for k, v in event.items() if v is not ...}


def post(client, body, content_type, headers=()):
    return client.request("POST", "/v1/events", body,
                          {"Content-Type": content_type, **dict(headers)})


def row(daemon, event_id):
    found = daemon.sql("SELECT source, type, at FROM v_event WHERE id = ?", event_id)
    assert len(found) == 1, found
    return found[0]


def total(daemon):
    return daemon.one("SELECT count(*) FROM event")


# --- structured

@pytest.mark.parametrize("content_type", [
    STRUCTURED, STRUCTURED + "; charset=utf-8", STRUCTURED.upper(),
    STRUCTURED + ";charset=UTF-8"])
def test_structured(shared, client, content_type):
    event = ce(time="2026-01-01T10:02:00.25+02:00")
    answer = post(client, event, content_type)
    assert answer.status == 201, answer
    assert row(shared, event["id"]) == ("/shop", "survey.answered",
                                        "2026-01-01T08:02:00.250Z")
    assert post(client, event, content_type).json()["status"] == "duplicate"


def test_what_is_not_ours_is_ignored(shared, client):
    event = ce(subject="order 7", datacontenttype="application/json", traceparent="00-1-2-3",
               dataschema="https://example.com/schema", myextension=5, other=True,
               sampledrate=None)
    assert post(client, event, STRUCTURED).status == 201
    # The same event with other extensions is the same event.
    again = {**event, "traceparent": "00-9-9-9", "subject": "x"}
    assert post(client, again, STRUCTURED).json()["status"] == "duplicate"


@pytest.mark.parametrize("change,pointer", [
    ({"specversion": ...}, "/specversion"), ({"specversion": None}, "/specversion"),
    ({"specversion": "0.3"}, "/specversion"), ({"specversion": "1.1"}, "/specversion"),
    ({"specversion": 1.0}, "/specversion"), ({"specversion": ""}, "/specversion"),
    ({"type": ...}, "/type"), ({"type": ""}, "/type"),
    ({"type": "com.example.other"}, "/type"), ({"id": ""}, "/id"), ({"source": ""}, "/source"),
    ({"time": "yesterday"}, "/time"), ({"data": ...}, "/data"),
    ({"data": "text"}, "/data"), ({"data": ..., "data_base64": "e30="}, "/data_base64"),
    ({"data_base64": "e30="}, "/data_base64")])
def test_structured_refused(shared, client, change, pointer):
    before = total(shared)
    refused(post(client, ce(**change), STRUCTURED), 422, "invalid", pointer)
    result = post(client, [ce(**change)], BATCHED).json()
    assert result["stored"] == 0
    assert result["rejected"][0]["error"]["errors"][0]["pointer"] == pointer
    assert total(shared) == before


def test_an_array_is_not_structured(client):
    refused(post(client, [ce()], STRUCTURED), 422, "invalid")


# --- batched

def test_batched(shared, client):
    events = [ce(), ce(specversion="2.0"), ce(type="com.example.other"), ce(), ce(data=...)]
    result = post(client, events, BATCHED).json()
    assert result["stored"] == 2
    assert [(r["index"], r["id"], r["error"]["errors"][0]["pointer"])
            for r in result["rejected"]] == [
        (1, events[1]["id"], "/specversion"), (2, events[2]["id"], "/type"),
        (4, events[4]["id"], "/data")]
    body = gzip.compress(json.dumps([ce(), ce()]).encode())
    result = post(client, body, BATCHED, {"Content-Encoding": "gzip"}).json()
    assert result["stored"] == 2
    assert post(client, b"[]", BATCHED).json()["stored"] == 0
    refused(post(client, ce(), BATCHED), 400, "malformed-json")


# --- binary

def binary(client, data=None, content_type="application/json", drop=(), **attributes):
    attributes = {"specversion": "1.0", "type": "survey.answered", "source": "/shop",
                  "id": f"ce{next(numbers)}", **attributes}
    headers = {"ce-" + k: v for k, v in attributes.items() if k not in drop}
    answer = post(client, DATA if data is None else data, content_type, headers)
    return answer, attributes["id"]


def test_binary(shared, client):
    answer, event_id = binary(client, time="2026-01-01T10:02:00Z", subject="x",
                              traceparent="00-1-2-3", dataschema="https://example.com/")
    assert answer.status == 201 and answer.json()["id"] == event_id
    assert row(shared, event_id) == ("/shop", "survey.answered", "2026-01-01T10:02:00.000Z")
    # It is the same event in each mode, once its time is the same.
    event = ce(id=event_id, time="2026-01-01T10:02:00Z")
    assert post(client, event, STRUCTURED).json()["status"] == "duplicate"
    body = gzip.compress(json.dumps(DATA).encode())
    answer = post(client, body, "application/json", {
        "Content-Encoding": "gzip", "CE-SpecVersion": "1.0", "Ce-Type": "survey.answered"})
    assert answer.status == 201 and answer.json()["idempotent"] is False


@pytest.mark.parametrize("header,source", [
    ("caf%C3%A9", "café"), ("%E2%82%AC%20uro", "€ uro"), ("100%25", "100%"), ("a+b", "a+b"),
    ("%F0%9F%98%80", "😀"), ("a%2fb", "a/b"), ("%2541", "%41"), ("%22x%22", '"x"'),
    ('"a b"', "a b"), (r'"a \"b\" \\"', 'a "b" \\'), ('"caf%C3%A9"', "café"),
    ("/a;b,c=d", "/a;b,c=d")])
def test_attributes_are_decoded_once(shared, client, header, source):
    answer, event_id = binary(client, source=header)
    assert answer.status == 201, answer
    assert row(shared, event_id)[0] == source


@pytest.mark.parametrize("attribute,value", [
    ("source", "%zz"), ("source", "%"), ("source", "%C3"), ("source", "%ff"),
    ("source", "%ED%A0%80"), ("source", "x" * 129), ("source", '"'), ("source", '"a'),
    ("source", '"a"b'), ("id", "%c0%80"), ("id", "x" * 129), ("type", "com.example.other"),
    ("type", "survey%20answered"), ("specversion", "0.3"), ("specversion", "1"),
    ("time", "yesterday"), ("time", "2999-01-01T00:00:00Z"), ("time", "1969-01-01T00:00:00Z")])
def test_bad_attributes_are_named(shared, client, attribute, value):
    before = total(shared)
    answer, _ = binary(client, **{attribute: value})
    refused(answer, 422, "invalid", "ce-" + attribute)
    assert total(shared) == before


def test_an_attribute_twice(shared, client):
    """Which one is meant? Two readers could see two events."""
    before = total(shared)
    for name in "ce-id", "ce-type", "ce-source", "ce-time", "ce-specversion":
        body = json.dumps(DATA).encode()
        client.connection.putrequest("POST", "/v1/events")
        for key, value in {"Authorization": "Bearer " + shared.token,
                           "Content-Type": "application/json", "ce-specversion": "1.0",
                           "ce-type": "survey.answered", "ce-id": "1", "ce-source": "s",
                           "ce-time": "2026-01-01T10:02:00Z",
                           "Content-Length": str(len(body))}.items():
            client.connection.putheader(key, value)
            if key == name:
                client.connection.putheader(key.upper(), value)
        client.connection.endheaders(body)
        reply = client.connection.getresponse()
        problem = json.loads(reply.read())
        assert reply.status == 422, problem
        assert problem["errors"][0]["pointer"] == name
    assert total(shared) == before


@pytest.mark.parametrize("data,status,slug,pointer", [
    (b"", 400, "malformed-json", None), (b"{", 400, "malformed-json", None),
    (b"[]", 422, "invalid", None), (b"5", 422, "invalid", None),
    ({**DATA, "unit": "Bad"}, 422, "invalid", "/unit"),
    ({**DATA, "unknown": 1}, 422, "invalid", "/unknown"),
    ({"survey": "csat"}, 422, "invalid", "/answers"),
    ({"survey": "csat", "answers": {"overall": 9}}, 422, "invalid", "/answers/overall"),
    ({**DATA, "comment": "x" * 70000}, 413, "content-too-large", None)])
def test_bad_data(shared, client, data, status, slug, pointer):
    before = total(shared)
    answer, _ = binary(client, data)
    refused(answer, status, slug, pointer)
    assert total(shared) == before
    assert binary(client)[0].status == 201


def test_type_is_needed_and_specversion_makes_it_binary(client):
    answer, _ = binary(client, drop=("type",))
    refused(answer, 422, "invalid", "ce-type")
    # Without specversion it is a plain event, and the body has no type.
    answer, _ = binary(client, drop=("specversion",))
    refused(answer, 422, "invalid", "/type")
    # The content type of the structured mode decides before any header.
    event = ce()
    answer = post(client, event, STRUCTURED, {"ce-specversion": "1.0", "ce-type": "other"})
    assert answer.status == 201 and answer.json()["id"] == event["id"]


def test_binary_of_another_media_type(client):
    for content_type in "text/plain", "application/xml", "application/octet-stream":
        answer, _ = binary(client, content_type=content_type)
        refused(answer, 415, "unsupported-media-type")
