"""Whoever is forgotten is in no byte of the state directory, and in every figure as
before."""
import datetime
import json
import os
import sqlite3
import time
import urllib.parse

import pytest

from ctl_harness import Tool
from harness import Daemon, refused, until
from someone import ERASED, MARK, counted, figures, marked, rows_of, two

CODES_MADE = [("code", "person")] * 2  # for the two of them, at first
# Columns of text or bytes that cannot be anybody's words, name or id. A new column must be
# among these, or be erased.
NAMES = {"category", "channel", "class", "initiative", "lang", "role", "rule", "segment",
         "source", "touchpoint", "unit"}  # words of the organisation
HARMLESS = {
    "empowerd.db": {
        *(f"{table}.name" for table in NAMES),
        # the program's own words
        *(f"{table}.name" for table in (
            "audience", "boundary_mode", "contact_mode", "decision_answer", "driver_view",
            "event_type", "metric", "recognition_kind", "signal_kind",
            "suggestion_condition", "suggestion_kind", "suggestion_status", "visibility",
            "within", "setting")), "setting.value",
        *(f"schema_doc.{c}" for c in ("column_name", "description", "table_name", "unit")),
        # definitions
        "question.name", "question.twin", "question_option.name", "survey.document",
        "survey.name", "survey.period", "unit.title", "boundary.requires_training",
        "initiative_event.title",
        # counts
        "cell.slots", "decision_outcome.changed", "decision_settlement.changed",
        "id_block.ids", "release.at", "release.period", "release_block.question",
        "release_count.option",
        # random numbers
        "boundary.people_key", "decision.people_key", "recognition.people_key",
        "suggestion.people_key",
        # of whoever has the receipt of a support, which no person is known of
        "suggestion_step.supporter",
        "decision.moment",
        # what the organisation answered
        "suggestion_step.reason"},
    "confidential.db": {
        *(f"event.{c}" for c in NAMES if c not in ("category", "class", "role", "rule",
                                                   "source")),
        *(f"schema_doc.{c}" for c in ("column_name", "description", "table_name", "unit")),
        "setting.name", "setting.value",
        # days, classes and states
        "event.at", "event.audience", "event.class", "event.day", "event.survey",
        "event.type", "operational_person.role", "person_code.created", "review.class",
        "review.day", "review.driver_missed", "review.role", "review.rule", "review.unit",
        "review.verdict", "review_cell.class", "review_cell.role", "review_cell.unit",
        "review_cell.verdict", "review_decider.class", "review_decider.day",
        "review_decider.role", "review_decider.unit", "signal.kind", "suggestion.category",
        "suggestion.kind", "suggestion_step.day", "suggestion_step.status",
        "suggestion_step.type", "recognition.kind", "recognition.visibility",
        *(f"suggestion_state.{c}" for c in (
            "acknowledged", "category", "closed", "first_reopened", "first_response",
            "first_seen", "first_triage", "kind", "reopened", "second_response", "state",
            "status", "submitted", "unit", "withdrawn")),
        # definitions
        "answer.option", "answer.question", "training.topic", "token.hash", "token.label",
        "token.scopes", "token.unit",
        # random keys
        "answer.event_key", "backing.decision_key", "backing.event_key", "event.key",
        "operational_person.key", "recognition.event_key",
        "recognition_recipient.event_key", "review.decision_key", "review.event_key",
        "signal.event_key", "suggestion.key", "suggestion_state.suggestion",
        "suggestion_step.event_key", "suggestion_step.suggestion", "training.event_key",
        "id_window.key", "suggestion_step.supporter",
        # releases: of whom they are is not known any more
        *(f"release_block.{c}" for c in ("metric", "question", "survey", "unit")),
        *(f"release_comment.{c}" for c in ("key", "question", "survey", "text", "unit")),
        *(f"release_count.{c}" for c in ("option", "question", "survey", "unit")),
        *(f"release_cover.{c}" for c in ("block_unit", "question", "survey", "unit")),
        "survey_period.last_day", "survey_period.name", "survey_period.survey",
        "survey_period_unit.survey",
        "survey_period_unit.unit", "invite.hash", "invite.survey", "invite.unit",
        # who read what, never of whom
        "audit.action", "audit.object", "audit.token_label",
        # lives until the erasure is over
        *(f"erasure.{c}" for c in ("customer", "customer_new", "key",
                                   "personnel_new", "receipt")),
        "suggestion_step.reason"},
}


def columns(daemon, file):
    """Those that can hold a text or bytes."""
    rows = daemon.sql("SELECT m.name, c.name FROM sqlite_schema AS m "
                      "JOIN pragma_table_xinfo(m.name) AS c WHERE m.type = 'table' "
                      "AND m.name NOT LIKE 'sqlite_%' AND c.type IN ('TEXT', 'BLOB')",
                      file=file)
    return {f"{table}.{column}" for table, column in rows}


@pytest.mark.parametrize("file", ERASED)
def test_every_column_is_erased_or_harmless(file):
    with Daemon() as daemon:
        daemon.start()
        found = columns(daemon, file)
    assert not ERASED[file] & HARMLESS[file]
    assert found - ERASED[file] - HARMLESS[file] == set()
    assert ERASED[file] | HARMLESS[file] <= found


@pytest.fixture(name="world")
def world_():
    with Daemon() as daemon:
        yield (daemon, *two(daemon))


def erase(daemon, **whom):
    with daemon.client() as c:
        answer = c.post("/v1/people/erase", whom)
    assert answer.status == 200, answer
    assert answer.json()["status"] == "erased"
    return answer.json()["complete"]


def test_the_markers_are_everywhere(world):
    """Or their absence would say nothing."""
    daemon, maria, _ = world
    texts = {(file, column) for file, erased in ERASED.items() for column in erased
             if column.split(".")[1] not in ("hash", "person", "receipt")}
    # Where a private recognition would have names, if it could.
    texts -= {("confidential.db", f"recognition.{n}_name") for n in ("from", "to")}
    assert set(rows_of(daemon, maria.mark)) == texts


def test_nothing_is_left_of_a_person(world, tmp_path):
    daemon, maria, pedro = world
    for name in "empowerd.db.before-3", "confidential.db.before-2", "mine.db.before-2":
        with open(os.path.join(daemon.dir, name), "w", encoding="ascii") as f:
            f.write(MARK)
    before, others = counted(figures(daemon)), rows_of(daemon, pedro.mark)
    people = {file: daemon.sql("SELECT DISTINCT person FROM event", file=file)
              for file in ERASED}
    daemon.verify()
    assert marked(daemon, maria.mark)
    assert erase(daemon, person=maria.name) is True
    assert marked(daemon, maria.mark) == []
    # Copies made before a migration are ours, other files are not.
    assert [n for n in os.listdir(daemon.dir) if ".before-" in n] == ["mine.db.before-2"]
    for _ in range(2):
        Tool(daemon, tmp_path).ok("verify", "-d", daemon.dir)
        now = counted(figures(daemon))
        assert [(p, before[p], now[p]) for p in now if now[p] != before[p]] == []
        assert rows_of(daemon, pedro.mark) == others
        daemon.verify()
        for file, was in people.items():
            now = daemon.sql("SELECT DISTINCT person FROM event", file=file)
            assert len(now) == len(was) and now != was
        assert daemon.one("SELECT count(*) FROM person_code", file="confidential.db") == 1
        assert daemon.one("SELECT count(*) FROM erasure", file="confidential.db") == 0
        with daemon.client() as c:
            for path in "/v1/recognition", "/v1/suggestions":
                assert c.get(path).status == 200
            # What was said is gone, and not only its words.
            said = c.get("/v1/comments").json()["rows"]
            assert len(said) == 6 and all(pedro.mark in row["text"] for row in said)
            refused(c.get("/v1/me/" + maria.code), 404, "not-found")
            assert c.get("/v1/me/" + pedro.code).status == 200
        daemon.restart()
    # Once more changes nothing, and says the same.
    assert erase(daemon, person=maria.name) is True
    assert counted(figures(daemon)) == before
    with daemon.client() as c:
        for receipt in maria.receipts:
            refused(c.get("/v1/receipts/" + receipt), 404, "not-found")
        for receipt in pedro.receipts:
            assert c.get("/v1/receipts/" + receipt).status == 200


def test_who_was_invited_only_is_forgotten(daemon):
    """Nobody has answered in that period, and so there is nothing else of it."""
    people = "SELECT hex(person) FROM event WHERE survey = ? AND type = 'survey.invited'"
    with daemon.client() as c:
        for period in "wave", "week", "month":
            name = f"asked-{period}"
            c.put("/v1/surveys/" + name, {
                "audience": "employee", "period": period,
                "questions": [{"name": "calm", "metric": "pulse"}]})
            for person in "vera", "otto":
                assert c.event({"type": "survey.invited", "data": {
                    "survey": name, "respondent": person}}).status == 201
            before = set(daemon.sql(people, name, file="confidential.db"))
            assert erase(daemon, person="vera") is True
            now = set(daemon.sql(people, name, file="confidential.db"))
            assert len(before) == len(now) == 2 and len(before & now) == 1
    daemon.verify()


@pytest.mark.parametrize("body,pointer", [
    ({}, ""), ([], ""), ({"person": "a", "code": "b"}, ""), ({"person": "a", "x": 1}, ""),
    ({"person": ""}, "/person"), ({"receipt": 5}, "/receipt"), ({"code": "c" * 129}, "/code")])
def test_whom_is_said_in_one_way(client, body, pointer):
    refused(client.post("/v1/people/erase", body), 422, "invalid", pointer)


def test_only_admins_of_the_whole_may(daemon):
    for scopes, unit in (("read", "roster", "respond", "ingest", "concern"), None), \
            (("admin",), "ops"):
        with daemon.client(daemon.new_token(*scopes, unit=unit)) as c:
            refused(c.post("/v1/people/erase", {"person": "a"}), 403, "forbidden")


def test_a_receipt_takes_its_suggestion_only(world):
    daemon, maria, _ = world
    others = rows_of(daemon, maria.mark)
    mine, wish, case = maria.receipts
    for receipt, words in (mine, ("title", "body")), (wish, ("wish",)), \
            (case, ("case-title", "case-body")):
        assert marked(daemon, maria.mark + words[0])
        before = counted(figures(daemon))
        assert erase(daemon, receipt=receipt) is True
        # Its author may be another person from now on.
        now = counted(figures(daemon))
        assert [p for p in now if "participation" not in p and now[p] != before[p]] == []
        for word in words:
            assert marked(daemon, maria.mark + word) == []
        with daemon.client() as c:
            refused(c.get("/v1/receipts/" + receipt), 404, "not-found")
    assert marked(daemon, maria.mark + "reply") == []
    left = rows_of(daemon, maria.mark)
    # Its id goes, and what refers to it.
    kept = {k for k in others if "suggestion" not in k[1]
            and k[1] not in ("event.id", "reference.id")}
    assert {k: left[k] for k in kept} == {k: others[k] for k in kept}
    assert not any("suggestion" in column for _, column in left)
    daemon.verify()


def test_a_code_takes_the_employee_only(world):
    daemon, maria, pedro = world
    before, others = figures(daemon), rows_of(daemon, pedro.mark)
    assert erase(daemon, code=maria.code) is True
    assert figures(daemon) == before and rows_of(daemon, pedro.mark) == others
    daemon.verify()
    left = rows_of(daemon, maria.mark)
    assert ("empowerd.db", "answer.text") in left
    # What is sealed is under no pseudonym that the code leads to.
    assert {column for file, column in left if file == "confidential.db"} == \
        {"answer.text", "event.comment"}
    for word in "goal", "reason", "wish", "case-body", "lesson":
        assert marked(daemon, maria.mark + word) == []
    # One that is nobody's, or nothing at all, gets the same answer.
    for code in maria.code, "P-00000-00000-00000-00000-000000", "hello":
        assert erase(daemon, code=code) is True
    with daemon.client() as c:
        lines = c.get("/v1/audit").json()["rows"]
    assert [(x["action"], x["object"]) for x in lines] == \
        [("erase", "code")] * 4 + CODES_MADE


@pytest.mark.parametrize("audience", ["customer", "employee"])
@pytest.mark.parametrize("by", ["person", "receipt"])
def test_what_waits_is_over_when_it_is_forgotten(daemon, audience, by):
    """Nobody can answer what nobody can read: its clocks stop, as if its author had
    withdrawn it; what was answered stands as it did."""
    day = 86400000
    now = int(time.time() * 1000)
    unit = {"unit": "ops"} if audience == "employee" else {}
    path = "/v1/rollups/suggestions?audience=" + audience
    with daemon.client() as c:
        c.event({"type": "headcount.set", "time": now - 400 * day,
                 "data": {"unit": "ops", "headcount": 40}})
        ids, receipts = [], []
        for i in range(5):
            made = c.post("/v1/suggestions", {
                "audience": audience, "kind": "concern" if i == 4 else "suggestion",
                "title": "T", "person": "vera", "time": now - (40 + i) * day, **unit}).json()
            ids.append(made["id"])
            receipts.append(made["receipt"])

        def step(i, name, **data):
            data["time"] = now - 30 * day
            assert c.post(f"/v1/suggestions/{ids[i]}/{name}", data).status == 201

        step(1, "answers", status="planned")
        step(2, "triage", will_examine=True)
        step(3, "answers", status="declined", reason="No")
        step(3, "reopen", reason="Yet")
        row, = c.get(path).json()["rows"]
        assert (row["open"], row["withdrawn"], row["overdue_sla"],
                row["overdue_acknowledgement"]) == (5, 0, 2, 1)
        for receipt in receipts if by == "receipt" else [None]:
            assert erase(daemon, **({"receipt": receipt} if receipt else
                                    {"person": "vera"})) is True
        row, = c.get(path).json()["rows"]
        assert (row["n"], row["overdue_sla"], row["overdue_acknowledgement"]) == (5, 0, 0)
        # Of employees what happened today is in no figure.
        over = 3 if audience == "customer" else 0
        assert (row["open"], row["withdrawn"]) == (5 - over, over)
        assert (row["triaged"], row["answered"], row["adoption"]) == (1, 2, 20)
        states = [r["state"] for r in c.get("/v1/suggestions?audience=" + audience
                                            ).json()["rows"]]
        assert sorted(states) == ["examining", "planned"] + 3 * ["withdrawn"]
        assert c.get("/v1/suggestions?overdue=1&audience=" + audience).json()["rows"] == []
    daemon.verify()
    db, moment, name = ("empowerd.db", "CAST(withdrawn AS TEXT)", "condition.name") \
        if audience == "customer" else ("confidential.db", "withdrawn", "state")
    when = [w for w, in daemon.sql(
        f"SELECT {moment} FROM suggestion_state" + (
            " JOIN suggestion_condition AS condition ON condition.id = condition_id"
            if audience == "customer" else "") + f" WHERE {name} = 'withdrawn'", file=db)]
    assert len(when) == 3 and all(
        now <= int(w) <= time.time() * 1000 if audience == "customer" else
        w >= datetime.datetime.fromtimestamp(now / 1000, datetime.timezone.utc
                                             ).strftime("%Y-%m-%d") for w in when)


def test_a_reader_delays_what_is_complete(world):
    daemon, maria, _ = world
    for file in ERASED:
        path = urllib.parse.quote(os.path.join(daemon.dir, file))
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM event").fetchone()
        assert erase(daemon, person=maria.name) is False
        db.close()
    until(lambda: marked(daemon, maria.mark) == [])
    assert erase(daemon, person=maria.name) is True


def export(daemon, **whom):
    with daemon.client() as c:
        answer = c.post("/v1/people/export", whom)
    assert answer.status == 200, answer
    assert "no-store" in answer.headers["Cache-Control"]
    return answer.json()["events"], answer.text()


def test_an_export_has_all_that_may_be_told(world):
    daemon, maria, pedro = world
    events, text = export(daemon, person=maria.name)
    assert {(e["role"], e["type"]) for e in events} == {
        *(("person", t) for t in ("survey.invited", "survey.answered", "signal.recorded",
                                  "recognition.given", "suggestion.submitted")),
        ("recipient", "recognition.given"), ("giver", "recognition.given"),
        ("decider", "decision.made"), ("case", "decision.made"),
        ("holder", "boundary.set"), ("requester", "boundary.requested")}
    for word in "comment-1", "text-1", "answered-1", "invited-1", "message", "from_name", \
            "title", "body", "reply", "goal", "reason", "wish":
        assert maria.mark + word in text
    assert "too dear" in text and pedro.mark not in text
    # What only a code leads to, and what nothing does.
    for word in "sealed", "case", "lesson":
        assert maria.mark + word not in text

    events, text = export(daemon, code=maria.code)
    assert sorted((e["role"], e["type"]) for e in events) == [
        ("decider", "decision.reviewed"), ("person", "recognition.given"),
        ("person", "signal.recorded"), ("person", "training.completed"),
        ("recipient", "recognition.given")]
    assert maria.mark + "lesson" in text and "till" in text
    assert "sealed" not in text and "case-" not in text and pedro.mark not in text

    for receipt, word in zip(maria.receipts, ("title", "wish", "case-title")):
        (event,), text = export(daemon, receipt=receipt)
        assert event["role"] == "author" and maria.mark + word in text
    assert [s["type"] for s in event["steps"]] == ["suggestion.answered",
                                                   "suggestion.replied"]
    assert event["steps"][1]["body"] == maria.mark + "reply"
    for nobody in {"person": "nobody"}, {"receipt": maria.code}, {"code": "P"}:
        assert export(daemon, **nobody)[0] == []
    with daemon.client() as c:
        lines = c.get("/v1/audit").json()["rows"]
    assert [(x["action"], x["object"]) for x in lines] == [("export", w) for w in (
        "code", "receipt", "person", "receipt", "receipt", "receipt", "code", "person")
        ] + CODES_MADE
    erase(daemon, person=maria.name)
    for whom in {"person": maria.name}, {"code": maria.code}, \
            *({"receipt": r} for r in maria.receipts):
        assert export(daemon, **whom)[0] == []


def test_the_command(world, tmp_path):
    daemon, maria, _ = world
    tool = Tool(daemon, tmp_path)
    out = tool.ok("person", "export", "-p", maria.name)
    assert maria.mark + "comment-1" in out
    assert len(json.loads(out)["events"]) == len(export(daemon, person=maria.name)[0])
    for words in ["erase", "-p", maria.name], ["export", "-p", "x", "--yes"], \
            ["link", "x", "--yes"]:
        assert "--yes" in tool.fails("person", *words, status=2)
    tool.fails("person", "erase", "--yes", "-p", "a", "--code", "b")
    tool.fails("person", "erase", "--yes")
    assert marked(daemon, maria.mark + "case-title")
    for words in ["--receipt", maria.receipts[2]], ["--code", maria.code], \
            ["-p", maria.name]:
        assert tool.ok("person", "erase", "--yes", *words) == "erased\n"
    assert marked(daemon, maria.mark) == []


RETENTION = ("customer", "operational", "personnel", "case", "sealed")
NOBODY = "substr(person, 13) = x'00000000'"


def with_retention(daemon, *classes, age="30d"):
    daemon.stop()
    daemon.options = [f"retention_{c}={age}" for c in classes]
    daemon.start()


def test_what_is_old_goes_and_is_counted_as_before(world):
    daemon, maria, pedro = world
    with daemon.client() as c:
        # He came back.
        pedro.send(c, "survey.answered", {
            "survey": "shop", "respondent": pedro.name, "answers": {"score": 1},
            "comment": pedro.mark + "young"}, "young",
            datetime.datetime.now(datetime.timezone.utc).isoformat())
    before = figures(daemon)
    people = daemon.sql("SELECT seq, person FROM event WHERE person IS NOT NULL")
    rows_before = rows_of(daemon, maria.mark)
    with_retention(daemon, *RETENTION, age="3650d")
    daemon.verify()
    assert rows_of(daemon, maria.mark) == rows_before
    with_retention(daemon, *RETENTION)
    # What employees said about their suggestions today is of today.
    young = {("confidential.db", "suggestion_step.body")}
    until(lambda: set(rows_of(daemon, maria.mark)) == young)
    until(lambda: marked(daemon, maria.mark) == marked(daemon, maria.mark + "reply"))
    until(lambda: daemon.one(f"SELECT count(*) FROM event WHERE {NOBODY}"))
    assert any("customers their pseudonym" in line for line in daemon.log)
    for _ in range(2):
        now = figures(daemon)
        assert [(p, before[p], now[p]) for p in now if now[p] != before[p]] == []
        daemon.verify()
        assert set(rows_of(daemon, pedro.mark)) - young == {
            ("empowerd.db", "event.comment"), ("empowerd.db", "event.id")}
        # One value each for those of whom nothing is younger; the others keep theirs.
        changed = {}
        for (seq, was), (_, is_) in zip(people, daemon.sql(
                "SELECT seq, person FROM event WHERE person IS NOT NULL")):
            changed.setdefault(was, set()).add(is_)
        stayed = [was for was, now in changed.items() if now == {was}]
        assert len(stayed) == 1 and all(len(now) == 1 for now in changed.values())
        assert len({n for now in changed.values() for n in now}) == len(changed)
        # Whoever holds a boundary stays its holder.
        held = daemon.sql("SELECT DISTINCT person FROM operational_person WHERE role = "
                          "'holder'", file="confidential.db")
        others = daemon.sql(f"SELECT DISTINCT person FROM operational_person WHERE NOT "
                            f"{NOBODY}", file="confidential.db")
        assert len(held) == 2 and set(others) == set(held)
        assert daemon.one("SELECT count(*) FROM event WHERE class = 'sealed' AND person "
                          f"IS NOT NULL AND NOT {NOBODY}", file="confidential.db") == 2
        assert daemon.one("SELECT sum(counted) FROM event", file="confidential.db") == 2
        daemon.restart()


@pytest.mark.parametrize("kept,goes", [
    ("customer", {("empowerd.db", "answer.text"), ("empowerd.db", "event.comment")}),
    ("operational", {("empowerd.db", "decision.goal"), ("empowerd.db", "boundary.reason")}),
    ("personnel", {("confidential.db", "review.lesson"),
                   ("confidential.db", "recognition.message")}),
    ("case", {("confidential.db", "suggestion.body"), ("confidential.db",
                                                       "suggestion.title")}),
    ("sealed", {("confidential.db", "answer.text"), ("confidential.db", "event.comment")})])
def test_each_class_is_kept_for_itself(world, kept, goes):
    daemon, maria, _ = world
    watched = {(file, column) for file, columns in (
        ("empowerd.db", ("answer.text", "boundary.reason", "decision.goal",
                         "event.comment")),
        ("confidential.db", ("answer.text", "event.comment", "recognition.message",
                             "review.lesson", "suggestion.body", "suggestion.title")))
        for column in columns}
    with_retention(daemon, kept)
    until(lambda: watched & set(rows_of(daemon, maria.mark)) == watched - goes)
    daemon.verify()


def test_people_of_nothing_are_swept(world):
    """As a group leaves them whose second file could not be committed."""
    daemon, _, _ = world
    count = "SELECT count(*) FROM operational_person"
    before = daemon.one(count, file="confidential.db")
    daemon.stop()
    db = sqlite3.connect(os.path.join(daemon.dir, "confidential.db"))
    with db:
        db.executemany("INSERT INTO operational_person VALUES (randomblob(16), ?, 0, "
                       "randomblob(16))", [(r,) for r in ("giver", "recipient", "decider",
                                                          "case", "holder", "requester")])
    db.close()
    daemon.start()
    until(lambda: daemon.one(count, file="confidential.db") == before)
    daemon.verify()


def test_whoever_is_forgotten_before_a_release_is_counted_in_it(daemon):
    """And answered once, whatever comes: a wave asks them no second time."""
    with daemon.client() as c:
        survey = {"name": "wave", "audience": "employee", "questions": [
            {"name": "score", "metric": "nps"}]}
        assert c.put("/v1/surveys/wave", survey).status == 201
        assert c.put("/v1/units", {"units": [{"name": "ops"}]}).status == 200
        for i in range(13):
            answer = c.event({"type": "survey.answered", "data": {
                "survey": "wave", "respondent": f"p{i}", "unit": "ops",
                "answers": {"score": i % 11}, "comment": f"KANARI-wave-{i}-"}})
            assert answer.status == 201, answer
        assert c.post("/v1/people/erase", {"person": "p4"}).json()["complete"]
        assert marked(daemon, "KANARI-wave-4-") == []
        assert marked(daemon, "KANARI-wave-5-")
        assert c.post("/v1/surveys/wave/release", {}).status == 201
        rows = c.rollup("satisfaction", survey="wave", audience="employee")["rows"]
        assert [row["n"] for row in rows] == [13]
        text = c.get("/v1/comments?audience=employee").text()
        assert "wave-5-" in text and "wave-4-" not in text
    daemon.verify()
    # Now nobody can tell whose answers are whose.
    assert erase(daemon, person="p5") is True
    assert marked(daemon, "KANARI-wave-5-")
    daemon.verify()


def test_a_boundary_goes_with_its_holder(world):
    daemon, maria, pedro = world

    def within(someone):
        with daemon.client() as c:
            seq = someone.send(c, "decision.made", {
                "person": someone.name, "role": "agent", "class": "refund",
                "answer": "yes", "amount": 50, "escalated": False})["seq"]
        return daemon.one("SELECT within.name FROM decision JOIN within "
                          "ON within.id = within_id WHERE event_seq = ?", seq)

    assert [within(maria), within(pedro)] == ["inside", "inside"]
    assert erase(daemon, code=maria.code) is True
    for _ in range(2):
        assert [within(maria), within(pedro)] == ["none", "inside"]
        daemon.restart()
