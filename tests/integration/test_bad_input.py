"""Everything a clumsy or a hostile client may send: refused by name, and nothing stored.

Each case says what the answer must be; `untouched` says the rest: no event in either
file, the same connection goes on, and the daemon answers.
"""
import contextlib
import gzip
import itertools
import json
import os
import re
import time
import zlib

import pytest

from harness import HERE, NDJSON, Daemon, refused

numbers = itertools.count(1)
SURVEY = {"name": "visit", "audience": "customer", "open": {"metric": "csat",
                                                            "scale": [1, 5]},
          "questions": [{"name": "satisfaction", "metric": "csat"},
                        {"name": "short", "metric": "csat", "scale": [1, 4]},
                        {"name": "stars", "metric": "csat", "scale": [0, 10],
                         "satisfied": [8, 9, 10]},
                        {"name": "recommend", "metric": "nps"},
                        {"name": "effort", "metric": "ces"},
                        {"name": "energy", "metric": "pulse"},
                        {"name": "seat", "metric": "choice",
                         "options": ["window", "aisle"]},
                        {"name": "why", "metric": "text"}]}
CLOSED = {"name": "closed", "audience": "customer",
          "questions": [{"name": "one", "metric": "nps"}]}
STAFF = {"name": "mood", "audience": "employee", "period": "month",
         "open": {"metric": "pulse"},
         "questions": [{"name": "energy", "metric": "pulse"}]}


@pytest.fixture(scope="module", autouse=True)
def surveys(shared):
    with shared.client() as c:
        for document in SURVEY, CLOSED, STAFF:
            assert c.put("/v1/surveys/" + document["name"], document).status == 201


def stored(daemon):
    return [daemon.one("SELECT count(*) FROM event", file=name)
            for name in ("empowerd.db", "confidential.db")]


def place(client):
    return client.connection.sock and client.connection.sock.getsockname()


@contextlib.contextmanager
def untouched(daemon, client):
    """Nothing is stored in here, and the connection and the daemon live on."""
    before = stored(daemon)
    assert client.get("/healthz").status == 200
    where = place(client)
    yield
    assert client.get("/readyz").status == 200
    assert place(client) == where, "another connection"
    assert stored(daemon) == before
    assert daemon.process.poll() is None


def answered(score=5, **more):
    data = {"survey": "visit", "answers": {"satisfaction": score}, **more.pop("data", {})}
    return {"type": "survey.answered", "id": f"b{next(numbers)}", "data": data, **more}


# --- what is no JSON

GOOD = '{"type":"survey.answered","data":{"survey":"visit","answers":{"satisfaction":5}}}'
# %s stands in a member that is ignored, so only syntax can be wrong.
INSIDE = GOOD[:-1] + ',"x":%s}'
NOT_JSON = {
    "empty": "", "space": " \r\n\t", "cut": GOOD[:-1], "tail": GOOD + "}",
    "two": GOOD + GOOD, "comment": GOOD + "//x", "bom": "\ufeff" + GOOD,
    "single quotes": GOOD.replace('"', "'"), "bare key": '{type:"survey.answered"}',
    "comma at the end": GOOD[:-1] + ",}", "comma at the start": "{," + GOOD[1:],
    "no colon": '{"type" "x"}', "no value": '{"type":}', "no key": '{:"x"}',
    "number as key": '{1:2}', "wrong bracket": GOOD[:-1] + "]",
    "undefined": INSIDE % "undefined", "nan": INSIDE % "NaN", "infinity": INSIDE % "Infinity",
    "upper case": INSIDE % "True", "cut word": INSIDE % "tru", "long word": INSIDE % "nulll",
    "leading zero": INSIDE % "01", "plus": INSIDE % "+1", "minus": INSIDE % "-",
    "point": INSIDE % "1.", "only point": INSIDE % ".5", "exponent": INSIDE % "1e",
    "hex": INSIDE % "0x10", "underscore": INSIDE % "1_000",
    "integer beyond 64 bits": INSIDE % "9223372036854775808",
    "integer below 64 bits": INSIDE % "-9223372036854775809",
    "number of 60,000 digits": INSIDE % ("9" * 60000), "real overflow": INSIDE % "1e309",
    "exponent of 1,000 digits": INSIDE % ("1e" + "9" * 1000),
    "escape": INSIDE % r'"\x41"', "cut escape": INSIDE % '"\\',
    "short \\u": INSIDE % r'"\u12"', "\\u0000": INSIDE % r'"\u0000"',
    "\\u0000 in a key": INSIDE % r'{"a\u0000b":1}',
    "high surrogate": INSIDE % r'"\ud800"', "low surrogate": INSIDE % r'"\udc00"',
    "surrogates swapped": INSIDE % r'"\udc00\ud800"',
    "high surrogate and letter": INSIDE % r'"\ud800x"',
    "high surrogate and escape": INSIDE % r'"\ud800\u0041"',
    "newline in a string": INSIDE % '"a\nb"', "tab in a string": INSIDE % '"a\tb"',
    "nul in a string": INSIDE % '"a\0b"', "nul behind": GOOD + "\0",
    "nul behind a number": INSIDE % "1\0", "nul before": "\0" + GOOD,
    "nul for white space": GOOD.replace(":", ":\0", 1), "form feed": "\f" + GOOD,
    "no-break space": "\xa0" + GOOD,
    "byte ff": (INSIDE % '"?"').encode().replace(b"?", b"\xff"),
    "overlong": (INSIDE % '"?"').encode().replace(b"?", b"\xc0\xaf"),
    "overlong nul": (INSIDE % '"?"').encode().replace(b"?", b"\xc0\x80"),
    "surrogate in utf-8": (INSIDE % '"?"').encode().replace(b"?", b"\xed\xa0\x80"),
    "beyond unicode": (INSIDE % '"?"').encode().replace(b"?", b"\xf4\x90\x80\x80"),
    "cut character": (INSIDE % '"?"').encode().replace(b"?", b"\xe2\x82"),
    "latin-1": (INSIDE % '"?"').encode().replace(b"?", b"\xe9"),
    "utf-8 wrong in a key": (INSIDE % '{"?":1}').encode().replace(b"?", b"\xff"),
    "utf-16": GOOD.encode("utf-16"), "utf-32": GOOD.encode("utf-32-le"),
    "10,000 brackets": INSIDE % ("[" * 10000 + "]" * 10000),
    "10,000 open brackets": "[" * 10000, "10,000 braces": '{"a":' * 10000,
    "deep data": '{"type":"survey.answered","data":' + "[" * 10000 + "]" * 10000 + "}",
    "deep answers": GOOD.replace("5}", "[" * 3000 + "]" * 3000 + "}"),
    "type twice": GOOD[:-1] + ',"type":"survey.answered"}',
    "data twice": GOOD[:-1] + ',"data":{}}', "id twice": '{"id":"a","id":"a",' + GOOD[1:],
    "survey twice": GOOD.replace('"answers"', '"survey":"visit","answers"'),
    "question twice": GOOD.replace("5}", '5,"satisfaction":5}'),
    "question twice, once escaped": GOOD.replace("5}", r'5,"s\u0061tisfaction":5}'),
    "ignored twice": GOOD[:-1] + ',"x":1,"x":1}',
    "ignored twice, deep": INSIDE % '[{"a":[{"b":1,"b":1}]}]',
    "unknown field twice": GOOD.replace('"survey":', '"zz":1,"zz":1,"survey":'),
    "empty key twice": INSIDE % '{"":1,"":1}',
    "ref twice": GOOD.replace('"answers"', '"ref":{"id":"a","id":"b"},"answers"'),
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_not_json(shared, client, name):
    body = NOT_JSON[name]
    with untouched(shared, client):
        problem = refused(client.event(body), 400, "malformed-json")
        assert not problem.get("errors")
        # The same on a line is that line's own error; as an element it is the array's.
        line = body if isinstance(body, bytes) else body.encode()
        if b"\n" not in line.strip() and line.strip(b" \r\n\t"):
            result = client.lines([line]).json()
            assert result["stored"] == 0
            assert result["rejected"][0]["error"]["type"] == "/problems/malformed-json"
        array = b"[" + line + b"]"
        # "[]" and "[GOOD,...": where it only becomes an array, there is nothing wrong.
        if name not in ("empty", "space"):
            refused(client.event(array), 400, "malformed-json")


JSON_ALL_RIGHT = {
    "escapes": INSIDE % r'"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"', "utf-8": INSIDE % '"é😀"',
    "big": INSIDE % "9223372036854775807", "small": INSIDE % "-9223372036854775808",
    "tiny": INSIDE % "1e-999", "zero": INSIDE % "-0", "0e999": INSIDE % "0e999",
    "1,500 brackets": INSIDE % ("[" * 1500 + "]" * 1500),
    "same key elsewhere": INSIDE % '{"type":{"type":1},"data":[{"type":1},{"type":1}]}',
    "white space": " \r\n\t" + GOOD.replace(",", " ,\n").replace(":", "\t: ") + "\r\n",
    "delete": INSIDE % '"\x7f"', "key of nothing": INSIDE % '{"":1}',
}


@pytest.mark.parametrize("name", JSON_ALL_RIGHT)
def test_json_all_right(client, name):
    assert client.event(JSON_ALL_RIGHT[name]).status == 201


def test_ten_thousand_keys_are_no_attack(client):
    """Names that collide in a weak hash would take seconds."""
    keys = ",".join(f'"{i:05d}":1' for i in range(5000))
    begin = time.monotonic()
    assert client.event(INSIDE % ("{" + keys + "}")).status == 201
    assert time.monotonic() - begin < 2


# --- every field of every type

# By the manual: what each type takes, R for required.
DIMENSIONS = {d: "name" for d in ("channel", "touchpoint", "segment", "initiative", "lang")}
COMMON = {"audience": "audience", "unit": "unit", **DIMENSIONS}
SURVEYED = {**COMMON, "survey": "survey", "respondent": "identity"}
STEP = {"audience": "audience", "ref": "ref"}
BY_RECEIPT = {"audience": "audience", "receipt": "receipt"}
BOUNDARY = {"audience": "audience", "unit": "unit", "person": "identity", "role": "name",
            "class": "name", "limit": "limit", "mode": "word", "reason": "text",
            "requires_training": "label"}
FIELDS = {
    "survey.invited": SURVEYED, "survey.shown": SURVEYED, "survey.dismissed": SURVEYED,
    "survey.answered": {**SURVEYED, "answers": "answers", "comment": "text",
                        "complete": "bool", "ref": "ref", "invite": "invite"},
    "signal.recorded": {**COMMON, "signal": "word", "person": "identity",
                        "voluntary": "bool", "days": "cents"},
    "recognition.given": {**COMMON, "to": "to", "from": "identity", "kind": "word",
                          "visibility": "word", "message": "text", "by_leader": "bool",
                          "to_name": "label", "from_name": "label", "to_agrees": "bool",
                          "ref": "ref"},
    "training.completed": {**COMMON, "person": "identity", "topic": "label",
                           "hours": "cents"},
    "headcount.set": {"audience": "audience", "unit": "unit", "headcount": "count",
                      "leaders": "count", "possible_days": "cents"},
    "base.set": {**COMMON, "active": "count"},
    "suggestion.submitted": {**COMMON, "kind": "word", "title": "text", "body": "text",
                             "category": "name", "person": "identity", "board": "bool"},
    "suggestion.acknowledged": {**STEP, "auto": "bool"},
    "suggestion.triaged": {**STEP, "will_examine": "bool", "reason": "text"},
    "suggestion.answered": {**STEP, "status": "word", "reason": "text"},
    "suggestion.seen": BY_RECEIPT,
    "suggestion.rated": {**BY_RECEIPT, "felt_heard": "rating"},
    "suggestion.supported": {**STEP, "receipt": "receipt"},
    "suggestion.withdrawn": BY_RECEIPT,
    "suggestion.reopened": {**STEP, "reason": "text"},
    "suggestion.replied": {**BY_RECEIPT, "body": "text"},
    "decision.made": {**COMMON, "person": "identity", "role": "name", "class": "name",
                      "case": "identity", "answer": "word", "amount": "cents",
                      "escalated": "bool", "rule": "name", "rule_did_not_fit": "bool",
                      "conflict": "bool", "moment": "name", "special_request": "bool",
                      "self_rating": "rating", "drivers": "drivers", "goal": "label"},
    "decision.settled": {**STEP, "answer": "word"},
    "decision.outcome": {**STEP, "customer_benefit": "bool", "drivers": "observed"},
    "decision.reviewed": {**STEP, "verdict": "word", "lesson": "text",
                          "driver_missed": "word", "rule": "name"},
    "boundary.set": BOUNDARY, "boundary.extended": BOUNDARY, "boundary.narrowed": BOUNDARY,
    "boundary.requested": {**COMMON, "person": "identity", "role": "name",
                           "class": "name", "limit": "limit", "mode": "word",
                           "reason": "text"},
    "training.requested": {**COMMON, "person": "identity", "topic": "label"},
    "contact.logged": {**COMMON, "mode": "word", "by_leader": "bool"},
    "initiative.started": {**COMMON, "title": "text"},
    "initiative.ended": {**COMMON, "title": "text"},
}
RECEIPT = "C-00041-06105-0R3GG-28A1C-60T3GF"
GOOD_DATA = {
    "survey.invited": {"survey": "visit"}, "survey.shown": {"survey": "visit"},
    "survey.dismissed": {"survey": "visit"},
    "survey.answered": {"survey": "visit", "answers": {"satisfaction": 4}},
    "signal.recorded": {"audience": "customer", "signal": "signup"},
    "recognition.given": {"audience": "employee", "to": "x", "kind": "praise",
                          "visibility": "private"},
    "training.completed": {"person": "x"},
    "headcount.set": {"unit": "a", "headcount": 7},
    "base.set": {"active": 7},
    "suggestion.submitted": {"audience": "customer", "kind": "question", "title": "t",
                             "body": "b"},
    "suggestion.acknowledged": {"ref": "x"},
    "suggestion.triaged": {"ref": "x", "will_examine": True},
    "suggestion.answered": {"ref": "x", "status": "done"},
    "suggestion.seen": {"receipt": RECEIPT},
    "suggestion.rated": {"receipt": RECEIPT, "felt_heard": 1},
    "suggestion.supported": {"ref": "x"},
    "suggestion.withdrawn": {"receipt": RECEIPT},
    "suggestion.reopened": {"ref": "x", "reason": "y"},
    "suggestion.replied": {"receipt": RECEIPT, "body": "b"},
    "decision.made": {"role": "agent", "class": "refund", "answer": "yes"},
    "decision.settled": {"ref": "x", "answer": "no"},
    "decision.outcome": {"ref": "x", "customer_benefit": True},
    "decision.reviewed": {"ref": "x", "verdict": "coach"},
    "boundary.set": {"role": "agent", "class": "refund", "mode": "act"},
    "boundary.extended": {"role": "agent", "class": "other"},
    "boundary.narrowed": {"role": "agent", "class": "other"},
    "boundary.requested": {"role": "agent", "class": "refund"},
    "training.requested": {"person": "x"},
    "contact.logged": {"mode": "meeting"},
    "initiative.started": {"initiative": "new-till"},
    "initiative.ended": {"initiative": "new-till"},
}
NO_STRING = [None, True, False, 0, 1.5, [], ["a"], {}, {"a": "b"}]
NO_NAME = NO_STRING + ["", "x" * 65, "Upper", "a b", "é", "a\n", "=1+1", "a/b", "a,b",
                       "../x", "a\u200b", "\u0430"]
WRONG = {
    "audience": NO_STRING + ["", "customers", "Customer", "customer "],
    "unit": NO_STRING + ["", "/", "a/", "/a", "a//b", "A", "a b", "x" * 65, "é",
                         "/".join(["x" * 60] * 5), "a/" + "x" * 65, "a\\b"],
    "name": NO_NAME,
    "survey": NO_STRING + ["", "none", "VISIT", "visit ", "x" * 65, "vis\u0131t"],
    "identity": NO_STRING + ["", "x" * 129, "é" * 65],
    "label": NO_STRING + ["", "x" * 129, "😀" * 33],
    "text": NO_STRING + ["x" * 8193, "é" * 4097],
    "bool": [None, 0, 1, "true", "", [], {}, "yes"],
    "word": NO_STRING + ["", "none", "praise ", "PRAISE", "null"],
    "count": [None, True, "1", "", 1.0, 1.5, -1, 10000000001, 1e3, 2 ** 63 - 1, [], {}, [1]],
    "cents": [None, True, "1", "", -0.01, -1, 1.005, 0.001, 1e10, 1000000000.01, 1e300,
              [], {}],
    "answers": [None, True, 5, "5", [], ["satisfaction"], {}],
    "to": [None, True, 5, "", {}, [], [1], ["a", 1], ["a", ""], ["a", None], [["a"]],
           "x" * 129, ["x" * 129], ["a", "b", "a"], [f"p{i}" for i in range(65)]],
    "ref": [None, True, 5, "", [], ["a"], {}, {"source": "a"}, {"id": ""}, {"id": 5},
            {"id": None}, {"id": "a", "source": 5}, {"id": "a", "source": ""},
            {"id": "a", "source": "b", "x": 1}, "x" * 129, {"id": "x" * 129}],
    "limit": [True, "1", "", -0.01, 1.005, 1e10, [], {}],
    "rating": [None, True, "1", "", 0, 6, -1, 1.5, 3.0, [], {}],
    "receipt": NO_STRING + ["", "x", "x" * 129, "C", RECEIPT + "0", RECEIPT[:-1],
                            "P" + RECEIPT[1:], RECEIPT[1:], RECEIPT.replace("6", "U")],
    # The good one is for customers, who are not invited like that.
    "invite": NO_STRING + ["", "x", "x" * 129, RECEIPT, "I" + RECEIPT[1:]],
    "drivers": [None, True, 5, "yes", [], {"spent": "yes"}, {"spend": "maybe"},
                {"spend": True}, {"spend": None}, {"retention": ""}],
    "observed": [None, [], {"spend": "unsure"}, {"spent": "yes"}, {"referral": 1}],
}
REQUIRED = {"survey.invited": ["survey"], "survey.shown": ["survey"],
            "survey.dismissed": ["survey"], "survey.answered": ["survey", "answers"],
            "signal.recorded": ["audience", "signal"],
            "recognition.given": ["audience", "to", "kind", "visibility"],
            "training.completed": ["person"], "headcount.set": ["unit", "headcount"],
            "base.set": ["active"],
            "suggestion.submitted": ["audience", "kind"],
            "suggestion.acknowledged": ["ref"],
            "suggestion.triaged": ["ref", "will_examine"],
            "suggestion.answered": ["ref", "status"], "suggestion.seen": ["receipt"],
            "suggestion.rated": ["receipt", "felt_heard"], "suggestion.supported": ["ref"],
            "suggestion.withdrawn": ["receipt"], "suggestion.reopened": ["ref", "reason"],
            "suggestion.replied": ["receipt", "body"],
            "decision.made": ["role", "class", "answer"],
            "decision.settled": ["ref", "answer"],
            "decision.outcome": ["ref", "customer_benefit"],
            "decision.reviewed": ["ref", "verdict"],
            "boundary.set": ["role", "class", "mode"],
            "boundary.extended": ["role", "class"], "boundary.narrowed": ["role", "class"],
            "boundary.requested": ["role", "class"], "training.requested": ["person"],
            "contact.logged": ["mode"], "initiative.started": ["initiative"],
            "initiative.ended": ["initiative"]}
ALL_FIELDS = sorted({f for fields in FIELDS.values() for f in fields})


def source_table(path, pattern):
    with open(os.path.join(HERE, "..", "src", path), encoding="utf-8") as f:
        return re.findall(pattern, f.read(), re.M)


def test_these_are_all_types_and_fields():
    assert set(source_table("model/catalogue.def", r'^TYPE\(\w+, "([^"]+)"')) == set(FIELDS)
    rows = source_table("codec/ingest_fields.def", r'^FIELD\(\d+, \w+, "([^"]+)"')
    assert sorted(rows) == ALL_FIELDS


def wrong_values(event_type):
    """(data, pointer): each field with each wrong value, strange and missing fields."""
    good = GOOD_DATA[event_type]
    for field, kind in FIELDS[event_type].items():
        for value in WRONG[kind]:
            yield {**good, field: value}, "/data/" + field
    for field in sorted(set(ALL_FIELDS) - set(FIELDS[event_type])):
        yield {**good, field: "x"}, "/data/" + field
    for field in REQUIRED[event_type]:
        yield {k: v for k, v in good.items() if k != field}, "/data/" + field
    for field in "Unit", "unit ", "", "a/b~c", "é", "person_id", "time", "type", "x" * 300:
        yield {**good, field: 1}, "/data/" + field.replace("~", "~0").replace("/", "~1")


@pytest.mark.parametrize("event_type", FIELDS)
def test_wrong_values(shared, client, event_type):
    singles, events = [], []
    with untouched(shared, client):
        for data, pointer in wrong_values(event_type):
            event = {"type": event_type, "id": f"w{next(numbers)}", "data": data}
            answer = client.event(event)
            problem = refused(answer, 422, "invalid")
            have = problem["errors"][0]["pointer"]
            # Inside of lists and objects it is more precise; what is too long is cut.
            assert have == pointer or have.startswith(pointer + "/") or (
                len(pointer) > 200 and pointer.startswith(have)), (data, problem)
            assert problem["errors"][0]["detail"] and problem["detail"]
            singles.append(problem)
            events.append(event)
        # In a batch each has the same error under its own index.
        result = client.lines(events).json()
        assert (result["stored"], result["duplicate"]) == (0, 0)
        assert [r["index"] for r in result["rejected"]] == list(range(len(events)))
        assert [r["id"] for r in result["rejected"]] == [e["id"] for e in events]
        assert [r["error"] for r in result["rejected"]] == singles


@pytest.mark.parametrize("event_type", FIELDS)
def test_the_bounds_themselves(client, event_type):
    best = {"audience": None, "survey": None, "answers": None, "word": None,
            "unit": "/".join(["x" * 50] * 5), "name": "a_.-" * 16, "identity": "é" * 64,
            "label": "😀" * 32, "text": "é" * 4096, "bool": True,
            "count": 10000000000, "cents": 1000000000, "ref": "x" * 128,
            "to": [f"p{i}" for i in range(64)], "limit": 1000000000, "rating": 5,
            "receipt": None, "invite": None,
            "drivers": {"spend": "no", "retention": "unsure"},
            "observed": {"spend": "no", "retention": "yes"}}
    for field, kind in FIELDS[event_type].items():
        data = dict(GOOD_DATA[event_type])
        if best[kind] is None:
            continue
        data[field] = best[kind]
        if field == "voluntary":
            data.update(audience="employee", signal="separation")
        if field == "days":
            data.update(audience="employee", signal="absence")
        if field in ("to_name", "from_name"):
            data.update(visibility="public", to_name="a", from_name="b", to_agrees=True)
        if field == "leaders":
            data["headcount"] = best[kind]
        answer = client.event({"type": event_type, "data": data})
        # There is nothing yet that x or the receipt could mean, nor a boundary to move.
        if event_type.startswith("boundary.") or "ref" in data or "receipt" in data:
            if answer.status != 201:
                assert answer.json()["type"] in ("/problems/unknown-reference",
                                                 "/problems/illegal-transition"), data
                continue
        assert answer.status == 201, (data, answer)


CONTRADICTIONS = [
    ({"survey": "visit", "audience": "employee", "answers": {"satisfaction": 5}},
     "survey.answered", "/data/audience"),
    ({"survey": "mood", "audience": "customer", "answers": {"energy": 5}},
     "survey.answered", "/data/audience"),
    ({"audience": "customer", "person": "x"}, "training.completed", "/data/audience"),
    ({"audience": "customer", "unit": "a", "headcount": 1}, "headcount.set",
     "/data/audience"),
    ({"audience": "employee", "active": 1}, "base.set", "/data/audience"),
    ({"unit": "a", "headcount": 1, "leaders": 2}, "headcount.set", "/data/leaders"),
    ({"audience": "customer", "signal": "signup", "voluntary": True}, "signal.recorded",
     "/data/voluntary"),
    ({"audience": "employee", "signal": "joined", "days": 1}, "signal.recorded",
     "/data/days"),
    *[({"audience": "customer", "signal": s}, "signal.recorded", "/data/signal") for s in
      ("joined", "separation", "absence", "stay_intent", "leave_intent")],
    *[({"audience": "employee", "signal": s}, "signal.recorded", "/data/signal") for s in
      ("signup", "purchase", "renewal", "return_visit", "complaint", "downgrade",
       "cancel_intent", "cancellation")],
    ({"audience": "employee", "to": "x", "kind": "praise", "visibility": "public",
      "from_name": "a", "to_agrees": True}, "recognition.given", "/data/to_name"),
    ({"audience": "employee", "to": "x", "kind": "praise", "visibility": "public",
      "to_name": "a", "to_agrees": True}, "recognition.given", "/data/from_name"),
    ({"audience": "employee", "to": "x", "kind": "praise", "visibility": "public",
      "to_name": "a", "from_name": "b", "to_agrees": False}, "recognition.given",
     "/data/to_agrees"),
    ({"audience": "employee", "to": "x", "kind": "praise", "visibility": "private",
      "to_name": "a"}, "recognition.given", "/data/to_name"),
    ({"audience": "customer", "to": "x", "kind": "praise", "from_name": "a"},
     "recognition.given", "/data/from_name"),
]


@pytest.mark.parametrize("data,event_type,pointer", CONTRADICTIONS)
def test_contradictions(shared, client, data, event_type, pointer):
    with untouched(shared, client):
        refused(client.event({"type": event_type, "data": data}), 422, "invalid", pointer)


@pytest.mark.parametrize("question,good,bad", [
    ("satisfaction", [1, 5], [0, 6, -1]), ("short", [1, 4], [0, 5]),
    ("stars", [0, 10], [-1, 11]), ("recommend", [0, 10], [-1, 11]),
    ("effort", [1, 7], [0, 8]), ("energy", [1, 5], [0, 6]), ("new-one", [1, 5], [0, 6]),
    ("seat", ["window", ["aisle"], ["window", "aisle"]],
     ["", "middle", [], ["window", "window"], ["window", 1], ["middle"], 0, 1, "Window",
      ["window"] * 40]),
    ("why", ["x", "x" * 8192, "0"], ["", "x" * 8193, 5])])
def test_scores(shared, client, question, good, bad):
    numeric = all(isinstance(x, int) for x in good)
    if numeric:
        bad = bad + ["5", "", "five", 4.5, 4.0, [4], 2 ** 62, -2 ** 62, 2 ** 32 + good[0]]
    bad = bad + [None, True, {}, {"value": 4}, [[]]]
    with untouched(shared, client):
        for value in bad:
            event = answered(data={"answers": {question: value}})
            problem = refused(client.event(event), 422, "invalid")
            pointer = problem["errors"][0]["pointer"]
            assert re.fullmatch(f"/data/answers/{question}(/\\d+)?", pointer), pointer
            # One that is wrong beside one that is right spoils the event.
            event = answered(data={"answers": {"effort": 3, question: value}})
            refused(client.event(event), 422, "invalid")
    for value in good:
        assert client.event(answered(data={"answers": {question: value}})).status == 201


def test_answers(shared, client):
    with untouched(shared, client):
        many = {f"q{i}": 5 for i in range(129)}
        refused(client.event(answered(data={"answers": many})), 422, "invalid",
                "/data/answers")
        for name in "Upper", "", "x" * 65, "é", "a b", "=cmd", "a/b":
            escaped = name.replace("/", "~1")
            refused(client.event(answered(data={"answers": {name: 5}})), 422, "invalid",
                    "/data/answers/" + escaped)
        for name in "two", "on", "one ":
            refused(client.event(answered(data={"survey": "closed", "answers": {name: 5}})),
                    422, "invalid", "/data/answers/" + name)


def test_a_survey_has_room_for_so_many_questions(shared):
    with shared.client() as c:
        document = {"name": "crowded", "audience": "customer", "questions": [],
                    "open": {"metric": "csat"}}
        assert c.put("/v1/surveys/crowded", document).status == 201
        first = answered(data={"survey": "crowded",
                               "answers": {f"q{i}": 5 for i in range(128)}})
        assert c.event(first).status == 201
        with untouched(shared, c):
            more = answered(data={"survey": "crowded", "answers": {"q128": 5}})
            refused(c.event(more), 422, "invalid", "/data/answers")
        again = answered(data={"survey": "crowded", "answers": {"q127": 5}})
        assert c.event(again).status == 201


# --- the envelope

def at(seconds, form):
    """A moment relative to now in one of the forms that a time may have."""
    ts = time.time() + seconds
    if form == "s":
        return int(ts)
    if form == "ms":
        return int(ts * 1000)
    if form == "text":
        return str(int(ts))
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ts))


TIMES_BAD = ["", "now", "2026-01-01", "2026-01-01T10:00:00", "2026-13-01T10:00:00Z",
             "2026-02-29T10:00:00Z", "2026-01-01T24:00:01Z", "2026-01-01T10:60:00Z",
             "2026-01-01T10:00:00+25:00", "2026-01-01T10:00:00Z ", " 2026-01-01T10:00:00Z",
             "2026-01-01T10:00:00.Z", "1969-12-31T23:59:59Z", "1970-01-01T00:59:59+01:00",
             "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "99999-01-01T00:00:00Z",
             -1, -0.5, 1e300, 2 ** 62, True, [], {}, [0], {"ts": 0}, "1e9", "0x10",
             "20260101T100000Z", "2026-001T10:00:00Z", "Thu, 01 Jan 2026 10:00:00 GMT"]
TIMES_GOOD = ["1970-01-01T00:00:00Z", 0, 1767261720, 1767261720.5, 1767261720123,
              "2026-01-01T10:02:00Z", "2026-01-01t10:02:00z", "2026-01-01T10:02:00.123456Z",
              "2026-01-01T10:02:00+05:30", "2026-01-01T10:02:00-00:00",
              "2024-02-29T00:00:00Z", None]


def test_times(shared, client):
    with untouched(shared, client):
        for value in TIMES_BAD:
            refused(client.event(answered(time=value)), 422, "invalid", "/time")
        for form in "s", "ms", "text", "rfc":
            refused(client.event(answered(time=at(330, form))), 422, "invalid", "/time")
    for form in "s", "ms", "text", "rfc":
        assert client.event(answered(time=at(270, form))).status == 201
    for value in TIMES_GOOD:
        assert client.event(answered(time=value)).status == 201, value


ENVELOPES = [
    *[({"type": v}, "/type") for v in
      (None, 1, True, [], {}, "", "survey", "survey.answered ", "Survey.answered",
       "x" * 5000, "survey.answered.v1", "no.such")],
    *[({k: v}, "/" + k) for k in ("id", "source") for v in
      (1, True, [], {}, "", "x" * 129, "é" * 65)],
    *[({"specversion": v}, "/specversion") for v in ("0.3", "1", "2.0", 1.0, 1, True, "")],
    *[({"data": v}, "/data") for v in (None, 1, True, "x", [], [{}])],
    ({"data_base64": "e30="}, "/data_base64"),
]


def test_envelope(shared, client):
    with untouched(shared, client):
        for members, pointer in ENVELOPES:
            refused(client.event({**answered(), **members}), 422, "invalid", pointer)
        for text in "5", '"x"', "true", "null", "-1.5":
            refused(client.event(text), 422, "invalid", "")
    for members in {"id": "é" * 64}, {"source": "x" * 128}, {"id": None}, {"source": None}, \
            {"specversion": "1.0"}, {"specversion": None}, {"subject": [1]}, {"Type": "x"}, \
            {"datacontenttype": "application/json"}, {"person": "x"}, {"data_base64": None}:
        assert client.event({**answered(), **members}).status == 201, members


def test_ids_are_told_apart_byte_by_byte(shared, client):
    """No joining of source and id, no folding of case or of Unicode forms."""
    pairs = [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", "A"), ("abc", "a"),
             ("abc", "a "), ("abc", "\u00e9"), ("abc", "e\u0301"), ("abc", "a\tb"),
             ("a\u0001b", "c"), ("abc", "1"), ("abc", "01"), ("", "a/bc"), ("a/b", "c")]
    events = [answered(id=i, **({"source": s} if s else {})) for s, i in pairs]
    for event in events:
        assert client.event(event).json()["status"] == "stored", event
    for event in events:
        assert client.event(event).json()["status"] == "duplicate", event


# --- sizes

def test_sizes(shared, client):
    with untouched(shared, client):
        fat = answered(x="x" * 65536)
        refused(client.event(fat), 413, "content-too-large")
        result = client.lines([fat, "", fat]).json()
        assert result["stored"] == 0
        assert [(r["index"], r["error"]["status"]) for r in result["rejected"]] == [
            (0, 413), (1, 413)]
        result = client.event([fat, {}]).json()
        assert [r["error"]["status"] for r in result["rejected"]] == [413, 422]
        refused(client.lines([fat], "?atomic=1"), 422, "invalid", "/0")
    exact = answered(x="")
    exact["x"] = "x" * (65536 - len(json.dumps(exact)))
    assert len(json.dumps(exact)) == 65536
    assert client.event(exact).status == 201
    with untouched(shared, client):
        exact["x"] += "x"
        refused(client.event(exact), 413, "content-too-large")


def test_body_too_large(shared):
    with shared.client() as c:
        before = stored(shared)
        line = json.dumps(answered()).encode() + b"\n"
        body = line * (8 * 1024 * 1024 // len(line) + 1)
        c.connection.connect()
        c.connection.putrequest("POST", "/v1/events")
        c.connection.putheader("Authorization", "Bearer " + shared.token)
        c.connection.putheader("Content-Type", NDJSON)
        c.connection.putheader("Content-Length", str(len(body)))
        c.connection.endheaders()  # refused by its announced length
        reply = c.connection.getresponse()
        assert reply.status == 413 and json.loads(reply.read())["status"] == 413
    with shared.client() as c:
        packed = gzip.compress(body)
        answer = c.request("POST", "/v1/events", packed,
                           {"Content-Type": NDJSON, "Content-Encoding": "gzip"})
        refused(answer, 413, "content-too-large")
        assert c.get("/readyz").status == 200
        assert stored(shared) == before


# --- gzip

def post(client, body, content_type="application/json", **headers):
    return client.request("POST", "/v1/events", body, {
        "Content-Type": content_type,
        **{k.replace("_", "-"): v for k, v in headers.items()}})


def gz(body):
    return gzip.compress(body if isinstance(body, bytes) else json.dumps(body).encode(),
                         mtime=0)


def test_gzip(shared, client):
    whole = gz(answered())
    flipped = bytearray(whole)
    flipped[-6] ^= 1  # the checksum
    length = bytearray(whole)
    length[-2] ^= 1
    middle = bytearray(whole)
    middle[len(whole) // 2] ^= 255
    with untouched(shared, client):
        for body in (b"x", whole[:-1], whole[:-8], whole[:10], whole[:20],
                     whole + b"x", whole + b"\0\0\0\0", whole + b"{}", bytes(flipped),
                     bytes(length), bytes(middle), zlib.compress(b"{}"), b"\x1f\x8b", b"PK\3\4",
                     json.dumps(answered()).encode(), whole + whole[:15]):
            refused(post(client, body, Content_Encoding="gzip"), 400, "malformed-gzip")
        refused(post(client, whole), 400, "malformed-json")
        refused(post(client, gz(whole), Content_Encoding="gzip"), 400, "malformed-json")
        refused(post(client, gz(b""), Content_Encoding="gzip"), 400, "malformed-json")
    for coding in "gzip", "GZIP", "x-gzip":
        text = json.dumps(answered()).encode()
        members = gzip.compress(text[:9]) + gzip.compress(b"") + gzip.compress(text[9:])
        assert post(client, members, Content_Encoding=coding).status == 201
    assert post(client, answered(), Content_Encoding="identity").status == 201


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "compress", "gzip, gzip",
                                    "identity, gzip", "gzip;q=1", "*", "none"])
def test_other_codings(shared, client, coding):
    with untouched(shared, client):
        answer = post(client, gz(answered()), Content_Encoding=coding)
        refused(answer, 415, "unsupported-media-type", "Content-Encoding")
        assert "gzip" in answer.headers["Accept-Encoding"]


@pytest.mark.parametrize("kind", ["spaces", "brackets", "one event", "lines", "array"])
def test_gzip_bombs(shared, kind):
    """A thousand to one, and refused before it is all unpacked."""
    size = 24 << 20
    one = json.dumps(answered(x="y")).encode()
    raw = {"spaces": b" " * size, "brackets": b"[" * size,
           "one event": one[:-2] + b"x" * size + b'"}',
           "lines": b'{"a":1}\n' * (size // 8),
           "array": b"[" + b"{}," * (size // 3) + b"{}]"}[kind]
    bomb = gzip.compress(raw, 6)
    assert len(bomb) < size / 200
    with shared.client() as c:
        before = stored(shared)
        answer = post(c, bomb, NDJSON if kind == "lines" else "application/json",
                      Content_Encoding="gzip")
        refused(answer, 413, "content-too-large")
        assert c.get("/readyz").status == 200
        assert stored(shared) == before
    with open(f"/proc/{shared.process.pid}/status", encoding="ascii") as f:
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", f.read()).group(1))
    assert peak < 300 * 1024


# --- media types

@pytest.mark.parametrize("content_type", [
    None, "", "text/plain", "text/json", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "application/xml", "application/json+x",
    "application/jsonx", "application", "application/", "/json", "application/json, x/y",
    "application/json; charset=latin1", "application/json; charset=utf-16",
    'application/json; charset="utf-8', "application/json; charset", "*/*",
    "application/cloudevents", "application/cloudevents+xml", "application/x-ndjson2",
    "application/x-ndjson; charset=ascii"])
def test_media_types(shared, client, content_type):
    headers = {} if content_type is None else {"Content-Type": content_type}
    with untouched(shared, client):
        answer = client.request("POST", "/v1/events", answered(), headers)
        refused(answer, 415, "unsupported-media-type", "Content-Type")
        assert NDJSON in answer.headers["Accept-Post"]


# --- batches

def test_broken_at_the_very_end(shared, client):
    """However many good events came before."""
    for n in 255, 256, 257, 512, 3000, 6000:
        events = [answered(1 + i % 5, data={"comment": 'a "b"\n\\ é'}) for i in range(n)]
        text = json.dumps(events)
        bad = [text[:-1], text + "x", text[:-1] + ",]", text[:-1] + ",", text + "]",
               text[:-1] + ',{"a":1,"a":1}]', text[:-1] + ',"\\ud800"]', text[:-3],
               text[:-1] + "}", text + "\0", text[:-1] + ",01]"]
        with untouched(shared, client):
            for body in bad:
                refused(client.event(body), 400, "malformed-json")
                refused(post(client, body, "application/json", Content_Encoding="identity"),
                        400, "malformed-json")
            refused(post(client, gz(bad[0].encode()), Content_Encoding="gzip"), 400,
                    "malformed-json")
        # All of them are right, so the ids are free, and escapes are as they were sent.
        result = client.event(text).json()
        assert (result["stored"], result["rejected"]) == (n, [])
        assert client.event(text).json()["duplicate"] == n
        assert client.lines(events).json()["duplicate"] == n
    comments = dict(shared.sql("SELECT comment, count(*) FROM event WHERE comment LIKE 'a %' "
                               "GROUP BY 1"))
    assert comments == {'a "b"\n\\ é': 255 + 256 + 257 + 512 + 3000 + 6000}


def test_bad_elements_of_a_long_array(shared, client):
    """What is JSON but no event is its own error, wherever it stands."""
    events = [answered() for _ in range(1000)]
    bad = {0: 5, 255: {}, 256: [[]], 257: "x", 600: None, 999: answered(0)}
    for i, value in bad.items():
        events[i] = value
    result = client.event(json.dumps(events)).json()
    assert result["stored"] == 994
    assert [r["index"] for r in result["rejected"]] == sorted(bad)
    assert all(r["error"]["status"] == 422 for r in result["rejected"])
    assert [r["id"] for r in result["rejected"]] == [None] * 5 + [events[999]["id"]]


def test_line_ends_and_indexes(shared, client):
    good = [json.dumps(answered()).encode() for _ in range(4)]
    bad = json.dumps(answered(9)).encode()
    body = (b"\r\n\n" + good[0] + b"\r\n  \t \r\n" + bad + b"\n\n\n{\r\n" + good[1] +
            b"\n\r\n[]\n" + good[2] + b" " + good[3] + b"\n" + good[3])
    result = post(client, body, NDJSON).json()
    assert result["stored"] == 3
    assert [(r["index"], r["error"]["type"].split("/")[-1]) for r in result["rejected"]] == [
        (1, "invalid"), (2, "malformed-json"), (4, "invalid"), (5, "malformed-json")]


@pytest.mark.parametrize("body,content_type", [
    (b"", NDJSON), (b"\n", NDJSON), (b"\r\n \n\t\n", NDJSON), (b"[]", "application/json"),
    (b" [ ] ", "application/json"), (b"[]", "application/cloudevents-batch+json")])
def test_nothing_in_it(shared, client, body, content_type):
    for query in "", "?atomic=1", "?atomic=0":
        with untouched(shared, client):
            answer = client.request("POST", "/v1/events" + query, body,
                                    {"Content-Type": content_type})
            assert answer.status == 200, answer
            assert answer.json() == {"stored": 0, "duplicate": 0, "rejected": []}


@pytest.mark.parametrize("body", [b"", b"{}", b"5", b'"x"', b"[", b"null"])
def test_no_batch(shared, client, body):
    with untouched(shared, client):
        answer = post(client, body, "application/cloudevents-batch+json")
        refused(answer, 400, "malformed-json")


def staff(score=3):
    return {"type": "survey.answered", "id": f"s{next(numbers)}",
            "data": {"survey": "mood", "answers": {"energy": score}}}


def test_atomic(shared, client):
    known = answered(2)
    assert client.event(known).status == 201
    conflict = {**known, "data": {**known["data"], "answers": {"satisfaction": 3}}}
    twin = answered()
    other = {**twin, "data": {**twin["data"], "comment": "other"}}
    hidden = staff()
    assert client.event(hidden).status == 201
    with untouched(shared, client):
        for events, slug, pointer in [
                ([answered(), answered(0)], "invalid", "/1/data/answers/satisfaction"),
                ([answered(0), answered()], "invalid", "/0/data/answers/satisfaction"),
                ([answered(), {"type": "decision.made", "data": {}}], "invalid", "/1/data/role"),
                ([answered(), 5], "invalid", "/1"),
                ([answered(), conflict], "invalid", "/1/id"),
                ([twin, other], "invalid", "/1/id"),
                ([answered(), staff()], "mixed-classes", None),
                ([staff(), answered()], "mixed-classes", None),
                ([answered(), hidden], "mixed-classes", None),
                ([known, staff()], "mixed-classes", None),
                ([staff(), staff(9)], "invalid", "/1/data/answers/energy")]:
            for send in (lambda e: client.lines(e, "?atomic=1"),
                         lambda e: client.request("POST", "/v1/events?atomic=1", e,
                                                  {"Content-Type": "application/json"})):
                refused(send(events), 422, slug, pointer)
        refused(client.lines([answered(), "{"], "?atomic=1"), 422, "invalid", "/1")
        refused(client.request("POST", "/v1/events?atomic=1", "[" + GOOD + ",{]",
                               {"Content-Type": "application/json"}), 400,
                "malformed-json")
        result = client.lines([known, known], "?atomic=1").json()
        assert (result["stored"], result["duplicate"], result["rejected"]) == (0, 2, [])
    # A duplicate inside is no reason to refuse; nothing of what was refused is known.
    result = client.lines([twin, twin, known, answered()], "?atomic=1").json()
    assert (result["stored"], result["duplicate"]) == (2, 2)
    result = client.lines([staff(), hidden, staff()], "?atomic=1").json()
    assert result == {"stored": 2, "duplicate": 1, "rejected": []}


def test_atomic_has_a_limit(shared, client):
    line = '{"type":"survey.shown","data":{"survey":"visit"}}'
    with untouched(shared, client):
        refused(client.lines([line] * 10001, "?atomic=1"), 413, "content-too-large")
    assert client.lines([line] * 10000, "?atomic=1").json()["stored"] == 10000


def test_more_rejected_than_are_listed(shared, client):
    with untouched(shared, client):
        result = client.lines(["{}"] * 10050).json()
        assert len(result["rejected"]) == 10000 and result["unlisted"] == 50
        problem = refused(client.lines(["{}"] * 300, "?atomic=1"), 422, "invalid", "/0/type")
        assert len(problem["errors"]) == 100


def test_mixed_batches_keep_files_apart(shared, client):
    before = stored(shared)
    events = [answered(), staff(), answered(9), staff(9), answered(), staff()]
    result = client.lines(events).json()
    assert result["stored"] == 4
    assert [r["index"] for r in result["rejected"]] == [2, 3]
    assert [b - a for a, b in zip(before, stored(shared))] == [2, 2]


@pytest.mark.parametrize("query", ["?atomic", "?atomic=", "?atomic=true", "?atomic=1&x=2",
                                   "?atomic=2", "?Atomic=1", "?atomic=1&atomic=0",
                                   "?atomic=1&atomic=1", "?atomic=%31%30"])
def test_parameters(shared, client, query):
    with untouched(shared, client):
        refused(client.lines([answered()], query), 422, "invalid")
        refused(client.request("POST", "/v1/events" + query, answered(),
                               {"Content-Type": "application/json"}), 422, "invalid")


def test_what_was_refused_is_not_repeated(shared, client):
    """An error names the place and never what stood there."""
    secret = "s3cret-value"
    with untouched(shared, client):
        for event in (answered(data={"unit": secret + "/"}), answered(secret),
                      answered(time=secret), {**answered(), "type": secret},
                      answered(data={"survey": secret}), answered(data={"comment": [secret]}),
                      answered(data={"respondent": secret * 20})):
            problem = client.event(event)
            assert problem.status == 422 and secret not in problem.text()


# --- documents

@pytest.mark.parametrize("path,method", [("/v1/surveys/x", "PUT"), ("/v1/units", "PUT"),
                                         ("/v1/tokens", "POST")])
def test_documents(shared, client, path, method):
    json_type = {"Content-Type": "application/json"}
    with untouched(shared, client):
        for name, body in NOT_JSON.items():
            body = body if isinstance(body, bytes) else body.encode("utf-8")
            refused(client.request(method, path, body, json_type), 400, "malformed-json")
        for body in b"[]", b"{}", b'{"x":1}', b'{"name":5}', b'{"name":null}':
            refused(client.request(method, path, body, json_type), 422, "invalid")
    assert "x" not in [s["name"] for s in client.get("/v1/surveys").json()["surveys"]]
    big = b'{"title":"' + b"x" * (1 << 20) + b'"}'
    with shared.client() as c:
        c.connection.connect()
        c.connection.putrequest(method, path)
        c.connection.putheader("Authorization", "Bearer " + shared.token)
        c.connection.putheader("Content-Type", "application/json")
        c.connection.putheader("Content-Length", str(len(big)))
        c.connection.endheaders()
        assert c.connection.getresponse().status == 413


def test_a_storm_of_nonsense_leaves_it_healthy():
    with Daemon("workers=2") as d:
        d.start()
        with d.client() as c:
            for body in NOT_JSON.values():
                c.event(body)
                c.lines([body if isinstance(body, bytes) else body.encode()])
            assert stored(d) == [0, 0]
            assert c.event({"type": "survey.answered", "data": {
                "survey": "csat", "answers": {"overall": 5}}}).json()["seq"] == 1
        d.verify()
        d.restart()
        assert stored(d) == [1, 0]
