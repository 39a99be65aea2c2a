"""Figures about decisions, reviews, training, contact and boundaries, against a model
that keeps every decision in a list. Where a figure could be had in a naive way, the data
makes the naive one something else."""
import collections
import contextlib
import datetime
import math
import random
import statistics
import time

import pytest

from harness import Daemon
from test_suggestion_figures import kaplan_meier

DAY = 86400
START = 1767225600  # 2026-01-01T00:00:00Z
MONTHS = {"2026-01-01T00:00:00Z": (0, 31), "2026-02-01T00:00:00Z": (31, 59),
          "2026-03-01T00:00:00Z": (59, 90)}
END = START + 90 * DAY
# north/b is too small to be shown, north/c is too small for reviews.
HEADS = {"north": 60, "north/a": 14, "north/b": 3, "north/c": 8, "south": 20}
DRIVERS = ["spend", "retention", "reputation", "referral"]


def at(ts):
    return datetime.datetime.fromtimestamp(ts, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def near(x):
    return None if x is None else pytest.approx(x, abs=1e-4)


def share(part, whole):
    return near(100 * part / whole if whole else None)


@pytest.fixture(scope="module")
def daemon_():
    with Daemon("workers=2") as d:
        d.start()
        yield d


@pytest.fixture(scope="module")
def c(daemon_):
    with daemon_.client() as client:
        yield client


def send(c, events):
    answer = c.lines(events)
    assert answer.status == 200, answer
    result = answer.json()
    assert result["rejected"] == [] and result["stored"] == len(events), result


def boundary(c, **data):
    answer = c.put("/v1/boundaries", data)
    assert answer.status in (200, 201), answer


class Decision:
    """One decision, with what came of it."""

    def __init__(self, rng, i):
        self.id, self.ts = f"d{i}", START + rng.randrange(90 * DAY)
        self.unit = rng.choice(["north", "north/a", "north/b", "north/c", "south", "lost"])
        few = 3 if self.unit == "south" and self.ts >= START + 59 * DAY else 9
        self.person = f"{self.unit}-{rng.randrange(few)}"
        self.role, self.matter = rng.choice(["agent", "lead"]), rng.choice(["refund", "gift"])
        self.answer = rng.choice(["yes", "yes", "no", "partial"])
        self.amount = rng.choice([None, 10, 49.99, 50, 50.01, 80])
        self.escalated = rng.random() < 0.3
        self.rule = rng.choice([None, None, "r1", "r2", "r3"])
        self.unfit = self.rule is not None and rng.random() < 0.3
        self.conflict, self.special = rng.random() < 0.2, rng.random() < 0.1
        self.rating = rng.choice([None, 1, 3, 5])
        self.predicted = {d: rng.choice(["yes", "no", "unsure"]) for d in DRIVERS
                          if rng.random() < 0.7}
        self.settled = rng.choice(["yes", "no"]) if rng.random() < 0.4 else None
        self.benefit, self.observed, self.has_outcome = None, {}, False
        self.verdict, self.named, self.latency = None, False, None
        self.backed = None

    def made(self):
        data = {"person": self.person, "role": self.role, "class": self.matter,
                "answer": self.answer, "escalated": self.escalated,
                "rule_did_not_fit": self.unfit, "conflict": self.conflict,
                "special_request": self.special, "drivers": self.predicted,
                "unit": self.unit}
        for key, value in (("amount", self.amount), ("rule", self.rule),
                           ("self_rating", self.rating)):
            if value is not None:
                data[key] = value
        if not self.predicted:
            del data["drivers"]
        return {"type": "decision.made", "source": "t", "id": self.id,
                "time": at(self.ts), "data": data}

    def within(self):
        if self.role == "lead":
            return "without"
        if self.matter == "gift":  # to be proposed, whatever it costs
            return "over"
        return "inside" if self.amount is None or self.amount <= 50 else "over"


def ref(d):
    return {"source": "t", "id": d.id}


def follow(rng, d, events):
    """Settles, outcomes and reviews, the outcomes out of order."""
    if d.settled:
        events.append({"type": "decision.settled", "time": at(d.ts + DAY),
                       "data": {"ref": ref(d), "answer": d.settled}})
    outcomes = []
    for k in range(rng.choice([0, 0, 1, 1, 3])):
        data = {"ref": ref(d)}
        if rng.random() < 0.8:
            data["customer_benefit"] = rng.random() < 0.8
        if rng.random() < 0.7 or "customer_benefit" not in data:
            data["drivers"] = {x: rng.choice(["yes", "no"])
                               for x in rng.sample(DRIVERS, rng.randrange(1, 4))}
        outcomes.append((d.ts + (k + 2) * DAY, data))
    for _, data in outcomes:  # the last by time that says a thing counts
        d.has_outcome = True
        d.benefit = data.get("customer_benefit", d.benefit)
        d.observed |= data.get("drivers", {})
    rng.shuffle(outcomes)
    events += [{"type": "decision.outcome", "time": at(t), "data": data}
               for t, data in outcomes]
    if rng.random() < 0.5:
        d.verdict, d.latency = rng.choice(["reinforce", "coach", "sanction"]), rng.randrange(9)
        d.named = rng.random() < 0.5
        data = {"ref": ref(d), "verdict": d.verdict, "lesson": "ask first"}
        if d.named:
            data["rule"] = "r1"
        events.append({"type": "decision.reviewed", "time": at(d.ts + d.latency * DAY),
                       "data": data})
    if d.conflict and rng.random() < 0.6:
        d.backed = rng.choice(["public", "private"])
        data = {"audience": "employee", "kind": "backing", "visibility": d.backed,
                "from": "boss", "to": d.person, "unit": d.unit, "ref": ref(d)}
        if d.backed == "public":
            data |= {"to_name": "T", "from_name": "F", "to_agrees": True}
        events.append({"type": "recognition.given", "time": at(d.ts + DAY), "data": data})


@pytest.fixture(scope="module")
def decisions(c):
    rng = random.Random(11)
    send(c, [{"type": "headcount.set", "time": at(START - 400 * DAY),
              "data": {"unit": unit, "headcount": n}} for unit, n in HEADS.items()])
    boundary(c, role="agent", **{"class": "refund"}, limit=50, mode="act",
             time=at(START - DAY), requires_training="fair refunds", reason="trust")
    boundary(c, role="agent", **{"class": "gift"}, limit=500, mode="propose",
             time=at(START - DAY))
    all_of = [Decision(rng, i) for i in range(900)]
    send(c, [d.made() for d in all_of])
    later = []
    for d in all_of:
        follow(rng, d, later)
    send(c, later)
    return all_of


def shown(unit):
    """As operational figures show it: units of fewer than 5 under their parent."""
    return {"north/b": "north", "lost": None}.get(unit, unit)


def mean(values):
    return near(statistics.fmean(values) if values else None)


def figures(mine):
    n = len(mine)
    inside = [d for d in mine if d.within() == "inside"]
    over = [d for d in mine if d.within() == "over"]
    passed = [d for d in mine if d.escalated and d.settled]
    said = [d for d in mine if d.benefit is not None]
    kept = [d for d in inside if not d.escalated]
    return {
        "n": n,
        "yes": sum(d.answer == "yes" for d in mine),
        "no": sum(d.answer == "no" for d in mine),
        "partial": sum(d.answer == "partial" for d in mine),
        "escalated": sum(d.escalated for d in mine),
        "inside": len(inside), "over": len(over), "without": n - len(inside) - len(over),
        "delegated": share(sum(not d.escalated for d in mine), n),
        "over_escalation": share(len(inside) - len(kept), len(inside)),
        "overreach": share(sum(not d.escalated for d in over), len(over)),
        "interference": share(sum(d.settled is not None for d in kept), len(kept)),
        "rubber_stamp": share(sum(d.settled == d.answer for d in passed), len(passed)),
        "restriction": share(sum(d.rule is not None and (d.answer == "no" or d.escalated)
                                 for d in mine), n),
        "rule_did_not_fit": share(sum(d.unfit for d in mine), n),
        "conflicts": sum(d.conflict for d in mine),
        "special_requests": sum(d.special for d in mine),
        "settled": sum(d.settled is not None for d in mine),
        "outcome_share": share(sum(d.has_outcome for d in mine), n),
        "benefit": share(sum(d.benefit for d in said), len(said)),
        "self_rating": mean([d.rating for d in mine if d.rating is not None]),
    }


def check(document, decisions, key, fields):
    groups = collections.defaultdict(list)
    for d in decisions:
        groups[key(d)].append(d)
    rows = {tuple(r[f] for f in fields): r for r in document["rows"]}
    assert set(rows) == set(groups) and len(rows) == len(document["rows"])
    for name, row in rows.items():
        want = figures(groups[name])
        assert {k: row[k] for k in want} == want, name


def test_over_all(c, decisions):
    document = c.rollup("decisions")
    check(document, decisions, lambda d: ("employee",), ["audience"])
    assert "role" not in document["rows"][0] and "missing" not in document


def test_by_unit_folded(c, decisions):
    check(c.rollup("decisions", group_by="unit"), decisions, lambda d: (shown(d.unit),),
          ["unit"])


def test_by_role_class_and_month(c, decisions):
    def month(d):
        return next(m for m, (a, b) in MONTHS.items() if a <= (d.ts - START) / DAY < b)

    document = c.rollup("decisions", group_by="class,role,unit", step="month")
    check(document, decisions, lambda d: (d.matter, d.role, shown(d.unit), month(d)),
          ["class", "role", "unit", "time"])
    order = [(r["class"], r["role"], r["unit"] or "", r["time"]) for r in document["rows"]]
    assert order == sorted(order)


def test_by_day_within_a_window(c, decisions):
    start, end = START + 10 * DAY, START + 40 * DAY
    check(c.rollup("decisions", step="day", from_=at(start), to=at(end), role="agent",
                   unit="north"),
          [d for d in decisions if start <= d.ts < end and d.role == "agent" and
           d.unit.startswith("north")],
          lambda d: (at(d.ts - d.ts % DAY),), ["time"])


def test_filters(c, decisions):
    check(c.rollup("decisions", **{"class": "gift"}),
          [d for d in decisions if d.matter == "gift"], lambda d: (), [])
    # A unit that is not shown cannot be asked for either.
    protected = [{"audience": "employee", "n": None, "suppressed": "protected"}]
    assert c.rollup("decisions", unit="north/b")["rows"] == protected
    assert c.rollup("decisions", unit="nowhere")["rows"] == protected
    assert c.rollup("decisions", unit="north/b,south", role="nobody")["rows"] == []
    assert c.rollup("decisions", audience="customer")["rows"] == []
    assert c.rollup("decisions", role="nobody")["rows"] == []


def test_drivers(c, decisions):
    rows = {r["driver"]: r for r in c.rollup("decisions", group_by="role")["drivers"]}
    assert list(rows) == DRIVERS
    for name, row in rows.items():
        pairs = collections.Counter((d.predicted[name], d.observed[name]) for d in decisions
                                    if name in d.predicted and name in d.observed)
        known = sum(n for (p, _), n in pairs.items() if p != "unsure")
        assert row == {
            "driver": name, "n": known,
            "yes_yes": pairs["yes", "yes"], "yes_no": pairs["yes", "no"],
            "no_yes": pairs["no", "yes"], "no_no": pairs["no", "no"],
            "unsure": pairs["unsure", "yes"] + pairs["unsure", "no"],
            "accuracy": share(pairs["yes", "yes"] + pairs["no", "no"], known)}
        # Unsure is no forecast that was wrong.
        assert known < sum(pairs.values())


def test_blocking_rules(c, decisions):
    rows = c.rollup("decisions", step="day")["blocking_rules"]
    blocked = collections.Counter(d.rule for d in decisions
                                  if d.rule and (d.answer == "no" or d.escalated))
    used = collections.Counter(d.rule for d in decisions)
    want = sorted(blocked, key=lambda r: (-blocked[r], r))
    assert rows == [{"rule": r, "n": used[r], "restricted": blocked[r],
                     "share": share(blocked[r], sum(blocked.values()))} for r in want]


def test_read_your_write(c, decisions):
    d = Decision(random.Random(99), 5000)
    d.ts, d.unit, d.escalated, d.role = START - 40 * DAY, "south", False, "agent"
    window = {"from_": at(START - 41 * DAY), "to": at(START - 39 * DAY)}
    send(c, [d.made()])
    assert c.rollup("decisions", **window)["rows"][0]["settled"] == 0
    send(c, [{"type": "decision.settled", "data": {"ref": ref(d), "answer": "yes"}}])
    assert c.rollup("decisions", **window)["rows"][0]["settled"] == 1


# ---- reviews -------------------------------------------------------------------------


HIDDEN = "of no block"


def review_block(unit, month):
    """10 people, and 5 who decided: the south has only three in March, so they count
    with what is in no unit; else there is nobody in no unit, as far as is declared."""
    if month == "2026-03-01T00:00:00Z" and unit in ("south", "lost"):
        return None
    return {"north/a": "north/a", "south": "south", "lost": HIDDEN}.get(unit, "north")


def review_figures(mine, made):
    verdicts = collections.Counter(d.verdict for d in mine)
    sanction, coach = verdicts["sanction"], verdicts["coach"]
    return {
        "n": len(mine), "coverage": share(len(mine), made),
        "reinforce": verdicts["reinforce"], "coach": coach, "sanction": sanction,
        "reinforcement_share": share(verdicts["reinforce"], len(mine)),
        "punitive": share(sanction, coach + sanction),
        "arbitrary": share(sum(d.verdict == "sanction" and not d.named for d in mine),
                           sanction),
        "latency_days": near(statistics.median(d.latency for d in mine)),
    }


def check_reviews(rows, decisions, key, fields):
    groups, made = collections.defaultdict(list), collections.Counter()
    for d in decisions:
        month = next(m for m, (a, b) in MONTHS.items() if a <= (d.ts - START) / DAY < b)
        block = review_block(d.unit, month)
        if block == HIDDEN:
            continue
        name = key(block, month)
        made[name] += 1
        if d.verdict:
            groups[name].append(d)
    assert {tuple(r[f] for f in fields) for r in rows} == set(groups)
    for row in rows:
        name = tuple(row[f] for f in fields)
        want = review_figures(groups[name], made[name])
        assert {k: row[k] for k in want} == want, name


def test_reviews(c, decisions):
    window = {"from_": at(START), "to": at(END)}
    check_reviews(c.rollup("decisions", **window)["reviews"], decisions,
                  lambda unit, month: (), [])
    check_reviews(c.rollup("decisions", group_by="unit", **window)["reviews"], decisions,
                  lambda unit, month: (unit,), ["unit"])
    check_reviews(c.rollup("decisions", group_by="unit", step="month", **window)["reviews"],
                  decisions, lambda unit, month: (unit, month), ["unit", "time"])


def test_reviews_only_where_nobody_is_told_apart(c, decisions):
    protected = [{"audience": "employee", "n": None, "suppressed": "protected"}]
    whole = {"from_": at(START), "to": at(END)}
    for params in ({"step": "day"}, {"step": "week"}, {"role": "agent"},
                   {"group_by": "role"}, {"group_by": "channel"}, {"lang": "en"},
                   {"from_": at(START + DAY)}, {"to": at(END - 3600)}):
        assert "reviews" not in c.rollup("decisions", **(whole | params)), params
    # Of units that are too small, and of months without any: the same.
    for params in ({"unit": "north/b"}, {"unit": "north/c"}, {"unit": "nowhere"},
                   {"from_": at(START - 61 * DAY), "to": at(START - 31 * DAY)}):
        assert c.rollup("decisions", **(whole | params))["reviews"] == protected, params


def test_a_month_without_reviews_lowers_coverage(c, decisions):
    d = Decision(random.Random(98), 5001)
    d.ts, d.unit = START - 45 * DAY, "south"
    send(c, [d.made()])
    january = {"from_": at(START), "to": at(START + 31 * DAY), "unit": "south"}
    november = {"from_": at(START - 61 * DAY), "to": at(START - 31 * DAY), "unit": "south"}
    one = c.rollup("decisions", **january)
    more = c.rollup("decisions", **november)["rows"][0]["n"]
    both = c.rollup("decisions", **(january | {"from_": november["from_"]}))["reviews"][0]
    assert both["n"] == one["reviews"][0]["n"] and more > 0
    assert both["coverage"] == share(both["n"], one["rows"][0]["n"] + more)


def test_reviews_of_today_count_tomorrow(c, decisions):
    before = c.rollup("decisions")["reviews"]
    d = next(d for d in decisions if d.verdict is None and d.unit == "south")
    send(c, [{"type": "decision.reviewed", "data": {"ref": ref(d), "verdict": "coach"}}])
    assert c.rollup("decisions")["reviews"] == before


def months_between(first, last):
    return [m for m, (a, b) in MONTHS.items() if first <= a and b <= last]


@pytest.mark.parametrize("rollup,n,rows", [("decisions", "n", "reviews"),
                                           ("training", "completed", "rows")])
def test_sums_of_whole_blocks(c, decisions, trainings, rollup, n, rows):
    """Whatever window and unit is asked for: no two answers differ by less than a block,
    as every one is a sum of blocks, and the blocks do not depend on the question."""
    blocks = {(r["time"], r["unit"]): r[n]
              for r in c.rollup(rollup, group_by="unit", step="month", from_=at(START),
                                to=at(END))[rows]}
    assert len(blocks) > 6
    for first, last in ((0, 31), (31, 59), (59, 90), (0, 59), (31, 90), (0, 90)):
        for unit in (None, "north", "north/a", "south", "north,south", "north/b"):
            params = {"unit": unit} if unit else {}
            got = c.rollup(rollup, from_=at(START + first * DAY),
                           to=at(START + last * DAY), **params)[rows]
            want = sum(v for (m, u), v in blocks.items() if m in months_between(first, last)
                       and (unit is None or any(u == x or (u or "").startswith(x + "/")
                                                for x in unit.split(","))))
            assert (got[0][n] or 0) == want, (first, last, unit)


# ---- backing -------------------------------------------------------------------------


def test_backing_rate(c, decisions):
    window = {"audience": "employee", "from_": at(START), "to": at(END)}
    conflicts = [d for d in decisions if d.conflict]
    public = sum(d.backed == "public" for d in conflicts)
    # Nobody said how few there are in a unit that got lost: no private one counts there.
    backed = sum(d.backed == "public" or d.backed == "private" and d.unit != "lost"
                 for d in conflicts)
    assert backed < sum(d.backed is not None for d in conflicts)
    document = c.rollup("recognition", **window)
    assert "missing" not in document or "decision.made" not in document["missing"]
    assert document["figures"][0]["backing_rate"] == share(backed, len(conflicts))
    # What was private is not shown by day.
    days = c.rollup("recognition", step="day", **window)["figures"]
    total = sum(r["backing_rate"] / 100 * sum(
        at(d.ts - d.ts % DAY) == r["time"] for d in conflicts)
        for r in days if r["backing_rate"] is not None)
    assert total == pytest.approx(public, abs=1e-2) and public < backed
    by_unit = {r["unit"]: r for r in c.rollup("recognition", group_by="unit",
                                              **window)["figures"]}
    south = [d for d in conflicts if d.unit == "south"]
    assert by_unit["south"]["backing_rate"] == share(
        sum(d.backed is not None for d in south), len(south))


# ---- boundaries ----------------------------------------------------------------------


def test_boundaries(c, decisions):
    rows = c.get("/v1/boundaries").json()["rows"]
    assert [(r["role"], r["class"], r["limit"], r["mode"], r["in_force"]) for r in rows] == [
        ("agent", "gift", 500, "propose", True), ("agent", "refund", 50, "act", True)]
    assert rows[1] | {} == {"role": "agent", "class": "refund", "unit": None, "limit": 50,
                            "mode": "act", "requires_training": "fair refunds",
                            "reason": "trust", "since": at(START - DAY), "in_force": True}
    before = c.get("/v1/boundaries", as_of=at(START - 2 * DAY)).json()["rows"]
    assert [r["in_force"] for r in before] == [False, False]
    assert len(c.get("/v1/boundaries", **{"class": "gift"}).json()["rows"]) == 1


# ---- training ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trainings(c, decisions):
    rng = random.Random(12)
    rows, events = [], []
    for i in range(400):
        unit = rng.choice(["north", "north/a", "north/b", "south"])
        day, topic = rng.randrange(90), rng.choice(["fair refunds", "first aid"])
        who, requested = f"{unit}-{rng.randrange(9)}", rng.random() < 0.4
        hours = None if requested else rng.choice([None, 1.5, 8])
        rows.append((day, unit, who, topic, requested, hours))
        data = {"person": who, "topic": topic, "unit": unit}
        if hours is not None:
            data["hours"] = hours
        events.append({"type": "training.requested" if requested else "training.completed",
                       "time": at(START + day * DAY + 7200), "data": data})
    send(c, events)
    return rows


def training_block(unit):
    return "north" if unit == "north/b" else unit


def training_figures(rows, all_rows, heads, today):
    """`today` is the first day that does not count: until then what is open waited."""
    done = [r for r in rows if not r[4]]
    waits = []
    for day, _, who, topic, requested, _ in rows:
        if requested:
            later = [r[0] for r in all_rows if not r[4] and r[2:4] == (who, topic) and
                     r[0] >= day]
            waits.append((min(later or [today]) - day, bool(later)))
    lead, least = kaplan_meier(waits, 0.5)
    hours = sum(r[5] or 0 for r in done)
    people = len({r[2] for r in done})
    return {"completed": len(done), "requested": len(rows) - len(done),
            "hours": near(hours), "people": people, "headcount": heads,
            "reach": share(people, heads), "hours_per_head": near(hours / heads),
            "lead_days": lead, **({} if least is None else {"lead_days_at_least": least}),
            "open_requests": sum(not answered for _, answered in waits)}


def day_of(document):
    at = datetime.datetime.fromisoformat(document["as_of"].replace("Z", "+00:00"))
    return round((at.timestamp() - START) / DAY)


@pytest.mark.parametrize("step", ["all", "month"])
def test_training(c, trainings, step):
    document = c.rollup("training", group_by="unit", step=step, from_=at(START), to=at(END))
    groups = collections.defaultdict(list)
    for r in trainings:
        month = next(m for m, (a, b) in MONTHS.items() if a <= r[0] < b)
        groups[training_block(r[1]), month if step == "month" else None].append(r)
    rows = {(r["unit"], r.get("time")): r for r in document["rows"]}
    for name in list(rows):
        if name[0] == "north/c":  # where only holders of boundaries are
            assert rows.pop(name)["completed"] == 0
    assert set(rows) == set(groups)
    for name, row in rows.items():
        want = training_figures(groups[name], trainings, HEADS[name[0]],
                                day_of(document))
        assert {k: row[k] for k in want} == want, name


def test_training_as_of_a_day(c, trainings):
    end = START + 20 * DAY
    document = c.rollup("training", as_of=at(end + 7200), unit="north,south")
    (row,) = document["rows"]
    assert day_of(document) == 20
    rows = [r for r in trainings if r[0] < 20]
    want = training_figures(rows, rows, HEADS["north"] + HEADS["south"], 20)
    assert {k: row[k] for k in want} == want


def test_holders_with_current_training(c, decisions, trainings):
    row = c.rollup("training", from_=at(START), to=at(END))["rows"][0]
    # "lost" is a unit of an unknown number of people.
    holders = {d.person for d in decisions
               if (d.role, d.matter) == ("agent", "refund") and d.unit != "lost"}
    trained = {r[2] for r in trainings if not r[4] and r[3] == "fair refunds"}
    assert row["holders_trained"] == share(len(holders & trained), len(holders))
    # Everybody who was trained is somebody else than everybody who holds a boundary.
    assert trained - holders and holders - trained


def test_training_is_protected(c, decisions):
    protected = [{"audience": "employee", "completed": None, "suppressed": "protected"}]
    assert c.rollup("training", unit="north/b")["rows"] == protected
    assert c.rollup("training", unit="nowhere")["rows"] == protected
    assert c.rollup("training", audience="customer")["rows"] == []
    for params, pointer in (({"step": "week"}, "step"), ({"group_by": "lang"}, "group_by"),
                            ({"channel": "web"}, "channel")):
        answer = c.get("/v1/rollups/training", **params)
        assert answer.status == 422 and answer.json()["errors"][0]["pointer"] == pointer


def test_training_of_today_counts_tomorrow(c, trainings):
    before = c.rollup("training")["rows"]
    send(c, [{"type": "training.completed", "data": {
        "person": "south-1", "topic": "new", "unit": "south", "hours": 4}}])
    assert c.rollup("training")["rows"] == before


# ---- contact -------------------------------------------------------------------------


def test_contact(c, decisions):
    rng = random.Random(13)
    logged, events = [], []
    for _ in range(200):
        day, unit = rng.randrange(60), rng.choice(["north/a", "north/b", "south"])
        mode, leader = rng.choice(["face_to_face", "broadcast", "meeting"]), rng.random() < .5
        logged.append((day, shown(unit), mode, leader))
        events.append({"type": "contact.logged", "time": at(START + day * DAY + 3600),
                       "data": {"mode": mode, "by_leader": leader, "unit": unit}})
    send(c, events)
    as_of = START + 70 * DAY
    document = c.rollup("contact", group_by="unit", as_of=at(as_of))
    want = collections.Counter((m, u) for _, u, m, _ in logged)
    led = collections.Counter((m, u) for _, u, m, leader in logged if leader)
    assert {(r["mode"], r["unit"]): (r["n"], r["by_leader"]) for r in document["rows"]} == {
        k: (n, led[k]) for k, n in want.items()}
    last = {u: max(d for d, v, m, _ in logged if v == u and m == "face_to_face")
            for u in ("north", "north/a", "south")}
    # Whoever came to a part of the north came to the north.
    last["north"] = max(last["north"], last["north/a"])
    days = {r["unit"]: r["days_since_face_to_face"] for r in document["face_to_face"]}
    assert days == {u: 69 - d for u, d in last.items()} | {"north/c": None}
    assert document["missing"] == ["contact.logged"]
    # So says who asks for it alone.
    alone = c.rollup("contact", unit="north/c", as_of=at(as_of))
    assert [r["days_since_face_to_face"] for r in alone["face_to_face"]] == [None]
    assert alone["missing"] == ["contact.logged"]
    # The last contact is no matter of the window.
    window = c.rollup("contact", as_of=at(as_of), from_=at(START), to=at(START + DAY))
    assert window["face_to_face"][0]["days_since_face_to_face"] == 69 - max(last.values())
    earlier = c.rollup("contact", as_of=at(START + 2 * DAY))["face_to_face"][0]
    assert earlier["days_since_face_to_face"] == 1 - max(
        d for d, _, m, _ in logged if m == "face_to_face" and d < 2)


# ---- candidates and oneself ----------------------------------------------------------


def wilson(good, n):
    z = 1.959963984540054
    p = good / n
    return (p + z * z / (2 * n) - z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (
        1 + z * z / n)


def test_candidates(c, decisions):
    events = []
    for i in range(30):  # six people of a unit of 20, nearly always right
        who, source = f"hero{i % 6}", {"source": "cand", "id": f"c{i}"}
        events.append({"type": "decision.made", "source": "cand", "id": f"c{i}",
                       "time": at(START + i * DAY),
                       "data": {"person": who, "role": "hero", "class": "repair",
                                "answer": "yes", "amount": 45, "unit": "south"}})
        events.append({"type": "decision.outcome", "time": at(START + i * DAY + 60),
                       "data": {"ref": source, "customer_benefit": i != 7}})
    for i in range(30):  # four people are no group
        events.append({"type": "decision.made", "time": at(START + i * DAY),
                       "data": {"person": f"few{i % 4}", "role": "few", "class": "repair",
                                "answer": "yes", "amount": 45, "unit": "south"}})
    for i in range(30):  # eight people are no unit
        events.append({"type": "decision.made", "time": at(START + i * DAY),
                       "data": {"person": f"small{i % 6}", "role": "small",
                                "class": "repair", "answer": "yes", "unit": "north/c"}})
    boundary(c, role="hero", **{"class": "repair"}, limit=50, mode="act",
             time=at(START - DAY))
    send(c, events)
    rows = {(r["role"], r["class"], r["unit"]): r
            for r in c.get("/v1/boundaries/candidates").json()["rows"]}
    hero = rows["hero", "repair", "south"]
    assert hero == {"role": "hero", "class": "repair", "unit": "south", "n": 30, "good": 29,
                    "wilson": near(wilson(29, 30)), "use": near(0.9), "rubber_stamp": None,
                    "limit": 50, "mode": "act", "requires_training": None,
                    "training_current": True, "candidate": True}
    assert not any(k[0] == "few" or k[2] in ("north/b", "north/c") for k in rows)
    # Its people are counted with the unit above.
    assert rows["small", "repair", "north"]["n"] == 0
    one = c.get("/v1/boundaries/candidates", role="hero").json()["rows"]
    assert one == [hero]
    # One sanction, and it is none any more; how many there were is said nowhere.
    send(c, [{"type": "decision.reviewed", "time": at(START + 40 * DAY),
              "data": {"ref": {"source": "cand", "id": "c3"}, "verdict": "sanction"}}])
    again = c.get("/v1/boundaries/candidates", role="hero").json()["rows"]
    assert again == [hero | {"candidate": False}]


@pytest.mark.parametrize("path", ["/v1/boundaries", "/v1/boundaries/candidates"])
def test_what_holds_is_not_of_later_than_the_answer_says(c, path):
    role = "new_" + path.rpartition("/")[2]
    boundary(c, role=role, **{"class": "repair"}, limit=50, mode="act")
    (row,) = c.get("/v1/boundaries", role=role).json()["rows"]
    assert row["in_force"] and c.get(path).json()["as_of"] >= row["since"]


def test_oneself(c, decisions, trainings):
    person = "north/a-1"
    mine = [d for d in decisions if d.person == person]
    answer = c.post("/v1/people", {"person": person})
    assert answer.status in (200, 201), answer
    code = answer.json()["code"]
    document = c.get(f"/v1/me/{code}").json()
    assert document["decisions"] == len(mine) and document["as_of"] >= at(END)
    rows = {(r["role"], r["class"]): r for r in document["evidence"]}
    for name, row in rows.items():
        group = [d for d in mine if (d.role, d.matter) == name]
        said = [d for d in group if d.benefit is not None]
        assert (row["decisions"], row["n"], row["good"], row["sanctions"]) == (
            len(group), len(said), sum(d.benefit for d in said),
            sum(d.verdict == "sanction" for d in group))
    assert sum(r["decisions"] for r in document["evidence"]) == len(mine)
    reviewed = sorted((at(d.ts), d.role, d.matter, d.verdict, d.named)
                      for d in mine if d.verdict)
    assert sorted((r["decided"], r["role"], r["class"], r["verdict"], r["rule"])
                  for r in document["reviews"]) == reviewed
    assert {r["lesson"] for r in document["reviews"]} == {"ask first"}
    own = [r for r in trainings if r[2] == person]
    assert sorted((r["day"], r["topic"], r["completed"]) for r in document["trainings"]) == \
        sorted((at(START + r[0] * DAY)[:10], r[3], not r[4]) for r in own)
    # Nobody else's code opens it, and no other name is in it.
    assert c.get("/v1/me/P-00000-00000-00000-00000-00000-00000").status == 404
    assert "north/a-2" not in c.get(f"/v1/me/{code}").text()


def test_what_takes_long_is_no_work_of_a_worker():
    """Others wait for a worker; so who may be shown is worked out on a reader, once for
    all who ask, whenever something is declared, and so are answers about many roles."""
    with Daemon("workers=2") as d, contextlib.ExitStack() as stack:
        d.start()
        clients = [stack.enter_context(d.client()) for _ in range(8)]
        now = int(time.time()) // 3600 * 3600
        # Never of whole months: reviews are read from the file.
        asked = iter(range(now - 90 * DAY + 1, now, 3600))

        def reads(group_by="unit,channel", **params):
            """That it takes to ask on each connection what nobody asked before."""
            before = d.metric("rollup_reads_total")
            for client in clients:
                assert client.rollup("decisions", group_by=group_by, from_=at(next(asked)),
                                     **params)["rows"]
            return d.metric("rollup_reads_total") - before

        def made(days=0, **data):
            return {"type": "decision.made", "time": at(now - days * DAY), "data": {
                "role": "agent", "class": "refund", "answer": "yes", "unit": "north", **data}}

        def headcount(n):
            return {"type": "headcount.set", "time": at(now - 99 * DAY),
                    "data": {"unit": "north", "headcount": n}}

        send(clients[0], [made(), headcount(9)])
        assert reads() == 1
        assert reads() == 0
        send(clients[0], [headcount(8)])
        assert reads() == 1
        answer = clients[0].put("/v1/units", {"units": [{"name": "north"}]})
        assert answer.status in (200, 201), answer
        assert reads() == 1
        # Few decisions, and a place for each role in each channel on each day.
        send(clients[0], [made(i, channel=f"c{i}") for i in range(60)])
        assert reads("channel,role", step="day") == 0
        send(clients[0], [made(role=f"r{i}") for i in range(20)])
        assert reads("channel,role", step="day") == len(clients)
        assert reads("unit,channel,role") == 0
        send(clients[0], [made(role=f"r{i}") for i in range(1000)])
        assert reads("unit,channel,role") == len(clients)
        assert reads() == 0
        send(clients[0], [made(rule=f"r{i}") for i in range(1001)])
        assert reads() == len(clients)
