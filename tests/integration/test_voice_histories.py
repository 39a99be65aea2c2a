"""P4 for the voice: suggestions, decisions, reviews, training, contact, backing and
breadth of voice equal what SQL and a small model find in the files, over generated
histories.

Each zone starts one daemon and feeds it thousands of lives in one random order: of
suggestions of customers and of employees, of requests, of decisions with what followed.
Steps come late, twice, or where they are not legal; boundaries and headcounts change in
between, and are declared late. The model below says of each event what its answer must
be. Then random questions are asked, and the rows that SQL reads must add up to the
answer, by formulas that are written again here.

EMPOWERD_VOICE_HISTORIES sets how many lives there are in all, EMPOWERD_SEED which.
"""
import bisect
import collections
import datetime
import json
import math
import os
import random
import statistics
import time
import zoneinfo

import pytest

from harness import Daemon
from test_histories import bucket_start, check_window, first_instant, in_subtree, parse_time

ZONES = ("Europe/Madrid", "America/Santiago", "UTC")
LIVES = int(os.environ.get("EMPOWERD_VOICE_HISTORIES", "3000")) // len(ZONES)
SEED = os.environ.get("EMPOWERD_SEED", "5")
DAY = 86400
UTC = datetime.timezone.utc
START = 1735700400  # 2025-01-01, everywhere or nearly so
SPAN = 365 * DAY
# Clocks are changed: Madrid in March and October, Santiago in April and September.
CHANGES = (1743296400, 1743908400, 1757217600, 1761440400)
# The parents come first, siblings never have the same number of people.
HEADS = {"a": (60, 80), "a/x": (3, 9, 18, 27), "a/x/1": (2, 5, 11, 14), "a/y": (4, 10, 21),
         "b": (12, 35), "b/x": (5, 8, 12), "b/y": (6, 7, 13), "c/z": (11, 23), "e": (16, 29)}
UNITS = (*HEADS, "c", "d")  # c is what its units are, nobody declares d
KINDS = ("opinion suggestion concern question internal_request rule_to_remove incoherence "
         "pattern_seen").split()
CATEGORIES = ("price", "noise", "staff")
DRIVERS = ("spend", "retention", "reputation", "referral")


def ancestors(unit):
    """The unit and what is above it, the nearest first, "" for all."""
    while unit:
        yield unit
        unit = unit.rpartition("/")[0]
    yield ""


def moment(rng):
    """ms; often at night, when the clock is changed, or the month."""
    if rng.random() < 0.15:
        # Or a week or two before: what is due then is due at the change.
        days = rng.choice((0, 0, 7, 14))
        return (rng.choice(CHANGES) - days * DAY) * 1000 + rng.randrange(-4 * 3600000,
                                                                          4 * 3600000)
    return START * 1000 + rng.randrange(SPAN * 1000)


def covered(condition):
    """The seed that is always run meets all of it; others may happen not to."""
    assert condition or "EMPOWERD_SEED" in os.environ


def share(part, whole):
    return 100 * part / whole if whole else None


def same(row, want):
    for name, value in want.items():
        got = row.get(name)
        assert name in row or value is None, (name, value, row)
        if value is None or isinstance(value, (str, bool)) or got is None:
            assert got == value, (name, value, row)
        else:
            assert abs(got - value) <= 6e-5, (name, value, row)


# ---- the life of a suggestion ----------------------------------------------------------

WAITING = {"submitted", "received", "acknowledged", "reopened"}
PROMISED = {"accepted", "planned", "started"}
ENDED = {"not_examined", "done", "declined", "duplicate"}
OPEN = WAITING | {"examining"} | PROMISED
# What may follow on what; an answer never goes back to a weaker promise.
BEFORE = {"accepted": WAITING | {"examining"}, "planned": WAITING | {"examining", "accepted"},
          "started": WAITING | {"examining", "accepted", "planned"}, "done": OPEN,
          "declined": OPEN, "duplicate": OPEN - {"started"}}


class Life:
    """Where a suggestion stands. Times are of any kind that has an order."""

    def __init__(self, kind, at):
        self.kind, self.state, self.status, self.submitted = kind, "submitted", None, at
        self.begun = at  # of the round, or of the close
        self.acknowledged = self.first_response = self.first_triage = None
        self.first_reopened = self.second_response = self.reopened = None
        self.withdrawn = self.closed = self.first_seen = None
        self.auto = False
        self.published = self.opened = self.negatives = self.supporters = 0
        self.rounds, self.rated, self.felt_heard = 1, 0, None
        self.by = set()

    def legal(self, kind, data):
        s = self.state
        if kind == "acknowledged":
            return s in {"submitted", "reopened"} | (set() if data.get("auto") else {"received"})
        if kind == "triaged":
            return s in WAITING
        if kind == "answered":
            return s in BEFORE[data["status"]]
        if kind == "reopened":
            return s in ENDED
        if kind == "replied":
            return s != "withdrawn"
        if kind == "rated":
            return s in OPEN - WAITING | ENDED and self.rated < self.rounds
        return kind == "seen" or s in OPEN  # withdrawn, supported

    def respond(self, at, negative):
        self.first_response = self.first_response or at
        if self.first_reopened:
            self.second_response = self.second_response or at
        self.published += 1
        self.negatives += negative

    def enter(self, state, at):
        self.state = state
        self.closed = None
        if state in ENDED | {"withdrawn"}:
            self.closed = self.begun = at
        if state == "reopened":
            self.rounds += 1
            self.reopened = self.begun = at
            self.first_reopened = self.first_reopened or at

    def apply(self, kind, data, at):
        """"illegal", "nothing" or "stored"."""
        if not self.legal(kind, data):
            return "illegal"
        if kind == "supported" and data.get("receipt") in self.by:
            return "illegal"
        if kind == "seen" and self.opened == self.published:
            return "nothing"
        at = max(at, self.begun)  # late is at the beginning
        if kind == "acknowledged" and data.get("auto"):
            self.auto = True
            self.enter("received", at)
        elif kind == "acknowledged":
            self.acknowledged = self.acknowledged or at
            self.enter("acknowledged", at)
        elif kind == "triaged":
            self.first_triage = self.first_triage or at
            self.respond(at, not data["will_examine"])
            self.enter("examining" if data["will_examine"] else "not_examined", at)
        elif kind == "answered":
            self.status = data["status"]
            self.respond(at, data["status"] == "declined")
            self.enter(data["status"], at)
        elif kind == "reopened" or (kind == "replied" and self.state in ENDED):
            self.enter("reopened", at)
        elif kind == "withdrawn":
            self.withdrawn = at
            self.enter("withdrawn", at)
        elif kind == "seen":
            self.first_seen = self.first_seen or at
            self.opened = self.published
        elif kind == "rated":
            self.rated, self.felt_heard = self.rounds, data["felt_heard"]
        elif kind == "supported":
            self.supporters += 1
            self.by |= {data["receipt"]} if "receipt" in data else set()
        return "stored"


def random_step(rng):
    kind = rng.choice(("acknowledged acknowledged triaged triaged answered answered answered "
                       "seen seen rated replied supported reopened withdrawn").split())
    data = {"acknowledged": lambda: {"auto": rng.random() < 0.5},
            "triaged": lambda: {"will_examine": rng.random() < 0.7, "reason": "because"},
            "answered": lambda: {"status": rng.choice(list(BEFORE)), "reason": "because"},
            "reopened": lambda: {"reason": "again"}, "replied": lambda: {"body": "But"},
            "rated": lambda: {"felt_heard": rng.randint(1, 5)}}.get(kind, dict)()
    return kind, data


def waited(answered, withdrawn, begun, as_of):
    """How long, and whether it was answered, as known then; None when not begun."""
    if begun is None or begun > as_of:
        return None
    if answered is not None and answered <= as_of:
        return max(answered - begun, 0), True
    return max(min(as_of, withdrawn if withdrawn is not None else as_of) - begun, 0), False


def kaplan_meier(items, at_most):
    """The first time at which no more than that share waits, by the product of what
    went on at each time; or (None, the longest wait known of)."""
    items = [i for i in items if i is not None]
    waiting = 1.0
    for at in sorted({t for t, answered in items if answered}):
        risk = sum(t >= at for t, _ in items)
        waiting *= 1 - sum(t == at and answered for t, answered in items) / risk
        if waiting <= at_most + 1e-12:
            return at, None
    return None, max((t for t, _ in items), default=None)


# ---- boundaries, and how many people there are -----------------------------------------


class Registry:
    """What is in force, as known so far."""

    def __init__(self):
        self.rows = []

    def set(self, at, data):
        self.rows.append((at, data.get("person"), data["role"], data["class"],
                          data.get("unit", ""), data))

    def find(self, at, role, matter, unit, person):
        for who in ([person, None] if person else [None]):
            for place in ancestors(unit):
                of = [(r[0], i) for i, r in enumerate(self.rows)
                      if r[0] <= at and r[1:5] == (who, role, matter, place)]
                if of:
                    return self.rows[max(of)[1]][5]
        return None

    def within(self, at, data):
        b = self.find(at, data["role"], data["class"], data.get("unit", ""),
                      data.get("person"))
        if b is None:
            return "none"
        inside = b.get("limit") is None or data.get("amount", 0) <= b["limit"]
        return "inside" if inside and b["mode"] == "act" else "over"


class Heads:
    """How many were declared to be in each unit, and what may be shown of it."""

    def __init__(self, rows):
        self.steps = collections.defaultdict(list)
        for unit, at, n in sorted(rows, key=lambda r: (r[0], r[1])):
            self.steps[unit].append((at, n))
        self.moments = sorted({at for steps in self.steps.values() for at, _ in steps})
        self.cache = {}

    def at(self, t):
        """{unit: people or None}, "" for all."""
        key = bisect.bisect_right(self.moments, t)
        if key not in self.cache:
            found = {}
            for unit in sorted({"", *UNITS}, key=lambda u: -len(u.split("/")) if u else 1):
                known = [n for at, n in self.steps[unit] if at <= t]
                below = [found[u] for u in found if u and u.rpartition("/")[0] == unit]
                below = [n for n in below if n is not None]
                found[unit] = known[-1] if known else sum(below) if below else None
            self.cache[key] = found
        return self.cache[key]

    def over(self, low, high):
        """(seconds, {unit: people}) of each stretch of the window."""
        cuts = [t for t in self.moments if low < t < high]
        starts = [low, *cuts]
        if self.at(low)[""] is None and cuts:
            starts = cuts
        return [(end - at, self.at(at)) for at, end in zip(starts, [*starts[1:], high])]

    def mean(self, low, high):
        out = {}
        for unit in ("", *UNITS):
            known = [(s, at[unit]) for s, at in self.over(low, high) if at[unit] is not None]
            total = sum(s for s, _ in known)
            out[unit] = sum(s * n for s, n in known) / total if total else None
        return out

    def lowest(self, low, high):
        out = {}
        for unit in ("", *UNITS):
            known = [at[unit] for _, at in self.over(low, high) if at[unit] is not None]
            out[unit] = min(known) if known else None
        return out

    def fold(self, low, high, least):
        """{unit: the unit under which it is shown, "" for none} in [low, high)"""
        if (low, high, least) not in self.cache:
            self.cache[low, high, least] = self.fold_by(
                self.lowest(low, high), [at for _, at in self.over(low, high)], least)
        return self.cache[low, high, least]

    def fold_by(self, people, moments, least):
        """Shown by `people`, unless at one of the moments too few are left beside it."""
        shown = {u for u in UNITS if self.steps[u] and (people[u] or 0) >= least}
        hide = True
        while hide:
            hide = False
            for now in moments:
                while one := self.unit_to_hide(shown, people, now, least):
                    shown -= one
                    hide = True
        return {u: next(a for a in ancestors(u) if a in shown or a == "")
                for u in ("", *UNITS)}

    @staticmethod
    def unit_to_hide(shown, size, now, least):
        inside = collections.defaultdict(list)
        for u in shown:
            up = next(a for a in ancestors(u) if a != u and (a in shown or a == ""))
            inside[up].append(u)
        hide = set()
        for up in sorted(inside, key=lambda u: len(u.split("/")) if u else 0):
            left = (now[up] or 0) - sum(now[u] or 0 for u in inside[up])
            if up not in hide and 0 < left < least:
                hide.add(min(inside[up], key=lambda u: (not now[u], size[u])))
        return hide

    def left(self, low, high, fold):
        """{unit: the fewest people beside what is shown in it, when there was anybody}"""
        out = collections.defaultdict(int)
        for _, at in self.over(low, high):
            now = {u: n or 0 for u, n in at.items()}
            for u in fold:
                if u and fold[u] == u:
                    now[fold[u.rpartition("/")[0]]] -= at[u] or 0
            for u, n in now.items():
                if n > 0:
                    out[u] = min(out[u] or n, n)
        return out

    def blocks(self, low, high, least, used, who=None):
        """{unit: the block in which it counts, None for none}; `used` are the units in
        which there is something, `who` says whom it is about."""
        mean = {u: round(n, 2) if n is not None else None
                for u, n in self.mean(low, high).items()}
        shown = {u for u in UNITS if self.steps[u] and (mean[u] or 0) >= least}

        def block(unit):
            return next(a for a in ancestors(unit) if a in shown or a == "")

        def small(unit):
            mine = [u for u in used if block(u) == unit]
            left = (mean[unit] if mean[unit] is not None else -1) - sum(
                mean[u] for u in shown if u != unit and next(
                    a for a in ancestors(u) if a != u and (a in shown or a == "")) == unit)
            about = set().union(*(who[u] for u in mine)) if who and mine else range(5)
            return bool(mine) and (left < least or len(about) < 5)

        for unit in sorted(UNITS, key=lambda u: (-u.count("/"), u)):
            if unit in shown and small(unit):
                shown.remove(unit)
        lost = small("")
        return {u: None if lost and block(u) == "" else block(u) for u in ("", *UNITS)}


# ---- what is sent ----------------------------------------------------------------------


class Item:
    """An event, when it is sent, and what becomes of it."""

    def __init__(self, key, event, settle, of=None):
        self.key, self.event, self.settle, self.of = key, event, settle, of


class Suggestion:
    def __init__(self, rng, world, number, audience, request=False):
        self.rng, self.world, self.audience, self.request = rng, world, audience, request
        self.at = moment(rng)
        self.unit = rng.choice((*UNITS, None))
        self.kind = "boundary_request" if request else rng.choice(KINDS)
        self.receipt = self.id = None
        self.supporter = None
        self.life = Life(self.kind, self.clock(self.at))
        data = {"role": "agent", "class": "refund", "limit": 90} if request else {
            "audience": audience, "kind": self.kind, "title": "T"}
        if not request and rng.random() < 0.5:
            data["category"] = rng.choice(CATEGORIES)
        if rng.random() < 0.6:
            data["person"] = f"{audience}-{rng.randrange(150)}"
        if self.unit:
            data["unit"] = self.unit
        if rng.random() < 0.5:
            data["channel"] = rng.choice(("web", "phone"))
        self.name = f"{audience}{number}"
        self.event = {"type": "boundary.requested" if request else "suggestion.submitted",
                      "source": "h", "id": self.name, "time": self.at, "data": data}

    def clock(self, at):
        """Of employees there are days."""
        return at if self.audience == "customer" or self.request else self.world.day(at)

    def items(self):
        """The submission, then steps with keys that ascend."""
        rng = self.rng
        yield Item(0.25 * rng.random(), self.event, lambda event: "stored", self)
        keys = sorted(0.3 + 0.7 * rng.random() for _ in range(rng.choice((0, 1, 3, 5, 8, 12))))
        at, life = self.at, Life(self.kind, 0)
        for i, key in enumerate(keys):
            for _ in range(4):  # most of what is tried is legal
                kind, data = random_step(rng)
                if life.legal(kind, data):
                    break
            life.apply(kind, data, 0)
            at += int(rng.expovariate(1 / (6 * DAY * 1000)))
            late = at - rng.randrange(40 * DAY * 1000) if rng.random() < 0.1 else at
            event = {"type": "suggestion." + kind, "source": "h", "id": f"{self.name}-{i}",
                     "time": late, "data": data}
            yield Item(key, event, lambda event, k=kind: self.settle(event, k), self)

    def settle(self, event, kind):
        """What must become of it; refers to what is known only by now."""
        data = event["data"]
        if kind in ("seen", "rated", "replied", "withdrawn"):
            data["receipt"] = self.receipt
        else:
            data["ref"] = self.id if self.audience == "employee" and not self.request \
                else {"source": "h", "id": self.name}
            other = self.rng.choice(self.world.of(self))
            if kind == "supported" and other is not self and self.rng.random() < 0.7:
                data["receipt"] = other.receipt
        return self.life.apply(kind, data, self.clock(event["time"]))


class Decision:
    def __init__(self, rng, number):
        self.rng, self.name, self.at = rng, f"d{number}", moment(rng)
        self.settled = self.reviewed = False
        self.unit = rng.choice(UNITS)
        self.person = f"{self.unit}-{rng.randrange(9)}"
        few = [{d: rng.choice(("yes", "no", "unsure")) for d in DRIVERS if rng.random() < .6}]
        self.data = {"person": self.person, "role": rng.choice(("agent", "lead")),
                     "class": rng.choice(("refund", "gift")), "unit": self.unit,
                     "answer": rng.choice(("yes", "yes", "no", "partial")),
                     "escalated": rng.random() < 0.3, "conflict": rng.random() < 0.3,
                     "special_request": rng.random() < 0.1,
                     "rule_did_not_fit": rng.random() < 0.1}
        for name, values in (("amount", (None, 0, 10, 49.99, 50, 50.01, 80)),
                             ("rule", (None, None, "r1", "r2")), ("drivers", few),
                             ("self_rating", (None, 1, 3, 5)),
                             ("channel", (None, "web", "phone"))):
            value = rng.choice(values)
            if value or value == 0:
                self.data[name] = value

    def event(self, kind, number, at, /, **data):
        return {"type": kind, "source": "h", "id": f"{self.name}-{number}", "time": at,
                "data": {**data, "ref": {"source": "h", "id": self.name}}}

    def once(self, name):
        done = getattr(self, name)
        setattr(self, name, True)
        return "illegal" if done else "stored"

    def items(self, registry):
        rng = self.rng
        key = 0.5 * rng.random()

        def made(event):
            self.within = registry.within(self.at, self.data)
            return "stored"

        def later():
            return key + (1 - key) * rng.random()

        yield Item(key, {"type": "decision.made", "source": "h", "id": self.name,
                         "time": self.at, "data": self.data}, made)
        for i in range(rng.choice((0, 0, 1, 1, 2))):
            yield Item(later(), self.event("decision.settled", f"s{i}", self.at + 3600000,
                                           answer=rng.choice(("yes", "no", "partial"))),
                       lambda event: self.once("settled"))
        for i in range(rng.choice((0, 1, 1, 2, 5))):
            data = {}
            if rng.random() < 0.7:
                data["customer_benefit"] = rng.random() < 0.8
            if rng.random() < 0.6 or not data:
                data["drivers"] = {d: rng.choice(("yes", "no"))
                                   for d in rng.sample(DRIVERS, rng.randint(1, 3))}
            # Now and then two of the same moment: the one that came last counts.
            at = self.at + rng.randrange(4) * DAY * 1000
            yield Item(later(), self.event("decision.outcome", f"o{i}", at, **data),
                       lambda event: "stored")
        for i in range(rng.choice((0, 0, 1, 1, 2))):
            data = {"verdict": rng.choice(("reinforce", "coach", "sanction")), "lesson": "L"}
            if rng.random() < 0.5:
                data["rule"] = "r1"
            at = self.at + rng.randrange(20 * DAY * 1000)
            yield Item(later(), self.event("decision.reviewed", f"r{i}", at, **data),
                       lambda event: self.once("reviewed"))
        if self.data["conflict"] and rng.random() < 0.6:
            public = {"visibility": "public", "to_name": "T", "from_name": "F",
                      "to_agrees": True} if rng.random() < 0.5 else {"visibility": "private"}
            yield Item(later(), self.event("recognition.given", "b", self.at + DAY * 1000,
                                           audience="employee", kind="backing", to=self.person,
                                           unit=self.unit, **public, **{"from": "boss"}),
                       lambda event: "stored")


def stored(event):
    return "stored"


class World:
    """One daemon, and all that was sent to it."""

    def __init__(self, d, zone_name):
        self.d, self.zone = d, zoneinfo.ZoneInfo(zone_name)
        self.rng = rng = random.Random(f"{SEED}/{zone_name}")
        self.registry = Registry()
        n = LIVES // 10
        self.customers = [Suggestion(rng, self, i, "customer") for i in range(4 * n)]
        self.employees = [Suggestion(rng, self, i, "employee") for i in range(2 * n)]
        self.requests = [Suggestion(rng, self, f"r{i}", "employee", True)
                         for i in range(n // 2)]
        self.decisions = [Decision(rng, i) for i in range(LIVES - 6 * n - n // 2)]
        self.heads, self.trainings, self.contacts = [], [], []
        items = [i for s in self.customers + self.employees + self.requests
                 for i in s.items()]
        items += [i for d in self.decisions for i in d.items(self.registry)]
        items += self.boundaries() + self.levels() + self.others()
        self.send(sorted(items, key=lambda i: i.key))

    def of(self, suggestion):
        return self.customers if suggestion.audience == "customer" else \
            self.requests if suggestion.request else self.employees

    def local(self, ms):
        return datetime.datetime.fromtimestamp(ms / 1000, UTC).astimezone(self.zone)

    def day(self, ms):
        return self.local(ms).date().toordinal()

    def month_of(self, ts):
        return bucket_start(self.zone, "month", ts)

    def event(self, kind, number, at, /, **data):
        return {"type": kind, "source": "h", "id": f"{kind}{number}", "time": at, "data": data}

    def boundaries(self):
        rng, items = self.rng, []
        for role in ("agent", "lead"):  # that there is one at all
            event = self.event("boundary.set", role, (START - DAY) * 1000, role=role, limit=50,
                               mode="act", **{"class": "refund"})
            items.append(Item(0.1 * rng.random(), event,
                              lambda event: self.registry.set(event["time"], event["data"])
                              or "stored"))
        for i in range(24):
            data = {"role": rng.choice(("agent", "lead")),
                    "class": rng.choice(("refund", "refund", "gift")),
                    "mode": rng.choice(("act", "act", "propose"))}
            for name, values in (("limit", (None, 0, 20, 50, 60)), ("unit", (None, *UNITS)),
                                 ("requires_training", (None, "t1", "t2")),
                                 ("person", (None, None, None, "a-1", "b-2"))):
                value = rng.choice(values)
                if value is not None:
                    data[name] = value
            event = self.event("boundary.set", i, moment(rng), **data)
            items.append(Item(rng.random(), event,
                              lambda event: self.registry.set(event["time"], event["data"])
                              or "stored"))
        return items

    def levels(self):
        rng, items = self.rng, []
        for unit, values in HEADS.items():
            # One is declared in summer only.
            at = START + 200 * DAY if unit == "e" else START - 90 * DAY
            for i in range(1 if unit == "e" else 4):
                n = rng.choice(values)
                self.heads.append((unit, at, n))
                items.append(Item(rng.random(), self.event(
                    "headcount.set", f"{unit}{i}", at * 1000, unit=unit, headcount=n,
                    leaders=n // 2), stored))
                at += rng.randrange(40 * DAY, 160 * DAY)
        self.active = [(START + 60 * DAY, 500), (START + 250 * DAY, 300)]
        items += [Item(rng.random(), self.event("base.set", i, at * 1000, active=n), stored)
                  for i, (at, n) in enumerate(self.active)]
        self.levels_of = Heads(self.heads)
        return items

    def others(self):
        """Trainings, contacts, and recognition and answers, for who has a voice."""
        rng, items = self.rng, []
        for i in range(LIVES // 5):
            unit, at = rng.choice(UNITS), moment(rng)
            data = {"person": f"{unit}-{rng.randrange(9)}", "unit": unit,
                    "topic": rng.choice(("t1", "t2"))}
            kind = "training.requested" if rng.random() < 0.4 else "training.completed"
            if kind == "training.completed" and rng.random() < 0.8:
                data["hours"] = rng.choice((0, 1.25, 8))
            self.trainings.append((kind, at, data))
            items.append(Item(rng.random(), self.event(kind, i, at, **data), stored))
        for i in range(LIVES // 8):
            items.append(Item(rng.random(), self.event(
                "contact.logged", i, moment(rng), unit=rng.choice(UNITS),
                mode=rng.choice(("face_to_face", "broadcast", "meeting")),
                by_leader=rng.random() < 0.5), stored))
        for i in range(LIVES // 5):
            data = {"survey": "nps", "unit": rng.choice(UNITS), "respondent":
                    f"customer-{rng.randrange(300)}", "answers": {"recommend": 9}}
            items.append(Item(rng.random(), self.event("survey.answered", i, moment(rng),
                                                       **data), stored))
            audience = rng.choice(("customer", "employee"))
            data = {"audience": audience, "unit": rng.choice(UNITS), "kind": "praise",
                    "from": f"{audience}-{rng.randrange(200)}", "to": "you"}
            if audience == "employee":
                data |= {"visibility": "public", "to_name": "T", "from_name": "F",
                         "to_agrees": True}
            items.append(Item(rng.random(), self.event("recognition.given", i, moment(rng),
                                                       **data), stored))
        return items

    def send(self, items):
        """In that order, some twice; receipts are known before they are needed."""
        first = [i for i in items if i.key < 0.3]
        with self.d.client() as c:
            for part in (first, items[len(first):]):
                for at in range(0, len(part), 900):
                    self.send_some(c, part[at:at + 900])

    def send_some(self, c, items):
        expected, events, index = collections.Counter(), [], {}
        illegal = {}
        for item in items:
            verdict = item.settle(item.event)
            if verdict == "illegal":
                illegal[len(events)] = item
            expected[verdict] += 1
            index[len(events)] = item
            # As sent: the model may yet change what it refers to.
            events.append(json.dumps(item.event))
            if verdict == "stored" and self.rng.random() < 0.05:
                expected["nothing"] += 1
                events.append(events[-1])
        answer = c.lines(events).json()
        assert {r["index"] for r in answer["rejected"]} == set(illegal), [
            (r, events[r["index"]]) for r in answer["rejected"]
            if r["index"] not in illegal][:3] or [
            (i.event, i.of and vars(i.of.life)) for k, i in illegal.items()
            if k not in {r["index"] for r in answer["rejected"]}][:3]
        assert all(r["error"]["type"] == "/problems/illegal-transition"
                   for r in answer["rejected"])
        assert (answer["stored"], answer["duplicate"]) == (
            expected["stored"], expected["nothing"])
        for r in answer.get("receipts", []):
            item = index.get(r["index"])
            if item and item.event is item.of.event:  # others support it, and have theirs
                item.of.id, item.of.receipt = r["id"], r["receipt"]

    # ---- rows, by SQL ----

    def rows(self, query, file="empowerd.db"):
        if not hasattr(self, "read"):
            self.read = {}
        if (query, file) not in self.read:
            import sqlite3
            path = os.path.join(self.d.dir, file)
            db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)
            db.row_factory = sqlite3.Row
            try:
                self.read[query, file] = [dict(r) for r in db.execute(query)]
            finally:
                db.close()
        return self.read[query, file]


@pytest.fixture(scope="module", params=ZONES)
def world(request):
    with Daemon("timezone=" + request.param, "workers=2") as d:
        d.start()
        yield World(d, request.param)


@pytest.fixture(scope="module")
def c(world):
    with world.d.client() as client:
        yield client


# ---- questions -------------------------------------------------------------------------


def question(rng, zone, steps, fields, months=False):
    """A window, a step, groups; `months`: of whole months."""
    q = {}
    low, high = sorted(START + rng.randrange(SPAN) for _ in range(2))
    if months:
        low, high = bucket_start(zone, "month", low), bucket_start(zone, "month", high + 32 * DAY)
    if rng.random() < 0.7:
        q["from"] = low
    if rng.random() < 0.7:
        q["to"] = high + 1 if not months else high
    q["step"] = rng.choice(steps)
    if q["step"] == "day":
        q["from"], q["to"] = low, min(high + 1, low + 90 * DAY)
    groups = rng.sample(fields, rng.randint(0, len(fields)))
    if groups:
        q["group_by"] = ",".join(groups)
    if q["step"] == "all":
        del q["step"]
    return q


def month_fold(world, at, least=5):
    """{unit: the unit under which it is shown in the month of that moment}: by the month
    alone, whatever is asked for."""
    month = world.month_of(at)
    return world.levels_of.fold(month, bucket_start(world.zone, "month", month + 32 * DAY),
                                least)


def folded(world, row, time_of=lambda r: r["ts"]):
    return {**row, "unit": month_fold(world, time_of(row))[row["unit"] or ""]}


def asked(world, q):
    """The window that is answered, from what is said of it."""
    return q.get("from", -2**40), q.get("to", 2**40)


def grouped(world, q, rows, low, high, time_of, names=None):
    step = q.get("step", "all")
    fields = [f for f in q.get("group_by", "").split(",") if f]
    groups = collections.defaultdict(list)
    for row in rows:
        if low <= time_of(row) < high:
            at = None if step == "all" else bucket_start(world.zone, step, time_of(row))
            groups[tuple(row[f] or None for f in fields), at].append(row)
    return groups


def answered(q, rows):
    fields = [f for f in q.get("group_by", "").split(",") if f]
    got = {}
    for row in rows:
        if "suppressed" in row:
            continue
        key = (tuple(row.get(f) for f in fields),
               parse_time(row["time"]) if "step" in q and "time" in row else None)
        assert key not in got, "a row twice"
        got[key] = row
    return got


def hidden(q, rows, count):
    """{bucket: rows that are protected and say no more}"""
    found = collections.Counter()
    for row in rows:
        if "suppressed" in row:
            assert row["suppressed"] == "protected" and row[count] is None, row
            assert set(row) <= {"audience", "kind", "time", "suppressed", count}, row
            found[parse_time(row["time"]) if "step" in q else None] += 1
    return found


def months_between(world, q, low, high):
    """The months that are asked for, as far as somebody was declared to be there."""
    today = bucket_start(world.zone, "day", int(time.time()))
    first = world.levels_of.moments[0]
    at = world.month_of(low if "from" in q and "step" in q else max(low, first))
    while at < min(high, today):
        yield at
        at = bucket_start(world.zone, "month", at + 32 * DAY)


def month_blocks(world, month):
    """{unit: the block in which it counts, None for none} of that month."""
    cache = world.levels_of.cache
    if ("month", month) not in cache:
        end = min(bucket_start(world.zone, "month", month + 32 * DAY),
                  bucket_start(world.zone, "day", int(time.time())))
        mean = {u: n if n is None else math.floor(n * 100)
                for u, n in world.levels_of.mean(month, end).items()}
        fold = world.levels_of.fold_by(mean, [mean], 1000)
        lost = (mean[""] or 0) < 1000
        cache["month", month] = {u: None if lost and not to else to for u, to in fold.items()}
    return cache["month", month]


def in_blocks(world, rows):
    """Rows of employees under the block of their month; those in none are left out."""
    today = bucket_start(world.zone, "day", int(time.time()))
    first = world.month_of(world.levels_of.moments[0])
    of = [{**r, "unit": month_blocks(world, world.month_of(r["ts"]))[r["unit"] or ""]}
          for r in rows if first <= r["ts"] < today]
    return [r for r in of if r["unit"] is not None]


def too_small(world, q, low, high):
    """The same, from what was declared alone: what was stored must not matter."""
    there = {at: set(month_blocks(world, at).values()) - {None}
             for at in months_between(world, q, low, high)}
    groups = {"", *set().union(*there.values())} if "group_by" in q else {""}
    if "group_by" not in q:
        there = {at: {""} if blocks else set() for at, blocks in there.items()}
    if "step" not in q:
        there = {None: set().union(*there.values())}
    return +collections.Counter({at: len(groups - blocks) for at, blocks in there.items()})


def as_ms(text):
    if text is None:
        return None
    moment_ = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(moment_.timestamp() * 1000)


# ---- states ----------------------------------------------------------------------------


def compare(row, life, when):
    found = {
        "state": row["state"], "status": row["status"], "auto": bool(row["auto_acknowledged"]),
        "published": row["published"], "opened": row["opened"],
        "negatives": row["negatives"], "negatives_reasoned": row["negatives_reasoned"],
        "rounds": row["rounds"], "rated": row["rated_round"], "supporters": row["supporters"],
        **{k: when(row, k) for k in (
            "submitted", "acknowledged", "first_response", "first_triage", "reopened",
            "second_response", "first_reopened", "closed", "withdrawn", "first_seen")}}
    want = {k: getattr(life, "negatives" if k == "negatives_reasoned" else k) for k in found}
    assert found == want


def test_states_of_customers(world):
    rows = {r["id"]: r for r in world.rows("SELECT * FROM v_suggestion")}
    assert len(rows) == len(world.customers) + len(world.requests)
    for s in world.customers + world.requests:
        row = rows[s.name]
        compare(row, s.life, lambda r, k: as_ms(r["at" if k == "submitted" else k + "_at"]))
        assert row["felt_heard"] == (None if s.request else s.life.felt_heard)
    # The lives are of all kinds.
    covered(len({s.life.state for s in world.customers}) == 13)


def test_states_of_employees(world):
    rows = {"case-" + r["key"].hex(): r
            for r in world.rows("SELECT * FROM v_suggestion", "confidential.db")}
    assert len(rows) == len(world.employees)
    for s in world.employees:
        compare(rows[s.id], s.life, lambda r, k: r[k] and datetime.date.fromisoformat(
            r[k]).toordinal())
    covered(len({s.life.state for s in world.employees}) == 13)


# ---- suggestions -----------------------------------------------------------------------


def plus(world, ms, days=0, months=0):
    """The same time of day, so many days or months later."""
    at = world.local(ms).replace(tzinfo=None)
    if months:
        month = at.year * 12 + at.month - 1 + months
        last = (datetime.date(month // 12 + (month % 12 == 11), (month + 1) % 12 + 1, 1)
                - datetime.timedelta(days=1)).day
        at = at.replace(year=month // 12, month=month % 12 + 1, day=min(at.day, last))
    at += datetime.timedelta(days=days)
    ms = round(at.replace(tzinfo=world.zone).timestamp() * 1000)
    if world.local(ms).replace(tzinfo=None) == at:
        return ms
    # The clock leaps over it: the moment of the leap.
    high = ms // 1000
    return 1000 * first_instant(world.zone, high - 7200, high, world.local(ms).utcoffset())


def clocks(world, r, as_of):
    """(due for an acknowledgement, in time, due for an answer, in time, overdue)"""
    concern = r["kind"] == "concern"
    end = min(as_of, r["withdrawn"]) if r["withdrawn"] else as_of
    acknowledged = min((t for t in (r["acknowledged"], r["first_response"]) if t), default=None)
    until = plus(world, r["submitted"], days=7)
    if concern:
        begun = min(t for t in (r["acknowledged"], until) if t)
        answer = plus(world, begun, months=3)
    else:
        answer = plus(world, r["submitted"], days=14)

    def kept(done, due):
        if done is not None and done <= as_of:
            return True, min(done, end) <= due
        return end > due, end <= due

    ack = kept(acknowledged, until) if concern else (False, False)
    ans = kept(r["first_response"], answer)
    overdue = None
    if r["state"] in WAITING:
        if r["reopened"]:
            due = plus(world, r["reopened"], months=3) if concern else plus(
                world, r["reopened"], days=14)
        else:
            due = until if concern and acknowledged is None else answer
        if as_of > due:
            overdue = "overdue_sla" if not concern else "overdue_acknowledgement" if (
                acknowledged is None and not r["reopened"]) else "overdue_feedback"
    return ack, ans, overdue


def suggestion_figures(world, rows, as_of, unit_of_time, employees):
    """Rows of confidential.db have numbers of days, and in "ms" when these begin."""
    n = len(rows)
    days = employees and unit_of_time == 1
    as_of_ms = midnight(world, datetime.date.fromordinal(as_of).isoformat()) * 1000 \
        if days else as_of
    begun = [r for r in rows if r["submitted"] <= as_of]
    due = [clocks(world, r["ms"] if days else r, as_of_ms) for r in begun]
    people = collections.Counter(r["person"] for r in rows if r["person"])
    rated = [r["felt_heard"] for r in rows if not employees and r["felt_heard"]]
    published = sum(r["published"] for r in rows)
    negatives = sum(r["negatives"] for r in rows)
    want = {
        "n": n,
        "acknowledged": sum(r["acknowledged"] is not None for r in rows),
        "triaged": sum(r["first_triage"] is not None for r in rows),
        "answered": sum(r["status"] is not None for r in rows),
        "open": sum(r["state"] in OPEN for r in rows),
        "withdrawn": sum(r["state"] == "withdrawn" for r in rows),
        "reopened": sum(r["rounds"] > 1 for r in rows),
        "supporters": sum(r["supporters"] for r in rows),
        "told": share(sum(r["first_response"] is not None and r["opened"] > 0 for r in rows), n),
        "reason": share(sum(r["negatives_reasoned"] for r in rows), negatives),
        "reach": share(sum(r["opened"] for r in rows), published),
        "adoption": share(sum(r["status"] in PROMISED | {"done"} and r["state"] != "withdrawn"
                              for r in rows), n),
        "submitters": len(people), "repeat_submitters": sum(k > 1 for k in people.values()),
        "repeat_share": share(sum(k > 1 for k in people.values()), len(people)),
    }
    for name, start, answer in (("first", "submitted", "first_response"),
                                ("second", "first_reopened", "second_response")):
        items = [waited(r[answer], r["withdrawn"], r[start], as_of) for r in rows]
        for label, at_most in (("median", 0.5), ("p90", 0.1)):
            at, least = kaplan_meier(items, at_most)
            key = f"{name}_response_{label}_{'d' if employees else 'h'}"
            want[key] = at if at is None else at / unit_of_time
            if at is None and least is not None:
                want[key + "_at_least"] = least / unit_of_time
    want |= {} if employees else {
        "felt_heard": statistics.fmean(rated) if rated else None, "felt_heard_n": len(rated)}
    for i, name in enumerate(("acknowledged_in_time", "answered_in_time")):
        want[name] = share(sum(d[i] == (True, True) for d in due), sum(d[i][0] for d in due))
    for name in ("overdue_acknowledgement", "overdue_feedback", "overdue_sla"):
        want[name] = sum(d[2] == name for d in due)
    return want


SUGGESTIONS = """SELECT v.*, event.person AS person, event.time AS submitted_ms
    FROM v_suggestion AS v JOIN event ON event.seq = v.event_seq"""


def customer_rows(world, kind):
    rows = []
    for row in world.rows(SUGGESTIONS):
        if (row["kind"] == "boundary_request") != (kind == "boundary_request"):
            continue
        row = dict(row)
        for name in ("acknowledged", "first_response", "first_triage", "reopened", "withdrawn",
                     "second_response", "first_reopened"):
            row[name] = as_ms(row[name + "_at"])
        row["submitted"] = row["submitted_ms"]
        rows.append(row)
    return rows


def test_suggestions_of_customers(world, c):
    rng = random.Random(SEED)
    rows = customer_rows(world, None)
    seen = collections.Counter()
    for _ in range(40):
        q = question(rng, world.zone, ("all", "all", "day", "week", "month"),
                     ("kind", "unit", "channel"))
        of = rows
        for name, values in (("kind", KINDS), ("category", CATEGORIES), ("unit", UNITS)):
            if rng.random() < 0.2:
                q[name] = rng.choice(values)
                of = [r for r in of if (in_subtree(r["unit"], q[name]) if name == "unit"
                                        else r[name] == q[name])]
        as_of = START + rng.randrange(30 * DAY, SPAN + 100 * DAY) if rng.random() < 0.8 else None
        if as_of:
            q["as_of"] = as_of
        answer = c.rollup("suggestions", **q)
        low, high = check_window(world.zone, q, answer, time.time())
        as_of = parse_time(answer["as_of"]) * 1000
        assert "as_of" not in q or as_of == q["as_of"] * 1000
        want = grouped(world, q, of, low, high, lambda r: r["submitted"] // 1000)
        got = answered(q, answer["rows"])
        assert set(got) == set(want), q
        for key, mine in want.items():
            seen[bool(mine)] += 1
            same(got[key], suggestion_figures(world, mine, as_of, 3600000, False))
            assert got[key]["audience"] == "customer"
    covered(seen[True] > 300)


def test_requests_are_folded_as_what_employees_do(world, c):
    """They have times, and units of at least five people."""
    rng = random.Random(SEED)
    rows = customer_rows(world, "boundary_request")
    for _ in range(10):
        q = question(rng, world.zone, ("all", "month", "week"), ("unit",))
        answer = c.rollup("suggestions", kind="boundary_request", **q)
        low, high = check_window(world.zone, q, answer, time.time())
        of = [folded(world, r, lambda r: r["submitted"] // 1000) for r in rows]
        want = grouped(world, q, of, low, high, lambda r: r["submitted"] // 1000)
        got = answered(q, answer["rows"])
        assert set(got) == set(want), q
        as_of = parse_time(answer["as_of"]) * 1000
        for key, mine in want.items():
            figures = suggestion_figures(world, mine, as_of, DAY * 1000, True)
            del figures["submitters"], figures["repeat_submitters"], figures["repeat_share"]
            same(got[key], figures)


CASES = """SELECT v.*, event.person AS person FROM v_suggestion AS v
    JOIN event ON event.key = v.key"""


def case_rows(world):
    rows = []
    for row in world.rows(CASES, "confidential.db"):
        row = dict(row)
        row["ts"] = midnight(world, row["submitted"])
        row["ms"] = dict(row)
        for name in ("submitted", "acknowledged", "first_response", "first_triage",
                     "withdrawn", "second_response", "first_reopened", "reopened"):
            row["ms"][name] = row[name] and midnight(world, row[name]) * 1000
            row[name] = row[name] and datetime.date.fromisoformat(row[name]).toordinal()
        rows.append(row)
    return rows


def midnight(world, text):
    day = datetime.date.fromisoformat(text)
    wall = datetime.datetime(day.year, day.month, day.day, tzinfo=world.zone)
    return bucket_start(world.zone, "day", round(wall.timestamp()) + 3 * 3600)


def months_asked(world, q):
    low, high = asked(world, q)
    if "from" in q:
        low = bucket_start(world.zone, "month", low)
    if "to" in q:
        high = bucket_start(world.zone, "month", high - 1)
        high = bucket_start(world.zone, "month", high + 32 * DAY)
    return low, high


def test_suggestions_of_employees(world, c):
    """Whole months of units of ten people on average; the others say protected, and no
    more, the same whatever is stored."""
    rng = random.Random(SEED)
    rows = case_rows(world)
    shown = protected = 0
    for _ in range(40):
        q = question(rng, world.zone, ("all", "month"), ("unit",))
        q["as_of"] = START + rng.randrange(30 * DAY, SPAN + 100 * DAY)
        of, low, high = rows, *months_asked(world, q)
        if rng.random() < 0.3:
            q["kind"] = rng.choice(KINDS)
            of = [r for r in of if r["kind"] == q["kind"]]
        answer = c.rollup("suggestions", audience="employee", **q)
        as_of = world.day(parse_time(answer["as_of"]) * 1000)
        assert as_of == world.day(q["as_of"] * 1000)
        want = grouped(world, q, in_blocks(world, of), low, high, lambda r: r["ts"])
        small = hidden(q, answer["rows"], "n")
        assert small == too_small(world, q, low, high), q
        got = answered(q, answer["rows"])
        for key, row in got.items():
            shown += 1
            same(row, suggestion_figures(world, want.pop(key), as_of, 1, True))
        assert not want, (q, list(want))
        protected += small.total()
    covered(shown > 100 and protected > 10)


# ---- decisions -------------------------------------------------------------------------

# Of the outcomes of a decision each column is that of the last which says it.
LAST = """SELECT decision_seq, {0} AS value FROM (
    SELECT o.decision_seq, {0}, row_number() OVER (
      PARTITION BY o.decision_seq ORDER BY event.time DESC, event.seq DESC) AS place
    FROM decision_outcome AS o JOIN event ON event.seq = o.event_seq
    WHERE {0} IS NOT NULL) WHERE place = 1"""
DECISIONS = """SELECT v.*, decision.people_key AS people_key, source.name AS source,
    decision.id AS id, s.name AS settled_as,
    (SELECT count(*) FROM decision_outcome AS o WHERE o.decision_seq = v.event_seq) > 0
      AS has_outcome
    FROM v_decision AS v JOIN decision ON decision.event_seq = v.event_seq
    LEFT JOIN source ON source.id = decision.source_id
    LEFT JOIN decision_settlement AS t ON t.decision_seq = v.event_seq
    LEFT JOIN decision_answer AS s ON s.id = t.answer_id"""


def decision_rows(world):
    last = {name: {r["decision_seq"]: r["value"] for r in world.rows(LAST.format(name))}
            for name in ("customer_benefit", *(d + "_id" for d in DRIVERS))}
    views = {r["id"]: r["name"] for r in world.rows("SELECT id, name FROM driver_view")}
    rows = []
    for row in world.rows(DECISIONS):
        seq = row["event_seq"]
        rows.append({**row, "benefit": last["customer_benefit"].get(seq),
                     **{"seen_" + d: views.get(last[d + "_id"].get(seq)) for d in DRIVERS}})
    return rows


def test_decisions_as_stored(world):
    """The boundary was the one known when the decision came; what is kept of outcomes
    is what follows from them."""
    rows = {r["id"]: r for r in decision_rows(world)}
    assert len(rows) == len(world.decisions)
    for d in world.decisions:
        row = rows[d.name]
        assert row["within"] == d.within, (d.data, row["at"])
        assert row["settled"] == row["settled_as"]
        assert bool(row["outcome"]) == bool(row["has_outcome"])
        assert row["customer_benefit"] == row["benefit"]
        for driver in DRIVERS:
            assert row["observed_" + driver] == row["seen_" + driver]
    covered({r["within"] for r in rows.values()} == {"inside", "over", "none"})


def decision_figures(rows):
    n = len(rows)
    inside = [r for r in rows if r["within"] == "inside"]
    over = [r for r in rows if r["within"] == "over"]
    kept = [r for r in inside if not r["escalated"]]
    passed = [r for r in rows if r["escalated"] and r["settled_as"]]
    said = [r["benefit"] for r in rows if r["benefit"] is not None]
    ratings = [r["self_rating"] for r in rows if r["self_rating"]]
    return {
        "n": n, "yes": sum(r["answer"] == "yes" for r in rows),
        "no": sum(r["answer"] == "no" for r in rows),
        "partial": sum(r["answer"] == "partial" for r in rows),
        "escalated": sum(r["escalated"] for r in rows), "inside": len(inside),
        "over": len(over), "without": n - len(inside) - len(over),
        "delegated": share(sum(not r["escalated"] for r in rows), n),
        "over_escalation": share(len(inside) - len(kept), len(inside)),
        "overreach": share(sum(not r["escalated"] for r in over), len(over)),
        "interference": share(sum(r["settled_as"] is not None for r in kept), len(kept)),
        "rubber_stamp": share(sum(r["settled_as"] == r["answer"] for r in passed), len(passed)),
        "restriction": share(sum(blocked(r) for r in rows), n),
        "rule_did_not_fit": share(sum(r["rule_did_not_fit"] for r in rows), n),
        "conflicts": sum(r["conflict"] for r in rows),
        "special_requests": sum(r["special_request"] for r in rows),
        "settled": sum(r["settled_as"] is not None for r in rows),
        "outcome_share": share(sum(r["has_outcome"] for r in rows), n),
        "benefit": share(sum(said), len(said)),
        "self_rating": statistics.fmean(ratings) if ratings else None}


def blocked(row):
    return row["rule"] is not None and (row["answer"] == "no" or bool(row["escalated"]))


def check_drivers(rows, table):
    assert [r["driver"] for r in table] == list(DRIVERS)
    for row in table:
        name = row["driver"]
        pairs = collections.Counter((r[name], r["seen_" + name]) for r in rows
                                    if r[name] and r["seen_" + name])
        known = {f"{p}_{s}": pairs[p, s] for p in ("yes", "no") for s in ("yes", "no")}
        same(row, {**known, "n": sum(known.values()),
                   "unsure": pairs["unsure", "yes"] + pairs["unsure", "no"],
                   "accuracy": share(known["yes_yes"] + known["no_no"], sum(known.values()))})


def check_rules(rows, table):
    used = collections.Counter(r["rule"] for r in rows if r["rule"])
    of = collections.Counter(r["rule"] for r in rows if blocked(r))
    assert [(r["rule"], r["n"], r["restricted"]) for r in table] == [
        (k, used[k], of[k]) for k in sorted(of, key=lambda k: (-of[k], k))]
    for r in table:
        same(r, {"share": share(of[r["rule"]], sum(of.values()))})


def ask_decisions(world, c, rng, steps):
    q = question(rng, world.zone, steps, ("unit", "role", "class", "channel"))
    of = [folded(world, r) for r in decision_rows(world)]
    for name, values in (("role", ("agent", "lead")), ("class", ("refund", "gift")),
                         ("unit", UNITS)):
        if rng.random() < 0.2:
            q[name] = rng.choice(values)
            of = [r for r in of if (in_subtree(r["unit"], q[name]) if name == "unit"
                                    else r[name] == q[name])]
    return q, of, c.rollup("decisions", **q)


def test_decisions(world, c):
    rng = random.Random(SEED)
    checked = 0
    for _ in range(40):
        q, of, answer = ask_decisions(world, c, rng, ("all", "all", "day", "week", "month"))
        low, high = check_window(world.zone, q, answer, time.time())
        want = grouped(world, q, of, low, high, lambda r: r["ts"])
        got = answered(q, answer["rows"])
        assert set(got) == set(want), q
        for key, mine in want.items():
            checked += 1
            same(got[key], decision_figures(mine))
        inside = [r for r in of if low <= r["ts"] < high]
        check_drivers(inside, answer["drivers"])
        check_rules(inside, answer["blocking_rules"])
    covered(checked > 300)


REVIEWS = """SELECT review.*, d.person AS person FROM review LEFT JOIN operational_person AS d
    ON d.key = review.decision_key AND d.role = 'decider'"""


def test_reviews(world, c):
    """From the reviews themselves, not from what is counted of them; who is too few
    counts above, or nowhere."""
    rng = random.Random(SEED)
    reviews = {r["decision_key"]: r for r in world.rows(REVIEWS, "confidential.db")}
    rows = [{**r, "review": reviews.get(r["people_key"])} for r in decision_rows(world)]
    assert sum(r["review"] is not None for r in rows) == len(reviews) > 50
    blocks = {}
    for month in {world.month_of(r["ts"]) for r in rows}:
        who = collections.defaultdict(set)
        for r in rows:
            if r["review"] and world.month_of(r["ts"]) == month:
                who[r["unit"] or ""].add(r["review"]["person"])
        blocks[month] = world.levels_of.blocks(
            month, bucket_start(world.zone, "month", month + 32 * DAY), 10, set(who), who)
    shown = 0
    for _ in range(25):
        q = question(rng, world.zone, ("all", "month"), ("unit",), months=True)
        low, high = asked(world, q)
        of = []
        for r in rows:
            block = blocks[world.month_of(r["ts"])][r["unit"] or ""]
            if block is not None:
                # Beside the rows of decisions there are no other units than theirs.
                of.append(folded(world, {**r, "unit": block}))
        if rng.random() < 0.3:
            q["unit"] = rng.choice(UNITS)
            of = [r for r in of if in_subtree(r["unit"], q["unit"])]
        table = c.rollup("decisions", **q)["reviews"]
        got = answered(q, table)
        want = grouped(world, q, of, low, high, lambda r: r["ts"])
        want = {k: v for k, v in want.items() if any(r["review"] for r in v)}
        if not want:
            assert [r["n"] for r in table] == [None], (q, table)
            continue
        assert set(got) == set(want), q
        for key, mine in want.items():
            shown += 1
            same(got[key], review_figures(mine))
    covered(shown > 30)


def review_figures(rows):
    of = [r["review"] for r in rows if r["review"]]
    n = collections.Counter(r["verdict"] for r in of)
    return {"n": len(of), "coverage": share(len(of), len(rows)), "reinforce": n["reinforce"],
            "coach": n["coach"], "sanction": n["sanction"],
            "reinforcement_share": share(n["reinforce"], len(of)),
            "punitive": share(n["sanction"], n["coach"] + n["sanction"]),
            "arbitrary": share(sum(r["verdict"] == "sanction" and r["rule"] is None
                                   for r in of), n["sanction"]),
            "latency_days": statistics.median(r["latency_days"] for r in of)}


def test_latency_is_in_days_of_the_calendar(world):
    reviews = {r["decision_key"]: r for r in world.rows(REVIEWS, "confidential.db")}
    for r in decision_rows(world):
        if review := reviews.get(r["people_key"]):
            day = datetime.date.fromisoformat(review["day"]).toordinal()
            made = world.day(as_ms(r["at"]))
            assert review["latency_days"] == max(day - made, 0), (r["at"], review["day"])


def among_enough(world, row, cache):
    """Whether what is private counts there: by the people that are left of the unit as
    shown, or by all of it, where nothing smaller is named."""
    month = world.month_of(row["ts"])
    if month not in cache:
        next_month = bucket_start(world.zone, "month", month + 32 * DAY)
        people = world.levels_of.lowest(month, next_month)
        above = month_fold(world, month)
        left = world.levels_of.left(month, next_month, above)
        cache[month] = above, left, people
    above, left, people = cache[month]
    unit = row["unit"] or ""
    block = above[unit]
    return left[block] >= 5 or (block == unit and (people[block] or 0) >= 5)


def test_backing_rate(world, c):
    private = {r["decision_key"] for r in world.rows("SELECT * FROM backing", "confidential.db")}
    public = {r["decision_seq"] for r in world.rows("SELECT * FROM decision_backing")}
    assert private and public
    rng = random.Random(SEED)
    rates, cache = set(), {}
    of = [{**folded(world, r), "enough": among_enough(world, r, cache)}
          for r in decision_rows(world) if r["conflict"]]
    assert len({r["enough"] for r in of if r["people_key"] in private}) == 2
    for _ in range(20):
        q = question(rng, world.zone, ("all", "month"), ("unit",), months=True)
        low, high = asked(world, q)
        answer = c.rollup("recognition", audience="employee", **q)
        got = answered(q, answer["figures"])
        for key, mine in grouped(world, q, of, low, high, lambda r: r["ts"]).items():
            backed = sum(r["event_seq"] in public or (
                r["enough"] and r["people_key"] in private) for r in mine)
            same(got[key], {"backing_rate": share(backed, len(mine))})
            rates.add(got[key]["backing_rate"])
    covered(len(rates) > 5)


def wilson(good, n):
    z, p = 1.959963984540054, good / n
    return (p + z * z / (2 * n) - z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (
        1 + z * z / n)


@pytest.mark.parametrize("days", [150, 365, 480])
def test_boundary_candidates(world, c, days):
    """Of all time and in the units of now; by the boundaries and with the trainings of a
    moment."""
    at = START + days * DAY
    deciders = {r["key"]: r["person"] for r in world.rows(
        "SELECT * FROM operational_person WHERE role = 'decider'", "confidential.db")}
    sanctioned = {r["decision_key"] for r in world.rows(REVIEWS, "confidential.db")
                  if r["verdict"] == "sanction"}
    trained = {(r["person"], r["topic"]) for r in world.rows(TRAININGS, "confidential.db")
               if r["type"] == "training.completed"
               and at - 365 * DAY <= midnight(world, r["day"]) < at}
    now = int(time.time())
    fold, heads = month_fold(world, now, 10), world.levels_of.at(now)
    groups = collections.defaultdict(list)
    for r in decision_rows(world):
        groups[r["role"], r["class"], fold[r["unit"] or ""]].append(r)
    want = {}
    for (role, matter, unit), rows in groups.items():
        people = {deciders[r["people_key"]] for r in rows}
        if len(people) < 5 or (heads[unit] or 0) < 10:
            continue
        said = [r["benefit"] for r in rows if r["benefit"] is not None]
        passed = [r for r in rows if r["escalated"] and r["settled_as"]]
        cents = sorted(round(100 * r["amount"]) for r in rows if r["amount"] is not None)
        b = world.registry.find(at * 1000, role, matter, unit, None) or {}
        limit, topic = b.get("limit"), b.get("requires_training")
        # A median amount is an amount: half a cent is one.
        use = math.floor(statistics.median(cents) + 0.5) / 100 / limit \
            if limit and cents else None
        stamp = sum(r["settled_as"] == r["answer"] for r in passed) / len(passed) \
            if passed else None
        bound = wilson(sum(said), len(said)) if said else None
        current = topic is None or all((p, topic) in trained for p in people)
        want[role, matter, unit or None] = {
            "n": len(said), "good": sum(said), "wilson": bound, "use": use,
            "rubber_stamp": stamp, "limit": limit, "mode": b.get("mode"),
            "requires_training": topic, "training_current": current,
            "candidate": len(said) >= 20 and bound >= 0.75 and current and not any(
                r["people_key"] in sanctioned for r in rows) and (
                (use or 0) >= 0.8 or (stamp or 0) >= 0.9)}
    got = {(r["role"], r["class"], r["unit"]): r
           for r in c.get("/v1/boundaries/candidates", as_of=at).json()["rows"]}
    assert set(got) == set(want) and want
    for key, row in want.items():
        same(got[key], row)


def test_act_or_propose_as_the_registry_says(world, c):
    rng = random.Random(SEED)
    modes = collections.Counter()
    for _ in range(150):
        q = {"role": rng.choice(("agent", "lead", "nobody")),
             "class": rng.choice(("refund", "gift")), "unit": rng.choice(UNITS)}
        if rng.random() < 0.8:
            q["amount"] = rng.choice((0, 19.99, 20, 20.01, 50, 50.01, 60, 1000))
        if rng.random() < 0.4:
            q["person"] = rng.choice(("a-1", "b-2", "b-3"))
        b = world.registry.find(int(time.time() * 1000), q["role"], q["class"], q["unit"],
                                q.get("person"))
        within = world.registry.within(int(time.time() * 1000), q)
        answer = c.post("/v1/boundaries/check", q).json()
        same(answer, {"limit": b and b.get("limit"),
                      "requires_training": b and b.get("requires_training")})
        assert answer["mode"] == ("act" if within == "inside" else "propose"), (q, b)
        modes[answer["mode"]] += 1
    covered(len(modes) == 2)


# ---- training, contact, voice ----------------------------------------------------------


def training_figures(world, rows, done, end, today):
    """What is open has waited until today."""
    finished = [r for r in rows if r["type"] == "training.completed"]
    waits = []
    for r in rows:
        if r["type"] == "training.requested":
            days = [t for t in done[r["person"], r["topic"]] if t >= r["day_number"]]
            waits.append((min(days or [today]) - r["day_number"], bool(days)))
    lead, least = kaplan_meier(waits, 0.5)
    hours = sum(r["hours"] or 0 for r in finished)
    people = len({r["person"] for r in finished})
    return {"completed": len(finished), "requested": len(rows) - len(finished),
            "hours": hours, "people": people,
            "open_requests": sum(not answered for _, answered in waits),
            "lead_days": lead, **({} if least is None else {"lead_days_at_least": least}),
            "headcount": end, "reach": share(people, end),
            "hours_per_head": hours / end if end else None}


TRAININGS = """SELECT event.type AS type, event.day AS day, event.unit AS unit,
    event.person AS person, training.topic AS topic, training.hours AS hours
    FROM training JOIN event ON event.key = training.event_key"""


def test_training(world, c):
    rows, done = [], collections.defaultdict(list)
    for r in world.rows(TRAININGS, "confidential.db"):
        r = {**r, "ts": midnight(world, r["day"]),
             "day_number": datetime.date.fromisoformat(r["day"]).toordinal()}
        rows.append(r)
        if r["type"] == "training.completed":
            done[r["person"], r["topic"]].append(r["day_number"])
    assert len(rows) == len(world.trainings)
    # Who decided where the boundary asks for a training is there, too.
    used = collections.defaultdict(set)
    for r in rows:
        used[world.month_of(r["ts"])].add(r["unit"])
    holders = []
    for d in world.decisions:
        b = world.registry.find(d.at, d.data["role"], d.data["class"], d.unit, d.person)
        if b and b.get("requires_training"):
            used[world.month_of(d.at // 1000)].add(d.unit)
            holders.append((d, b["requires_training"]))
    blocks = {month: world.levels_of.blocks(
        month, bucket_start(world.zone, "month", month + 32 * DAY), 5, units)
        for month, units in used.items()}
    trained = collections.defaultdict(list)
    for kind, at, data in world.trainings:
        if kind == "training.completed":
            trained[data["person"], data["topic"]].append(world.day(at))
    rng = random.Random(SEED)
    shown = told = 0
    for _ in range(25):
        q = question(rng, world.zone, ("all", "month"), ("unit",))
        low, high = months_asked(world, q)
        of = [{**r, "unit": blocks[world.month_of(r["ts"])][r["unit"]]} for r in rows]
        of = [r for r in of if r["unit"] is not None]
        want = grouped(world, q, of, low, high, lambda r: r["ts"])
        having = [{"unit": blocks[world.month_of(d.at // 1000)][d.unit], "ts": d.at // 1000,
                   "person": d.person, "topic": topic} for d, topic in holders]
        having = grouped(world, q, [h for h in having if h["unit"] is not None], low, high,
                         lambda r: r["ts"])
        got = answered(q, c.rollup("training", **q)["rows"])
        assert set(got) == set(want) | set(having), q
        for key in got:
            shown += 1
            today = bucket_start(world.zone, "day", int(time.time()))
            end = min(today, high if key[1] is None else
                      bucket_start(world.zone, "month", key[1] + 32 * DAY))
            heads = world.levels_of.at(end - 1)[key[0][0] or "" if key[0] else ""]
            if key[0] and key[0][0] is None:
                heads = None
            same(got[key], training_figures(world, want.get(key, []), done, heads,
                                            world.day(today * 1000)))
            people, lacking = set(), set()
            last = world.day(end * 1000)
            for h in having.get(key, []):
                people.add(h["person"])
                if not any(last - 365 <= t < last for t in trained[h["person"], h["topic"]]):
                    lacking.add(h["person"])
            known = len(people) >= 5
            told += known
            same(got[key], {"holders_trained":
                            share(len(people - lacking), len(people)) if known else None})
    covered(shown > 50 and told > 5)


def test_contact(world, c):
    rng = random.Random(SEED)
    rows = world.rows("SELECT * FROM v_contact")
    for _ in range(20):
        q = question(rng, world.zone, ("all", "day", "week", "month"), ("unit",))
        q["as_of"] = START + rng.randrange(SPAN)
        of = [folded(world, r) for r in rows]
        answer = c.rollup("contact", **q)
        low, high = check_window(world.zone, q, answer, time.time())
        for mode in ("face_to_face", "broadcast", "meeting"):
            want = grouped(world, q, [r for r in of if r["mode"] == mode], low, high,
                           lambda r: r["ts"])
            got = answered(q, [r for r in answer["rows"] if r["mode"] == mode])
            assert set(got) == set(want), q
            for key, mine in want.items():
                same(got[key], {"n": len(mine), "by_leader": sum(r["by_leader"]
                                                                  for r in mine)})
        last = {}
        for r in of:
            if r["mode"] == "face_to_face" and r["ts"] <= q["as_of"]:
                unit = r["unit"] or None if "group_by" in q else None
                last[unit] = max(last.get(unit, 0), r["ts"])
        for r in answer["face_to_face"]:
            days, unit = r["days_since_face_to_face"], r.get("unit")
            # Whoever came to a unit below it came to it.
            seen = max((t for u, t in last.items() if u == unit or (
                u and unit and u.startswith(unit + "/"))), default=None)
            assert days == (None if seen is None else (q["as_of"] - seen) // DAY), (q, r)
        assert set(last) <= {r.get("unit") for r in answer["face_to_face"]}, q


VOICES = """SELECT event.ts AS ts, event.person AS person, unit.name AS unit,
    audience.name AS audience, event_type.name AS type, recognition.people_key AS people_key
    FROM event JOIN event_type ON event_type.id = event.type_id
    JOIN series ON series.id = event.series_id JOIN audience ON audience.id = series.audience_id
    LEFT JOIN unit ON unit.id = series.unit_id
    LEFT JOIN recognition ON recognition.event_seq = event.seq
    WHERE event_type.name IN ('survey.answered', 'suggestion.submitted', 'recognition.given')"""


def test_breadth_of_voice(world, c):
    givers = {r["key"]: r["person"] for r in world.rows(
        "SELECT * FROM operational_person WHERE role = 'giver'", "confidential.db")}
    rows = [{**r, "person": r["person"] or givers.get(r["people_key"])}
            for r in world.rows(VOICES)]
    cases = [{"audience": "employee", "unit": r["unit"], "ts": r["ts"], "person": r["person"]}
             for r in case_rows(world)]
    rng = random.Random(SEED)
    shown = collections.Counter()
    for _ in range(30):
        audience = rng.choice(("customer", "employee"))
        staff = audience == "employee"
        q = question(rng, world.zone, ("all", "month"), ("unit",), months=True)
        low, high = asked(world, q)
        answer = c.rollup("participation", audience=audience, **q)
        of = [r for r in rows + cases if r["audience"] == audience and r["person"]]
        assert of
        if staff:
            of = in_blocks(world, of)
        want = grouped(world, q, of, low, high, lambda r: r["ts"])
        got = answered(q, answer["voice"])
        small = hidden(q, answer["voice"], "people")
        if staff:
            assert small == too_small(world, q, low, high), q
            shown["hidden"] += small.total()
        for key, row in got.items():
            unit = key[0][0] or "" if key[0] else ""
            mine = want.pop(key)
            people = len({r["person"] for r in mine})
            end = min(high if key[1] is None else
                      bucket_start(world.zone, "month", key[1] + 32 * DAY), int(time.time()))
            if staff:
                whole = world.levels_of.at(end - 1)[unit]
            else:
                whole = [n for at, n in world.active if at <= end][-1:]
                whole = whole[0] if whole and not key[0] else None
            if key[0] and not unit:
                whole = None
            same(row, {"people": people, "headcount" if staff else "active": whole,
                       "breadth": share(people, whole)})
            shown[audience] += 1
        assert not want, (q, list(want))
    covered(min(shown.values()) > 5 and len(shown) == 3)


# ---- the whole -------------------------------------------------------------------------


def test_as_counted_before_and_after_a_crash(world, c):
    paths = ["/v1/rollups/decisions?step=month&group_by=unit,role,class",
             "/v1/rollups/suggestions?as_of=1767225600&group_by=kind",
             "/v1/rollups/suggestions?as_of=1767225600&audience=employee&step=month",
             "/v1/rollups/training?group_by=unit", "/v1/rollups/contact?as_of=1767225600",
             "/v1/rollups/recognition?audience=employee&step=month",
             "/v1/rollups/participation?audience=employee", "/v1/boundaries/candidates",
             "/v1/boundaries?as_of=1767225600"]

    def everything(client):
        answers = [client.get(p) for p in paths]
        assert all(a.status == 200 for a in answers), answers
        return [a.json() for a in answers]

    before = everything(c)
    world.d.verify()
    world.d.kill()
    world.d.start()
    with world.d.client() as again:
        assert everything(again) == before
    world.d.verify()


def test_the_means_of_this_test_tell_right_from_wrong():
    """The reference itself, by hand: a worked example of Kaplan and Meier, and a life."""
    items = [(1, True), (2, False), (3, True), (4, False), (5, True)]
    # 4/5, then 2/3 of it, then 0: half is reached at 5 only, for two left before.
    assert kaplan_meier(items, 0.5) == (5, None)
    assert kaplan_meier([(t, a) for t, a in items if a], 0.5) == (3, None)
    assert kaplan_meier([(1, True), (9, False), (9, False)], 0.5) == (None, 9)
    life = Life("concern", 10)
    assert life.apply("answered", {"status": "done"}, 5) == "stored"
    assert (life.first_response, life.closed) == (10, 10), "late is at the beginning"
    assert life.apply("triaged", {"will_examine": True}, 20) == "illegal"
    assert life.apply("replied", {}, 30) == "stored" and life.state == "reopened"
    assert life.apply("rated", {"felt_heard": 3}, 31) == "illegal"
    assert life.apply("triaged", {"will_examine": True}, 40) == "stored"
    assert (life.first_response, life.second_response) == (10, 40)
    heads = Heads([("a", 0, 20), ("a/x", 0, 12), ("a/y", 0, 6), ("a/x", 50, 4)])
    # Of 20 there are 8 and then 16 beside a/x; beside a/y there are 14 all the time.
    assert heads.fold(0, 40, 5)["a/x"] == "a/x" and heads.fold(0, 40, 5)["a/y"] == "a"
    assert heads.fold(0, 60, 5)["a/x"] == "a" and heads.fold(0, 60, 5)["a/y"] == "a/y"
    assert heads.left(0, 40, heads.fold(0, 40, 5))["a"] == 8
    assert heads.mean(0, 100)["a/x"] == 8
    assert heads.at(60)["a/x"] == 4 and heads.at(60)[""] == 20
    assert math.isclose(heads.mean(0, 100)["a"], 20)
    # Four are left beside five, on the days on which they are known.
    heads = Heads([("a", 0, 5), ("b", 9, 4)])
    assert heads.lowest(0, 40)[""] == 5 and heads.fold(0, 40, 5)["a"] == ""
    # Those of b are not there yet when four are left beside a.
    heads = Heads([("a", 0, 12), ("e", 0, 5), ("e", 9, 4), ("b", 20, 7)])
    assert heads.fold(0, 40, 5)["a"] == "" and heads.fold(0, 40, 5)["b"] == "b"
