"""What an event refers to must be there, be for this token, and be in a state that allows
the step: the answer says which of these it is, and nothing is stored.
"""
import pytest

from harness import refused

WORDS = {"kind": "suggestion", "title": "Open on Sundays"}
NOBODY = "C-00000-00000-00000-00000-000000"


def event(kind, /, **data):
    return {"type": kind, "data": {k.rstrip("_"): v for k, v in data.items()}}


def decision(c, **data):
    answer = c.event(event("decision.made", role="agent", class_="refund", answer="yes",
                           **data))
    assert answer.status == 201, answer
    return answer.json()["id"]


def suggestion(c, **data):
    answer = c.event(event("suggestion.submitted", **{**WORDS, "audience": "customer",
                                                      **data}))
    assert answer.status == 201, answer
    return answer.json()


def counts(daemon):
    return [daemon.one("SELECT count(*) FROM event", file=f)
            for f in ("empowerd.db", "confidential.db")]


UNKNOWN = [
    (event("suggestion.acknowledged", ref="nothing"), "/data/ref"),
    (event("suggestion.triaged", ref={"source": "x", "id": "y"}, will_examine=True),
     "/data/ref"),
    (event("suggestion.answered", ref="case-" + "0" * 32, status="done"), "/data/ref"),
    (event("suggestion.supported", ref="nothing"), "/data/ref"),
    (event("suggestion.seen", receipt=NOBODY), "/data/receipt"),
    (event("suggestion.rated", receipt="E" + NOBODY[1:], felt_heard=1), "/data/receipt"),
    (event("suggestion.replied", receipt=NOBODY, body="b"), "/data/receipt"),
    (event("suggestion.withdrawn", receipt=NOBODY), "/data/receipt"),
    (event("decision.settled", ref="nothing", answer="yes"), "/data/ref"),
    (event("decision.outcome", ref="nothing", customer_benefit=True), "/data/ref"),
    (event("decision.reviewed", ref="nothing", verdict="coach"), "/data/ref"),
]


@pytest.mark.parametrize("step,pointer", UNKNOWN)
def test_unknown_references(shared, client, step, pointer):
    before = counts(shared)
    for sent in step, {**step, "id": "u1", "source": "s"}:
        for _ in range(2):
            refused(client.event(sent), 422, "unknown-reference", pointer)
    assert counts(shared) == before
    # The others of a batch are stored.
    other = event("contact.logged", mode="meeting")
    result = client.lines([other, step, other]).json()
    assert result["stored"] == 2 and len(result["rejected"]) == 1
    assert result["rejected"][0]["index"] == 1
    error = result["rejected"][0]["error"]
    assert error["type"] == "/problems/unknown-reference"
    assert error["errors"][0]["pointer"] == pointer


def test_what_is_no_suggestion_or_decision_cannot_be_meant(client):
    made, said = decision(client), suggestion(client)["id"]
    for step in (event("suggestion.acknowledged", ref=made),
                 event("decision.settled", ref=said, answer="yes"),
                 event("decision.reviewed", ref=said, verdict="coach")):
        refused(client.event(step), 422, "unknown-reference", "/data/ref")


def test_a_state_that_does_not_allow_it(shared, client):
    made = decision(client)
    said = suggestion(client)
    ref, receipt = said["id"], said["receipt"]
    for step, pointer in [
            (event("suggestion.reopened", ref=ref, reason="r"), "/data/ref"),
            (event("suggestion.rated", receipt=receipt, felt_heard=5), "/data/receipt")]:
        before = counts(shared)
        refused(client.event(step), 409, "illegal-transition", pointer)
        assert counts(shared) == before
    settle = event("decision.settled", ref=made, answer="no")
    review = event("decision.reviewed", ref=made, verdict="coach")
    triage = event("suggestion.triaged", ref=ref, will_examine=True)
    for step, pointer in (settle, "/data/ref"), (review, "/data/ref"), (triage, "/data/ref"):
        step = {**step, "id": "once-" + step["type"]}
        assert client.event(step).status == 201
        before = counts(shared)
        assert client.event(step).status == 200, "the same again is no second one"
        refused(client.event({**step, "id": "twice-" + step["type"]}), 409, "illegal-transition", pointer)
        assert counts(shared) == before
    place = {"role": "agent", "class_": "narrowed"}
    assert client.event(event("boundary.set", mode="act", limit=50, **place)).status == 201
    refused(client.event(event("boundary.narrowed", limit=51, **place)), 409,
            "illegal-transition", "/data/limit")
    refused(client.event(event("boundary.extended", limit=50, **place)), 409,
            "illegal-transition", "/data/limit")


def test_an_atomic_batch_says_which(shared, client):
    made = decision(client)
    settle = event("decision.settled", ref=made, answer="no")
    other = event("contact.logged", mode="meeting")
    before = counts(shared)
    for events, pointer, slug in (
            ([other, settle, settle], "/2/data/ref", "illegal-transition"),
            ([other, event("decision.settled", ref="nothing", answer="no")],
             "/1/data/ref", "unknown-reference")):
        problem = refused(client.lines(events, "?atomic=1"), 422, "invalid", pointer)
        assert [e["type"] for e in problem["errors"]] == ["/problems/" + slug]
        assert counts(shared) == before
    assert client.event(settle).status == 201


@pytest.mark.parametrize("audience", ["customer", "employee"])
def test_concerns_are_for_the_scope_concern(shared, client, audience):
    said = suggestion(client, audience=audience, kind="concern")
    step = event("suggestion.triaged", ref=said["id"], will_examine=True)
    refused(client.event(event("suggestion.triaged", ref="nothing", will_examine=True)), 422,
            "unknown-reference", "/data/ref")
    with shared.client(shared.new_token("respond")) as c:
        refused(c.event(step), 422, "unknown-reference", "/data/ref")
    with shared.client(shared.new_token("respond", "concern")) as c:
        assert c.event(step).status == 201
    with shared.client(shared.new_token("ingest")) as c:
        # By the receipt it is the author.
        assert c.event(event("suggestion.replied", receipt=said["receipt"],
                             body="More")).status == 201


def test_a_token_for_a_unit_finds_what_is_there(shared, client):
    here, there = suggestion(client, unit="north/1"), suggestion(client, unit="south")
    mine, other = decision(client, unit="north"), decision(client, unit="northern")
    with shared.client(shared.new_token("respond", unit="north")) as c:
        for good, bad, kind, data in [
                (here["id"], there["id"], "suggestion.acknowledged", {}),
                (mine, other, "decision.outcome", {"customer_benefit": True}),
                (mine, other, "decision.reviewed", {"verdict": "reinforce"})]:
            assert c.event(event(kind, ref=good, **data)).status == 201
            refused(c.event(event(kind, ref=bad, **data)), 422, "unknown-reference",
                    "/data/ref")
