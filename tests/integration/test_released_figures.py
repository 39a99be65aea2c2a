"""What is released of employees' surveys, as figures show it: against SQL over v_release
and formulas written again, over random trees, scales, periods, windows, steps, units and
depths; and the whole way from answers by a release to figures and comments.

The random histories put their blocks into the file of a daemon that rests: how blocks
are cut is another test's matter, here every pattern of them is worth showing right."""
import csv
import datetime
import io
import json
import math
import os
import random
import sqlite3
import time
import zoneinfo

import pytest

from ctl_harness import Tool
from harness import Daemon, refused, until

ZONE = zoneinfo.ZoneInfo("Europe/Warsaw")
UTC = datetime.timezone.utc
HOUR, DAY = 3600, 86400
QUERIES = int(os.environ.get("EMPOWERD_RELEASED_QUERIES", "400"))
UNITS = ["a", "a/x", "a/x/1", "a/x/2", "a/y", "ab", "b", "b/c", "b/c/d/e"]
METRICS = {"csat": (1, 5), "csat4": (1, 4), "nps": (0, 10), "ces": (1, 7),
           "pulse": (1, 5)}
SATISFIED = {"csat": (4, 5), "csat4": (3, 4), "pulse": ()}
OPTIONS = ["pay", "time", "team"]
EMPLOYEES = {"audience": "employee"}
DIMS = ["channel", "touchpoint", "segment", "initiative", "lang"]


def local(ts):
    if ts is None:
        return None
    text = datetime.datetime.fromtimestamp(ts, ZONE).strftime("%Y-%m-%dT%H:%M:%S%z")
    return text[:-2] + ":" + text[-2:]


def midnight(year, month, day):
    return int(datetime.datetime(year, month, day, tzinfo=ZONE).timestamp())


def bucket(step, ts):
    at = datetime.datetime.fromtimestamp(ts, ZONE)
    day = at.date()
    if step == "hour":
        return ts - ts % HOUR  # Warsaw is a whole number of hours from UTC
    if step == "week":
        day -= datetime.timedelta(days=day.weekday())
    if step == "month":
        day = day.replace(day=1)
    return midnight(day.year, day.month, day.day)


def next_bucket(step, start):
    return bucket(step, start + {"hour": 1, "day": 30, "week": 8 * 24,
                                 "month": 32 * 24}[step] * HOUR)


def ceiling(step, ts):
    start = bucket(step, ts)
    return start if start == ts else next_bucket(step, start)


def within(unit, root):
    return unit is not None and (unit == root or unit.startswith(root + "/"))


def formulas(metric, satisfied, hist):
    """What a row says of a histogram {value: count}."""
    n = sum(hist.values())
    share = lambda values: 100 * sum(hist.get(v, 0) for v in values) / n
    mean = sum(v * k for v, k in hist.items()) / n
    if metric == "csat":
        return {"mean": mean, "csat": share(satisfied)}
    if metric == "ces":
        return {"mean": mean, "ces_mean": mean, "ces_easy": share((5, 6, 7))}
    if metric == "pulse":
        top, low = sorted(hist)[-2:], sorted(hist)[:2]
        return {"mean": mean, "favorable": share(top), "unfavorable": share(low),
                "neutral": 100 - share(top) - share(low)}
    p, d = share((9, 10)) / 100, share(range(7)) / 100
    return {"mean": mean, "nps": 100 * (p - d),
            "nps_margin": 196 * math.sqrt((p + d - (p - d) ** 2) / n) if n >= 30
            else None}


# --- a file with releases ---


class Filed:
    """Surveys with all there can be in a file, written as a release would write it."""

    least = 0  # units that have a block of a question

    def __init__(self, rng, daemon):
        self.rng, self.d = rng, daemon
        self.surveys = {}  # name -> {question: (kind, low, high)}, in the order declared
        self.open = {"anything"}

    def declare(self, c):
        for name, period in (("climate", "wave"), ("pulse7", "week"), ("monthly", "month")):
            kinds = ["csat", *self.rng.sample(["nps", "ces", "pulse"], 2), "choice", "text"]
            self.rng.shuffle(kinds)
            questions = []
            for i, kind in enumerate(kinds):
                q = {"name": f"q{i}", "metric": kind.rstrip("4")}
                if kind.startswith("csat"):
                    q["scale"] = list(METRICS[kind])
                if kind == "choice":
                    q["options"] = OPTIONS
                questions.append(q)
            self.surveys[name] = {f"q{i}": k for i, k in enumerate(kinds)}
            self.put(c, name, period, {"questions": questions})
        self.surveys["anything"] = {}
        self.put(c, "anything", "month", {"questions": [],
                                          "open": {"metric": "pulse", "scale": [1, 5]}})
        answer = c.put("/v1/surveys/visit", {"name": "visit", "audience": "customer",
                                             "questions": [{"name": "q", "metric": "nps"}]})
        assert answer.status == 201, answer
        lines = [{"type": "survey.answered", "source": "t", "id": f"v{i}",
                  "time": datetime.datetime.fromtimestamp(
                      midnight(2026, 1 + i % 6, 3), UTC).isoformat(),
                  "data": {"survey": "visit", "unit": u, "answers": {"q": i % 11}}}
                 for i, u in enumerate(UNITS)]
        assert c.lines(lines).json()["rejected"] == []

    def put(self, c, name, period, more):
        answer = c.put("/v1/surveys/" + name,
                       {"name": name, "period": period} | EMPLOYEES | more)
        assert answer.status == 201, answer

    def periods(self, name):
        """(name, start, end in ms); a wave ends at any moment."""
        if name == "climate":
            at = midnight(2025, 11, 20) * 1000 + 12345
            for i in range(1, 6):
                end = at + self.rng.randrange(20 * DAY * 1000, 60 * DAY * 1000)
                yield str(i), at, end
                at = end
        elif name == "pulse7":
            at = midnight(2026, 1, 5)
            for i in range(2, 26):
                end = next_bucket("week", at)
                if self.rng.random() < 0.6:
                    yield f"2026-W{i:02}", at * 1000, end * 1000
                at = end
        else:
            for m in range(1, 7):
                if self.rng.random() < 0.7 or m == 3:
                    yield f"2026-{m:02}", midnight(2026, m, 1) * 1000, \
                        midnight(2026, m + 1, 1) * 1000

    def block(self, db, release, question, kind, unit, verified):
        metric = kind.rstrip("4")
        low, high = METRICS.get(kind, (0, 0))
        mask = sum(1 << v for v in SATISFIED.get(kind, ()))
        people = self.rng.randrange(5, 60)
        counts = {}
        if kind == "choice":
            for _ in range(people):
                for option in self.rng.sample(range(3), self.rng.randint(1, 3)):
                    counts[option] = counts.get(option, 0) + 1
        elif kind != "text":
            for _ in range(people):
                v = self.rng.randint(low, high)
                counts[v] = counts.get(v, 0) + 1
        at = db.execute(
            "INSERT INTO release_block (release_id, question, metric_id, low, high, "
            "satisfied, unit_id, verified, people) SELECT ?, ?, metric.id, ?, ?, ?, "
            "(SELECT id FROM unit WHERE name = ?), ?, ? FROM metric WHERE name = ?",
            (release, question, low, high, mask, unit, verified, people, metric)).lastrowid
        db.executemany("INSERT INTO release_count VALUES (?, ?, ?, ?)",
                       [(at, v, OPTIONS[v] if kind == "choice" else None, n)
                        for v, n in counts.items()])

    def fill(self):
        db = sqlite3.connect(os.path.join(self.d.dir, "empowerd.db"))
        for name, questions in self.surveys.items():
            for period, start, end in self.periods(name):
                release = db.execute(
                    "INSERT INTO release (survey_id, period, started, ended) "
                    "SELECT id, ?, ?, ? FROM survey WHERE name = ?",
                    (period, start, end, name)).lastrowid
                asked = questions or {q: "pulse" for q in
                                      self.rng.sample(["came", "by", "itself"], 2)}
                # A question of another scale than it has now, and one that is gone.
                if name == "monthly" and period == "2026-03":
                    asked = asked | {"gone": "nps"}
                for q, kind in asked.items():
                    if name == "climate" and period == "1" and kind == "csat":
                        kind = "csat4"
                    units = self.rng.sample(UNITS + [None], self.rng.randrange(self.least, 6))
                    for unit in units:
                        self.block(db, release, q, kind, unit, 1)
                    if self.rng.random() < 0.2:
                        self.block(db, release, q, kind, None, 0)
        db.commit()
        db.close()


@pytest.fixture(scope="module")
def filed():
    with Daemon("timezone=Europe/Warsaw") as d:
        f = Filed(random.Random(11), d)
        with d.start().client() as c:
            f.declare(c)
        d.stop()
        f.fill()
        d.start()
        yield f


# --- what it must show ---


def released(d):
    """[(survey, question, metric, scale key, unit, verified, people, from, end in s
    rounded up, {value: n}, {option: n})], by nothing but v_release."""
    blocks = {}
    for row in d.sql(
            "SELECT survey, question, metric, unit, verified, people, started, period, "
            "value, option, satisfied, n, at FROM v_release"):
        survey, question, metric, unit, verified, people, started, period = row[:8]
        b = blocks.setdefault((survey, question, unit, verified, period), {
            "survey": survey, "question": question, "metric": metric, "unit": unit,
            "verified": bool(verified), "people": people, "hist": {}, "options": {},
            "satisfied": set(),
            "from": datetime.datetime.fromisoformat(started.replace("Z", "+00:00")),
            "to": datetime.datetime.fromisoformat(row[12].replace("Z", "+00:00"))})
        if row[9] is not None:
            b["options"][row[9]] = row[11]
        elif row[8] is not None:
            b["hist"][row[8]] = row[11]
            b["satisfied"] |= {row[8]} if row[10] else set()
    scales = {(s, q, p): (lo, hi) for s, q, p, lo, hi in d.sql(
        "SELECT survey.name, question, release.period, min(low), max(high) FROM release_block "
        "JOIN release ON release.id = release_id JOIN survey ON survey.id = survey_id "
        "GROUP BY 1, 2, 3")}
    for key, b in blocks.items():
        b["scale"] = scales[b["survey"], b["question"], key[4]]
        b["from"], b["to"] = b["from"].timestamp(), b["to"].timestamp()
        b["last"] = math.floor(b["to"] - 0.001)
    return list(blocks.values())


class Model:
    def __init__(self, filed):
        self.blocks = released(filed.d)
        self.surveys = filed.surveys

    def cut(self, surveys, bound):
        return bound is not None and any(
            b["survey"] in surveys and b["from"] < bound < b["to"] for b in self.blocks)

    def rows(self, surveys, questions, units, by_unit, depth, step, lo, hi, fill):
        """As the answer has them, figures apart: [(key, blocks)], blocks None for a
        protected row."""
        out = []
        for survey in sorted(surveys):
            met = [b for b in self.blocks if b["survey"] == survey
                   and (not questions or b["question"] in questions)
                   and (not units or any(within(b["unit"], u) for u in units))
                   and (lo is None or b["last"] >= lo) and (hi is None or b["last"] < hi)]
            times = sorted({bucket(step, b["last"]) for b in met}) if step != "all" else []
            if times and fill:
                first = times[0] if lo is None else lo
                end = times[-1] + 1 if hi is None else hi
                times = []
                while first < end:
                    times.append(first)
                    first = next_bucket(step, first)
            declared = list(self.surveys[survey])
            known = sorted({b["question"] for b in met} - set(declared))
            made = 0
            for q in declared + known:
                if questions and q not in questions:
                    continue
                mine = [b for b in met if b["question"] == q]
                made += 1
                if not mine:
                    out.append(({"survey": survey, "question": q}, None))
                for scale in dict.fromkeys(b["scale"] for b in sorted(
                        mine, key=lambda b: b["to"])):
                    self.question(out, survey, q, [b for b in mine if b["scale"] == scale],
                                  by_unit, depth, step, times, fill)
            if survey == "anything":
                for q in questions:
                    if q not in known:
                        out.append(({"survey": survey, "question": q}, None))
                if not questions and not made:
                    out.append(({"survey": survey, "question": None}, None))
        return out

    def question(self, out, survey, q, blocks, by_unit, depth, step, times, fill):
        cut = lambda u: "/".join(u.split("/")[:depth]) if u and depth else u
        for unit in sorted({cut(b["unit"]) if by_unit else None for b in blocks},
                           key=lambda u: u or ""):
            mine = [b for b in blocks if not by_unit or cut(b["unit"]) == unit]
            key = {"survey": survey, "question": q} | ({"unit": unit} if by_unit else {})
            if step == "all":
                out.append((key, mine))
                continue
            for t in times:
                at = [b for b in mine if bucket(step, b["last"]) == t]
                if at or fill:
                    out.append((key | {"time": local(t)}, at or None))


def summed(blocks, name):
    total = {}
    for b in blocks:
        for v, n in b[name].items():
            total[v] = total.get(v, 0) + n
    return total


def check_row(row, key, blocks):
    row = dict(row)
    assert row.pop("audience") == "employee"
    for name, value in key.items():
        assert row.pop(name) == value, (row, key)
    if blocks is None:
        assert row == {"n": None, "suppressed": "protected"}, row
        return
    assert row.pop("n") == sum(b["people"] for b in blocks), (row, key)
    assert row.pop("verified") is all(b["verified"] for b in blocks)
    metric = blocks[0]["metric"]
    if metric == "choice":
        want = summed(blocks, "options")
        people = sum(b["people"] for b in blocks)
        assert {o: n for o, n in row.pop("options").items() if n} == want
        for option, share in row.pop("shares").items():
            assert abs(share - 100 * want.get(option, 0) / people) < 6e-5
    elif metric != "text":
        lo, hi = blocks[0]["scale"]
        hist = {v: 0 for v in range(lo, hi + 1)} | summed(blocks, "hist")
        assert row.pop("histogram") == {str(v): n for v, n in hist.items()}
        satisfied = set().union(*(b["satisfied"] for b in blocks))
        for name, value in formulas(metric, satisfied, hist).items():
            have = row.pop(name)
            assert have is None if value is None else abs(have - value) < 6e-5, name
    assert row == {}, row


def random_query(rng, model):
    surveys = rng.sample(sorted(model.surveys), rng.randint(1, 3))
    names = [f"q{i}" for i in range(5)] + ["came", "by", "itself", "gone", "nothing"]
    q = {"surveys": surveys, "questions": rng.sample(names, rng.randint(1, 4))
         if rng.random() < 0.4 else [],
         "units": rng.sample(UNITS + ["nowhere"], rng.randint(1, 2))
         if rng.random() < 0.5 else [],
         "by_unit": rng.random() < 0.6, "depth": rng.choice([0, 0, 1, 2, 3]),
         "step": rng.choice(["all", "all", "day", "week", "month"]),
         "fill": rng.random() < 0.4}
    edges = [e for b in model.blocks for e in (b["from"], b["to"])
             if b["survey"] in surveys]
    days = [midnight(2026, rng.randint(1, 8), rng.randint(1, 28)) for _ in range(3)]
    whole = [e for e in edges if e == bucket("day", int(e))] or days
    q["from"] = rng.choice([None, rng.choice(whole), rng.choice(days),
                            midnight(2025, 10, 6)])
    q["to"] = rng.choice([None, rng.choice(whole), rng.choice(days),
                          midnight(2026, 12, 1)])
    if q["from"] is not None and q["to"] is not None and q["from"] >= q["to"]:
        q["to"] = None
    return q


def parameters(q):
    p = {"survey": ",".join(q["surveys"]), "step": q["step"]}
    for name in ("questions", "units"):
        if q[name]:
            p[name[:-1]] = ",".join(q[name])
    if q["by_unit"]:
        p["group_by"] = "unit"
    for name in ("depth", "from", "to"):
        if q[name]:
            p[name] = int(q[name])
    if q["fill"] and q["step"] != "all":
        p["fill"] = 1
    return p


def stated(q):
    """The window that the answer goes by: whole days here."""
    if q["step"] == "all":
        return q["from"], q["to"]
    return (q["from"] and bucket(q["step"], q["from"]),
            q["to"] and ceiling(q["step"], q["to"]))


def test_figures_are_sums_of_whole_blocks(filed):
    model, rng = Model(filed), random.Random(5)
    shown = protected = cut = empty = 0
    with filed.d.client() as c:
        for _ in range(QUERIES):
            q = random_query(rng, model)
            lo, hi = stated(q)
            answer = c.get("/v1/rollups/satisfaction", **parameters(q))
            bad = "from" if model.cut(q["surveys"], lo) else "to"
            if model.cut(q["surveys"], lo) or model.cut(q["surveys"], hi):
                cut += 1
                names = {e["pointer"] for e in refused(answer, 422, "invalid")["errors"]}
                assert names <= {n for n, t in (("from", lo), ("to", hi))
                                 if model.cut(q["surveys"], t)} and names, (bad, names)
                continue
            assert answer.status == 200, (q, answer)
            got = answer.json()
            assert (got["from"], got["to"]) == (local(lo), local(hi)), q
            want = model.rows(q["surveys"], q["questions"], q["units"], q["by_unit"],
                              q["depth"], q["step"], lo, hi, q["fill"] and q["step"] != "all")
            assert len(got["rows"]) == len(want), q
            for row, (key, blocks) in zip(got["rows"], want):
                check_row(row, key, blocks)
                shown += blocks is not None
                protected += blocks is None
                empty += blocks is None and "time" in key
    assert min(shown, protected, cut, empty) > 50, (shown, protected, cut, empty)


def test_a_scale_that_changed_is_a_row_apart(filed):
    with filed.d.client() as c:
        rows = c.rollup("satisfaction", survey="climate")["rows"]
    scales = [(r["question"], len(r["histogram"])) for r in rows if "csat" in r]
    assert len(scales) == 2 and scales[0][0] == scales[1][0], scales
    assert {n for _, n in scales} == {4, 5}


def test_other_dimensions_are_refused_before_and_after(filed, shared):
    """Whether or not anything is released: the refusal tells nothing."""
    with filed.d.client() as released, shared.client() as fresh:
        answer = fresh.put("/v1/surveys/climate", EMPLOYEES | {
            "name": "climate", "questions": [{"name": "q", "metric": "nps"}]})
        assert answer.status == 201, answer
        for c in (released, fresh):
            for dim in DIMS:
                for ask in ({"survey": "climate"}, EMPLOYEES, {"survey": "climate,nps"},
                            {"audience": "customer,employee"}):
                    refused(c.get("/v1/rollups/satisfaction", **{dim: "x"}, **ask), 422,
                            "invalid", dim)
                    refused(c.get("/v1/rollups/satisfaction", group_by=f"unit,{dim}",
                                  **ask), 422, "invalid", "group_by")
                assert c.get("/v1/rollups/satisfaction", **{dim: "x"}).status == 200


def test_every_shape_says_the_same(filed):
    for params in ({"survey": "climate,monthly", "group_by": "unit"},
                   {"survey": "monthly", "step": "month", "fill": 1, "group_by": "unit"},
                   {"survey": "pulse7,visit", "step": "week"}, EMPLOYEES):
        with filed.d.client() as c:
            rows = c.rollup("satisfaction", **params)["rows"]
            columns = c.rollup("satisfaction", shape="columns", **params)["columns"]
            table = list(csv.DictReader(io.StringIO(c.get(
                "/v1/rollups/satisfaction", format="csv", **params).text())))
        assert len(rows) > 5
        for name, values in columns.items():
            assert values == [r.get(name) for r in rows], name
        assert set().union(*rows) == set(columns)
        assert set(columns) - set(table[0]) == set() and len(table) == len(rows)
        for row, line in zip(rows, table):
            for name, text in line.items():
                value = row.get(name)
                if name == "histogram" and value:
                    value = " ".join(f"{v}:{n}" for v, n in value.items())
                elif name in ("options", "shares"):
                    continue
                elif isinstance(value, float):
                    assert abs(float(text) - value) < 6e-5
                    continue
                assert text == ("" if value is None else json.dumps(value).strip('"')), name


def test_customers_have_no_column_for_it(filed):
    with filed.d.client() as c:
        head = c.get("/v1/rollups/satisfaction", survey="visit", format="csv").text()
        assert "verified" not in head
        both = c.rollup("satisfaction", survey="visit,climate")["rows"]
    assert all(("verified" in r) == (r["audience"] == "employee" and r["n"] is not None)
               for r in both)


def test_a_token_of_a_unit_sees_its_blocks_and_no_others(filed):
    token = filed.d.new_token("read", unit="a")
    with filed.d.client(token) as c, filed.d.client() as admin:
        refused(c.get("/v1/rollups/satisfaction", survey="climate"), 403, "forbidden")
        for unit in ("a", "a/x"):
            params = {"survey": "climate", "unit": unit, "group_by": "unit"}
            mine = c.rollup("satisfaction", **params)["rows"]
            assert mine == admin.rollup("satisfaction", **params)["rows"]
            assert any(r["n"] for r in mine)
            assert all(within(r["unit"], unit) for r in mine if r["n"])


# --- beside customers: coherence, overview ---

FLIGHT = {"name": "flight", "audience": "customer", "questions": [
    {"name": "overall", "metric": "nps", "twin": "crew/recommend"},
    {"name": "service", "metric": "csat", "twin": "crew/service"},
    {"name": "effort", "metric": "ces", "twin": "crew/effort"}]}
CREW = EMPLOYEES | {"name": "crew", "period": "month", "questions": [
    {"name": "recommend", "metric": "nps"}, {"name": "service", "metric": "csat"},
    {"name": "effort", "metric": "ces"}]}
QUIET = EMPLOYEES | {"name": "quiet", "questions": [{"name": "q", "metric": "nps"}]}
TWINS = {"overall": ("recommend", "nps"), "service": ("service", "csat"),
         "effort": ("effort", "ces_easy")}
MONTHS = [1, 2, 4]  # with a release
AS_OF = "2026-06-01T00:00:00+02:00"


@pytest.fixture(scope="module")
def twins():
    """Answers of customers from January to May, and of a crew in some of the months."""
    rng = random.Random(3)
    with Daemon("timezone=Europe/Warsaw") as d:
        f = Filed(rng, d)
        f.least = 1
        f.surveys = {"crew": {"recommend": "nps", "service": "csat", "effort": "ces"}}
        f.sent = []
        with d.start().client() as c:
            for document in (FLIGHT, CREW, QUIET):
                assert c.put("/v1/surveys/" + document["name"], document).status == 201
            for i in range(400):
                # In April nobody asked customers.
                month, unit = rng.choice([1, 2, 3, 5]), rng.choice(UNITS)
                answers = {q: rng.randint(*METRICS[TWINS[q][1].split("_")[0]])
                           for q in TWINS}
                f.sent.append((month, unit, answers))
            lines = [{"type": "survey.answered", "source": "t", "id": f"f{i}",
                      "time": f"2026-{m:02}-{1 + i % 27:02}T10:00:00Z",
                      "data": {"survey": "flight", "unit": u, "answers": a}}
                     for i, (m, u, a) in enumerate(f.sent)]
            assert c.lines(lines).json()["rejected"] == []
        d.stop()
        f.periods = lambda name: ((f"2026-{m:02}", midnight(2026, m, 1) * 1000,
                                   midnight(2026, m + 1, 1) * 1000) for m in MONTHS)
        f.fill()
        d.start()
        yield f


def level(metric, blocks, satisfied=(4, 5)):
    """(figure, level on 0-100, n) of blocks."""
    hist = summed(blocks, "hist")
    if not blocks:
        return None, None, None
    figure = formulas(metric, satisfied, hist)[
        "ces_easy" if metric == "ces" else metric]
    return figure, (figure + 100) / 2 if metric == "nps" else figure, sum(hist.values())


def outside(f, question, months, unit=None):
    metric = TWINS[question][1].split("_")[0]
    hist = {}
    for month, u, answers in f.sent:
        if month in months and (unit is None or within(u, unit)):
            hist[answers[question]] = hist.get(answers[question], 0) + 1
    return level(metric, [{"hist": hist}] if hist else [])


def inside(blocks, question, lo, hi, unit=None):
    metric = TWINS[question][1].split("_")[0]
    return level_of(blocks, question, lo, hi, unit, lambda mine: level(metric, mine))


def vouched(blocks, question, lo, hi, unit=None):
    """None where nothing is released."""
    return level_of(blocks, question, lo, hi, unit, lambda mine: all(
        b["verified"] for b in mine) if mine else None)


def level_of(blocks, question, lo, hi, unit, of):
    return of([b for b in blocks if b["question"] == TWINS[question][0]
               and lo <= b["last"] < hi and (not unit or within(b["unit"], unit))])


def near(have, want, within=6e-5):
    return have is None if want is None else \
        have is not None and abs(have - want) < within


@pytest.mark.parametrize("unit", [None, "a", "b/c"])
def test_coherence_has_both_sides_of_what_is_released(twins, unit):
    f, blocks = twins, released(twins.d)
    windows = [(None, None)] + [(a, b) for a in range(1, 6) for b in range(a + 1, 7)]
    missing = known = 0
    for a, b in windows:
        # Also windows that cut a release: it counts where it ends, and nobody is refused.
        lo = midnight(2026, a, 1) + (3 * DAY if a and a % 2 else 0) if a else 0
        hi = midnight(2026, b, 1) if b else midnight(2027, 1, 1)
        params = {"survey": "crew", "as_of": AS_OF} | ({"unit": unit} if unit else {}) | (
            {"from": lo, "to": hi} if a else {})
        with f.d.client() as c:
            answer = c.get("/v1/coherence", **params)
        assert answer.status == 200, answer
        got = answer.json()
        gaps = []
        for row in got["rows"]:
            question = row["twin"].split("/")[1]
            _, want, n = inside(blocks, question, lo, hi, unit)
            assert near(row["internal"], want) and near(row["internal_n"], n), (row, want)
            assert row.get("suppressed") == ("protected" if want is None else None)
            assert row.get("verified") == vouched(blocks, question, lo, hi, unit)
            if row["external"] is None or want is None:
                assert row["gap"] is None and row["missing"] in ("internal", "external",
                                                                 "both")
                missing += 1
                continue
            known += 1
            gaps.append(max(0, row["external"] - want))
            assert "missing" not in row and near(
                row["gap"], row["external"] - want, 2e-4)
        assert len(got["rows"]) == 3 and got["twins"] == len(gaps)
        deficit = sum(gaps) / len(gaps) if gaps else None
        assert near(got["care_deficit"], deficit, 2e-4)
        assert near(got["index"], 100 - deficit if len(gaps) == 3 else None, 2e-4)
    assert missing > 3 and known > 3


def test_what_employees_recommend_is_beside_what_customers_did_then(twins):
    f, blocks = twins, released(twins.d)
    with f.d.client() as c:
        got = c.get("/v1/coherence", survey="crew", step="month", as_of=AS_OF).json()
    rows = {r["time"]: r for r in got["lagged"]}
    assert set(rows) == {local(midnight(2026, m, 1)) for m in range(1, 6)}
    for m in range(1, 6):
        row = rows[local(midnight(2026, m, 1))]
        figure, _, n = inside(blocks, "overall", midnight(2026, m, 1),
                              midnight(2026, m + 1, 1))
        assert near(row["enps"], figure) and near(row["enps_n"], n), row
        assert (row.get("suppressed") == "protected") == (figure is None)
        assert (figure is not None) == (m in MONTHS)
        for k, name in enumerate(("nps", "nps_1", "nps_2", "nps_3")):
            want, _, n = outside(f, "overall", [m + k])
            assert near(row[name], want) and near(row[name + "_n"], n), (row, name)
    # Both sides are known in January and February alone.
    assert [r["time"] for r in got["trend"]] == [local(midnight(2026, 2, 1))]
    levels = {m: [(outside(f, q, [m])[1], inside(blocks, q, midnight(2026, m, 1),
                                                 midnight(2026, m + 1, 1))[1])
                  for q in TWINS] for m in (1, 2)}
    index = {m: 100 - sum(max(0, a - b) for a, b in levels[m]) / 3 for m in levels}
    trend = got["trend"][0]
    assert near(trend["index_before"], index[1]) and near(trend["index"], index[2])
    assert near(trend["change"], index[2] - index[1])


def test_the_overview_counts_a_release_where_its_period_ended(twins):
    blocks = released(twins.d)
    seen = set()
    for month, days in ((2, 28), (2, 31), (3, 28), (3, 31), (5, 61), (6, 40), (4, 20), (6, 10)):
        hi = midnight(2026, month, 1) + 12 * HOUR
        lo = hi - days * DAY
        with twins.d.client() as c:
            got = c.get("/v1/overview", **{"from": lo, "to": hi, "as_of": AS_OF}).json()
        rows = {(r["survey"], r["question"]): r for r in got["questions"]
                if r["audience"] == "employee"}
        # Of those that ship nothing is released, so there is nothing to tell of them.
        assert set(rows) == {("quiet", "q")} | {("crew", q) for q, _ in TWINS.values()}
        assert rows["quiet", "q"] == {"audience": "employee", "survey": "quiet",
                                      "question": "q", "n": None,
                                      "suppressed": "protected"}
        for question, (name, column) in TWINS.items():
            row = dict(rows["crew", name])
            now, _, n = inside(blocks, question, lo, hi)
            before, _, n_before = inside(blocks, question, lo - (hi - lo), lo)
            want = {"audience": "employee", "survey": "crew", "question": name, "n": n}
            if now is None:
                want |= {"suppressed": "protected"}
            if now is not None or before is not None:
                want |= {"metric": column}
            figures = {}
            if now is not None:
                figures |= {"value": now, "previous_n": n_before, "previous": before,
                            "change": None if before is None else now - before}
            elif before is not None:
                figures |= {"previous_n": n_before, "previous": before}
            told = {vouched(blocks, question, *w) for w in ((lo, hi), (lo - (hi - lo), lo))}
            assert row.pop("verified", None) is (
                False if False in told else True if True in told else None)
            for key, value in figures.items():
                assert near(row.pop(key), value), (row, key, value)
            assert {k: v for k, v in row.items() if k not in ("value", "change")} == want
            seen.add((now is not None, before is not None))
        people = [r for r in got["participation"] if r["audience"] == "employee"]
        assert [r["survey"] for r in people] == ["crew", "quiet"]
        assert all(r["n"] is None and r["suppressed"] == "protected" for r in people)
    assert len(seen) == 4, seen


def test_the_overview_lists_what_has_a_figure(daemon):
    """A choice and a text have none: they are no rows of it before a release, nor after
    it "protected" while others show them."""
    survey = EMPLOYEES | {"name": "mixed", "questions": [
        {"name": "mood", "metric": "pulse"},
        {"name": "wish", "metric": "choice", "options": OPTIONS},
        {"name": "why", "metric": "text"}]}
    lines = [{"type": "survey.answered", "source": "hr", "id": str(i),
              "data": {"survey": "mixed", "respondent": str(i),
                       "answers": {"mood": 1 + i % 5, "wish": OPTIONS[i % 3],
                                   "why": f"why {i}"}}} for i in range(30)]
    with daemon.client() as c:
        assert c.put("/v1/surveys/mixed", survey).status == 201
        assert c.lines(lines).json()["rejected"] == []
        for n in (None, 30):
            rows = [(r["survey"], r["question"], r["n"])
                    for r in c.get("/v1/overview").json()["questions"]]
            assert rows == [("mixed", "mood", n)]
            have = {r["question"]: r["n"]
                    for r in c.rollup("satisfaction", survey="mixed")["rows"]}
            assert have == {"mood": n, "wish": n, "why": n}
            assert c.post("/v1/surveys/mixed/release", {}).status == 201


def test_an_option_that_is_added_was_chosen_by_nobody(daemon):
    ask = {"name": "w", "metric": "choice", "options": OPTIONS}
    with daemon.client() as c:
        for more in ([], ["leave"]):
            survey = EMPLOYEES | {"name": "wishes", "questions": [
                ask | {"options": OPTIONS + more}]}
            assert c.put("/v1/surveys/wishes", survey).status in (200, 201)
            if not more:
                lines = [{"type": "survey.answered", "source": "hr", "id": str(i),
                          "data": {"survey": "wishes", "respondent": str(i),
                                   "answers": {"w": OPTIONS[i % 3]}}} for i in range(30)]
                assert c.lines(lines).json()["rejected"] == []
                assert c.post("/v1/surveys/wishes/release", {}).status == 201
            for _ in range(20):  # each of the threads that answer
                row, = c.rollup("satisfaction", survey="wishes", step="all",
                                to=int(time.time()) + DAY + random.randrange(DAY))["rows"]
                assert row["options"] == {o: 10 for o in OPTIONS} | {o: 0 for o in more}


def test_questions_that_a_release_names_are_told_once(daemon):
    """An open survey has the questions that were answered: before a release none."""
    at = int(time.time())
    windows = [{}, {"from": at + 3600, "to": at + 10 * DAY}, {"from": at - DAY, "to": at - 3600}]
    with daemon.client() as c:
        assert c.put("/v1/surveys/open", EMPLOYEES | {
            "name": "open", "questions": [],
            "open": {"metric": "pulse", "scale": [1, 5]}}).status == 201
        for released_yet in (False, True):
            for window in windows:
                rows = [r for r in c.get("/v1/overview", **window).json()["questions"]
                        if r["survey"] == "open"]
                known = released_yet and window is not windows[2]
                assert [r["question"] for r in rows] == (["a", "b"] if known else [None])
                assert all(r["n"] == (20 if known and not window else None) for r in rows)
                assert [r.get("previous_n") for r in rows] == (
                    [20, 20] if known and window else [None] * len(rows))
            lines = [{"type": "survey.answered", "source": "hr", "id": str(i),
                      "data": {"survey": "open", "respondent": str(i),
                               "answers": {"a": 1 + i % 5, "b": 1 + i % 4}}}
                     for i in range(20)]
            if not released_yet:
                assert c.lines(lines).json()["rejected"] == []
                assert c.post("/v1/surveys/open/release", {}).status == 201


def test_the_months_review_has_what_was_released_in_it(twins, tmp_path):
    blocks = released(twins.d)
    tool = Tool(twins.d, tmp_path)
    for month in range(1, 6):
        out = tool.ok("report", "--month", f"2026-{month:02}", "--csv")
        have = {(r["of"], r["figure"]): r["value"] for r in csv.DictReader(io.StringIO(out))
                if r["section"] == "What employees say"}
        want = {}
        for question, (name, column) in TWINS.items():
            figure, _, n = inside(blocks, question, midnight(2026, month, 1),
                                  midnight(2026, month + 1, 1))
            if n:
                want |= {(f"crew {name}", "n"): n, (f"crew {name}", column): figure}
        assert {k: v for k, v in have.items() if k in want}.keys() == want.keys()
        assert all(abs(float(have[k]) - want[k]) < 6e-5 for k in want), (have, want)
        assert bool(want) == (month in MONTHS) == bool(have)


# --- the whole way: answers, a release, figures ---

STAFF = {"north": 30, "north/a": 12, "north/b": 7, "south": 9, "south/tiny": 2}
SHIFT = EMPLOYEES | {"name": "shift", "period": "wave", "questions": [
    {"name": "mood", "metric": "pulse"}, {"name": "recommend", "metric": "nps"},
    {"name": "wish", "metric": "choice", "options": OPTIONS},
    {"name": "why", "metric": "text"}]}


def answers_of(rng, wave):
    """[(respondent, unit, answers, comment)]: everybody answers, some not all of it."""
    out = []
    for unit, people in STAFF.items():
        for i in range(people):
            a = {"mood": rng.randint(1, 5), "recommend": rng.randint(0, 10),
                 "wish": rng.choice(OPTIONS)}
            if unit == "north" and i % 2:
                del a["mood"]
            if unit == "north":
                a["why"] = f"why {wave} {i}"
            out.append((f"{unit} {i}", unit, a, f"comment {wave} {unit} {i}"))
    rng.shuffle(out)
    return out


def send_answers(c, wave, answers):
    lines = [{"type": "survey.answered", "source": "hr", "id": f"{wave}-{i}",
              "data": {"survey": "shift", "respondent": who, "unit": unit, "answers": a,
                       "comment": comment}}
             for i, (who, unit, a, comment) in enumerate(answers)]
    result = c.lines(lines).json()
    assert result["rejected"] == [] and result["stored"] == len(lines)


def everything(c):
    """Answers that must not move before a release, and must after it."""
    asks = [c.get("/v1/rollups/satisfaction", survey="shift", group_by="unit"),
            c.get("/v1/rollups/satisfaction", survey="shift", format="csv"),
            c.get("/v1/rollups/satisfaction", survey="shift", step="month", fill=1),
            c.get("/v1/rollups/satisfaction", survey="shift", shape="columns"),
            c.get("/v1/coherence"), c.get("/v1/overview"),
            c.get("/v1/comments", survey="shift"),
            c.get("/v1/rollups/participation", survey="shift")]
    assert all(a.status == 200 for a in asks), asks
    return [(a.headers.get("ETag"), a.body) for a in asks]


def test_answers_are_seen_by_their_release_and_not_before(daemon):
    rng = random.Random(8)
    with daemon.client() as c:
        assert c.put("/v1/surveys/shift", SHIFT).status == 201
        flight = {"name": "guests", "audience": "customer", "questions": [
            {"name": "q", "metric": "nps", "twin": "shift/recommend"}]}
        assert c.put("/v1/surveys/guests", flight).status == 201
        units = c.put("/v1/units", {"units": [{"name": u} for u in STAFF]})
        assert units.status == 200, units
        before = everything(c)
        assert b"protected" in before[0][1]
        waves, bounds = [], []
        for wave in (1, 2, 3):
            waves.append(answers_of(rng, wave))
            send_answers(c, wave, waves[-1])
            # Whether asked often or once, nothing moves, not even a tag.
            now = everything(c)
            assert [a for a, b in zip(now, before)] == before
            # A window has whole seconds, so each wave gets one.
            second = time.time() + 1.1
            until(lambda: time.time() > second)
            closed = c.post("/v1/surveys/shift/release", {})
            assert closed.status == 201, closed
            bounds.append({k: closed.json()[k] for k in ("from", "to")})
            after = everything(c)
            for (tag, body), (old, was) in list(zip(after, before))[:-1]:
                assert body != was and (tag != old or tag is None)
            assert after[-1] == before[-1]
            before = after
        check_waves(daemon, c, waves)
        check_bounds(c, waves, bounds)
        before = everything(c)
    daemon.restart()
    with daemon.client() as c:
        assert [b for _, b in everything(c)] == [b for _, b in before]
    daemon.verify()


def check_bounds(c, waves, bounds):
    """The bounds that a release told ask for it alone, though waves of this test are
    shorter than the minutes of which windows are made."""
    for i, wave in enumerate(waves):
        row, = c.rollup("satisfaction", survey="shift", question="recommend",
                        **bounds[i])["rows"]
        values = [a["recommend"] for _, _, a, _ in wave]
        assert row["histogram"] == {str(v): values.count(v) for v in range(11)}
    both, = c.rollup("satisfaction", survey="shift", question="recommend",
                     from_=bounds[0]["from"], to=bounds[1]["to"])["rows"]
    assert both["n"] == len(waves[0]) + len(waves[1])


def check_waves(daemon, c, waves):
    rows = c.rollup("satisfaction", survey="shift")["rows"]
    said = [a for wave in waves for _, _, a, _ in wave]
    by_question = {r["question"]: r for r in rows}
    for q in ("mood", "recommend", "wish", "why"):
        values = [a[q] for a in said if q in a]
        row = by_question[q]
        assert row["verified"] is True and row["n"] == len(values), row
        if q == "wish":
            assert row["options"] == {o: values.count(o) for o in OPTIONS}
        elif q != "why":
            assert row["histogram"] == {str(v): values.count(v)
                                        for v in range(*((1, 6) if q == "mood"
                                                         else (0, 11)))}
    # The two of south/tiny are in the block of south, in every wave.
    rows = c.rollup("satisfaction", survey="shift", question="recommend",
                    group_by="unit")["rows"]
    assert {r["unit"]: r["n"] for r in rows} == {"north": 90, "north/a": 36,
                                                 "north/b": 21, "south": 33}
    tiny = c.rollup("satisfaction", survey="shift", question="recommend",
                    unit="south/tiny")["rows"]
    assert tiny == [{"audience": "employee", "survey": "shift", "question": "recommend",
                     "n": None, "suppressed": "protected"}]
    comments(c, waves)


def comments(c, waves):
    """Whole texts of blocks of ten commenters or more, by pages of random keys."""
    seen, cursor = [], None
    while True:
        page = c.get("/v1/comments", audience="employee", limit=7,
                     **({"cursor": cursor} if cursor else {})).json()
        assert len(page["rows"]) <= 7
        seen += page["rows"]
        cursor = page["next"]
        if cursor is None:
            break
    want = {("shift", None, str(w), text, True) for w, wave in enumerate(waves, 1)
            for _, _, _, text in wave} | {
        ("shift", "why", str(w), a["why"], True) for w, wave in enumerate(waves, 1)
        for _, _, a, _ in wave if "why" in a}
    assert all(set(r) == {"survey", "question", "unit", "period", "verified", "text"}
               for r in seen)
    have = [(r["survey"], r["question"], r["period"], r["text"], r["verified"])
            for r in seen]
    assert len(have) == len(set(have)) and set(have) == want
    order = [r["text"] for r in seen]
    assert order != sorted(order)
    told = {(r["text"], r["unit"]) for r in seen}
    for unit in ("north", "north/a", "south", None):
        rows = c.get("/v1/comments", survey="shift", limit=500,
                     **({"unit": unit} if unit else {})).json()["rows"]
        assert {(r["text"], r["unit"]) for r in rows} == {
            (t, u) for t, u in told if unit is None or within(u, unit)}
    # Nobody's unit is told below ten commenters.
    sizes = {}
    for r in seen:
        key = r["period"], r["question"], r["unit"]
        sizes[key] = sizes.get(key, 0) + 1
    assert min(sizes.values()) >= 10, sizes
