"""Definitions: what was made can be used at once, everywhere, and survives."""
import pytest

from harness import Daemon, refused

VISIT = {"name": "visit", "audience": "customer", "public": False,
         "title": {"en": "Your visit"},
         "questions": [{"name": "overall", "metric": "csat"}]}


def answered(survey, answers, event_id):
    return {"type": "survey.answered", "id": event_id,
            "data": {"survey": survey, "answers": answers}}


# --- surveys

def test_built_in(client):
    names = [s["name"] for s in client.get("/v1/surveys").json()["surveys"]]
    assert names == sorted(names)
    for name in "csat", "nps", "ces", "enps", "pulse", "intent", "felt_heard":
        assert name in names
    pulse = client.get("/v1/surveys/pulse").json()
    assert pulse["audience"] == "employee"


def test_put_and_get(client):
    first = client.put("/v1/surveys/put-get", {**VISIT, "name": "put-get"})
    assert first.status == 201
    second = client.put("/v1/surveys/put-get", {**VISIT, "name": "put-get"})
    assert second.status == 200
    assert client.get("/v1/surveys/put-get").json() == second.json()
    assert second.json()["title"] == VISIT["title"]


def test_usable_at_once_on_every_connection(shared):
    clients = [shared.client() for _ in range(6)]
    for i in range(20):
        name = f"fresh-{i}"
        survey = {**VISIT, "name": name}
        assert clients[i % 6].put(f"/v1/surveys/{name}", survey).status == 201
        for j, c in enumerate(clients):
            assert c.event(answered(name, {"overall": 5}, f"{name}-{j}")).status == 201
    for c in clients:
        c.close()


def test_open_questions_register(client):
    survey = {"name": "open", "audience": "customer", "questions": [],
              "open": {"metric": "csat", "scale": [1, 5]}}
    assert client.put("/v1/surveys/open", survey).status == 201
    for i, question in enumerate(["legroom", "coffee", "legroom"]):
        assert client.event(answered("open", {question: 4}, f"open-{i}")).status == 201
    names = {q["name"] for q in client.get("/v1/surveys/open").json()["questions"]}
    assert names == {"legroom", "coffee"}
    # What was read can be put again.
    assert client.put("/v1/surveys/open", client.get("/v1/surveys/open").json()
                      ).status == 200


def test_answered_questions_are_fixed(client):
    survey = {**VISIT, "name": "fixed"}
    assert client.put("/v1/surveys/fixed", survey).status == 201
    changed = {**survey, "questions": [{"name": "overall", "metric": "nps"}]}
    assert client.put("/v1/surveys/fixed", changed).status == 200  # nobody answered
    assert client.put("/v1/surveys/fixed", survey).status == 200
    assert client.event(answered("fixed", {"overall": 3}, "fixed-1")).status == 201
    refused(client.put("/v1/surveys/fixed", changed), 409, "conflict")
    more = {**survey, "questions": [*survey["questions"],
                                    {"name": "extra", "metric": "nps"}]}
    assert client.put("/v1/surveys/fixed", more).status == 200


def test_a_dropped_question_takes_no_more_answers(client):
    survey = {**VISIT, "name": "dropping"}
    both = {**survey, "questions": [*survey["questions"],
                                    {"name": "queue", "metric": "ces"}]}
    assert client.put("/v1/surveys/dropping", both).status == 201
    old = answered("dropping", {"overall": 3, "queue": 7}, "dropping-1")
    assert client.event(old).status == 201
    assert client.put("/v1/surveys/dropping", survey).status == 200
    refused(client.event(answered("dropping", {"overall": 3, "queue": 7}, "dropping-2")),
            422, "invalid", "/data/answers/queue")
    assert client.event(answered("dropping", {"overall": 3}, "dropping-3")).status == 201
    # What was answered before stays.
    questions = {r["question"]: r["n"]
                 for r in client.rollup("satisfaction", survey="dropping")["rows"]}
    assert questions == {"overall": 2, "queue": 1}
    # Asked again, it is answered again.
    assert client.put("/v1/surveys/dropping", both).status == 200
    assert client.event(answered("dropping", {"queue": 7}, "dropping-4")).status == 201
    # A survey that takes any question takes this one, too.
    wide = {**survey, "open": {"metric": "csat", "scale": [1, 5]}}
    assert client.put("/v1/surveys/dropping", wide).status == 200
    assert client.event(answered("dropping", {"queue": 6}, "dropping-5")).status == 201


@pytest.mark.parametrize("document,status,slug,pointer", [
    ("{", 400, "malformed-json", None),
    ({**VISIT, "name": "other"}, 422, "invalid", "/name"),
    ({**VISIT, "name": "bad", "audience": "cats"}, 422, "invalid", "/audience"),
    ({**VISIT, "name": "bad", "colour": 1}, 422, "invalid", "/colour"),
    ({"name": "bad", "audience": "customer",
      "questions": [{"name": "a", "metric": "stars"}]}, 422, "invalid",
     "/questions/0/metric"),
    ({"name": "bad", "audience": "customer",
      "questions": [{"name": "a", "metric": "csat", "scale": [1, 7]}]}, 422, "invalid",
     "/questions/0/satisfied"),
])
def test_bad_surveys(client, document, status, slug, pointer):
    refused(client.put("/v1/surveys/bad", document), status, slug, pointer)
    refused(client.get("/v1/surveys/bad"), 404, "not-found")


def test_bad_names(client):
    refused(client.put("/v1/surveys/Bad", VISIT), 422, "invalid", "/name")
    refused(client.put("/v1/surveys/" + "x" * 65, VISIT), 422, "invalid", "/name")


# --- units

def test_units(client):
    assert client.put("/v1/units/retail/north", {"name": "retail/north",
                                                 "title": "The north"}).status == 201
    assert client.put("/v1/units/retail/south", b"").status == 201
    assert client.put("/v1/units/retail/south", b"").status == 200
    answer = client.put("/v1/units", {"units": [{"name": "retail"},
                                                {"name": "retail/south",
                                                 "title": "South"}]})
    assert answer.status == 200 and answer.json() == {"units": 2, "created": 1}
    units = client.get("/v1/units").json()["units"]
    assert [u["name"] for u in units] == ["retail", "retail/north", "retail/south"]
    assert client.get("/v1/units/retail/south").json() == {"name": "retail/south",
                                                           "title": "South"}
    assert client.put("/v1/units/retail/south", {"title": "The South"}).json() == {
        "name": "retail/south", "title": "The South"}
    refused(client.put("/v1/units/retail", {"units": [{"name": "retail"}]}),
            422, "invalid", "/units")
    refused(client.get("/v1/units/none"), 404, "not-found")
    refused(client.put("/v1/units/Bad", b""), 422, "invalid", "/name")
    refused(client.put("/v1/units/retail", {"name": "web"}), 422, "invalid", "/name")
    refused(client.put("/v1/units", {"units": [{"name": "ok/1"}, {"name": "Bad"}]}),
            422, "invalid", "/units/1/name")
    refused(client.get("/v1/units/ok/1"), 404, "not-found")


# --- tokens

def test_tokens(shared, client):
    answer = client.post("/v1/tokens", {"label": "web form", "scopes": ["ingest"],
                                        "unit": "retail"})
    assert answer.status == 201 and answer.headers["Cache-Control"] == "no-store"
    made = answer.json()
    assert made["token"].startswith("emp_") and len(made["token"]) == 47
    listed = client.get("/v1/tokens").json()["tokens"]
    entry = next(t for t in listed if t["id"] == made["id"])
    assert "token" not in entry and made["token"] not in str(listed)
    assert (entry["label"], entry["scopes"], entry["unit"]) == (
        "web form", ["ingest"], "retail")
    others = [shared.client(made["token"]) for _ in range(4)]
    event = {"type": "signal.recorded", "data": {
        "audience": "customer", "signal": "referral", "unit": "retail/x"}}
    for c in others:
        assert c.event(event).status == 201
        refused(c.get("/v1/tokens"), 403, "forbidden")
        refused(c.get("/v1/surveys"), 403, "forbidden")
    # Revoked: refused at once, on connections that knew it, too.
    assert client.delete(f"/v1/tokens/{made['id']}").status == 204
    for c in others:
        refused(c.event(event), 401, "unauthorized")
        c.close()
    refused(client.delete(f"/v1/tokens/{made['id']}"), 404, "not-found")


def test_the_last_admin_stays():
    with Daemon() as d:
        d.start()
        with d.client() as c:
            tokens = c.get("/v1/tokens").json()["tokens"]
            assert [t["label"] for t in tokens] == ["admin.token"]
            refused(c.delete(f"/v1/tokens/{tokens[0]['id']}"), 409, "conflict")
            second = c.post("/v1/tokens", {"label": "b", "scopes": ["admin"]}).json()
            assert c.delete(f"/v1/tokens/{tokens[0]['id']}").status == 204
            refused(c.get("/v1/tokens"), 401, "unauthorized")
        with d.client(second["token"]) as c:
            assert len(c.get("/v1/tokens").json()["tokens"]) == 1


@pytest.mark.parametrize("document,pointer", [
    ({"label": "x"}, "/scopes"), ({"label": "x", "scopes": []}, "/scopes"),
    ({"label": "x", "scopes": ["root"]}, "/scopes/0"),
    ({"label": "x", "scopes": ["read"], "unit": "Bad"}, "/unit"),
    ({"label": "x" * 65, "scopes": ["read"]}, "/label"),
    ({"label": "x", "scopes": ["read"], "id": 5}, "/id")])
def test_bad_tokens(client, document, pointer):
    refused(client.post("/v1/tokens", document), 422, "invalid", pointer)


def test_scope_admin(shared):
    with shared.client(shared.new_token("read", "ingest", "roster")) as c:
        assert c.get("/v1/surveys").status == 200
        refused(c.put("/v1/surveys/x", {**VISIT, "name": "x"}), 403, "forbidden")
        refused(c.put("/v1/units", {"name": "x"}), 403, "forbidden")
        refused(c.post("/v1/tokens", {"label": "x", "scopes": ["read"]}), 403,
                "forbidden")
    with shared.client(shared.new_token("admin", unit="retail")) as c:
        refused(c.post("/v1/tokens", {"label": "x", "scopes": ["admin"]}), 403,
                "forbidden")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_definitions_survive(end):
    with Daemon() as d:
        d.start()
        with d.client() as c:
            c.put("/v1/surveys/visit", VISIT)
            c.put("/v1/units/a/b", b"")
            token = c.post("/v1/tokens", {"label": "t", "scopes": ["read"]}).json()
            before = [c.get(p).json() for p in ("/v1/surveys", "/v1/units",
                                                "/v1/tokens")]
        getattr(d, end)()
        d.start()
        with d.client() as c:
            assert [c.get(p).json() for p in ("/v1/surveys", "/v1/units",
                                              "/v1/tokens")] == before
        with d.client(token["token"]) as c:
            assert c.get("/v1/surveys/visit").json()["name"] == "visit"


def test_a_built_in_survey_that_was_replaced_stays_so():
    with Daemon() as d:
        d.start()
        with d.client() as c:
            mine = {"name": "nps", "audience": "customer",
                    "questions": [{"name": "mine", "metric": "nps"}]}
            assert c.put("/v1/surveys/nps", mine).status == 200
        d.restart()
        with d.client() as c:
            questions = c.get("/v1/surveys/nps").json()["questions"]
            assert [q["name"] for q in questions] == ["mine"]
