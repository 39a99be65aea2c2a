"""Who joins, leaves and is absent: figures of employees' signals against a model.

The model computes everything again from what was sent, in another way than the daemon
does: by the sums that its rows are of. Random histories of units that grow, shrink and
are declared late, of headcounts and possible days, in zones that change their clocks.
"""
import collections
import csv
import datetime
import io
import math
import random
import zoneinfo

import pytest

from harness import Daemon, refused

DAY = 86400
SIGNALS = ("absence", "joined", "referral", "separation")
SEALED = ("leave_intent", "stay_intent")
LEAST = {"absence": 10, "joined": 5, "referral": 5, "separation": 5}
MONTHS = 15
UNITS = ("co", "co/a", "co/a/x", "co/a/y", "co/a/z", "co/b", "co/b/x", "co/c", "lab",
         "lab/x", "shop")
UNKNOWN = ("co/a/new", "co/b/x/new", "new", "new/x")


# ---- the model ------------------------------------------------------------------------


class Model:
    """What was sent; times are Unix s."""

    def __init__(self, zone, now):
        self.zone = zoneinfo.ZoneInfo(zone)
        self.today = self.day(now)
        self.heads = collections.defaultdict(list)      # unit -> [(time, value)]
        self.possible = collections.defaultdict(list)
        self.units = []                                 # of PUT /v1/units
        self.order = {}                                 # of names
        self.means, self.cuts, self.places = {}, {}, {}
        # (signal, month) -> [(date, unit, days, voluntary)]
        self.events = collections.defaultdict(list)

    def day(self, t):
        return datetime.datetime.fromtimestamp(t, self.zone).date()

    def start(self, day):
        return datetime.datetime.combine(day, datetime.time(), self.zone).timestamp()

    def month(self, t):
        return self.day(t).replace(day=1)

    @staticmethod
    def later(month, n=1):
        at = month.year * 12 + month.month - 1 + n
        return datetime.date(at // 12, at % 12 + 1, 1)

    def take(self, event):
        d, t = event["data"], event["time"]
        if event["type"] == "headcount.set":
            self.heads[d["unit"]].append((t, d["headcount"]))
            if "possible_days" in d:
                self.possible[d["unit"]].append((t, d["possible_days"]))
        else:
            self.events[d["signal"], self.month(t)].append(
                (self.day(t), d.get("unit", ""), d.get("days", 0), d.get("voluntary")))

    def known(self):
        return {p for u in [*self.heads, *self.units] for p in prefixes(u)}

    def at(self, levels, unit, t):
        """Its own figure, else the sum of what its parts have; None: nobody said."""
        own = [v for at, v in levels.get(unit, ()) if at <= t]
        if own:
            return own[-1]
        parts = [self.at(levels, u, t) for u in self.known() if parent(u) == unit and u != unit]
        parts = [p for p in parts if p is not None]
        return sum(parts) if parts else None

    def mean(self, levels, unit, begin, end):
        """Weighted by time, of the part of it of which something is known."""
        about = (levels is self.heads, unit, begin, end)
        if about not in self.means:
            self.means[about] = self.mean_anew(levels, unit, begin, end)
        return self.means[about]

    def mean_anew(self, levels, unit, begin, end):
        moments = sorted({begin, *(t for steps in levels.values() for t, _ in steps
                                   if begin < t < end)})
        total = seconds = 0
        for t, until in zip(moments, [*moments[1:], end]):
            v = self.at(levels, unit, t)
            if v is not None:
                total += v * (until - t)
                seconds += until - t
        return total / seconds if seconds else None

    def blocks(self, month, least):
        """{unit: mean headcount of its subtree} of the blocks; "" is the rest."""
        if (month, least) not in self.cuts:
            self.cuts[month, least] = self.cut(month, least)
        return self.cuts[month, least]

    def cut(self, month, least):
        begin, end = self.start(month), self.start(min(self.later(month), self.today))
        mean = {u: self.mean(self.heads, u, begin, end) for u in self.known() | {""}}
        mean = {u: -0.01 if v is None else math.floor(v * 100 + 1e-9) / 100
                for u, v in mean.items()}
        shown = {u for u in mean if u and mean[u] >= least and (u in self.heads or u in self.units)}
        again = {True}
        while again:
            again = set()
            for u in [*shown, ""]:
                inner = [c for c in shown if over(c, shown) == u]
                left = mean[u] - sum(mean[c] for c in inner)
                if inner and 1e-9 < left < least - 1e-9:
                    # Of equal ones the one that was named first joins.
                    again.add(min(inner, key=lambda c: (mean[c], self.order[c])))
            shown -= again
        return {u: mean[u] for u in [*shown, ""] if mean[u] >= least}

    def block_of(self, month, least, unit):
        """None: in none, or in one where nobody is left beside the blocks in it."""
        if (month, least, unit) not in self.places:
            self.places[month, least, unit] = self.place(
                self.blocks(month, least), unit, least)
        return self.places[month, least, unit]

    def place(self, blocks, unit, least):
        tops = {prefixes(u)[0] for u in self.heads}
        if not unit and len(tops) == 1:
            unit = min(tops)
        block = unit if unit in blocks else over(unit, blocks)
        if block not in blocks:
            return None
        left = blocks[block] - sum(v for c, v in blocks.items()
                                   if c and c != block and over(c, blocks) == block)
        return None if left < least - 1e-9 else block

    def first(self):
        return min((t for steps in self.heads.values() for t, _ in steps), default=None)

    def rows(self, q):
        """Sorted rows as the daemon should give them."""
        begin, end = q.get("from_"), q.get("to")
        begin = begin and self.month(begin)
        end = end and (self.month(end) if self.start(self.month(end)) == end
                       else self.later(self.month(end)))
        first = self.first()
        first = self.month(first) if first else self.month(self.start(self.today) - 1)
        by_month = q.get("step") == "month"
        if not begin or (begin < first and not by_month):
            low = first
        else:
            low = begin
        months = []
        while low < min(end or self.today, self.today):
            months.append(low)
            low = self.later(low)
        out = [self.sealed(s) for s in SEALED if s in q.get("signal", s)]
        asked = [s for s in SIGNALS if s in q.get("signal", s)]
        cut = {s: {m: self.blocks(m, LEAST[s]) for m in months} for s in asked}
        groups = {self.group(b, q) for s in asked for m in months for b in cut[s][m]} - {None}
        for s in asked:
            mine = {self.group(b, q) for m in months for b in cut[s][m]} - {None}
            if not q.get("unit"):
                mine.add(("",) if q.get("group_by") else ())
            if not mine:
                out.append(self.sealed(s))
                continue
            everybody = groups | mine
            if not q.get("unit"):
                everybody.add(("",) if q.get("group_by") else ())
            for bucket in [[m] for m in months] if by_month else [months]:
                rows = [self.row(q, s, g, bucket, cut[s]) for g in everybody]
                rows = [r for r in rows if r]
                out += [r for r in rows if r["n"] is not None]
                # Once, whoever it is.
                out += [r for r in rows if r["n"] is None][:1]
        return sorted(out, key=key)

    @staticmethod
    def sealed(s):
        return {"signal": s, "n": None, "suppressed": "protected"}

    def group(self, block, q):
        if q.get("unit") and not any((block + "/").startswith(u + "/") for u in q["unit"]):
            return None
        if not q.get("group_by"):
            return ()
        return ("/".join(block.split("/")[:q.get("depth", 99)]),)

    def row(self, q, signal, group, bucket, cut):
        row = {"signal": signal}
        if q.get("step") == "month":
            row["time"] = datetime.datetime.combine(
                bucket[0], datetime.time(), self.zone).isoformat().replace("+00:00", "Z")
        mine = {m: {b for b in cut[m] if self.group(b, q) == group} for m in bucket}
        if not any(mine.values()):
            return {**row, "n": None, "suppressed": "protected"}
        got = [e for m in mine for e in self.events.get((signal, m), ()) if
               e[0] < self.today and self.block_of(m, LEAST[signal], e[1]) in mine[m]]
        if not got and not q.get("fill"):
            return None
        if group:
            row["unit"] = group[0] or None
        people, possible = self.people(bucket, mine, cut)
        row |= {"n": len(got), "headcount": people}
        rate = None if not people else 100 * len(got) / people
        if signal == "joined":
            row["joined_rate"] = rate
        if signal == "separation":
            row["turnover"] = rate
            chose = sum(e[3] is True for e in got)
            if any(e[3] is not None for e in got) or not got:
                row["voluntary"] = chose
                row["voluntary_turnover"] = 100 * chose / people if people else None
            else:
                row |= {"voluntary": None, "voluntary_turnover": None}
        if signal == "absence":
            days = sum(e[2] for e in got)
            row |= {"days": days, "possible_days": possible,
                    "lost_time": 100 * days / possible if possible else None,
                    "absence_frequency": len(got) / people if people else None}
        return row

    def people(self, bucket, mine, cut):
        """Mean headcount and possible days of blocks, as sums of what is theirs alone."""
        weighed = seconds = 0
        possible = 0
        for m in bucket:
            if not mine[m]:
                continue
            begin, end = self.start(m), self.start(min(self.later(m), self.today))
            terms = collections.Counter()
            for b in mine[m]:
                terms[b] += 1
                for c in cut[m]:
                    if c and c != b and over(c, cut[m]) == b:
                        terms[c] -= 1
            heads = sum(n * self.mean(self.heads, u, begin, end) for u, n in terms.items() if n)
            weighed += heads * (end - begin)
            seconds += end - begin
            share = (end - begin) / (self.start(self.later(m)) - begin)
            for u, n in terms.items():
                days = n and self.mean(self.possible, u, begin, end)
                if n and days is None:
                    possible = math.nan
                possible += n * share * (days or 0)
        people = weighed / seconds
        return (0 if people < 1e-6 else people,
                None if math.isnan(possible) else max(0, round(possible, 2)))


def prefixes(unit):
    parts = unit.split("/") if unit else []
    return ["/".join(parts[:i + 1]) for i in range(len(parts))]


def parent(unit):
    return unit.rpartition("/")[0]


def over(unit, shown):
    """The nearest of `shown` above it; "": none."""
    while unit:
        unit = parent(unit)
        if unit in shown:
            return unit
    return ""


def key(row):
    return row["signal"], row["n"] is None, row.get("unit") or "", row.get("time", "")


def same(got, want, about):
    """Row by row; figures as far as they are printed."""
    assert [key(r) for r in got] == [key(r) for r in want], about
    for g, w in zip(got, want):
        assert g.pop("audience") == "employee"
        assert set(g) == set(w), (about, g, w)
        for name, v in w.items():
            if isinstance(v, float) or isinstance(g[name], float):
                # Possible days are rounded to a hundredth first.
                exact = 1e-7 if name not in ("possible_days", "lost_time") else 1e-3
                assert g[name] == pytest.approx(v, abs=1e-4, rel=exact), (about, name, g, w)
            else:
                assert g[name] == v, (about, name, g, w)


# ---- histories ------------------------------------------------------------------------


def heads(rng, t, unit, n, days):
    data = {"unit": unit, "headcount": n}
    if days:
        data["possible_days"] = round(n * rng.uniform(15, 23), 2)
    return {"type": "headcount.set", "time": t, "data": data}


def history(rng, begin, end):
    """Events, oldest first: units are declared one after the other, and change."""
    out = []
    units = [u for u in UNITS if rng.random() < 0.85]
    if rng.random() < 0.3:
        units = [u for u in units if u.startswith("co")]
    days = rng.choice((0, 0.5, 1, 1))
    for unit in units:
        n = rng.choice((1, 3, 4, 5, 6, 9, 10, 11, 14, 25, 40))
        t = begin if rng.random() < 0.7 else rng.randrange(begin, end)
        inner = any(u.startswith(unit + "/") for u in units)
        if inner and rng.random() < 0.6:
            continue  # what its parts add up to
        while t < end:
            n = max(0, n + rng.choice((0, 0, -6, -2, -1, 1, 2, 6)))
            out.append(heads(rng, t, unit, n + 40 * inner, rng.random() < days))
            t += rng.randrange(DAY, 120 * DAY)
    for i in range(rng.randrange(600, 1500)):
        signal = rng.choice(("absence",) * 5 + SIGNALS)
        data = {"audience": "employee", "signal": signal, "person": f"p{rng.randrange(90)}"}
        unit = rng.choice(UNITS + (UNKNOWN + ("",) if rng.random() < 0.3 else ()))
        if unit:
            data["unit"] = unit
        if signal == "absence" and rng.random() < 0.9:
            data["days"] = rng.choice((0.25, 0.5, 1, 2, 3.75, 14))
        if signal == "separation" and rng.random() < 0.6:
            data["voluntary"] = rng.random() < 0.6
        out.append({"type": "signal.recorded", "time": rng.randrange(begin - 40 * DAY, end),
                    "data": data})
    return sorted(out, key=lambda e: e["time"])


def question(rng, begin, end):
    q = {}
    if rng.random() < 0.6:
        q["from_"] = rng.randrange(begin - 80 * DAY, end)
    if rng.random() < 0.5:
        q["to"] = rng.randrange(q.get("from_", begin - 60 * DAY) + 1, end + 40 * DAY)
    if rng.random() < 0.5:
        q["step"] = "month"
    if rng.random() < 0.6:
        q["group_by"] = "unit"
        if rng.random() < 0.4:
            q["depth"] = rng.randrange(1, 4)
    if rng.random() < 0.4:
        q["unit"] = rng.sample(UNITS + UNKNOWN, rng.randrange(1, 3))
    if rng.random() < 0.3:
        q["signal"] = rng.sample(SIGNALS + SEALED, rng.randrange(1, 4))
    if rng.random() < 0.4:
        q["fill"] = 1
    return q


def ask(c, q, **more):
    params = {k: ",".join(v) if isinstance(v, list) else v for k, v in q.items()}
    if "from_" in params:
        params["from"] = params.pop("from_")
    answer = c.get("/v1/rollups/retention", audience="employee", **params, **more)
    assert answer.status == 200, (q, answer)
    return answer


def missing(rows):
    return any(r["n"] is not None and r.get("possible_days", 0) is None for r in rows)


@pytest.mark.parametrize("zone,seed", [("Europe/Madrid", 1), ("America/St_Johns", 2),
                                       ("UTC", 3), ("Europe/Warsaw", 4)])
def test_histories(zone, seed):
    rng = random.Random(seed)
    for _ in range(2):
        with Daemon(f"timezone={zone}") as d, d.start().client() as c:
            now = int(datetime.datetime.now().timestamp())
            model = Model(zone, now)
            begin = now - MONTHS * 31 * DAY
            events = history(rng, begin, now)
            model.units = rng.sample(UNITS, 2)
            for u in model.units:
                assert c.put("/v1/units", {"units": [{"name": u}]}).status == 200
            answer = c.lines(events).json()
            assert answer["stored"] == len(events), answer["rejected"][:3]
            for e in events:
                model.take(e)
            model.order = {u: i for i, u in enumerate(
                dict.fromkeys(p for u in [*model.units, *(
                    e["data"]["unit"] for e in events if e["type"] == "headcount.set")]
                              for p in prefixes(u)))}
            check(rng, model, c, begin, now)


def check(rng, model, c, begin, now):
    for _ in range(60):
        q = question(rng, begin, now)
        want = model.rows(q)
        document = ask(c, q).json()
        same(sorted(document["rows"], key=key), want, q)
        if missing(want):
            assert document["missing"] == ["headcount.set"], q
        if q.get("step") == "month" or "group_by" in q:
            continue
        # The table says the same, empty where nothing applies.
        table = list(csv.DictReader(io.StringIO(ask(c, q, format="csv").text())))
        assert sorted((r["signal"], r["n"], r["suppressed"]) for r in table) == sorted(
            (r["signal"], "" if r["n"] is None else str(r["n"]), r.get("suppressed", ""))
            for r in want), q


# ---- vectors and refusals -------------------------------------------------------------


def at(month, day=1):
    return f"{month}-{day:02d}T12:00:00Z"


def signal(kind, month, **more):
    return {"type": "signal.recorded", "time": at(month, 10), "data": {
        "audience": "employee", "signal": kind, "person": "p", "unit": "works", **more}}


@pytest.fixture
def works(daemon):
    """70 people with 1550 days: 124 days lost, in February; 7 left, 3 by choice."""
    with daemon.client() as c:
        answer = c.lines([
            {"type": "headcount.set", "time": "2026-02-01T00:00:00Z",
             "data": {"unit": "works", "headcount": 70, "possible_days": 1550}},
            {"type": "headcount.set", "time": "2026-03-16T12:00:00Z",
             "data": {"unit": "works", "headcount": 140}},
            *(signal("absence", "2026-02", days=15.5) for _ in range(8)),
            *(signal("separation", "2026-02", voluntary=i < 3) for i in range(7)),
            *(signal("joined", "2026-03") for _ in range(21))])
        assert answer.json()["stored"] == 38
        yield c


def by_signal(document):
    return {r["signal"]: r for r in document["rows"]}


def test_vectors(works):
    q = {"audience": "employee", "from": "2026-02-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"}
    rows = by_signal(works.rollup("retention", **q))
    assert rows["absence"] == {
        "audience": "employee", "signal": "absence", "n": 8, "headcount": 70, "days": 124,
        "possible_days": 1550, "lost_time": 8, "absence_frequency": 0.1143}
    assert rows["separation"] == {
        "audience": "employee", "signal": "separation", "n": 7, "headcount": 70,
        "voluntary": 3, "turnover": 10, "voluntary_turnover": 4.2857}
    assert set(rows) == {"absence", "separation", *SEALED}
    # The mean of March, not its end; what could be worked still holds.
    q |= {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z", "fill": 1}
    rows = by_signal(works.rollup("retention", **q))
    assert rows["joined"]["headcount"] == 105 and rows["joined"]["joined_rate"] == 20
    assert rows["absence"]["n"] == 0 and rows["absence"]["lost_time"] == 0
    assert rows["absence"]["possible_days"] == 1550


def test_without_possible_days(daemon):
    with daemon.client() as c:
        c.lines([{"type": "headcount.set", "time": "2026-02-01T00:00:00Z",
                  "data": {"unit": "works", "headcount": 20}}, signal("absence", "2026-02", days=2)])
        document = c.rollup("retention", audience="employee")
        row = by_signal(document)["absence"]
        assert row["days"] == 2 and row["possible_days"] is row["lost_time"] is None
        assert row["absence_frequency"] == 0.05 and document["missing"] == ["headcount.set"]


def test_without_people(daemon):
    with daemon.client() as c:
        c.lines([signal("absence", "2026-02", days=2), signal("separation", "2026-02")])
        document = c.rollup("retention", audience="employee")
        assert document["rows"] == [
            {"audience": "employee", "signal": s, "n": None, "suppressed": "protected"}
            for s in sorted(SIGNALS + SEALED)]
        assert document["missing"] == ["headcount.set"]


def test_without_a_unit(works):
    """Who is in no unit is in the only one there is; of several nobody knows in which."""
    q = {"audience": "employee", "signal": "referral"}
    gone = signal("referral", "2026-02")
    del gone["data"]["unit"]
    assert works.event(gone).status == 201
    assert works.rollup("retention", **q, group_by="unit")["rows"][0]["unit"] == "works"
    works.event({"type": "headcount.set", "time": "2026-02-01T00:00:00Z",
                 "data": {"unit": "office", "headcount": 30}})
    assert works.rollup("retention", **q)["rows"] == []


def test_what_is_refused(works):
    for q, pointer in (({"step": "day"}, "step"), ({"step": "week"}, "step"),
                       ({"group_by": "channel"}, "group_by"), ({"lang": "en"}, "lang")):
        refused(works.get("/v1/rollups/retention", audience="employee", **q), 422, "invalid",
                pointer)


def test_beside_customers(works):
    """Customers' rows are what they are alone, whatever fits employees."""
    works.event({"type": "signal.recorded", "time": at("2026-02"), "data": {
        "audience": "customer", "signal": "renewal", "person": "x", "channel": "web"}})
    for q in ({}, {"step": "day"}, {"group_by": "channel"}, {"step": "month"},
              {"from": "2026-02-01T00:00:00Z", "to": "2026-02-20T00:00:00Z"},
              {"from": "2026-02-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"}):
        alone = works.rollup("retention", **q)
        both = works.rollup("retention", audience="customer,employee", **q)
        mine = [r for r in both["rows"] if r["audience"] == "customer"]
        assert mine == alone["rows"] and mine and "turnover" not in mine[0]
        assert both.get("figures") == alone.get("figures")
        rows = [r for r in both["rows"] if r["audience"] == "employee" and
                r["n"] is not None]
        fits = "group_by" not in q and q.get("step") != "day" and "20T" not in q.get("to", "")
        assert bool(rows) == fits, q
        if fits:
            inside = works.rollup("retention", audience="employee", **q)["rows"]
            assert rows == [r for r in inside if r["n"] is not None]
    # Nor has their table a column more.
    table = works.get("/v1/rollups/retention", format="csv").text()
    assert table.splitlines()[0] == "audience,signal,n,suppressed"


def test_overview(works):
    q = {"from": "2026-02-10T00:00:00Z", "to": "2026-03-05T00:00:00Z"}
    assert works.get("/v1/overview", **q).json()["staff"] == {
        "month": "2026-02", "turnover": 10, "voluntary_turnover": 4.2857, "lost_time": 8,
        "absence_frequency": 0.1143, "previous_month": "2026-01", "previous_turnover": None,
        "previous_voluntary_turnover": None, "previous_lost_time": None,
        "previous_absence_frequency": None}
    got = works.get("/v1/overview", to="2026-04-01T00:00:00Z").json()["staff"]
    assert (got["month"], got["turnover"], got["previous_turnover"]) == ("2026-03", 0, 10)
