"""Figures of suggestions equal an independent model over generated histories.

Histories are made of legal steps at random times, some reopened, some withdrawn, with
several people, units and kinds, and sent in an order in which late ones come late. What
each figure must be is computed here from the steps, with formulas written again: medians
by the product-limit estimator, clocks by the calendar of the zone.
"""
import datetime
import itertools
import random
import time
import zoneinfo

import pytest

from harness import Client, Daemon

DAY = 86400
KINDS = ("opinion", "suggestion", "concern", "question", "rule_to_remove")
UNITS = (None, "a", "a/x", "a/x/1", "b")
SLA = 9
ADOPTED = ("accepted", "planned", "started", "done")


def event(type_, time_, data, id_=None):
    e = {"type": type_, "source": "sender", "time": time_, "data": data}
    if id_:
        e["id"] = id_
    return e


class Suggestion:
    """A legal history and the state that it leads to."""

    def __init__(self, rng, number, first, last):
        self.id = f"s{number}"
        self.kind = rng.choice(KINDS)
        self.unit = rng.choice(UNITS)
        self.person = rng.choice([None, None, *(f"p{i}" for i in range(40))])
        self.category = rng.choice([None, "pay", "noise"])
        self.at = rng.randrange(first, last)
        self.ack = self.first = self.withdrawn = self.reopened = self.second = None
        self.triaged = False
        self.status = None
        self.open = True
        self.waiting = True
        self.published = self.opened = self.no = self.no_reason = self.rounds = 0
        self.felt = None
        self.steps = []
        self.run(rng, last)

    def ref(self, **data):
        return {"ref": {"source": "sender", "id": self.id}, **data}

    def respond(self, at):
        self.first = self.first or at
        if self.rounds and self.second is None:
            self.second = at
        self.published += 1
        self.waiting = False

    def step(self, type_, at, **data):
        self.steps.append(event("suggestion." + type_, at, self.ref(**data)))

    def run(self, rng, last):
        at = self.at
        moves = rng.randrange(7)
        for _ in range(moves):
            at += rng.choice([0, 60, 3600, DAY, 3 * DAY, 12 * DAY, 80 * DAY])
            at += rng.randrange(3600)
            if at >= last:
                return
            move = rng.choice(["ack", "triage", "no", "answer", "decline", "reopen"])
            if move == "ack" and self.waiting and self.ack is None:
                self.step("acknowledged", at)
                self.ack = at
            elif move == "triage" and self.waiting:
                self.step("triaged", at, will_examine=True)
                self.respond(at)
                self.triaged = True
            elif move == "no" and self.waiting:
                self.step("triaged", at, will_examine=False, reason="why")
                self.respond(at)
                self.triaged = True
                self.no += 1
                self.open = False
            elif move == "answer" and self.open and self.status not in ADOPTED:
                self.status = rng.choice(ADOPTED)
                self.step("answered", at, status=self.status)
                self.respond(at)
                self.open = self.status != "done"
            elif move == "decline" and self.open:
                self.status = "declined"
                self.step("answered", at, status="declined", reason="why")
                self.respond(at)
                self.no += 1
                self.open = False
            elif move == "reopen" and not self.open:
                self.step("reopened", at, reason="again")
                self.rounds += 1
                self.reopened = self.reopened or at
                self.round_start = at
                self.open = self.waiting = True

    # --- clocks ---

    def end(self, as_of):
        return min(self.withdrawn, as_of) if self.withdrawn else as_of

    def wait(self, start, stop, as_of):
        """(seconds, answered), None when it had not begun."""
        if start is None or start > as_of:
            return None
        end = self.end(as_of)
        if stop is not None and stop <= end:
            return stop - start, True
        return end - start, False


def add_days(zone, ts, days):
    local = datetime.datetime.fromtimestamp(ts, zone)
    naive = local.replace(tzinfo=None) + datetime.timedelta(days=days)
    # A time that the clock leaves out is taken with the offset before the change.
    return int(naive.replace(tzinfo=zone, fold=local.fold).timestamp())


def add_months(zone, ts, months):
    local = datetime.datetime.fromtimestamp(ts, zone)
    month = local.month - 1 + months
    year, month = local.year + month // 12, month % 12 + 1
    after = datetime.date(year + month // 12, month % 12 + 1, 1)
    day = min(local.day, (after - datetime.timedelta(days=1)).day)
    return int(local.replace(year=year, month=month, day=day).timestamp())


def kaplan_meier(waits, share):
    """The time by which that share was answered; (None, longest) when too few were."""
    if not waits:
        return None, None
    left = 1.0
    for t in sorted({w for w, answered in waits if answered}):
        at_risk = sum(1 for w, _ in waits if w >= t)
        died = sum(1 for w, answered in waits if answered and w == t)
        left *= (at_risk - died) / at_risk
        if left <= 1 - share + 1e-9:
            return t, None
    return None, max(w for w, _ in waits)


def share(part, whole):
    return 100 * part / whole if whole else None


def model(rows, as_of, zone):
    """What a row about these suggestions must say."""
    out = {
        "n": len(rows),
        "acknowledged": sum(r.ack is not None for r in rows),
        "triaged": sum(r.triaged for r in rows),
        "answered": sum(r.status is not None for r in rows),
        "open": sum(r.open for r in rows),
        "withdrawn": sum(r.withdrawn is not None for r in rows),
        "reopened": sum(r.rounds > 0 for r in rows),
        "told": share(sum(r.opened > 0 for r in rows), len(rows)),
        "reason": share(sum(r.no for r in rows), sum(r.no for r in rows)),
        "reach": share(sum(r.opened for r in rows), sum(r.published for r in rows)),
        "adoption": share(sum(r.status in ADOPTED and r.withdrawn is None
                              for r in rows), len(rows)),
    }
    known = [r for r in rows if r.at <= as_of]
    clocks = {"first_response": [r.wait(r.at, r.first, as_of) for r in known],
              "second_response": [r.wait(r.reopened, r.second, as_of) for r in known]}
    for name, waits in clocks.items():
        waits = [w for w in waits if w]
        for quantile, part in (("median", 0.5), ("p90", 0.9)):
            reached, longest = kaplan_meier(waits, part)
            key = f"{name}_{quantile}_h"
            out[key] = reached / 3600 if reached is not None else None
            if longest is not None:
                out[key + "_at_least"] = longest / 3600
    people = [r.person for r in rows if r.person]
    names = set(people)
    out["submitters"] = len(names)
    out["repeat_submitters"] = sum(people.count(p) > 1 for p in names)
    out["repeat_share"] = share(out["repeat_submitters"], len(names))
    out.update(due(known, as_of, zone))
    felt = [r.felt for r in rows if r.felt]
    out["felt_heard"] = sum(felt) / len(felt) if felt else None
    out["felt_heard_n"] = len(felt)
    return out


def due(known, as_of, zone):
    late = dict.fromkeys(("acknowledgement", "feedback", "sla"), 0)
    acks, answers = [], []
    for r in known:
        end = r.end(as_of)
        first = r.first if r.first is not None and r.first <= as_of else None
        ack_due = add_days(zone, r.at, 7)
        if r.kind == "concern":
            read = min([t for t in (r.ack, r.first) if t is not None and t <= as_of],
                       default=None)
            if read is not None:
                acks.append(read <= ack_due)
            elif end > ack_due:
                acks.append(False)
            start = min(r.ack, ack_due) if r.ack is not None else ack_due
            answer_due = add_months(zone, start, 3)
        else:
            answer_due = add_days(zone, r.at, SLA)
        if first is not None:
            answers.append(first <= answer_due)
        elif end > answer_due:
            answers.append(False)
        if not (r.open and r.waiting) or r.withdrawn is not None:
            continue
        if r.rounds:
            which = "feedback" if r.kind == "concern" else "sla"
            limit = add_months(zone, r.round_start, 3) if r.kind == "concern" \
                else add_days(zone, r.round_start, SLA)
        elif r.kind == "concern" and r.ack is None:
            which, limit = "acknowledgement", ack_due
        else:
            which, limit = "feedback" if r.kind == "concern" else "sla", answer_due
        late[which] += as_of > limit
    return {**{"overdue_" + k: v for k, v in late.items()},
            "acknowledged_in_time": share(sum(acks), len(acks)),
            "answered_in_time": share(sum(answers), len(answers)),
            "answered_in_time_n": len(answers)}


def same(got, want, where):
    got = {k: v for k, v in got.items()
           if k not in ("audience", "kind", "unit", "time", "supporters")}
    for key in sorted(set(got) | set(want)):
        a, b = got.get(key), want.get(key)
        assert (a is None) == (b is None) and (
            a is None or abs(a - b) < 6e-5), (where, key, a, b)


def settle(c, rng, rows):
    """What only authors do, by their receipts: open, rate, withdraw."""
    for r in rows:
        path = "/v1/receipts/" + r.receipt
        if rng.random() < 0.4:
            assert c.get(path).status == 200
            r.opened = r.published
        if r.published and rng.random() < 0.3 and not r.waiting:
            r.felt = rng.randrange(1, 6)
            answer = c.post(path + "/rate", {"felt_heard": r.felt})
            assert answer.status in (200, 201), answer
        if r.open and rng.random() < 0.2:
            answer = c.post(path + "/withdraw", {})
            assert answer.status in (200, 201), answer
            r.withdrawn = int(time.time())
            r.open = False


@pytest.mark.parametrize("seed,zone", [(1, "UTC"), (2, "Europe/Madrid"),
                                       (3, "America/New_York"),
                                       (4, "Australia/Lord_Howe")])
def test_figures_of_customers_equal_the_model(seed, zone):
    rng = random.Random(seed)
    now = int(time.time())
    tz = zoneinfo.ZoneInfo(zone)
    rows = [Suggestion(rng, i, now - 400 * DAY, now - 2 * 3600) for i in range(400)]
    # Everything is in the past, so that no clock of the test runs with that of the
    # daemon, but what the authors do; that is counted from now on.
    with Daemon(f"timezone={zone}", f"sla_days={SLA}") as d:
        d.start()
        with Client(d) as c:
            order = rows[:]
            rng.shuffle(order)
            for r in order:
                data = {"audience": "customer", "kind": r.kind, "title": r.id}
                for key in ("unit", "person", "category"):
                    if getattr(r, key):
                        data[key] = getattr(r, key)
                answer = c.event(event("suggestion.submitted", r.at, data, r.id))
                assert answer.status == 201, answer
                r.receipt = answer.json()["receipt"]
            answer = c.lines([s for r in order for s in r.steps])
            assert answer.json()["rejected"] == [], answer
            settle(c, rng, order)
            for as_of in (now - 3600, now - 100 * DAY):
                check(c, rows, as_of, tz)


def month_of(zone, ts):
    local = datetime.datetime.fromtimestamp(ts, zone)
    return int(datetime.datetime(local.year, local.month, 1, tzinfo=zone).timestamp())


def check(c, rows, as_of, tz):
    # By a moment past what is withdrawn later still waits.
    now = {r: r.withdrawn for r in rows}
    (row,) = c.rollup("suggestions", as_of=as_of)["rows"]
    same(row, model(rows, as_of, tz), "all")
    got = c.rollup("suggestions", as_of=as_of, group_by="kind,unit")["rows"]
    want = {k: list(g) for k, g in itertools.groupby(
        sorted(rows, key=lambda r: (r.kind, r.unit or "")),
        key=lambda r: (r.kind, r.unit))}
    assert [(r["kind"], r["unit"]) for r in got] == \
        sorted(want, key=lambda k: (k[0], k[1] or ""))
    for r in got:
        key = r["kind"], r["unit"]
        same(r, model(want[key], as_of, tz), key)
    got = c.rollup("suggestions", as_of=as_of, step="month", unit="a",
                   kind="concern,question", category="pay")["rows"]
    mine = [r for r in rows if r.kind in ("concern", "question") and
            r.category == "pay" and (r.unit or "").split("/")[0] == "a"]
    want = {}
    for r in mine:
        want.setdefault(month_of(tz, r.at), []).append(r)
    assert len(got) == len(want)
    for r in got:
        at = int(datetime.datetime.fromisoformat(
            r["time"].replace("Z", "+00:00")).timestamp())
        same(r, model(want[at], as_of, tz), r["time"])
    assert now == {r: r.withdrawn for r in rows}


# --- employees ---


def submit(c, at, unit, kind="opinion", person=None):
    data = {"audience": "employee", "kind": kind, "body": "text", "unit": unit}
    if person:
        data["person"] = person
    answer = c.event(event("suggestion.submitted", at, data))
    assert answer.status == 201, answer
    return answer.json()


@pytest.fixture(scope="module")
def firm():
    """Four of u's sixteen in u/s, six in v and in x each, and what they said."""
    now = int(time.time())
    with Daemon() as d:
        d.start()
        with Client(d) as c:
            for unit, n in (("u", 16), ("u/s", 4), ("v", 6), ("x", 6),
                            ("w", 30)):
                c.event(event("headcount.set", now - 300 * DAY,
                              {"unit": unit, "headcount": n}))
            for i in range(3):
                submit(c, now - 40 * DAY, "u/s", person="bob")
            submit(c, now - 10 * DAY, "u", person="eve")
            submit(c, now - 10 * DAY, "v")
            submit(c, now - 10 * DAY, "w/unheard", kind="concern")
            c.now = now
            yield c


def rows_of(c, **params):
    return c.rollup("suggestions", audience="employee", **params)["rows"]


def test_employees_fold_into_units_of_ten(firm):
    rows = rows_of(firm, group_by="unit")
    assert {r["unit"]: r["n"] for r in rows} == {None: 1, "u": 4, "w": 1}
    u = next(r for r in rows if r["unit"] == "u")
    assert u["first_response_median_d"] is None
    assert u["first_response_median_d_at_least"] == 40
    assert u["submitters"] == 2 and u["repeat_submitters"] == 1
    assert "first_response_median_h" not in u and "felt_heard" not in u
    assert [r["n"] for r in rows_of(firm)] == [6]


@pytest.mark.parametrize("params", [{"step": "day"}, {"step": "week"},
                                    {"group_by": "channel"}, {"lang": "en"}])
def test_employees_have_months_and_units_only(firm, params):
    answer = firm.get("/v1/rollups/suggestions", audience="employee", **params)
    assert answer.status == 422
    assert answer.json()["errors"][0]["pointer"] == next(iter(params))


def test_a_window_of_employees_is_whole_months(firm):
    document = firm.rollup("suggestions", audience="employee",
                           from_=firm.now - 10 * DAY, to=firm.now - 10 * DAY + 60)
    month = month_of(datetime.timezone.utc, firm.now - 10 * DAY)
    assert document["from"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(month))
    assert document["rows"][0]["n"] >= 3


def test_a_small_unit_is_protected_whatever_is_stored(firm):
    want = [{"audience": "employee", "n": None, "suppressed": "protected"}]
    assert rows_of(firm, unit="u/s") == want
    assert rows_of(firm, unit="v") == want
    assert rows_of(firm, unit="nobody/ever") == want


def test_today_does_not_count_yet(firm):
    before = firm.get("/v1/rollups/suggestions", audience="employee").body
    submit(firm, int(time.time()), "u")
    assert firm.get("/v1/rollups/suggestions", audience="employee").body == before


def test_without_a_headcount_nothing_is_shown():
    with Daemon() as d:
        d.start()
        with Client(d) as c:
            empty = c.rollup("suggestions", audience="employee")
            submit(c, int(time.time()) - 50 * DAY, "u")
            document = c.rollup("suggestions", audience="employee")
    assert document["rows"] == empty["rows"] == [
        {"audience": "employee", "n": None, "suppressed": "protected"}]
    assert document["missing"] == ["headcount.set"]


def test_months_are_protected_whether_or_not_something_was_said():
    now = int(time.time())
    with Daemon() as d:
        d.start()
        with Client(d) as c:
            c.event(event("headcount.set", now - 200 * DAY,
                          {"unit": "u", "headcount": 6}))
            before = c.rollup("suggestions", audience="employee", step="month")["rows"]
            submit(c, now - 100 * DAY, "u")
            submit(c, now - 300 * DAY, "u")
            after = c.rollup("suggestions", audience="employee", step="month")["rows"]
    assert before == after
    assert len(before) >= 6 and all(r["n"] is None for r in before)


def test_all_is_no_more_than_the_months_that_are_shown():
    now = int(time.time())
    with Daemon() as d:
        d.start()
        with Client(d) as c:
            for days, n in ((300, 40), (60, 4)):
                c.event(event("headcount.set", now - days * DAY,
                              {"unit": "u", "headcount": n}))
            for days in (250, 250, 150, 3):
                submit(c, now - days * DAY, "u", person=f"p{days}")
            months = rows_of(c, step="month")
            (row,) = rows_of(c)
            voice = c.rollup("participation", audience="employee")["voice"]
    assert months[-1]["n"] is None
    assert row["n"] == sum(r["n"] or 0 for r in months) == 3
    assert [r["people"] for r in voice] == [2]


def test_a_month_says_the_same_in_whatever_window_it_is_asked_for():
    """Else two windows would tell what three people in "a" itself said: in one of them
    "a" is what is left beside "a/x", in the other what is left beside "a/y"."""
    utc = datetime.timezone.utc
    this = month_of(utc, int(time.time()))
    before, month, after = (add_months(utc, this, -n) for n in (4, 3, 2))
    heads = ((before, "a", 27), (before, "a/x", 12), (before, "a/y", 5),
             (month, "a/y", 12), (after, "a/x", 5))
    with Daemon() as d:
        d.start()
        with Client(d) as c:
            for at, unit, n in heads:
                c.event(event("headcount.set", at, {"unit": unit, "headcount": n}))
            for unit, n in (("a", 1), ("a/x", 2), ("a/y", 4)):
                for _ in range(n):
                    submit(c, month + 9 * DAY, unit)
            def said(unit, first, last, **params):
                rows = rows_of(c, unit=unit, from_=first, to=last, **params)
                return [r["n"] for r in rows
                        if r.get("time", "")[:7] == want and r["n"] is not None]
            want = time.strftime("%Y-%m", time.gmtime(month))
            windows = ((month, after), (before, after), (month, this), (before, this))
            for unit in "a", "a/x", "a/y":
                alone = {tuple(said(unit, *w, step="month")) for w in windows}
                assert len(alone) == 1, (unit, alone)
            units = {tuple(sorted((r["unit"] or "", r["n"])
                                  for r in rows_of(c, from_=w[0], to=w[1], step="month",
                                                   group_by="unit")
                                  if r["time"][:7] == want and r["n"]))
                     for w in windows}
    assert len(units) == 1, units
    assert sum(n for _, n in units.pop()) == 7


def test_requests_are_asked_for_alone(firm):
    answer = firm.event(event("boundary.requested", firm.now - 60, {
        "role": "agent", "class": "refund", "limit": 50, "reason": "often", "unit": "u"}))
    assert answer.status == 201, answer
    (row,) = firm.rollup("suggestions", kind="boundary_request", step="day")["rows"]
    assert (row["audience"], row["n"]) == ("employee", 1)
    assert firm.get("/v1/rollups/suggestions", kind="boundary_request,concern"
                    ).status == 422
    assert all(r["kind"] != "boundary_request" for r in rows_of(firm, group_by="kind"))


# --- breadth of voice ---


def test_breadth_counts_people_once():
    now = int(time.time())
    with Daemon() as d:
        d.start()
        with Client(d) as c:
            c.lines([
                event("base.set", now - 90 * DAY, {"active": 50}),
                event("headcount.set", now - 90 * DAY, {"unit": "u", "headcount": 20}),
                event("survey.answered", now - 5 * DAY, {
                    "survey": "csat", "answers": {"overall": 4}, "respondent": "ann"}),
                event("survey.answered", now - 4 * DAY, {
                    "survey": "nps", "answers": {"recommend": 9}, "respondent": "ann"}),
                event("suggestion.submitted", now - 3 * DAY, {
                    "audience": "customer", "kind": "opinion", "body": "b",
                    "person": "ann"}),
                event("suggestion.submitted", now - 3 * DAY, {
                    "audience": "customer", "kind": "opinion", "body": "b",
                    "person": "joe"}),
                event("suggestion.submitted", now - 3 * DAY, {
                    "audience": "employee", "kind": "opinion", "body": "b",
                    "person": "eve", "unit": "u"}),
                event("recognition.given", now - 3 * DAY, {
                    "audience": "employee", "from": "eve", "to": "bob", "unit": "u",
                    "kind": "praise", "visibility": "public", "to_agrees": True,
                    "to_name": "Bob", "from_name": "Eve"}),
                event("recognition.given", now - 3 * DAY, {
                    "audience": "employee", "from": "bob", "to": "eve", "unit": "u",
                    "kind": "praise", "visibility": "public", "to_agrees": True,
                    "to_name": "Eve", "from_name": "Bob"}),
            ])
            voice = c.rollup("participation", audience="customer,employee")["voice"]
            assert voice == [
                {"audience": "customer", "people": 2, "active": 50, "breadth": 4},
                {"audience": "employee", "people": 2, "headcount": 20, "breadth": 10}]
            assert "voice" not in c.rollup("participation", survey="csat")
            # Days of employees say nothing.
            rows = c.rollup("participation", audience="employee", step="day")["voice"]
            assert rows == [{"audience": "employee", "people": None,
                             "suppressed": "protected"}]
