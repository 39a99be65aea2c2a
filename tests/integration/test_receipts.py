"""Receipts: the one way back to a suggestion, given once and stored nowhere."""
import os
import re

import pytest

from harness import Daemon, refused

RECEIPT = re.compile(r"[CE](-[0-9A-HJKMNP-TV-Z]{5}){4}-[0-9A-HJKMNP-TV-Z]{6}")
CASE = re.compile(r"case-[0-9a-f]{32}")
WORDS = {"audience": "customer", "kind": "suggestion", "title": "Open on Sundays"}


def submitted(id=None, **data):
    event = {"type": "suggestion.submitted", "data": {**WORDS, **data}}
    return {**event, "id": id} if id else event


def requested(id=None, **data):
    event = {"type": "boundary.requested",
             "data": {"role": "agent", "class": "refund", "limit": 90, **data}}
    return {**event, "id": id} if id else event


def everything(daemon):
    """All bytes of the state directory but the keys."""
    for where, _, names in os.walk(daemon.dir):
        if os.path.basename(where) != "keys":
            for name in names:
                with open(os.path.join(where, name), "rb") as f:
                    yield f.read()


@pytest.mark.parametrize("event,letter", [
    (submitted("a1"), "C"), (submitted("a2", audience="employee"), "E"),
    (requested("a3"), "C")])
def test_a_resend_answers_the_same(event, letter):
    with Daemon() as daemon:
        daemon.start()
        with daemon.client() as c:
            first = c.event(event)
            assert first.status == 201
            receipt, key = first.json()["receipt"], first.json()["id"]
            assert RECEIPT.fullmatch(receipt) and receipt[0] == letter
            if letter == "E":
                assert CASE.fullmatch(key) and "seq" not in first.json()
            else:
                assert key == event["id"]
            # Another one is another one.
            other = c.event({**event, "id": "other"}).json()
            assert other["receipt"] != receipt and other["id"] != key
        daemon.restart()
        with daemon.client() as c:
            again = c.event(event)
            assert again.status == 200 and again.json()["status"] == "duplicate"
            assert (again.json()["receipt"], again.json()["id"]) == (receipt, key)
        daemon.stop()
        code = receipt[1:].replace("-", "").encode()
        for data in everything(daemon):
            assert receipt.encode() not in data and code not in data


def test_a_guessed_id_gets_no_receipt_that_leads_anywhere(client):
    customer = client.event(submitted("guess-1")).json()
    refused(client.event(submitted("guess-1", title="Something else")), 422, "id-conflict",
            "/id")
    employee = client.event(submitted("guess-2", audience="employee")).json()
    # Of what is confidential even that it was something else stays unsaid.
    other = client.event(submitted("guess-2", audience="employee", title="Something else"))
    assert other.status == 200
    assert other.json()["receipt"] != employee["receipt"] != customer["receipt"]
    assert other.json()["id"] != employee["id"]


def supported(ref, id=None, **data):
    event = {"type": "suggestion.supported", "data": {"ref": ref, **data}}
    return {**event, "id": id} if id else event


@pytest.mark.parametrize("audience,letter", [("customer", "C"), ("employee", "E")])
def test_a_supporter_gets_a_receipt(client, audience, letter):
    made = client.event(submitted(audience=audience)).json()
    path = f"/v1/suggestions/{made['id']}/support"
    first = client.event(supported(made["id"], f"{audience}-s"))
    assert first.status == 201
    mine = first.json()["receipt"]
    assert RECEIPT.fullmatch(mine) and mine[0] == letter and mine != made["receipt"]
    again = client.event(supported(made["id"], f"{audience}-s"))
    assert (again.status, again.json()["receipt"]) == (200, mine)
    # By the route as well; without an id each is somebody else.
    others = [client.post(path, {}).json()["receipt"] for _ in range(2)]
    assert len({mine, made["receipt"], *others}) == 4
    routed = client.post(path, {"id": f"{audience}-t"}).json()["receipt"]
    assert client.post(path, {"id": f"{audience}-t"}).json()["receipt"] == routed
    for receipt in mine, routed, *others:
        # It leads to the suggestion, counts once, and is its author's in nothing.
        assert client.get("/v1/receipts/" + receipt).status == 200
        assert client.post(path, {"receipt": receipt}).status == 409
        for verb, data in ("reply", {"body": "b"}), ("withdraw", {}):
            assert client.post(f"/v1/receipts/{receipt}/{verb}", data).status == 404
    answer = client.get("/v1/receipts/" + made["receipt"]).json()
    assert answer["supporters"] == 4
    # With one of one's own there is no other.
    own = client.event(submitted(audience=audience)).json()["receipt"]
    answer = client.post(path, {"receipt": own})
    assert answer.status == 201 and "receipt" not in answer.json()


def test_batches_list_the_receipts_of_supporters(client):
    made = client.event(submitted()).json()["id"]
    answer = client.lines([supported(made), supported("nothing"), supported(made)]).json()
    assert [r["index"] for r in answer["receipts"]] == [0, 2]
    assert [r["index"] for r in answer["rejected"]] == [1]


def test_without_an_id_each_is_new(client):
    answers = [client.event(submitted(audience=a)).json()
               for a in ("customer", "employee") for _ in range(5)]
    assert len({a["receipt"] for a in answers}) == len({a["id"] for a in answers}) == 10
    assert all(a["idempotent"] is False for a in answers)


@pytest.mark.parametrize("query", ["", "?atomic=1"])
def test_batches_list_receipts(client, query):
    shown = {"type": "contact.logged", "data": {"mode": "meeting"}}
    mine = [submitted(f"batch{query}1"), shown, requested(f"batch{query}2")]
    answer = client.lines(mine, query)
    assert answer.status == 200
    receipts = answer.json()["receipts"]
    assert [(r["index"], r["id"]) for r in receipts] == [(0, f"batch{query}1"),
                                                         (2, f"batch{query}2")]
    assert all(RECEIPT.fullmatch(r["receipt"]) for r in receipts)
    again = client.lines(mine, query).json()
    assert again["duplicate"] == 2 and again["receipts"] == receipts
    single = client.event(mine[0]).json()
    assert single["receipt"] == receipts[0]["receipt"]
    assert "receipts" not in client.lines([shown], query).json()


def test_many_receipts_come_in_order(client):
    events = [submitted(f"many-{i}") for i in range(1000)]
    receipts = client.lines(events).json()["receipts"]
    assert [(r["index"], r["id"]) for r in receipts] == [(i, f"many-{i}")
                                                         for i in range(1000)]
    assert len({r["receipt"] for r in receipts}) == 1000


def test_an_id_like_ours_is_refused(client):
    for key in "0" * 32, "0123456789abcdef" * 2:
        refused(client.event(submitted("case-" + key)), 422, "invalid", "/id")
    for key in "0" * 31, "0" * 33, "A" * 32, "":
        assert client.event(submitted("case-" + key)).status == 201


def test_scopes(shared):
    ref, receipt = "nothing", "C" + "0" * 26
    steps = {
        "respond": [("suggestion.acknowledged", {"ref": ref}),
                    ("suggestion.triaged", {"ref": ref, "will_examine": True}),
                    ("suggestion.answered", {"ref": ref, "status": "done"}),
                    ("suggestion.reopened", {"ref": ref, "reason": "r"}),
                    ("decision.settled", {"ref": ref, "answer": "yes"}),
                    ("decision.outcome", {"ref": ref, "customer_benefit": True}),
                    ("decision.reviewed", {"ref": ref, "verdict": "coach"})],
        "ingest": [("suggestion.submitted", WORDS), ("suggestion.supported", {"ref": ref}),
                   ("suggestion.seen", {"receipt": receipt}),
                   ("suggestion.rated", {"receipt": receipt, "felt_heard": 1}),
                   ("suggestion.replied", {"receipt": receipt, "body": "b"}),
                   ("suggestion.withdrawn", {"receipt": receipt}),
                   ("decision.made", {"role": "a", "class": "b", "answer": "yes"}),
                   ("boundary.requested", {"role": "a", "class": "b"}),
                   ("contact.logged", {"mode": "meeting"})],
        "roster": [("boundary.set", {"role": "a", "class": "b", "mode": "act"}),
                   ("training.requested", {"person": "p"}),
                   ("initiative.started", {"initiative": "i"})]}
    for scope in steps:
        with shared.client(shared.new_token(scope)) as c:
            for needed, events in steps.items():
                for kind, data in events:
                    answer = c.event({"type": kind, "data": data})
                    if needed == scope:
                        assert answer.status in (201, 422, 409), (kind, answer)
                    else:
                        problem = refused(answer, 403, "forbidden", "/type")
                        assert needed in problem["detail"]


def test_a_token_for_a_unit(shared):
    with shared.client(shared.new_token("ingest", unit="north")) as c:
        assert c.event(submitted(unit="north/1")).status == 201
        for data in {}, {"unit": "south"}:
            refused(c.event(submitted(**data)), 403, "forbidden", "/data/unit")
        # What a receipt leads to is its author's, wherever it is; what an id refers to,
        # the writer looks at.
        for kind, data in [("suggestion.seen", {"receipt": "C" + "0" * 26}),
                           ("suggestion.supported", {"ref": "nothing"})]:
            assert c.event({"type": kind, "data": data}).status != 403
