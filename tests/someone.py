"""A person of whom a daemon keeps everything there can be, marked; and where it is."""
import json
import os

MARK = "KANARI"
SHOP = {"name": "shop", "audience": "customer", "questions": [
    {"name": "score", "metric": "nps"}, {"name": "why", "metric": "text"}]}
MOOD = {"name": "mood", "audience": "employee", "period": "month", "questions": [
    {"name": "score", "metric": "nps"}, {"name": "why", "metric": "text"}]}

# Columns of text or bytes that an erasure empties.
ERASED = {
    "empowerd.db": {
        "answer.text", "boundary.reason", "decision.goal", "decision.id",
        "event.comment", "event.id", "event.person", "invitation.id",
        "recognition.from_name", "recognition.message", "recognition.to_name",
        "recognition_recipient.person", "reference.id", "suggestion.body", "suggestion.id",
        "suggestion.receipt", "suggestion.title", "suggestion_step.body"},
    "confidential.db": {
        "answer.text", "event.comment", "event.person", "operational_person.person",
        "person_code.hash", "person_code.person", "recognition.from_name",
        "recognition.message", "recognition.to_name", "recognition_recipient.person",
        "review.lesson", "review_decider.person", "suggestion.body",
        "suggestion.receipt", "suggestion.title", "suggestion_step.body"},
}


class Someone:
    """A person of whom there is everything there can be."""

    def __init__(self, daemon, name):
        self.name = name
        self.mark = f"{MARK}-{name}-"
        self.receipts = []
        with daemon.client() as c:
            self.customer(c)
            self.employee(c)
            self.code = c.post("/v1/people", {"person": name}).json()["code"]

    def send(self, c, kind, data, id=None, time=None):
        event = {"type": kind, "data": data, "source": "shop",
                 "time": time or "2026-03-02T10:00:00Z"}
        if id:
            event["id"] = self.mark + id
        answer = c.event(event)
        assert answer.status == 201, (event, answer)
        return answer.json()

    def customer(self, c):
        me, mark = self.name, self.mark
        for n, more in ("1", {"respondent": me}), ("2", {}):
            self.send(c, "survey.invited", {"survey": "shop", **more}, "invited-" + n)
        for n, ref in ("1", mark + "invited-1"), \
                ("2", {"source": "shop", "id": mark + "invited-2"}), \
                ("3", mark + "nothing"):
            self.send(c, "survey.answered", {
                "survey": "shop", "respondent": me, "answers": {
                    "score": 9, "why": mark + "text-" + n}, "ref": ref,
                "comment": mark + "comment-" + n}, "answered-" + n)
        # An answer of nobody, to an invitation of this person.
        self.send(c, "survey.invited", {"survey": "shop", "respondent": me}, "invited-4")
        self.send(c, "survey.answered", {"survey": "shop", "answers": {"score": 3},
                                         "ref": mark + "invited-4"})
        for n, signal in enumerate(("signup", "purchase", "renewal")):
            self.send(c, "signal.recorded", {"audience": "customer", "signal": signal,
                                             "person": me}, signal,
                      f"2026-0{n + 2}-02T10:00:00Z")
        names = {n: mark + n for n in ("from_name", "to_name", "message")}
        self.send(c, "recognition.given", {
            "audience": "customer", "kind": "praise", "from": me, "to": ["clerk"],
            "visibility": "public", "to_agrees": True, **names}, "praise-1")
        self.send(c, "recognition.given", {
            "audience": "customer", "kind": "praise", "from": "visitor",
            "to": ["clerk", me], "visibility": "private", "message": mark + "message"},
            "praise-2")
        made = self.send(c, "suggestion.submitted", {
            "audience": "customer", "kind": "suggestion", "person": me,
            "title": mark + "title", "body": mark + "body"}, "suggestion")
        self.answer(c, made)

    def answer(self, c, made):
        """What becomes of a suggestion, and what its author says."""
        answer = c.post(f"/v1/suggestions/{made['id']}/answers",
                        {"status": "declined", "reason": "too dear"})
        assert answer.status == 201, answer
        answer = c.post(f"/v1/receipts/{made['receipt']}/reply",
                        {"body": self.mark + "reply", "id": self.mark + "reply"})
        assert answer.status == 201, answer
        self.receipts.append(made["receipt"])

    def employee(self, c):
        me, mark = self.name, self.mark
        staff = {"audience": "employee", "unit": "ops"}
        names = {"to_agrees": True, **{n: mark + n for n in ("from_name", "to_name",
                                                             "message")}}
        self.send(c, "survey.answered", {
            "survey": "mood", "respondent": me, "unit": "ops", "comment": mark + "sealed",
            "answers": {"score": 4, "why": mark + "sealed-text"}}, "mood")
        for n, give in enumerate(({"from": me, "to": ["mate"]},
                                  {"from": "mate", "to": [me]})):
            for visibility, said in ("public", names), ("private", {
                    "message": mark + "message"}):
                self.send(c, "recognition.given", {
                    **staff, **give, **said, "kind": "praise", "visibility": visibility},
                    f"thanks-{visibility}-{n}")
        for n, people in enumerate(({"person": me, "case": "case-1"},
                                    {"person": "mate", "case": me})):
            made = self.send(c, "decision.made", {
                **people, "unit": "ops", "role": "agent", "class": "refund",
                "answer": "yes", "amount": 20, "goal": mark + "goal", "escalated": False},
                f"decision-{n}")
            ref = {"source": "shop", "id": made["id"]}
            self.send(c, "decision.outcome", {"ref": ref, "customer_benefit": True})
            self.send(c, "decision.reviewed", {"ref": ref, "verdict": "coach",
                                               "lesson": mark + "lesson"}, f"review-{n}")
        self.send(c, "boundary.set", {
            "role": "agent", "class": "refund", "limit": 90, "mode": "act", "person": me,
            "reason": mark + "reason"}, "boundary")
        made = self.send(c, "boundary.requested", {
            "role": "agent", "class": "refund", "limit": 200, "person": me,
            "reason": mark + "wish"}, "wish")
        self.receipts.append(made["receipt"])
        self.send(c, "signal.recorded", {**staff, "signal": "joined", "person": me},
                  "joined")
        self.send(c, "training.completed", {"topic": "till", "person": me, "unit": "ops"},
                  "training")
        made = self.send(c, "suggestion.submitted", {
            **staff, "kind": "suggestion", "person": me, "title": mark + "case-title",
            "body": mark + "case-body"}, "case")
        self.answer(c, made)


FIGURES = [
    *(f"/v1/rollups/{name}?{query}" for name in (
        "satisfaction", "participation", "retention", "recognition", "suggestions",
        "decisions", "training", "contact") for query in ("", "step=month",
                                                          "audience=employee")),
    "/v1/rollups/satisfaction?survey=shop", "/v1/rollups/participation?survey=shop",
    "/v1/coherence", "/v1/overview", "/v1/alerts", "/v1/boundaries",
    "/v1/boundaries/candidates", "/v1/surveys", "/v1/units"]


def figures(daemon):
    found = {}
    with daemon.client() as c:
        for path in FIGURES:
            answer = c.get(path)
            assert answer.status in (200, 422), (path, answer)
            found[path] = answer.body
    return found


def counted(found):
    """Figures, but for whether a suggestion waits for an answer or is over: one that is
    forgotten while it waits is as if its author had withdrawn it."""
    out = dict(found)
    for path, body in found.items():
        if not path.startswith("/v1/rollups/suggestions"):
            continue
        document = json.loads(body)
        for row in document.get("rows", []):
            if row.get("n"):
                row["open or over"] = row.pop("open") + row.pop("withdrawn")
                del row["overdue_sla"]
        out[path] = json.dumps(document)
    return out


def marked(daemon, mark=MARK):
    """Files with these bytes."""
    found = []
    for where, _, names in os.walk(daemon.dir):
        for name in names:
            with open(os.path.join(where, name), "rb") as f:
                if mark.encode() in f.read():
                    found.append(name)
    return found


def rows_of(daemon, mark):
    """Columns with these bytes."""
    found = {}
    for file, erased in ERASED.items():
        for column in sorted(erased):
            table, name = column.split(".")
            n = daemon.one(f"SELECT count(*) FROM {table} WHERE instr({name}, ?) > 0",
                           mark, file=file)
            if n:
                found[file, column] = n
    return found


def two(daemon):
    daemon.start()
    with daemon.client() as c:
        for survey in SHOP, MOOD:
            assert c.put("/v1/surveys/" + survey["name"], survey).status == 201
        assert c.put("/v1/units", {"units": [{"name": "ops"}]}).status == 200
        c.event({"type": "headcount.set", "data": {"unit": "ops", "headcount": 20,
                                                   "audience": "employee"}})
    return Someone(daemon, "maria"), Someone(daemon, "pedro")
