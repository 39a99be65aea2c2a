"""What the voice refuses, in every form in which it can be sent: alone, among many, all
or nothing, by its own route. The answer says why and where, the same when it is sent
again, and not a row of either file is another one.

Which steps are legal is read from the man page, so that it says what the daemon does.
"""
import itertools
import os
import re
import sqlite3
import time
import urllib.parse

import pytest

from harness import HERE, TIMEOUT, refused

MAN = os.path.join(HERE, "..", "man", "empowerd-api.7")
# Written in the daemon's own time, or never.
UNSTEADY = {"cell", "progress", "setting", "id_block", "schema_doc"}
STATES = ("submitted received acknowledged examining not_examined accepted planned started "
          "done declined duplicate withdrawn reopened").split()
STATUSES = "accepted planned started done declined duplicate".split()
AUTHOR = ("rated", "replied", "withdrawn", "seen")
EXTRA = {"acknowledged auto": {"auto": True}, "triaged": {"will_examine": False, "reason": "r"},
         "triaged will_examine": {"will_examine": True}, "reopened": {"reason": "r"},
         "replied": {"body": "b"}, "rated": {"felt_heard": 3},
         **{"answered " + s: {"status": s, "reason": "r"} for s in STATUSES}}
ROUTES = {"acknowledged": "acknowledge", "triaged": "triage", "answered": "answers",
          "reopened": "reopen", "supported": "support"}
BY_RECEIPT = {"rated": "rate", "replied": "reply", "withdrawn": "withdraw"}
WAYS = {  # a way into each state
    "submitted": [], "received": ["acknowledged auto"], "acknowledged": ["acknowledged"],
    "examining": ["triaged will_examine"], "not_examined": ["triaged"],
    "withdrawn": ["withdrawn"], "reopened": ["answered done", "reopened"],
    **{s: ["answered " + s] for s in STATUSES}}
numbers = itertools.count()


def table():
    """{step: {state: state that follows}}, as the man page draws it."""
    with open(MAN, encoding="utf-8") as f:
        text = f.read()
    text = text[text.index(".Ss Life of a suggestion"):]
    text = text[text.index(".Bl -tag"):text.index("\n.El")]
    steps = {}
    for item in text.split("\n.It Li ")[1:]:
        name, rest = item.split("\n", 1)
        words = " ".join(re.sub(r"^\.(Li|Pq|Em) ", "", line) for line in rest.splitlines())
        found = re.search(r"From (.*?) (?:to (\w+) |with no change)", words + " ")
        assert found, item
        froms = re.findall(r"\w+", found.group(1))
        assert set(froms) <= set(STATES), item
        for state in froms:
            steps.setdefault(name, {})[state] = found.group(2) or state
    return steps


STEPS = table()


def rows(daemon):
    """Everything in both files, but what the daemon writes when it has time."""
    found = {}
    for file in "empowerd.db", "confidential.db":
        path = urllib.parse.quote(os.path.join(daemon.dir, file))
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=TIMEOUT)
        try:
            for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' "
                                    "AND name NOT LIKE 'sqlite%'").fetchall():
                if name not in UNSTEADY:
                    found[file, name] = db.execute(f'SELECT * FROM "{name}"').fetchall()
        finally:
            db.close()
    return found


class Untouched:
    """What is done inside of it leaves no trace."""

    def __init__(self, daemon):
        self.daemon = daemon

    def __enter__(self):
        self.before = rows(self.daemon)

    def __exit__(self, kind, *exc):
        if kind is None:
            after = rows(self.daemon)
            assert [k for k in after if after[k] != self.before[k]] == []


def event(kind, /, **data):
    return {"type": kind, "source": "bad", "id": f"b{next(numbers)}",
            "data": {k.rstrip("_"): v for k, v in data.items()}}


def stored(c, sent):
    answer = c.event(sent)
    assert answer.status == 201, (sent, answer)
    return answer.json()


def submit(c, audience="customer", **data):
    made = stored(c, event("suggestion.submitted", audience=audience, title="T",
                           **{"kind": "suggestion", **data}))
    return made["id"], made["receipt"]


def step(name, suggestion):
    """The event of a step, and what it points with."""
    kind = name.split()[0]
    ref, receipt = suggestion
    point = "receipt" if kind in AUTHOR else "ref"
    return event("suggestion." + kind, **{point: receipt if point == "receipt" else ref},
                 **EXTRA.get(name, {})), point


def refused_every_way(c, sent, status, slug, pointer):
    """Alone and again, in a batch, in one that is all or nothing."""
    for _ in range(2):
        problem = refused(c.event(sent), status, slug, pointer)
        assert problem["detail"] and problem["errors"][0]["detail"]
    result = c.lines([sent, sent]).json()
    assert result["stored"] == result["duplicate"] == 0
    assert [r["index"] for r in result["rejected"]] == [0, 1]
    for r in result["rejected"]:
        assert r["error"]["type"] == "/problems/" + slug and r["error"]["status"] == status
        assert r["error"]["errors"][0]["pointer"] == pointer
        assert r["id"] == sent["id"]
    problem = refused(c.lines([sent], "?atomic=1"), 422, "invalid", "/0" + pointer)
    # What is not legal by its form says so in the title already.
    assert [e.get("type", "/problems/invalid") for e in problem["errors"]] == [
        "/problems/" + slug]


# ---- steps out of order ----------------------------------------------------------------


def brought(c, audience, ways, **more):
    """New suggestions, and what was done with each."""
    sent = [{**event("suggestion.submitted", audience=audience, kind="suggestion", title="T"),
             **more} for _ in ways]
    made = [(r["id"], r["receipt"]) for r in c.lines(sent).json().get("receipts", [])]
    steps = [{**step(name, s)[0], **more} for s, names in zip(made, ways) for name in names]
    assert c.lines(steps).json()["stored"] == len(steps)
    return made


def state_of(c, suggestion):
    """By receipt: what is new of employees is in no list today. Opening is a step, so
    only at the end."""
    answer = c.get("/v1/receipts/" + suggestion[1])
    assert answer.status == 200, answer
    return answer.json()["state"]


@pytest.mark.parametrize("audience", ["customer", "employee"])
@pytest.mark.parametrize("state", STATES)
def test_every_step_in_every_state(shared, client, audience, state):
    # What an employee withdraws is seen, and has an effect, from the day after on.
    hidden = state == "withdrawn" and audience == "employee"
    before = {"time": int(time.time()) - 2 * 86400} if hidden else {}
    suggestion, = brought(client, audience, [WAYS[state]], **before)
    wrong = [s for s in STEPS if state not in STEPS[s]]
    assert wrong or state not in WAYS["withdrawn"]
    with Untouched(shared):
        for name in wrong:
            sent, point = step(name, suggestion)
            refused_every_way(client, sent, 409, "illegal-transition", "/data/" + point)
            kind = name.split()[0]
            if kind in BY_RECEIPT:
                path = f"/v1/receipts/{suggestion[1]}/{BY_RECEIPT[kind]}"
                with shared.client(None) as author:
                    refused(author.post(path, EXTRA.get(name, {})), 409, "illegal-transition")
            else:
                path = f"/v1/suggestions/{suggestion[0]}/{ROUTES[kind]}"
                refused(client.post(path, EXTRA.get(name, {})), 409, "illegal-transition")
    assert state_of(client, suggestion) == state
    # And the others lead where the page says.
    legal = [s for s in STEPS if state in STEPS[s] and s != "seen"]
    fresh = brought(client, audience, [[*WAYS[state], name] for name in legal])
    for name, one in zip(legal, fresh):
        assert state_of(client, one) == STEPS[name][state], name


def test_the_page_knows_every_step():
    assert {s.split()[0] for s in STEPS} == {*ROUTES, *AUTHOR}
    assert len(STEPS) == 16 and set(STEPS["seen"]) == set(STATES)
    assert set().union(*(leads.values() for leads in STEPS.values())) == set(STATES)


@pytest.mark.parametrize("audience", ["customer", "employee"])
def test_once_only(shared, client, audience):
    """A second rating in a round, and support by the same or by one's own receipt."""
    mine, other = submit(client, audience), submit(client, audience)
    stored(client, step("triaged will_examine", mine)[0])
    stored(client, step("rated", mine)[0])
    stored(client, event("suggestion.supported", ref=mine[0], receipt=other[1]))
    with Untouched(shared):
        refused_every_way(client, step("rated", mine)[0], 409, "illegal-transition",
                          "/data/receipt")
        for receipt in other[1], other[1].lower(), mine[1]:
            sent = event("suggestion.supported", ref=mine[0], receipt=receipt)
            refused_every_way(client, sent, 409, "illegal-transition", "/data/ref")
    # Opened a second time there is nothing new, and nothing is stored.
    stored(client, step("seen", mine)[0])
    with Untouched(shared):
        assert client.event(step("seen", mine)[0]).status == 200


@pytest.mark.parametrize("receipt", [
    "C-00000-00000-00000-00000-00000-00000", "C-1", "Sunday", "", 5])
def test_support_by_what_is_no_receipt(shared, client, receipt):
    """It is said where it stands, also where the rest is in the address."""
    mine = submit(client)[0]
    with Untouched(shared):
        refused(client.event(event("suggestion.supported", ref=mine, receipt=receipt)),
                422, "invalid", "/data/receipt")
        refused(client.post(f"/v1/suggestions/{mine}/support", {"receipt": receipt}),
                422, "invalid", "/receipt")


def test_a_batch_goes_step_by_step(shared, client):
    """Each event finds what those before it left, and one that is refused leaves
    nothing for those after it."""
    mine = submit(client)
    sent = [step(name, mine)[0] for name in (
        "triaged", "triaged will_examine", "reopened", "triaged will_examine",
        "answered accepted", "answered accepted", "withdrawn", "answered done")]
    with Untouched(shared):
        problem = refused(client.lines(sent, "?atomic=1"), 422, "invalid", "/1/data/ref")
        pointers = [e["pointer"] for e in problem["errors"]]
        assert pointers[0] == "/1/data/ref"
    result = client.lines(sent).json()
    assert [r["index"] for r in result["rejected"]] == [1, 5, 7] and result["stored"] == 5
    with Untouched(shared):
        again = client.lines(sent).json()
        assert again["duplicate"] == 5 and [r["index"] for r in again["rejected"]] == [1, 5, 7]
    assert state_of(client, mine) == "withdrawn"


# ---- decisions and boundaries ----------------------------------------------------------


@pytest.fixture
def decided(client):
    return stored(client, event("decision.made", role="r", class_="c", answer="yes"))["id"]


def test_settled_and_reviewed_once(shared, client, decided):
    first = {"settled": event("decision.settled", ref=decided, answer="no"),
             "reviewed": event("decision.reviewed", ref=decided, verdict="coach")}
    for sent in first.values():
        stored(client, sent)
    with Untouched(shared):
        for sent in first.values():
            assert client.event(sent).json()["status"] == "duplicate"
            refused_every_way(client, {**sent, "id": sent["id"] + "x"}, 409,
                              "illegal-transition", "/data/ref")
            # By what it is called at its sender's, too.
    named = event("decision.made", role="r", class_="c", answer="yes")
    stored(client, named)
    with Untouched(shared):
        sent = event("decision.settled", ref={"source": "other", "id": named["id"]},
                     answer="no")
        refused_every_way(client, sent, 422, "unknown-reference", "/data/ref")


def test_nothing_to_review(shared, client):
    """Neither what is no decision nor what was never there has reviews, and the words
    that came with it are not kept."""
    suggestion = submit(client)[0]
    contact = stored(client, event("contact.logged", mode="meeting"))["id"]
    with Untouched(shared):
        for ref in "nothing", suggestion, contact, {"source": "bad", "id": "nothing"}:
            for sent in (event("decision.reviewed", ref=ref, verdict="sanction", rule="new"),
                         event("decision.settled", ref=ref, answer="yes"),
                         event("decision.outcome", ref=ref, customer_benefit=True)):
                refused_every_way(client, sent, 422, "unknown-reference", "/data/ref")


def test_a_boundary_in_the_other_direction(shared, client):
    place = {"role": "r2", "class_": "c2", "unit": "u2"}
    with Untouched(shared):  # there is none yet that could be moved
        for kind in "extended", "narrowed":
            answer = client.event(event("boundary." + kind, limit=5, **place))
            refused(answer, 409, "illegal-transition")
    stored(client, event("boundary.set", limit=50, mode="act", **place))
    with Untouched(shared):
        for kind, limit in (("extended", 50), ("extended", 49.99), ("narrowed", 50),
                            ("narrowed", 50.01), ("narrowed", None)):
            refused_every_way(client, event("boundary." + kind, limit=limit, **place), 409,
                              "illegal-transition", "/data/limit")


# ---- audiences, scopes, classes --------------------------------------------------------


@pytest.mark.parametrize("kind,data", [
    ("decision.made", {"role": "r", "class_": "c", "answer": "yes"}),
    ("boundary.set", {"role": "r", "class_": "c", "mode": "act"}),
    ("boundary.requested", {"role": "r", "class_": "c"}),
    ("contact.logged", {"mode": "meeting"}),
    ("training.requested", {"person": "p"}),
])
def test_these_are_employees(shared, client, kind, data):
    with Untouched(shared):
        sent = event(kind, audience="customer", unit="never-seen", **data)
        refused_every_way(client, sent, 422, "invalid", "/data/audience")


@pytest.mark.parametrize("audience,other", [("customer", "employee"),
                                            ("employee", "customer")])
def test_an_audience_that_contradicts_what_is_meant(shared, client, audience, other):
    suggestion = submit(client, audience)
    stored(client, step("triaged will_examine", suggestion)[0])
    with Untouched(shared):
        for name in "answered done", "supported", "seen", "rated", "replied", "withdrawn":
            sent = step(name, suggestion)[0]
            sent["data"]["audience"] = other
            refused_every_way(client, sent, 422, "invalid", "/data/audience")
    answer = step("answered done", suggestion)[0]
    answer["data"]["audience"] = audience
    stored(client, answer)


def test_a_decision_has_the_audience_of_employees(shared, client, decided):
    with Untouched(shared):
        for kind, data in (("settled", {"answer": "no"}), ("reviewed", {"verdict": "coach"}),
                           ("outcome", {"customer_benefit": True})):
            sent = event("decision." + kind, ref=decided, audience="customer", **data)
            refused_every_way(client, sent, 422, "invalid", "/data/audience")


def test_a_scope_that_is_missing(shared, client, decided):
    """Also where the reference would be unknown: who may not, learns nothing."""
    mine = submit(client)
    concern = submit(client, kind="concern")
    respond = [step(n, mine)[0] for n in ("acknowledged", "triaged", "answered done")]
    respond += [event("decision.reviewed", ref=ref, verdict="coach")
                for ref in (decided, "nothing")]
    token = shared.new_token("ingest")
    with Untouched(shared), shared.client(token) as c:
        for sent in respond:
            refused_every_way(c, sent, 403, "forbidden", "/type")
        for verb, body in (("triage", {"will_examine": True}), ("acknowledge", {}),
                           ("answers", {"status": "done"}), ("reopen", {"reason": "r"})):
            for ref in mine[0], "nothing":
                refused(c.post(f"/v1/suggestions/{ref}/{verb}", body), 403, "forbidden")
        for path in "/v1/suggestions", f"/v1/suggestions/{mine[0]}":
            refused(c.get(path), 403, "forbidden")
        refused(c.put("/v1/boundaries", {"role": "r", "class": "c", "mode": "act"}), 403,
                "forbidden")
        refused(c.post("/v1/people", {"person": "p"}), 403, "forbidden")
    token = shared.new_token("respond", "ingest")
    with Untouched(shared), shared.client(token) as c:
        for name in "triaged", "answered declined", "supported":
            refused_every_way(c, step(name, concern)[0], 422, "unknown-reference", "/data/ref")


def test_all_or_nothing_is_of_one_class(shared, client):
    """Steps on what customers and on what employees said are in two files."""
    ours, theirs = submit(client, "employee"), submit(client)
    decision = stored(client, event("decision.made", role="r", class_="c",
                                    answer="yes"))["id"]
    for pair in ([step("triaged", ours)[0], step("triaged", theirs)[0]],
                 [event("decision.reviewed", ref=decision, verdict="coach"),
                  event("decision.settled", ref=decision, answer="yes")]):
        with Untouched(shared):
            refused(client.lines(pair, "?atomic=1"), 422, "mixed-classes")
        assert client.lines(pair).json()["stored"] == 2
        with Untouched(shared):
            assert client.lines(pair).json()["duplicate"] == 2


def test_sent_again_with_other_words(shared, client):
    """The first word stands."""
    mine = submit(client)
    first = step("answered declined", mine)[0]
    stored(client, first)
    with Untouched(shared):
        changed = {**first, "data": {**first["data"], "reason": "Another"}}
        for _ in range(2):
            refused(client.event(changed), 422, "id-conflict", "/id")
        assert client.lines([first, changed]).json()["duplicate"] == 1
        assert client.event(first).json() == {"id": first["id"], "status": "duplicate"}


def test_whole(shared):
    """After all that was refused the counters are those of what was not."""
    shared.verify()
