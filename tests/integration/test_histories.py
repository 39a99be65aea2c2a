"""P4 and P9: rollups equal independent SQL over generated histories.

Each round starts a daemon in some time zone and feeds it many small histories: surveys
of every metric, signals and recognitions, events in random order, late and very old
ones, repeats, several units, channels and segments. Then random questions are asked;
the expected rows come from SQL over the analysts' tables, with formulas written again
here, and must be equal.

EMPOWERD_HISTORIES sets how many histories there are in all.
"""
import collections
import datetime
import functools
import itertools
import json
import math
import os
import random
import time
import zoneinfo

import pytest

from harness import Daemon

ROUNDS = (
    "UTC",
    "Europe/Warsaw",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Santiago",
)
HISTORIES = int(os.environ.get("EMPOWERD_HISTORIES", "2004")) // len(ROUNDS)
DAY = 86400
SCALES = {"csat": (1, 5), "csat4": (1, 4), "nps": (0, 10), "ces": (1, 7), "pulse": (1, 5)}
SIGNALS = (
    "signup purchase renewal return_visit referral complaint downgrade cancel_intent "
    "cancellation"
).split()
KINDS = ("praise", "tangible", "reward", "backing")
UNITS = ("a", "a/x", "a/x/1", "a/x/2", "a/y", "b", "b/x", "c/y/2/z")


# --- time: buckets by zoneinfo, nothing shared with the daemon ---


@functools.lru_cache(maxsize=65536)
def bucket_start(zone, step, ts):
    """The instant at which the bucket of `ts` starts, by wall-clock arithmetic in UTC."""
    utc = datetime.timezone.utc
    local = datetime.datetime.fromtimestamp(ts, utc).astimezone(zone)
    if step == "minute":
        return ts - (ts + int(local.utcoffset().total_seconds())) % 60
    if step == "hour":
        # Walk back to the last instant at which the local clock showed a full hour or
        # was changed into this one; set back within it, the hour is only longer.
        start = ts - (local.minute * 60 + local.second)
        before = datetime.datetime.fromtimestamp(start, utc).astimezone(zone)
        if before.utcoffset() == local.utcoffset():
            return start
        change = first_instant(zone, start, ts, local.utcoffset())
        before = datetime.datetime.fromtimestamp(change - 1, utc).astimezone(zone)
        if (before.date(), before.hour) == (local.date(), local.hour):
            return bucket_start(zone, step, change - 1)
        return change
    day = local.date()
    if step == "week":
        day -= datetime.timedelta(days=day.weekday())
    if step == "month":
        day = day.replace(day=1)
    wall = datetime.datetime(day.year, day.month, day.day, tzinfo=zone)
    return int(wall.timestamp())


def first_instant(zone, low, high, offset):
    """The first second in (low, high] with that offset."""
    while high - low > 1:
        mid = (low + high) // 2
        at = datetime.datetime.fromtimestamp(mid, datetime.timezone.utc).astimezone(zone)
        low, high = (low, mid) if at.utcoffset() == offset else (mid, high)
    return high


def parse_time(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


# --- formulas, written again ---


def figures(metric, hist):
    n = sum(hist.values())
    if n == 0:
        return {}
    mean = sum(v * c for v, c in hist.items()) / n
    share = lambda *values: 100 * sum(hist.get(v, 0) for v in values) / n
    if metric == "csat":
        return {"mean": mean, "csat": share(4, 5)}
    if metric == "csat4":
        return {"mean": mean, "csat": share(3, 4)}
    if metric == "ces":
        return {"ces_mean": mean, "ces_easy": share(5, 6, 7)}
    if metric == "pulse":
        return {
            "mean": mean,
            "favorable": share(4, 5),
            "neutral": share(3),
            "unfavorable": share(1, 2),
        }
    p, d = share(9, 10) / 100, share(*range(7)) / 100
    margin = 196 * math.sqrt((p + d - (p - d) ** 2) / n) if n >= 30 else None
    return {"mean": mean, "nps": 100 * (p - d), "nps_margin": margin}


def close(a, b):
    return a is None if b is None else a is not None and abs(a - b) < 6e-5


# --- a history ---


class History:
    def __init__(self, rng, number, now):
        self.name = f"h{number}"
        self.rng = rng
        self.questions = {}
        for i in range(rng.randint(1, 4)):
            self.questions[f"q{i}"] = rng.choice(list(SCALES))
        self.units = rng.sample(UNITS, rng.randint(1, 5))
        self.channels = rng.sample(("web", "phone", "shop"), rng.randint(1, 3))
        self.segments = rng.sample(("new", "loyal"), rng.randint(1, 2))
        spans = (2 * 3600, 3 * DAY, 40 * DAY, 390 * DAY, 800 * DAY)
        self.span = rng.choice(spans)
        self.now = now
        self.respondents = [f"p{i}" for i in range(rng.randint(1, 8))]
        self.events = [self.event(i) for i in range(rng.randint(3, 40))]
        self.events += [self.act(i) for i in range(rng.randint(0, 25))]

    def document(self):
        questions = []
        for name, metric in self.questions.items():
            lo, hi = SCALES[metric]
            q = {"name": name, "metric": metric.rstrip("4"), "text": {"en": name}}
            if metric != "nps":
                q["scale"] = [lo, hi]
            questions.append(q)
        return {
            "name": self.name,
            "audience": "customer",
            "title": {"en": self.name},
            "questions": questions,
        }

    def event(self, i):
        rng = self.rng
        kind = rng.choices(("answered", "invited", "shown", "dismissed"), (8, 2, 1, 1))[0]
        at = (self.now - rng.random() * self.span) * 1000
        data = {"survey": self.name}
        if rng.random() < 0.9:
            data["unit"] = rng.choice(self.units)
        if rng.random() < 0.8:
            data["channel"] = rng.choice(self.channels)
        if rng.random() < 0.6:
            data["segment"] = rng.choice(self.segments)
        if rng.random() < 0.8 or kind == "invited":
            data["respondent"] = rng.choice(self.respondents)
        if kind == "answered":
            asked = rng.sample(list(self.questions), rng.randint(1, len(self.questions)))
            data["answers"] = {
                q: rng.randint(*SCALES[self.questions[q]]) for q in asked
            }
            if rng.random() < 0.2:
                data["complete"] = False
            if rng.random() < 0.2:
                data["ref"] = {"source": "h", "id": f"{self.name}-{rng.randrange(40)}"}
        return {
            "type": f"survey.{kind}",
            "source": "h",
            "id": f"{self.name}-{i}",
            "time": int(at),
            "data": data,
        }


    def act(self, i):
        """What customers do and whom they thank; the initiative tells histories apart."""
        rng = self.rng
        data = {"audience": "customer", "initiative": self.name}
        if rng.random() < 0.9:
            data["unit"] = rng.choice(self.units)
        if rng.random() < 0.8:
            data["channel"] = rng.choice(self.channels)
        if rng.random() < 0.6:
            data["segment"] = rng.choice(self.segments)
        if rng.random() < 0.6:
            kind = "signal.recorded"
            data |= {"person": rng.choice(self.respondents), "signal": rng.choice(SIGNALS)}
        else:
            kind = "recognition.given"
            staff = [f"s{n}" for n in range(6)]
            data |= {"from": rng.choice(self.respondents), "kind": rng.choice(KINDS)}
            data["to"] = rng.sample(staff, rng.randint(1, 3))
            data["by_leader"] = rng.random() < 0.3
        at = int((self.now - rng.random() * self.span) * 1000)
        return {"type": kind, "source": "h", "id": f"{self.name}-act{i}", "time": at, "data": data}


# --- questions ---


def random_query(rng, history, now):
    q = {"survey": history.name}
    if rng.random() < 0.6:
        q["from"] = int(now - rng.random() * history.span)
    if rng.random() < 0.5:
        q["to"] = int(now - rng.random() * history.span / 2)
    if "from" in q and "to" in q and q["from"] >= q["to"]:
        q["from"], q["to"] = q["to"], q["from"] + 1
    if rng.random() < 0.5:
        # Minutes only exist for two days, hours for 400.
        fit = ["day", "week", "month"]
        if history.span < 400 * DAY:
            fit.append("hour")
        if history.span < DAY:
            fit.append("minute")
        q["step"] = rng.choice(fit)
        q.setdefault("from", int(now - history.span))
    fields = rng.sample(("unit", "channel", "segment"), rng.randint(0, 3))
    if fields:
        q["group_by"] = ",".join(fields)
    if rng.random() < 0.3:
        q["depth"] = rng.randint(1, 3)
    if rng.random() < 0.3:
        q["unit"] = rng.choice(("a", "a/x", "b", "nowhere"))
    if rng.random() < 0.2:
        q["channel"] = rng.choice(("web", "web,phone"))
    return q


def in_subtree(unit, top):
    return unit is not None and (unit == top or unit.startswith(top + "/"))


def cut(unit, depth):
    return None if unit is None else "/".join(unit.split("/")[: int(depth)])


def wanted(q, row):
    if "unit" in q and not in_subtree(row["unit"], q["unit"]):
        return False
    if "channel" in q and row["channel"] not in q["channel"].split(","):
        return False
    return True


def group_of(q, row):
    key = []
    for field in filter(None, q.get("group_by", "").split(",")):
        value = row[field]
        if field == "unit" and "depth" in q:
            value = cut(value, q["depth"])
        key.append((field, value))
    return tuple(key)


def check_window(zone, q, answer, now):
    """The window used covers the one asked for and is cut at the right grain."""
    if "from" not in q and "to" not in q:
        return -(2**62), 2**62
    low = parse_time(answer["from"]) if answer["from"] else -(2**62)
    high = parse_time(answer["to"]) if answer["to"] else 2**62
    for asked, used, down in (("from", low, True), ("to", high, False)):
        if asked not in q:
            continue
        assert (used <= q[asked]) if down else (used >= q[asked])
        step = q.get("step", "all")
        age = now - q[asked]
        finest = "minute" if age < 47 * 3600 else "hour" if age < 399 * DAY else "day"
        if 47 * 3600 <= age < 49 * 3600 or 399 * DAY <= age < 402 * DAY:
            continue
        order = ("minute", "hour", "day", "week", "month")
        # One grain serves both ends: the coarser of what each end still has.
        ages = [now - q[k] for k in ("from", "to") if k in q]
        if any(a > 46 * 3600 for a in ages) and finest == "minute":
            continue
        grain = finest if step == "all" else max(finest, step, key=order.index)
        start = bucket_start(zone, grain, q[asked])
        if down:
            assert used == start, (q, answer["from"], grain)
        elif start != q[asked]:
            assert bucket_start(zone, grain, used) == used
            assert bucket_start(zone, grain, used - 1) == start, (q, answer["to"], grain)
    return low, high


class Reader:
    """Independent SQL over the views, while the daemon runs."""

    def __init__(self, d):
        names = ("ts", "survey", "question", "value", "unit", "channel", "segment")
        self.answers = self.by(
            "survey", names, d.sql(f"SELECT {','.join(names)} FROM v_answer"))
        self.events = self.by(
            "survey",
            ("survey", "seq", "type", "ts", "unit", "channel", "segment", "person", "complete",
             "ms"),
            d.sql(
                """SELECT v.name, e.seq, t.name, e.ts, u.name, c.name, s.name, e.person,
                          e.complete, e.time FROM event e JOIN event_type t ON t.id = e.type_id
                   JOIN survey v ON v.id = e.survey_id JOIN series x ON x.id = e.series_id
                   LEFT JOIN unit u ON u.id = x.unit_id
                   LEFT JOIN channel c ON c.id = x.channel_id
                   LEFT JOIN segment s ON s.id = x.segment_id"""
            ),
        )
        # {event: the invitation that it refers to}
        self.refs = dict(
            d.sql(
                """SELECT r.event_seq, i.event_seq FROM reference r
                   JOIN invitation i ON i.id = r.id AND i.source_id IS r.source_id"""
            )
        )
        self.signals = self.acts(d, "signal", {"signal": "k.name"})
        self.recognitions = self.acts(
            d, "recognition", {"kind": "k.name", "by_leader": "a.by_leader"})
        self.recipients = collections.defaultdict(set)
        for seq, person in d.sql("SELECT event_seq, person FROM recognition_recipient"):
            self.recipients[seq].add(person)

    @staticmethod
    def by(field, names, rows):
        """{value of the field: rows with the names that questions use}"""
        found = collections.defaultdict(list)
        for row in rows:
            row = dict(zip(names, row))
            found[row[field]].append(row)
        return found

    def acts(self, d, table, columns):
        names = ("initiative", "seq", "ts", "unit", "channel", "segment", "person", *columns)
        query = f"""SELECT i.name, e.seq, e.ts, u.name, c.name, s.name, e.person,
                {', '.join(columns.values())}
            FROM {table} a JOIN event e ON e.seq = a.event_seq
            JOIN {table}_kind k ON k.id = a.kind_id JOIN series x ON x.id = e.series_id
            JOIN initiative i ON i.id = x.initiative_id LEFT JOIN unit u ON u.id = x.unit_id
            LEFT JOIN channel c ON c.id = x.channel_id
            LEFT JOIN segment s ON s.id = x.segment_id"""
        return self.by("initiative", names, d.sql(query))


def expected_satisfaction(zone, history, rows, q, low, high):
    step = q.get("step", "all")
    hists = collections.defaultdict(collections.Counter)
    for row in rows:
        if not low <= row["ts"] < high or not wanted(q, row):
            continue
        at = None if step == "all" else bucket_start(zone, step, row["ts"])
        hists[row["question"], group_of(q, row), at][row["value"]] += 1
    return hists


def check_satisfaction(zone, history, reader, q, answer, now):
    low, high = check_window(zone, q, answer, now)
    expected = expected_satisfaction(zone, history, reader.answers[history.name], q, low, high)
    got = {}
    for row in answer["rows"]:
        assert row["audience"] == "customer" and row["survey"] == history.name
        if row["n"] == 0:
            continue
        fields = [f for f in q.get("group_by", "").split(",") if f]
        key = (
            row["question"],
            tuple((f, row[f]) for f in fields),
            parse_time(row["time"]) if "step" in q else None,
        )
        assert key not in got, "a row twice"
        got[key] = row
    assert set(got) == set(expected), q
    for key, hist in expected.items():
        row = got[key]
        metric = history.questions[key[0]]
        lo, hi = SCALES[metric]
        assert row["n"] == sum(hist.values())
        assert row["histogram"] == {str(v): hist.get(v, 0) for v in range(lo, hi + 1)}
        for name, value in figures(metric, hist).items():
            assert close(row[name], value), (name, row, value)


def check_participation(zone, history, reader, q, answer, now):
    low, high = check_window(zone, q, answer, now)
    rows, refs = reader.events[history.name], reader.refs
    complete = [r for r in rows if r["type"] == "survey.answered" and r["complete"] != 0]
    by_person = {}
    for r in complete:
        if r["person"]:
            by_person[r["person"]] = max(r["ms"], by_person.get(r["person"], r["ms"]))
    by_ref = {refs[r["seq"]] for r in complete if r["seq"] in refs}
    step = q.get("step", "all")
    groups = collections.defaultdict(list)
    for row in rows:
        if low <= row["ts"] < high and wanted(q, row):
            at = None if step == "all" else bucket_start(zone, step, row["ts"])
            groups[group_of(q, row), at].append(row)
    got = {}
    fields = [f for f in q.get("group_by", "").split(",") if f]
    for row in answer["rows"]:
        key = (
            tuple((f, row[f]) for f in fields),
            parse_time(row["time"]) if "step" in q else None,
        )
        got[key] = row
    assert set(got) == set(groups), q
    for key, rows in groups.items():
        row = got[key]
        count = collections.Counter(r["type"].split(".")[1] for r in rows)
        for name in ("invited", "shown", "dismissed", "answered"):
            assert row[name] == count[name], (name, row)
        answered = [r for r in rows if r["type"] == "survey.answered"]
        assert row["complete"] == sum(r["complete"] != 0 for r in answered)
        people = {r["person"] for r in answered if r["person"]}
        assert row["respondents"] == len(people), (q, row, key)
        invited = [r for r in rows if r["type"] == "survey.invited"]
        met = sum(r["seq"] in by_ref or by_person.get(r["person"], -1) >= r["ms"] for r in invited)
        if invited:
            rate = 100 * met / len(invited)
        elif count["shown"]:
            rate = 100 * count["answered"] / count["shown"]
        else:
            rate = None
        assert close(row["response_rate"], rate), (row, rate)


def act_groups(zone, rows, q, low, high, by):
    """{(kind, group, start of bucket): rows}"""
    step = q.get("step", "all")
    groups = collections.defaultdict(list)
    for row in rows:
        if low <= row["ts"] < high and wanted(q, row):
            at = None if step == "all" else bucket_start(zone, step, row["ts"])
            groups[row[by], group_of(q, row), at].append(row)
    return groups


def act_answer(q, answer, by):
    fields = [f for f in q.get("group_by", "").split(",") if f]
    got = {}
    for row in answer["rows"]:
        at = parse_time(row["time"]) if "step" in q else None
        if row["n"]:
            got[row[by], tuple((f, row[f]) for f in fields), at] = row
    return got


def check_retention(zone, history, reader, q, answer, now):
    low, high = check_window(zone, q, answer, now)
    expected = act_groups(zone, reader.signals[history.name], q, low, high, "signal")
    got = act_answer(q, answer, "signal")
    assert {k: row["n"] for k, row in got.items()} == {k: len(v) for k, v in expected.items()}, q
    ended = collections.Counter()
    for (signal, _, _), of in expected.items():
        ended[signal] += len(of)
    due = ended["cancellation"] + ended["renewal"]
    churn = 100 * ended["cancellation"] / due if due else None
    assert close(answer["churn_of_due"], churn), (q, answer)


def check_recognition(zone, history, reader, q, answer, now):
    low, high = check_window(zone, q, answer, now)
    to = reader.recipients
    expected = act_groups(zone, reader.recognitions[history.name], q, low, high, "kind")
    got = act_answer(q, answer, "kind")
    assert set(got) == set(expected), q
    for key, of in expected.items():
        row = got[key]
        assert row["n"] == len(of), (q, row)
        assert row["by_leader"] == sum(r["by_leader"] for r in of), (q, row)
        assert row["givers"] == len({r["person"] for r in of}), (q, row)
        assert row["recipients"] == len(set().union(*(to[r["seq"]] for r in of))), (q, row)


@pytest.mark.parametrize("zone_name", ROUNDS)
def test_rollups_equal_sql(zone_name):
    seed = int(os.environ.get("EMPOWERD_SEED", random.SystemRandom().randrange(2**32)))
    print(f"EMPOWERD_SEED={seed}")
    rng = random.Random(f"{seed}/{zone_name}")
    zone = zoneinfo.ZoneInfo(zone_name)
    with Daemon("timezone=" + zone_name) as d:
        d.start()
        now = time.time()
        histories = [History(rng, i, now) for i in range(HISTORIES)]
        with d.client() as c:
            send(c, rng, histories)
            ask(d, c, zone, rng, histories, now)
            before = totals(c, histories)
        d.verify()
        d.kill()
        d.start()
        with d.client() as c:
            assert totals(c, histories) == before
        assert d.metric("counter_bytes") > 0
        d.verify()


def send(c, rng, histories):
    """All events in one random order, a tenth of them twice."""
    for h in histories:
        assert c.put(f"/v1/surveys/{h.name}", h.document()).status == 201
    events = list(itertools.chain.from_iterable(h.events for h in histories))
    rng.shuffle(events)
    sent = events + rng.sample(events, len(events) // 10)
    stored = 0
    for i in range(0, len(sent), 1000):
        answer = c.lines(sent[i : i + 1000])
        assert answer.status == 200 and answer.json()["rejected"] == [], answer
        stored += answer.json()["stored"]
    assert stored == len(events)


def ask(d, c, zone, rng, histories, now):
    reader = Reader(d)
    for h in histories:
        for _ in range(2):
            q = random_query(rng, h, now)
            answer = c.get("/v1/rollups/satisfaction", **q)
            assert answer.status == 200, (q, answer)
            check_satisfaction(zone, h, reader, q, answer.json(), now)
        if rng.random() < 0.15:
            q = random_query(rng, h, now)
            answer = c.get("/v1/rollups/participation", **q)
            assert answer.status == 200, (q, answer)
            check_participation(zone, h, reader, q, answer.json(), now)
        for name, check in (("retention", check_retention), ("recognition", check_recognition)):
            if rng.random() < 0.1:
                q = random_query(rng, h, now)
                del q["survey"]
                q["initiative"] = h.name
                answer = c.get("/v1/rollups/" + name, **q)
                assert answer.status == 200, (q, answer)
                check(zone, h, reader, q, answer.json(), now)


def totals(c, histories):
    return {h.name: c.get("/v1/rollups/satisfaction", survey=h.name).body for h in histories}


def test_the_means_of_this_test_tell_right_from_wrong():
    """The vectors of the formulas above, so that the reference itself is checked."""
    f = figures("csat", {5: 42, 4: 32, 3: 10, 2: 9, 1: 14})
    assert round(f["csat"], 2) == 69.16
    f = figures("nps", {10: 55, 7: 35, 0: 10})
    assert round(f["nps"], 6) == 45 and round(f["nps_margin"], 1) == 13.1
    f = figures("ces", dict(zip(range(1, 8), (80, 210, 140, 110, 160, 180, 120))))
    assert round(f["ces_mean"], 2) == 4.08 and round(f["ces_easy"], 1) == 46.0
    warsaw = zoneinfo.ZoneInfo("Europe/Warsaw")
    # The night the clock goes back: two hours read 2:xx.
    first = parse_time("2026-10-25T00:30:00Z")
    second = parse_time("2026-10-25T01:30:00Z")
    assert bucket_start(warsaw, "hour", first) == first - 1800
    assert bucket_start(warsaw, "hour", second) == second - 1800
    assert bucket_start(warsaw, "day", second) == parse_time("2026-10-24T22:00:00Z")
    # Half an hour back makes the hour of 1:xx longer, half an hour on that of 2:xx shorter.
    howe = zoneinfo.ZoneInfo("Australia/Lord_Howe")
    for at, start in (
        ("2026-04-04T15:10:00Z", "2026-04-04T14:00:00Z"),
        ("2026-04-04T15:30:00Z", "2026-04-04T15:30:00Z"),
        ("2026-10-03T15:40:00Z", "2026-10-03T15:30:00Z"),
    ):
        assert bucket_start(howe, "hour", parse_time(at)) == parse_time(start)
    assert json.dumps(cut("a/b/c", 2)) == '"a/b"'
