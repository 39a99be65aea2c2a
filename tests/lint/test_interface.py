"""The check of the OpenAPI document: it finds what either side lacks, and so does the
record of what tests were answered."""
import json
import os
import shutil
import subprocess
import sys

import pytest

import openapi

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ.get("top_srcdir", os.path.join(HERE, "..", ".."))
FILES = ("schema/openapi.json", "src/api/routes.def", "src/api/asks.c", "src/model/query.c",
         "src/model/query.h", "src/model/catalogue.def", "src/codec/ingest_fields.c",
         "src/codec/ingest_fields.def", "src/base/errors.def", "src/http/problem.c")


@pytest.fixture
def tree(tmp_path):
    for name in FILES:
        os.makedirs(os.path.dirname(tmp_path / name), exist_ok=True)
        shutil.copy(os.path.join(ROOT, name), tmp_path / name)
    return tmp_path


def check(tree):
    result = subprocess.run([sys.executable, os.path.join(HERE, "interface.py"), str(tree)],
                            text=True, capture_output=True)
    return result.returncode, result.stdout + result.stderr


def test_the_tree_passes(tree):
    status, said = check(tree)
    assert status == 0, said


@pytest.mark.parametrize("name,old,new,finding", [
    ("src/api/routes.def", '"/healthz"', '"/alive"', "lacks the route GET /alive"),
    ("src/api/routes.def", 'GET, "/healthz"', 'PUT, "/healthz"',
     "has the route GET /healthz, which is not there"),
    ("src/model/query.c", '[ROLLUP_CONTACT] = "contact"', '[ROLLUP_CONTACT] = "touch"',
     "lacks the route GET /v1/rollups/touch"),
    ("src/model/query.c", '{"signal", IN(ROLLUP_RETENTION)', '{"signal", IN(ROLLUP_CONTACT)',
     "lacks the parameter signal of /v1/rollups/contact"),
    ("src/model/query.c", '{"source", IN(ASK_SUGGESTION)', '{"sender", IN(ASK_SUGGESTION)',
     "has the parameter source of /v1/suggestions/{id}, which is not there"),
    ("src/model/catalogue.def", '"base.set"', '"base.put"', "lacks the event type base.put"),
    ("src/codec/ingest_fields.def", '"goal"', '"aim"', "decision.made: the member aim"),
    ("src/codec/ingest_fields.c", "F(REF) | F(WILL_EXAMINE)}", "F(REF)}",
     "suggestion.triaged: the needed member will_examine, which is not there"),
    ("src/base/errors.def", '"conflict"', '"clash"', "lacks the problem clash (409)"),
    ("schema/openapi.json", '"operationId": "get_healthz"', '"operationId": "get_readyz"',
     "has an operationId twice"),
    ("schema/openapi.json", '"#/components/schemas/stored_many"',
     '"#/components/schemas/stored"', "has a reference #/components/schemas/stored_many"),
    ("schema/openapi.json", '"minLength"', '"minimumLength"', "which is not checked"),
    ("schema/openapi.json", '"title": "A value', '"titel": "A value', "an example of problem"),
])
def test_what_one_side_lacks_is_found(tree, name, old, new, finding):
    content = (tree / name).read_text(encoding="utf-8")
    assert old in content
    (tree / name).write_text(content.replace(old, new), encoding="utf-8")
    status, said = check(tree)
    assert status == 1 and finding in said, said


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_a_finding(tree, name):
    os.remove(tree / name)
    assert check(tree)[0] == 1


PROBLEM = "application/problem+json"
JSON = "application/json"


@pytest.mark.parametrize("answer,finding", [
    (("GET", "/healthz", 200, JSON, None, {"status": "ok"}), None),
    (("HEAD", "/healthz", 200, JSON, None, None), None),
    (("GET", "/nowhere", 404, PROBLEM, None, None), None),
    (("PUT", "/healthz", 405, PROBLEM, None, {"type": "/problems/method-not-allowed",
                                              "title": "No", "status": 405}), None),
    (("GET", "/nowhere", 200, JSON, None, {}), "no such route"),
    (("PUT", "/healthz", 200, JSON, None, {}), "no such method"),
    (("GET", "/healthz", 202, JSON, None, {}), "status is not declared"),
    (("GET", "/healthz", 200, "text/plain", None, None), "media type is not declared"),
    (("GET", "/healthz", 200, JSON, None, {"status": "ill"}), "/status"),
    (("GET", "/healthz", 200, JSON, None, {"status": "ok", "load": 1}), "/load"),
    (("POST", "/v1/events", 201, JSON, {"type": "base.set", "data": {"active": 3}},
      {"id": "a", "status": "stored", "seq": 1}), None),
    (("POST", "/v1/events", 201, JSON, {"type": "base.set", "data": {"activ": 3}},
      {"id": "a", "status": "stored", "seq": 1}), "sent /"),
    (("POST", "/v1/events", 201, JSON, {"type": "base.put", "data": {"active": 3}},
      {"id": "a", "status": "stored", "seq": 1}), "sent /"),
    (("GET", "/v1/units/a/b", 200, JSON, None, {"name": "a/b"}), None),
    (("GET", "/v1/rollups/contact?step=day", 200, JSON, None,
      {"from": None, "to": None, "as_of": None, "step": "day", "rows": [
          {"audience": "employee", "mode": "meeting", "n": 1, "by_leader": 1, "m": 1}]}),
     "/rows/0/m: is not declared"),
])
def test_what_is_not_declared_is_found(answer, finding):
    method, target, status, mime, sent, got = answer
    record = openapi.Record()
    record.add(method, target, status, mime, sent and json.dumps(sent).encode(),
               json.dumps(got).encode())
    findings = record.findings()
    if finding is None:
        assert not findings
    else:
        assert len(findings) >= 1 and finding in " ".join(findings), findings


def test_what_is_alike_is_told_once():
    record = openapi.Record()
    for i in range(3):
        record.add("GET", "/healthz", 200, JSON, None, json.dumps({"status": i}).encode())
    assert len(record.findings()) == 1
