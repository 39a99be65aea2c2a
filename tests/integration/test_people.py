"""Figures about people, against a model that keeps sets of names: participation,
retention with cohorts, recognition. Each also shows a naive way to compute it that
gives something else, so that the data can tell them apart."""
import collections
import datetime
import os
import pathlib
import random

import pytest

from harness import Daemon

DAY = 86400
START = 1767225600  # 2026-01-01T00:00:00Z
DAYS = 150
UNITS = ["north", "north/a", "south"]


def at(ts):
    return datetime.datetime.fromtimestamp(ts, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def month(ts):
    moment = datetime.datetime.fromtimestamp(ts, datetime.timezone.utc)
    return moment.year * 12 + moment.month - 1


def share(part, whole):
    return pytest.approx(100 * part / whole, abs=1e-4) if whole else None


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
    result = c.lines(events).json()
    assert result["rejected"] == [] and result["stored"] == len(events), result


# ---- participation -------------------------------------------------------------------


@pytest.fixture(scope="module")
def asked(c):
    """Invitations and answers: some by ref, some by respondent, some by nobody."""
    rng = random.Random(5)
    events, invited, answers = [], [], []
    for i in range(300):
        ts, unit = START + rng.randrange(60 * DAY), rng.choice(UNITS)
        who = f"p{rng.randrange(120)}" if rng.random() < 0.7 else None
        invited.append((f"inv{i}", ts, unit, who))
        data = {"survey": "nps", "unit": unit}
        if who:
            data["respondent"] = who
        events.append({"type": "survey.invited", "source": "t", "id": f"inv{i}",
                       "time": at(ts), "data": data})
    for i in range(400):
        ts, unit = START + rng.randrange(90 * DAY), rng.choice(UNITS)
        who = f"p{rng.randrange(200)}" if rng.random() < 0.6 else None
        ref = rng.choice(invited)[0] if rng.random() < 0.3 else None
        complete = rng.random() < 0.8
        answers.append((ts, unit, who, ref, complete))
        data = {"survey": "nps", "unit": unit, "answers": {"recommend": rng.randrange(11)},
                "complete": complete}
        if who:
            data["respondent"] = who
        if ref:
            data["ref"] = {"source": "t", "id": ref}
        events.append({"type": "survey.answered", "source": "t", "id": f"ans{i}",
                       "time": at(ts), "data": data})
    send(c, events)
    return invited, answers


def participation(asked, inside):
    invited, answers = asked
    done = {ref for _, _, _, ref, complete in answers if complete and ref}
    last = {}
    for ts, _, who, _, complete in answers:
        if complete and who:
            last[who] = max(ts, last.get(who, ts))
    first = {}
    for _, ts, _, who in invited:
        if who:
            first[who] = min(ts, first.get(who, ts))
    mine = [i for i in invited if inside(i[1], i[2])]
    given = [a for a in answers if inside(a[0], a[1])]
    known = {i[0] for i in invited}
    asked_by_then = {(a[0], a[2]) for a in given if a[2] in first and first[a[2]] <= a[0]}
    return {
        "invited": len(mine),
        "answered": len(given),
        "complete": sum(a[4] for a in given),
        "response_rate": share(sum(i[0] in done or last.get(i[3], 0) >= i[1] for i in mine),
                               len(mine)),
        "unsolicited": sum(a[3] not in known and (a[0], a[2]) not in asked_by_then for a in given),
        "respondents": len({a[2] for a in given if a[2]}),
    }


def check(row, want):
    for name, value in want.items():
        if not (name == "response_rate" and value is None):
            assert row[name] == value, (name, row, want)


def test_participation(c, asked):
    rows = c.rollup("participation", survey="nps")["rows"]
    assert len(rows) == 1
    check(rows[0], participation(asked, lambda t, u: True))
    assert rows[0]["n"] == rows[0]["answered"]


@pytest.mark.parametrize("first,last", [(0, 10), (10, 60), (55, 80)])
def test_participation_in_a_window(c, asked, first, last):
    start, end = START + first * DAY, START + last * DAY
    rows = c.rollup("participation", survey="nps", from_=at(start), to=at(end),
                    group_by="unit")["rows"]
    assert [r["unit"] for r in rows] == sorted(UNITS)
    for row in rows:
        check(row, participation(asked, lambda t, u, mine=row["unit"]:
                                 start <= t < end and u == mine))


def test_participation_by_day(c, asked):
    rows = c.rollup("participation", survey="nps", step="day", unit="north")["rows"]
    for row in rows:
        day = int(datetime.datetime.fromisoformat(
            row["time"].replace("Z", "+00:00")).timestamp())
        check(row, participation(asked, lambda t, u: t // DAY * DAY == day and
                                 u.startswith("north")))
    whole = c.rollup("participation", survey="nps", unit="north")["rows"][0]
    assert sum(r["n"] for r in rows) == whole["n"]
    # People of several days are one each: adding days is another figure.
    assert sum(r["respondents"] for r in rows) > whole["respondents"]


def test_rate_of_showings_is_not_clamped(c):
    when = at(START + DAY)
    send(c, [{"type": "survey.shown", "time": when, "data": {"survey": "ces"}}] * 2 +
         [{"type": "survey.answered", "time": when,
           "data": {"survey": "ces", "answers": {"ease": 6}}}] * 5)
    row = c.rollup("participation", survey="ces")["rows"][0]
    assert (row["shown"], row["response_rate"], row["unsolicited"]) == (2, 250, 3)


# ---- retention -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def signals(c):
    rng = random.Random(9)
    events, seen = [], []
    for i in range(900):
        ts, unit, who = (START + rng.randrange(DAYS * DAY), rng.choice(UNITS),
                         f"c{rng.randrange(150)}")
        signal = rng.choice(["signup", "purchase", "renewal", "return_visit",
                             "cancellation", "complaint"])
        seen.append((ts, unit, who, signal))
        events.append({"type": "signal.recorded", "source": "t", "id": f"sig{i}",
                       "time": at(ts), "data": {"audience": "customer", "unit": unit,
                                                "person": who, "signal": signal}})
    for day, active in (0, 400), (31, 380), (59, 420), (140, 5000):
        events.append({"type": "base.set", "time": at(START + day * DAY),
                       "data": {"active": active}})
    send(c, events)
    return seen


def cohorts(signals, start, end):
    first, active = {}, collections.defaultdict(set)
    for ts, _, who, signal in signals:
        if signal == "signup":
            first[who] = min(ts, first.get(who, ts))
    for ts, _, who, signal in signals:
        if signal in ("renewal", "purchase", "return_visit") and who in first:
            active[month(first[who]), month(ts) - month(first[who])].add(who)
    sizes = collections.Counter(month(t) for t in first.values() if start <= t < end)
    members = {w for w, t in first.items() if start <= t < end}
    return {m: (n, [len(active[m, k] & members) for k in range(1, 13)])
            for m, n in sizes.items()}


@pytest.mark.parametrize("first,last", [(0, DAYS), (0, 31), (20, 70)])
def test_cohorts(c, signals, first, last):
    start, end = START + first * DAY, START + last * DAY
    document = c.rollup("retention", from_=at(start), to=at(end))
    want = cohorts(signals, start, end)
    now = datetime.datetime.fromisoformat(document["as_of"].replace("Z", "+00:00"))
    begun = now.year * 12 + now.month - 1
    assert [r["month"] for r in document["cohorts"]] == [
        f"{m // 12}-{m % 12 + 1:02}" for m in sorted(want)]
    for row, (m, (size, active)) in zip(document["cohorts"], sorted(want.items())):
        assert row["size"] == size
        assert row["active"] == [n if m + k <= begun else None
                                 for k, n in enumerate(active, 1)]


def test_retention(c, signals):
    # January: 400 at its start, 380 at its end, as declared on those days.
    january = [s for s in signals if s[0] < START + 31 * DAY]
    gained = sum(s[3] == "signup" for s in january)
    due = {k: sum(s[3] == k for s in january) for k in ("cancellation", "renewal")}
    document = c.rollup("retention", from_=at(START), to=at(START + 31 * DAY))
    assert document["retention"] == share(380 - gained, 400)
    assert document["churn_of_due"] == share(due["cancellation"], sum(due.values()))
    assert "missing" not in document
    # The base of today would give another figure.
    assert document["retention"] != share(5000 - gained, 5000)
    by_signal = {r["signal"]: r["n"] for r in document["rows"]}
    assert by_signal == collections.Counter(s[3] for s in january)


def test_retention_by_month(c, signals):
    document = c.rollup("retention", from_=at(START), to=at(START + 59 * DAY),
                        step="month")
    figures = {r["time"]: r for r in document["figures"]}
    february = sum(s[3] == "signup" and month(s[0]) == month(START) + 1
                   for s in signals)
    row = figures["2026-02-01T00:00:00Z"]
    assert (row["active_start"], row["active_end"]) == (380, 420)
    assert row["retention"] == share(420 - february, 380)


def test_retention_without_a_base(c, signals):
    document = c.rollup("retention", from_=at(START - 31 * DAY), to=at(START + DAY))
    assert document["retention"] is None and document["missing"] == ["base.set"]


# ---- recognition ---------------------------------------------------------------------

CREW = 33  # so that five are left when crew/a has grown
HEADS = [(0, "crew/a", 8, 2), (0, "crew/b", 12, 1), (0, "crew/c", 3, 1),
         (0, "crew", CREW, 6), (60, "crew/a", 16, 2), (140, "crew/a", 200, 2)]


@pytest.fixture(scope="module")
def thanks(c):
    rng = random.Random(3)
    events = [{"type": "headcount.set", "time": at(START + day * DAY),
               "data": {"unit": unit, "headcount": n, "leaders": leaders}}
              for day, unit, n, leaders in HEADS]
    given = []
    for i in range(240):
        ts = START + rng.randrange(100 * DAY)
        unit = rng.choice(["crew/a", "crew/b", "crew/c", "crew/nobody-declared"])
        giver = f"{unit}{rng.randrange(5)}"
        to = sorted({f"{unit}{rng.randrange(8)}" for _ in range(rng.randrange(1, 4))})
        public, kind = rng.random() < 0.7, rng.choice(["praise", "reward"])
        leader = giver.endswith("0")
        data = {"audience": "employee", "unit": unit, "from": giver, "to": to,
                "kind": kind, "by_leader": leader,
                "visibility": "public" if public else "private"}
        if public:
            data |= {"to_name": "T", "from_name": "F", "to_agrees": True}
            given.append((ts, unit, giver, to, kind, leader))
        events.append({"type": "recognition.given", "source": "t", "id": f"thx{i}",
                       "time": at(ts), "data": data})
    send(c, events)
    return given


def recognition(given, inside, heads, leaders):
    mine = [g for g in given if inside(*g)]
    return {
        "n": len(mine),
        "by_leader": sum(g[5] for g in mine),
        "recipients": len({p for g in mine for p in g[3]}),
        "givers": len({g[2] for g in mine}),
        "headcount": heads,
        "coverage": share(len({p for g in mine for p in g[3]}), heads),
        "giver_participation": share(len({g[2] for g in mine}), heads),
        "leader_participation": share(len({g[2] for g in mine if g[5]}), leaders),
    }


def check_recognition(c, thanks):
    end = START + 59 * DAY
    document = c.rollup("recognition", audience="employee", from_=at(START), to=at(end))
    for row in document["rows"]:
        want = recognition(thanks, lambda t, u, f, to, k, b, kind=row["kind"]:
                           t < end and k == kind, CREW, 6)
        check(row, want)
    figures = document["figures"]
    assert len(figures) == 1
    want = recognition(thanks, lambda t, *_: t < end, CREW, 6)
    check(figures[0], want)
    assert figures[0]["frequency"] == pytest.approx(want["n"] / CREW / (59 / 30), abs=1e-4)
    assert figures[0]["backing_rate"] is None
    assert document["missing"] == ["decision.made"]
    # Customers decide nothing: no event of theirs is lacking for it.
    theirs = c.rollup("recognition", audience="customer", from_=at(START), to=at(end))
    assert "decision.made" not in theirs.get("missing", [])
    # Who was praised and rewarded is one person: kinds do not add up.
    assert sum(r["recipients"] for r in document["rows"]) > want["recipients"]


def test_recognition(c, thanks):
    check_recognition(c, thanks)


def test_recognition_uses_the_headcount_of_its_time(c, thanks):
    for first, last, heads in (0, 60, 8), (60, 100, 16):
        start, end = START + first * DAY, START + last * DAY
        document = c.rollup("recognition", audience="employee", unit="crew/a",
                            from_=at(start), to=at(end))
        check(document["figures"][0], recognition(
            thanks, lambda t, u, *_: start <= t < end and u == "crew/a", heads, 2))
        assert heads != 200  # which is what is in force now


def test_recency(c, thanks):
    as_of = START + 80 * DAY
    row = c.rollup("recognition", audience="employee", as_of=at(as_of),
                   to=at(as_of))["figures"][0]
    for name, days in ("recency_7d", 7), ("recency_30d", 30):
        people = {p for g in thanks for p in g[3] if as_of - days * DAY <= g[0] < as_of}
        assert row[name] == share(len(people), CREW)


def test_small_units_fold_into_their_parent(c, thanks):
    end = START + 59 * DAY
    document = c.rollup("recognition", audience="employee", group_by="unit", to=at(end))
    for row in document["figures"]:
        if row["unit"] == "crew":
            # Three people, and those whose unit nobody declared.
            mine = ("crew/c", "crew/nobody-declared")
            heads, leaders = CREW, 6
        else:
            mine = (row["unit"],)
            heads, leaders = {"crew/a": (8, 2), "crew/b": (12, 1)}[row["unit"]]
        check(row, recognition(thanks, lambda t, u, *_: t < end and u in mine, heads,
                               leaders))
    assert [r["unit"] for r in document["figures"]] == ["crew", "crew/a", "crew/b"]
    # Nor does asking for it alone show it.
    assert c.rollup("recognition", audience="employee", unit="crew/c")["rows"] == []


def test_what_is_left_of_a_parent_is_not_a_small_group(c, thanks):
    """Of ten people eight are shown: the other two would be what the parent shows."""
    start = START + 110 * DAY
    units = {"desk": 10, "desk/many": 8, "desk/few": 2}
    send(c, [{"type": "headcount.set", "time": at(start),
              "data": {"unit": u, "headcount": n}} for u, n in units.items()] +
         [{"type": "recognition.given", "time": at(start + DAY), "data": {
             "audience": "employee", "unit": u, "from": "x", "to": "y", "kind": "praise",
             "visibility": "public", "to_name": "T", "from_name": "F",
             "to_agrees": True}} for u in units])
    rows = c.rollup("recognition", audience="employee", unit="desk", group_by="unit",
                    from_=at(start))["rows"]
    assert [(r["unit"], r["n"]) for r in rows] == [("desk", 3)]


def test_the_analysts_file_names_nobody(daemon_, c, thanks):
    """Beside the names of those who agreed, a pseudonym would say whose it is."""
    send(c, [{"type": "recognition.given", "id": "from-a-customer", "data": {
        "audience": "customer", "from": "c1", "to": ["c2", "c3"], "kind": "praise"}}])
    kept = daemon_.sql("SELECT DISTINCT person FROM operational_person",
                       file="confidential.db")
    named = {p for g in thanks for p in [g[2], *g[3]]} | {"x", "y"}
    assert len(kept) == len(named)
    raw = b"".join(pathlib.Path(daemon_.dir, name).read_bytes()
                   for name in ("empowerd.db", "empowerd.db-wal"))
    assert b"from-a-customer" in raw
    assert not [p for p, in kept if p in raw]
    given = """SELECT count(*) FROM recognition AS r JOIN v_recognition AS v
               ON v.event_seq = r.event_seq JOIN event AS e ON e.seq = r.event_seq
               WHERE v.audience = ? AND (e.person IS NOT NULL OR r.people_key IS NULL
               OR EXISTS (SELECT 1 FROM recognition_recipient AS x
                          WHERE x.event_seq = r.event_seq))"""
    assert daemon_.one(given, "employee") == 0
    # Customers are counted by analysts, too.
    assert daemon_.one(given, "customer") == 1
    assert daemon_.one("SELECT count(DISTINCT person) FROM recognition_recipient") == 2
    assert daemon_.one("SELECT count(*) FROM v_event WHERE type = 'recognition.given'",
                       file="confidential.db") == 240 - len(thanks)
    assert os.stat(os.path.join(daemon_.dir, "confidential.db")).st_mode & 0o077 == 0


def test_verify(daemon_, asked, signals, thanks):
    daemon_.verify()
    daemon_.kill()
    daemon_.start()
    daemon_.verify()
    with daemon_.client() as client:
        check_recognition(client, thanks)
