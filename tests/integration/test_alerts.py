"""GET /v1/alerts against a second implementation: weeks by Python's calendar, the CUSUM
by its recursion, its threshold from a Markov chain solved another way, and employees'
reports by sets of names."""
import collections
import datetime
import functools
import math
import random
import zoneinfo

import pytest

from harness import Daemon, refused

ZONE = zoneinfo.ZoneInfo("Europe/Warsaw")
FIRST = datetime.date(2026, 1, 5)  # a Monday
WEEKS = 40
AS_OF = "2026-10-14T09:00:00Z"  # a Wednesday: the week of the 12th is not over
BASELINE = 12
LEAD = 26
CATEGORIES = ["delays", "billing", "app", "price", "tone", "menu"]
RISES = {"delays": 24, "billing": 20, "app": 16, "price": 18,
         "complaint/checkout": 28}


def start_of(week):
    day = FIRST + datetime.timedelta(weeks=week)
    return datetime.datetime.combine(day, datetime.time(), ZONE)


def text(moment):
    offset = moment.strftime("%z")
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + offset[:3] + ":" + offset[3:]


def moment_in(rng, week):
    """Any second of that week, the first and the last ones, too."""
    begin = start_of(week).timestamp()
    end = start_of(week + 1).timestamp()
    return rng.choice([begin, end - 1] + [rng.randrange(int(begin), int(end))] * 8)


def iso(ts):
    return datetime.datetime.fromtimestamp(ts, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


class Model:
    """What was sent."""

    def __init__(self):
        self.counts = collections.defaultdict(lambda: [0] * (WEEKS + 1))
        self.by_unit = collections.defaultdict(lambda: [0] * (WEEKS + 1))
        self.voices = []  # (category, unit, person, date)
        self.events = []

    def customer(self, rng, category, week, unit):
        data = {"audience": "customer", "unit": unit}
        if category.startswith("complaint"):
            kind = "signal.recorded"
            data |= {"signal": "complaint", "person": f"c{len(self.events)}"}
            if "/" in category:
                data["touchpoint"] = category.split("/")[1]
        else:
            kind = "suggestion.submitted"
            data |= {"kind": rng.choice(["suggestion", "opinion", "question"]),
                     "title": "t", "category": category}
        self.events.append({"type": kind, "source": "t", "id": f"e{len(self.events)}",
                            "time": iso(moment_in(rng, week)), "data": data})
        self.counts[category][week] += 1
        self.by_unit[category, unit][week] += 1

    def employee(self, category, person, date, unit="shop"):
        data = {"audience": "employee", "kind": "pattern_seen", "title": "t",
                "category": category, "unit": unit}
        if person:
            data["person"] = person
        self.events.append({"type": "suggestion.submitted", "source": "t",
                            "id": f"e{len(self.events)}",
                            "time": f"{date}T10:00:00Z", "data": data})
        self.voices.append((category, unit, person, date))


def build(seed):
    rng = random.Random(seed)
    m = Model()
    for name, mean in [(c, 1 + i) for i, c in enumerate(CATEGORIES)] + [
            ("complaint/checkout", 3), ("complaint/till", 2), ("complaint", 1)]:
        for week in range(WEEKS + 1):
            usual = mean * (3 if week >= RISES.get(name, WEEKS + 9) else 1)
            if name == "delays" and week > 31:
                usual = mean  # an alarm that ends
            if name in CATEGORIES[4:] and week < 3:
                usual = 0
            for _ in range(rng.randrange(2 * usual + 1)):
                m.customer(rng, name, week, rng.choice(["shop", "shop", "kiosk"]))
    # Five people in May, the fifth on the 20th; four of June do not add to them.
    for i, day in enumerate([4, 6, 6, 11, 20]):
        m.employee("delays", f"p{i}", datetime.date(2026, 5, day))
    for i in range(4):
        m.employee("delays", f"p{i}", datetime.date(2026, 4, 8 + i))
    # Four people, however often, and one more without a name, or in the next month.
    for i in range(12):
        m.employee("billing", f"p{i % 4}", datetime.date(2026, 3, 2 + i))
    m.employee("billing", None, datetime.date(2026, 3, 9))
    m.employee("billing", "p9", datetime.date(2026, 4, 1))
    # On a Monday, and then the clock was set forward: the last week has 167 hours.
    for i in range(5):
        m.employee("price", f"p{i}", datetime.date(2026, 3, 2))
    # Five, but after customers.
    for i in range(6):
        m.employee("app", f"p{i}", datetime.date(2026, 9, 1 + i))
    rng.shuffle(m.events)
    return m


def load(d, model, **units):
    d.start()
    heads = [{"type": "headcount.set", "time": "2025-12-01T00:00:00Z",
              "data": {"unit": u, "headcount": n}} for u, n in units.items()]
    with d.client() as c:
        result = c.lines(heads + model.events).json()
    assert result["rejected"] == [], result["rejected"][:3]


@pytest.fixture(scope="module")
def loaded():
    model = build(7)
    with Daemon("workers=2", "timezone=Europe/Warsaw") as d:
        load(d, model, shop=40, kiosk=9, web=12)
        yield d, model


# ---- the model ------------------------------------------------------------------------


def run_length(k, h, mean):
    """Mean weeks from S = 0 to S >= h; k and h in eighths. By Gauss, with pivots."""
    chance = [math.exp(-mean + x * math.log(mean) - math.lgamma(x + 1))
              for x in range((k + h) // 8 + 2)]
    rows = []
    for s in range(h):
        row = [0.0] * h + [1.0]
        row[s] += 1
        for x, p in enumerate(chance):
            to = max(0, s + 8 * x - k)
            if to < h:
                row[to] -= p
        rows.append(row)
    for i in range(h):
        pivot = max(range(i, h), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(i + 1, h):
            factor = rows[r][i] / rows[i][i]
            if factor:
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i])]
    lengths = [0.0] * h
    for i in reversed(range(h)):
        lengths[i] = (rows[i][h] - sum(rows[i][j] * lengths[j]
                                       for j in range(i + 1, h))) / rows[i][i]
    return lengths[0]


@functools.lru_cache(maxsize=None)
def chart(baseline):
    k = round(baseline / math.log(2) * 8)
    h = 1
    while run_length(k, h, baseline) < 500:
        h += 1
    return k / 8, h / 8


def alarms(counts, first, last):
    """Of weeks first .. last, of which the first twelve say what is usual."""
    if last - first + 1 <= BASELINE:
        return []
    baseline = max(0.5, sum(counts[first:first + BASELINE]) / BASELINE)
    k, h = chart(baseline)
    s, since, found = 0.0, None, []
    for week in range(first + BASELINE, last + 1):
        before = s
        s = min(h, max(0.0, s + counts[week] - k))
        if s > 0 and before == 0:
            since = week
        if s >= h:
            if found and found[-1]["since"] == since:
                found[-1]["last"] = week
            else:
                found.append({"since": since, "first": week, "last": week})
    return [a | {"baseline": baseline, "k": k, "h": h, "s": s,
                 "open": a["last"] == last,
                 "n": sum(counts[a["since"]:a["last"] + 1])} for a in found]


def reported(model, category, since, last, units):
    """(employees_first, lead_weeks)"""
    begin = start_of(since)
    end = start_of(last + 1).date()
    months = collections.defaultdict(dict)
    for name, unit, person, date in model.voices:
        if name == category and person and unit in units and date < end:
            seen = months[date.year, date.month]
            seen[person] = min(date, seen.get(person, date))
    days = []
    for seen in months.values():
        if len(seen) < 5:
            continue
        day = datetime.datetime.combine(sorted(seen.values())[4], datetime.time(), ZONE)
        if day >= begin - datetime.timedelta(weeks=LEAD):
            days.append(day)
    if not days:
        return None, None
    if min(days) >= begin:
        return False, None
    return True, (begin.date() - min(days).date()).days // 7


def expected(model, counts, first=0, last=WEEKS - 1, units=("shop", "kiosk"),
             shown=True):
    rows = []
    for name in sorted(counts, key=lambda n: (n.startswith("complaint"), n)):
        for a in alarms(counts[name], first, last):
            complaint = name.startswith("complaint")
            first_said, lead = (None, None) if complaint or not shown else reported(
                model, name, a["since"], last, units)
            rows.append({
                "category": name, "source": "complaint" if complaint else "suggestion",
                "n": a["n"], "baseline": pytest.approx(a["baseline"], abs=1e-4),
                "reference": a["k"], "threshold": a["h"], "statistic": a["s"],
                "since": text(start_of(a["since"])),
                "first_alarm": text(start_of(a["first"])),
                "last_alarm": text(start_of(a["last"])),
                "weeks": a["last"] - a["first"] + 1, "open": a["open"],
                "employees_first": first_said, "lead_weeks": lead})
    return rows


def ask(c, **params):
    answer = c.get("/v1/alerts", **{"as_of": AS_OF, **params})
    assert answer.status == 200, answer
    return answer.json()


# ---- tests ----------------------------------------------------------------------------


def test_alarms_are_those_of_the_model(loaded):
    d, model = loaded
    want = expected(model, model.counts)
    with d.client() as c:
        got = ask(c)
    assert got["rows"] == want
    assert got["watched"] == len(model.counts)
    assert got["open"] == sum(r["open"] for r in want)
    names = {r["category"] for r in want}
    assert set(RISES) <= names
    assert [r["open"] for r in want if r["category"] == "delays"] == [False]
    # The running week is not looked at: with it another answer would come out.
    assert expected(model, model.counts, last=WEEKS) != want


def test_employees_are_first_only_where_five_said_so(loaded):
    d, _ = loaded
    with d.client() as c:
        rows = {r["category"]: r for r in ask(c)["rows"]}
    assert rows["delays"]["employees_first"] is True
    assert rows["delays"]["lead_weeks"] > 0
    assert rows["app"]["employees_first"] is False and rows["app"]["lead_weeks"] is None
    # Four people, though thirteen reports: nothing is said.
    assert rows["billing"]["employees_first"] is None
    assert rows["billing"]["lead_weeks"] is None
    assert rows["complaint/checkout"]["employees_first"] is None


@pytest.mark.parametrize("units", [{"shop": 9}, {"shop": 10}, {}])
def test_of_few_people_nothing_is_said(units):
    model = build(7)
    with Daemon("timezone=Europe/Warsaw") as d:
        load(d, model, **units)
        with d.client() as c:
            got = ask(c)
    assert got["rows"] == expected(model, model.counts, shown=units == {"shop": 10})
    # Nobody said how many there are.
    assert got.get("missing") == (None if units else ["headcount.set"])


def test_filters(loaded):
    d, model = loaded
    with d.client() as c:
        for category in ("delays", "complaint/checkout", "price"):
            assert ask(c, category=category)["rows"] == expected(
                model, {category: model.counts[category]})
        for unit in ("shop", "kiosk"):
            counts = {k: v for (k, u), v in model.by_unit.items() if u == unit}
            first = min(w for v in counts.values() for w in range(WEEKS) if v[w])
            # Nine people work at the kiosk: what they said is nobody's.
            assert ask(c, unit=unit)["rows"] == expected(
                model, counts, first=first, units=(unit,), shown=unit == "shop")
        refused(c.get("/v1/alerts", category="No Name"), 422, "invalid")
        refused(c.get("/v1/alerts", audience="employee"), 422, "invalid")
        refused(c.get("/v1/alerts", step="day"), 422, "invalid")


def test_window_is_what_is_watched(loaded):
    d, model = loaded
    with d.client() as c:
        got = ask(c, from_=text(start_of(20)), to=text(start_of(33)))
        assert got["from"] == text(start_of(20)) and got["to"] == text(start_of(33))
        assert got["rows"] == expected(model, model.counts, first=8, last=32)
        # What is usual takes twelve weeks.
        got = ask(c, to=text(start_of(12)))
        assert got["rows"] == [] and got["watched"] == 0
        got = ask(c, as_of=text(start_of(30)))
        assert got["rows"] == expected(model, model.counts, last=29)
        # No week of this window is over: it ends where it begins, not before.
        for from_ in (AS_OF, "2026-12-24"):
            got = ask(c, from_=from_)
            assert got["from"] == got["to"] == text(start_of(WEEKS)), got
            assert got["rows"] == [] and got["watched"] == got["open"] == 0


@pytest.mark.parametrize("before", [
    None, {"type": "signal.recorded", "data": {"signal": "complaint", "person": "c"}},
    {"type": "suggestion.submitted", "data": {"kind": "opinion", "title": "t",
                                              "category": "other"}}])
def test_a_quiet_time_says_what_is_usual(before):
    """What came long ago is the beginning; without it, the rise itself would be."""
    events = [{"type": "suggestion.submitted", "time": iso(start_of(w).timestamp()),
               "data": {"audience": "customer", "kind": "question", "title": "t",
                        "category": "tone"}}
              for w in range(14, 36) for _ in range(4)]
    if before:
        before["data"]["audience"] = "customer"
        events.append(before | {"time": iso(start_of(-30).timestamp())})
    with Daemon("timezone=Europe/Warsaw") as d:
        d.start()
        with d.client() as c:
            assert c.lines(events).json()["stored"] == len(events)
            rows = ask(c, from_=text(start_of(13)))["rows"]
    assert [(r["category"], r["baseline"], r["since"]) for r in rows] == \
        ([("tone", 0.5, text(start_of(14)))] if before else [])


def test_nothing_is_watched_at_first(daemon):
    with daemon.client() as c:
        answer = c.get("/v1/alerts").json()
    assert answer["rows"] == [] and answer["watched"] == answer["open"] == 0
