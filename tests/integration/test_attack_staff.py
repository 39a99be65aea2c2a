"""What somebody tries who wants to know who of the colleagues was absent, or will leave.

They may read, and look again after each event, at every shape of the figures; and they
add and take away what is published, of overlapping windows, units and depths.
"""
import datetime
import itertools
import random
import time

import pytest

from harness import Client, Daemon

DAY = 86400
LEAST = {"absence": 10, "joined": 5, "referral": 5, "separation": 5}


def month_start(back):
    """The first of the month so many months ago."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    at = today.year * 12 + today.month - 1 - back
    return datetime.date(at // 12, at % 12 + 1, 1).isoformat() + "T00:00:00Z"


def head(unit, n, back, **more):
    return {"type": "headcount.set", "time": month_start(back),
            "data": {"unit": unit, "headcount": n, **more}}


def signal(kind, unit, when, **more):
    data = {"audience": "employee", "signal": kind, "person": "p", **more}
    event = {"type": "signal.recorded", "data": data | ({"unit": unit} if unit else {})}
    return event | ({"time": when} if when else {})


def token(d, *scopes):
    return Client(d, d.new_token(*scopes))


# ---- nothing is seen to arrive --------------------------------------------------------

TREE = (("co", 100), ("co/big", 40), ("co/big/mid", 12), ("co/small", 3), ("co/team", 7))
SHAPES = [{k: v for part in parts for k, v in part.items()} for parts in itertools.product(
    ({}, {"group_by": "unit"}, {"group_by": "unit", "depth": 1}),
    ({}, {"step": "month"}, {"step": "month", "fill": 1}),
    ({}, {"unit": "co"}, {"unit": "co/big"}, {"unit": "co/small,co/team"}),
    ({}, {"from": month_start(2)}, {"from": month_start(0)}, {"to": month_start(0)}))]


def views(c):
    """Everything about personnel that is shown, with its ETag."""
    out = {}
    for q in SHAPES:
        for more in ({}, {"format": "csv"}, {"shape": "columns"}):
            out[str(q | more)] = c.get("/v1/rollups/retention", audience="employee", **q, **more)
    for audience in ("customer", "customer,employee"):
        for q in ({}, {"step": "day"}, {"group_by": "unit"}):
            out[audience + str(q)] = c.get("/v1/rollups/retention", audience=audience, **q)
    end = int(time.time()) // 3600 * 3600
    for path in ("/v1/overview", "/v1/coherence", "/v1/alerts"):
        out[path] = c.get(path, as_of=end, to=end + 3600)
    for path in ("/v1/initiatives", "/v1/rollups/training?audience=employee",
                 "/v1/rollups/recognition?audience=employee",
                 "/v1/rollups/suggestions?audience=employee"):
        out[path] = c.get(path)
    assert all(a.status == 200 for a in out.values()), [a for a in out.values()
                                                        if a.status != 200]
    return {k: (a.body, a.headers.get("ETag")) for k, a in out.items()}


def test_nothing_is_seen_to_arrive():
    with Daemon("rate_limit=0", "workers=1") as d, d.start().client() as c:
        roster = token(d, "roster", "ingest")
        reader = token(d, "read")
        back = int(time.time()) - 40 * DAY
        answer = c.lines([head(u, n, 3, possible_days=20 * n) for u, n in TREE] +
                         [signal(s, u, back) for s in LEAST for u, _ in TREE])
        assert answer.json()["stored"] == 5 * len(TREE)
        before = views(reader)
        for kind, unit in itertools.product((*LEAST, "stay_intent", "leave_intent"),
                                            ("co", "co/big/mid", "co/small", None)):
            more = {"absence": {"days": 3}, "separation": {"voluntary": True}}.get(kind, {})
            answer = roster.event(signal(kind, unit, None, **more))
            assert answer.status == 201 and set(answer.json()) <= {"id", "status", "idempotent"}
            if kind in ("absence", "joined", "leave_intent"):
                after = views(reader)
                assert after == before, [k for k in before if after[k] != before[k]]
        assert views(reader) == before
        # They were looking at the right place: what the roster says of then is there.
        # Intents stay sealed.
        for kind in LEAST:
            assert roster.event(signal(kind, "co/big", back)).status == 201
        after = views(reader)
        assert {k for k in before if after[k] != before[k]} >= {
            str({}), str({"format": "csv"}), str({"group_by": "unit"})}
        back = before = views(reader)
        for kind in ("stay_intent", "leave_intent"):
            assert roster.event(signal(kind, "co/big", month_start(1))).status == 201
        assert views(reader) == before


# ---- nothing is left of a few ---------------------------------------------------------


def parent(unit):
    return unit.rpartition("/")[0]


def tree(rng):
    """{unit: people by itself}; several levels, many small ones."""
    units = {"co": rng.choice((0, 0, 1, 4, 9, 30))}
    if rng.random() < 0.5:
        units["lab"] = rng.choice((2, 4, 5, 9, 10, 14))
    for name in ("a", "b", "c", "d"):
        if rng.random() < 0.75:
            units["co/" + name] = rng.choice((0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 17))
            for inner in ("x", "y"):
                if rng.random() < 0.4:
                    units[f"co/{name}/{inner}"] = rng.choice((1, 2, 4, 5, 7, 9, 10, 12))
    return units


def whole(people, unit):
    return sum(n for u, n in people.items() if (u + "/").startswith(unit + "/"))


def styles(rng, units):
    """How many there are besides the parts is said by some, and denied by some; others
    say nothing of themselves, so that they are what their parts add up to."""
    return {u: rng.choice(("besides", "besides", "parts", "nothing"))
            if any(parent(v) == u for v in units) else "besides" for u in units}


def declare(people, style, back):
    """The events, and how many people are known to be in each unit itself."""
    people = {u: n if style[u] == "besides" else 0 for u, n in people.items()}
    return [head(u, whole(people, u), back) for u in people if style[u] != "nothing"], people


def shapes(rng, units, months):
    windows = [(a, b) for a in [None, *months] for b in [*months, 0]
               if a is None or a > b]
    for low, high in windows:
        for q in ({}, {"group_by": "unit"}, {"group_by": "unit", "depth": 1},
                  {"group_by": "unit", "depth": 2}):
            for unit in [None, *units, ",".join(rng.sample(sorted(units), 2))]:
                if unit and "depth" in q:
                    continue
                yield (q | ({"unit": unit} if unit else {}) | {"to": month_start(high)} |
                       ({"from": month_start(low)} if low else {}) |
                       ({"step": "month"} if rng.random() < 0.3 else {}))


def members(value, atoms):
    """Which atoms are in a sum of powers of two."""
    return frozenset(a for i, a in enumerate(atoms) if value >> i & 1)


@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_left_of_a_few(seed):
    """What each published figure is the sum of shows in its bits. Whoever adds them and
    takes them away gets no further than to what is always in the same ones: in each
    month that are enough people, or nobody."""
    rng = random.Random(seed)
    with Daemon("rate_limit=0") as d, d.start().client() as c:
        months = (2, 1)
        first = tree(rng)
        style = styles(rng, first)
        atoms, people, events = [], {}, []
        for back in months:
            now = {u: max(0, n + rng.choice((0, 0, 0, -3, -1, 1, 2, 4)))
                   for u, n in first.items()}
            said, now = declare(now, style, back)
            events += said
            for unit in [*now, "co/new", ""]:
                atoms.append((unit, back))
                people[unit, back] = now.get(unit, 0)
        # As many days as no sum of others has.
        when = {back: month_start(back)[:8] + "15T12:00:00Z" for back in months}
        for i, (unit, back) in enumerate(atoms):
            events.append(signal("absence", unit, when[back], days=float(f"{2 ** i // 100}"
                                 f".{2 ** i % 100:02d}")))
        answer = c.lines(events).json()
        assert answer["stored"] == len(events), answer["rejected"][:2]
        seen = set()
        for q in shapes(rng, first, months):
            for row in c.rollup("retention", audience="employee", signal="absence", **q)["rows"]:
                if row["n"] is not None:
                    inside = members(round(row["days"] * 100), atoms)
                    assert len(inside) == row["n"], (q, row)
                    seen.add(inside)
        check_classes(seen, atoms, people, LEAST["absence"])


def check_classes(seen, atoms, people, least):
    classes = {}
    for a in atoms:
        where = frozenset(i for i, s in enumerate(seen) if a in s)
        if where:
            classes.setdefault((where, a[1]), []).append(a)
    for group in classes.values():
        assert sum(people[a] for a in group) >= least, (group, [people[a] for a in group])
    return len(classes)


@pytest.mark.parametrize("kind", ["joined", "separation", "referral"])
def test_nothing_is_left_of_a_few_who_came_and_went(kind):
    """The same of what is only counted."""
    rng = random.Random(kind)
    found = 0
    for _ in range(3):
        with Daemon("rate_limit=0") as d, d.start().client() as c:
            now = next(t for t in (tree(rng) for _ in range(99)) if 5 < len(t) < 11)
            said, now = declare(now, styles(rng, now), 2)
            units = [*now, "co/new"]
            atoms = [(u, 2) for u in units]
            events = [signal(kind, u, month_start(2)[:8] + "10T12:00:00Z")
                      for i, u in enumerate(units) for _ in range(2 ** i)]
            assert c.lines(said + events).json()["stored"] == len(said + events)
            seen = set()
            for q in shapes(rng, now, (2,)):
                for row in c.rollup("retention", audience="employee", signal=kind, **q)["rows"]:
                    if row["n"] is not None:
                        seen.add(members(row["n"], atoms))
            found += check_classes(seen, atoms, {a: now.get(a[0], 0) for a in atoms}, 5)
    assert found > 3


def test_months_of_a_few_show_nothing():
    """A unit that grows is shown from the month on in which it is large enough."""
    with Daemon("rate_limit=0") as d, d.start().client() as c:
        sizes = {4: 4, 3: 5, 2: 9, 1: 10}
        events = [head("lab", n, back) for back, n in sizes.items()]
        for back in sizes:
            events += [signal(s, "lab", month_start(back)[:8] + "10T12:00:00Z") for s in LEAST]
        assert c.lines(events).json()["stored"] == len(events)
        for more in ({}, {"unit": "lab"}, {"group_by": "unit"}, {"fill": 1}):
            rows = c.rollup("retention", audience="employee", step="month", **more)["rows"]
            for s, least in LEAST.items():
                shown = {r["time"] for r in rows if r["signal"] == s and r["n"]}
                assert shown == {month_start(b) for b, n in sizes.items() if n >= least}
                hidden = {r["time"] for r in rows if r["signal"] == s and r["n"] is None}
                assert hidden >= {month_start(b) for b, n in sizes.items() if n < least}
            # Nor do they show in a sum.
            rows = c.rollup("retention", audience="employee", **more)["rows"]
            for s, least in LEAST.items():
                assert [r["n"] for r in rows if r["signal"] == s and r["n"]] == [
                    sum(n >= least for n in sizes.values())]


def test_nobody_asks_for_a_person(daemon):
    with daemon.client() as c:
        for q in ({"group_by": "person"}, {"person": "p"}, {"step": "day"}, {"step": "minute"},
                  {"group_by": "segment"}, {"segment": "x"}, {"channel": "x"}):
            answer = c.get("/v1/rollups/retention", audience="employee", **q)
            assert answer.status == 422, (q, answer)
