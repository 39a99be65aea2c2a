"""Whole data sets imported through HTTP give exactly their known figures.

The same checks run on two kinds of data: airline ratings and HR records that this test
generates in the shape of the public data sets, whose figures it counts itself; and the
real files where they are present (a directory `shared/data` beside the checkout, or
EMPOWERD_DATA), whose figures are in their README. Customers' figures must be equal by
unit, segment and touchpoint, for any day-aligned window, over HTTP and by SQL on the
file while the daemon runs. Of employees nothing may show.
"""
import collections
import datetime
import gzip
import json
import os
import pathlib
import random
import re
import subprocess

import pytest

from harness import Daemon, until

TOP = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("EMPOWERD_DATA", TOP.parent / "shared" / "data"))
FLIGHT = {"name": "flight", "audience": "customer", "title": {"en": "Your flight"}}
FLIGHT |= {"questions": [], "open": {"metric": "csat", "scale": [1, 5]}}
WORKPLACE = {"name": "workplace", "audience": "employee", "title": {"en": "Your work"}}
WORKPLACE |= {"questions": [], "open": {"metric": "csat", "scale": [1, 4]}}
RATINGS = (
    "inflight_wifi_service departure_arrival_time_convenient ease_of_online_booking "
    "gate_location food_and_drink online_boarding seat_comfort inflight_entertainment "
    "on_board_service leg_room_service baggage_handling checkin_service "
    "inflight_service cleanliness"
).split()
DAY = 86400


def iso(ts):
    return datetime.datetime.fromtimestamp(ts, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )


def airline_like(rng, count=3000):
    start = 1767225600  # 2026-01-01
    for i in range(count):
        answers = {q: rng.choice((1, 2, 3, 4, 4, 5)) for q in RATINGS if rng.random() < 0.95}
        yield {
            "type": "survey.answered",
            "id": f"airline-{i}",
            "time": iso(start + i * 180 * DAY // count),
            "data": {
                "audience": "customer",
                "survey": "flight",
                "respondent": f"p{i}",
                "unit": "airline/" + rng.choice(("eco", "eco_plus", "business")),
                "segment": rng.choice(("loyal_customer", "disloyal_customer")),
                "touchpoint": rng.choice(("business_travel", "personal_travel")),
                "channel": "email",
                "answers": answers,
            },
        }


def hr_like(rng, count=300):
    units = ("sales", "research_development", "human_resources")
    people = [(f"e{i}", "company/" + rng.choice(units)) for i in range(count)]
    sizes = collections.Counter(u for _, u in people)

    def event(kind, i, data):
        data["audience"] = "employee"
        return {"type": kind, "id": i, "time": "2026-03-01T00:00:00Z", "data": data}

    for u, n in sizes.items():
        yield event("headcount.set", f"hr-headcount-{u}", {"unit": u, "headcount": n})
    for p, u in people:
        answers = {q: rng.randint(1, 4) for q in ("environment", "job", "balance")}
        data = {"unit": u, "survey": "workplace", "respondent": p, "answers": answers}
        yield event("survey.answered", f"hr-{p}-answer", data)
        if rng.random() < 0.2:
            data = {"unit": u, "person": p, "signal": "separation"}
            yield event("signal.recorded", f"hr-{p}-left", data)
        for t in range(rng.randrange(3)):
            data = {"unit": u, "person": p, "topic": "unspecified"}
            yield event("training.completed", f"hr-{p}-training{t}", data)


def known_airline(figures):
    """The figures that the README of the real files states."""
    h = figures["seat_comfort"]
    assert h["histogram"] == {"1": 3033, "2": 3632, "3": 4632, "4": 7991, "5": 6688}
    assert round(h["csat"], 2) == 56.51
    assert figures["cleanliness"]["n"] == 25974
    assert round(figures["cleanliness"]["csat"], 2) == 48.19


@pytest.fixture(params=["generated", "real"])
def data(request, tmp_path):
    """(airline file, hr file, is real)"""
    names = ("airline.ndjson.gz", "hr.ndjson.gz")
    if request.param == "real":
        files = [DATA / n for n in names]
        if all(f.exists() for f in files):
            return (*files, True)
        # Elsewhere than on the makers' machines the generated data of the same shape
        # stand in, larger than usual, so that this case is never empty.
        rng, count = random.Random(2), 6000
    else:
        rng, count = random.Random(1), 2000
    files = [tmp_path / n for n in names]
    for path, events in zip(files, (airline_like(rng, count), hr_like(rng))):
        with gzip.open(path, "wt", compresslevel=1, encoding="utf-8") as f:
            f.writelines(json.dumps(e) + "\n" for e in events)
    return (*files, False)


def read(path):
    with gzip.open(path, "rt", encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def post_file(c, path):
    """As curl would: the gzip file is the body, in parts below the limit of a batch."""
    lines = [json.dumps(e) for e in read(path)]
    stored = 0
    for i in range(0, len(lines), 5000):
        answer = c.lines(lines[i : i + 5000], compress=True)
        assert answer.status == 200, answer
        assert answer.json()["rejected"] == []
        stored += answer.json()["stored"]
    return stored


def count(events, fields, low, high):
    """{(question, field values): Counter of scores}"""
    result = collections.defaultdict(collections.Counter)
    for e in events:
        at = datetime.datetime.fromisoformat(e["time"].replace("Z", "+00:00")).timestamp()
        if low <= at < high:
            key = tuple(e["data"].get(f) for f in fields)
            for q, v in e["data"]["answers"].items():
                result[q, key][v] += 1
    return result


def test_customers_figures_are_exact(daemon, data):
    with daemon.client() as c:
        assert c.put("/v1/surveys/flight", FLIGHT).status == 201
        events = read(data[0])
        assert post_file(c, data[0]) == len(events)
        everything = c.rollup("satisfaction", survey="flight")["rows"]
        figures = {row["question"]: row for row in everything}
        assert sorted(figures) == sorted(RATINGS)
        if data[2]:
            known_airline(figures)
        compare(daemon, c, events)


def compare(d, c, events):
    """Random windows and groups, over HTTP, by SQL and counted here."""
    rng = random.Random(5)
    first = 1767225600
    windows = [(None, None)]
    for _ in range(12):
        a, b = sorted(rng.sample(range(-3, 190), 2))
        windows.append((first + a * DAY, first + b * DAY))
    for low, high in windows:
        fields = rng.sample(("unit", "segment", "touchpoint"), rng.randint(0, 3))
        q = {"survey": "flight"}
        if low is not None:
            q |= {"from": iso(low), "to": iso(high)}
        if fields:
            q["group_by"] = ",".join(fields)
        low, high = low or 0, high or 2**40
        expected = count(events, fields, low, high)
        got = {
            (row["question"], tuple(row[f] for f in fields)): row
            for row in c.rollup("satisfaction", **q)["rows"]
        }
        assert set(got) == set(expected)
        for key, hist in expected.items():
            row = got[key]
            n = sum(hist.values())
            assert row["n"] == n
            assert row["histogram"] == {str(v): hist[v] for v in range(1, 6)}
            assert abs(row["csat"] - 100 * (hist[4] + hist[5]) / n) < 6e-5
            assert abs(row["mean"] - sum(v * c for v, c in hist.items()) / n) < 6e-5
        # The same by SQL, on the file that the daemon is using.
        columns = ", ".join(["question", *fields])
        by_sql = collections.defaultdict(collections.Counter)
        for *key, value, n in d.sql(
            f"SELECT {columns}, value, count(*) FROM v_answer"
            f" WHERE survey = 'flight' AND ts >= ? AND ts < ? GROUP BY {columns}, value",
            low,
            high,
        ):
            by_sql[key[0], tuple(key[1:])][value] = n
        assert by_sql == expected


def everywhere(d):
    """Every byte that an analyst or a reader can look at."""
    reader = d.new_token("read", label="reader")
    with d.client(reader) as c:
        for name in ("satisfaction", "retention", "recognition", "participation"):
            for q in (
                {},
                {"audience": "employee"},
                {"audience": "employee", "group_by": "unit"},
                {"audience": "employee", "step": "month", "from": "2026-01-01T00:00:00Z"},
                {"audience": "employee", "format": "csv"},
                {"audience": "employee", "shape": "columns"},
            ):
                answer = c.get(f"/v1/rollups/{name}", **q)
                etag = answer.headers.get("ETag") or ""
                yield f"{name} {q}", answer.body + etag.encode()
        yield "metrics", c.get("/metrics").body
        yield "survey", c.get("/v1/surveys/workplace").body
        yield "surveys", c.get("/v1/surveys").body
    dump = subprocess.run(
        ["sqlite3", "-readonly", os.path.join(d.dir, "empowerd.db"), ".dump"],
        check=True,
        capture_output=True,
    ).stdout
    yield "empowerd.db", dump


# What differs between two daemons by chance alone: times, random ids and hashes, and
# what the process tells of itself.
NOISE = re.compile(
    rb"(?m)^INSERT INTO (setting|id_block|survey|event) .*$"
    rb"|\"(as_of|created|changed)\":\"[^\"]*\"|\"[0-9a-f]{16,}(-[0-9a-f]+)?\"|W/|"
    rb"^(process_|empowerd_)\S* .*$"
)


def test_nothing_of_employees_shows(data):
    """What can be seen is the same whether employees answered or not. What else the
    roster tells, who left and how many there are, is no answer of anybody."""
    events = read(data[1])
    heads = [e for e in events if e["type"] in ("headcount.set", "signal.recorded")]
    rest = [e for e in events if e["type"] not in ("headcount.set", "signal.recorded")]
    hidden = [e for e in events if e["type"] != "headcount.set"]
    with Daemon() as silent, Daemon() as d:
        for one in (silent, d):
            with one.start().client() as c:
                assert c.put("/v1/surveys/workplace", WORKPLACE).status == 201
                assert c.lines(heads).json()["stored"] == len(heads)
        with d.client() as c:
            assert post_file(c, data[1]) == len(rest)
        sealed = d.sql("SELECT type, count(*) FROM event GROUP BY 1", file="confidential.db")
        assert dict(sealed) == collections.Counter(e["type"] for e in hidden)
        for one in d, silent:  # what is written in the daemon's own time is written
            until(lambda: one.one("SELECT counted_before FROM progress") ==
                  one.one("SELECT max(seq) + 1 FROM event"))
        for (where, seen), (_, blank) in zip(everywhere(d), everywhere(silent)):
            assert NOISE.sub(b"", seen) == NOISE.sub(b"", blank), where
            if where != "empowerd.db":
                for word in (b"environment", b"unspecified"):
                    assert word not in seen, (where, word)
        same = "SELECT type, unit, at FROM v_event ORDER BY 1, 2, 3"
        assert d.sql(same) == silent.sql(same)
        check_bytes(d, rest)
        with d.client() as c:
            rows = c.rollup("satisfaction", survey="workplace")["rows"]
            assert all(r["n"] is None and r["suppressed"] == "protected" for r in rows)


SMALL = "company/human_resources/payroll"


def by_question(rows):
    return {(r["question"], r.get("unit")): r for r in rows}


def check_released(c, answers, real):
    """Units have exactly what all their people answered; the four of a small one are in
    the unit above."""
    shown = lambda u: u.rpartition("/")[0] if u == SMALL else u
    want, total = collections.defaultdict(collections.Counter), {}
    for e in answers:
        for q, v in e["data"]["answers"].items():
            want[q, shown(e["data"]["unit"])][v] += 1
            total.setdefault((q, None), collections.Counter())[v] += 1
    for expected, params in ((want, {"group_by": "unit"}), (total, {})):
        rows = by_question(c.rollup("satisfaction", survey="workplace", **params)["rows"])
        assert set(rows) == set(expected)
        for key, hist in expected.items():
            row, n = rows[key], hist.total()
            assert row["n"] == n and row["verified"] is True
            assert row["histogram"] == {str(v): hist[v] for v in range(1, 5)}
            assert abs(row["csat"] - 100 * (hist[3] + hist[4]) / n) < 6e-5
    few = c.rollup("satisfaction", survey="workplace", unit=SMALL)["rows"]
    assert few == [{"audience": "employee", "survey": "workplace", "question": None,
                    "n": None, "suppressed": "protected"}]
    if real:  # the README's, and the four
        job = collections.Counter({1: 289, 2: 280, 3: 442, 4: 459})
        job.update(e["data"]["answers"]["job"] for e in answers
                   if e["data"]["unit"] == SMALL)
        assert total["job", None] == job


def test_what_employees_answered_is_released_by_unit(daemon, data):
    events = read(data[1])
    heads = [e for e in events if e["type"] == "headcount.set"]
    heads.append({"type": "headcount.set", "id": "h-small", "time": heads[0]["time"],
                  "data": {"unit": SMALL, "headcount": 4}})
    answers = [e for e in events if e["type"] == "survey.answered"]
    answers += [{"type": "survey.answered", "id": f"small-{i}", "time": heads[0]["time"],
                 "data": {"survey": "workplace", "unit": SMALL, "respondent": f"small {i}",
                          "answers": {"job": 1 + i % 4, "balance": 2}}} for i in range(4)]
    with daemon.client() as c:
        assert c.put("/v1/surveys/workplace", WORKPLACE).status == 201
        for lines in (heads, answers[-4:], answers[:-4]):
            assert c.lines(lines).json()["stored"] == len(lines)
        for params in ({}, {"group_by": "unit"}, {"unit": "company/sales"},
                       {"question": "job", "step": "month"}):
            rows = c.rollup("satisfaction", survey="workplace", **params)["rows"]
            assert rows and all(r["suppressed"] == "protected" for r in rows)
        assert c.post("/v1/surveys/workplace/release", {}).status == 201
        check_released(c, answers, data[2])
    assert daemon.one("SELECT count(*) FROM v_release WHERE unit = ?", SMALL) == 0
    daemon.verify()
    daemon.restart()
    with daemon.client() as c:
        check_released(c, answers, data[2])
    daemon.verify()


def known_hr(rows):
    """The figures that the README of the real files states."""
    left = {unit: (row["n"], row["headcount"]) for unit, row in rows.items()}
    assert left == {"company/sales": (92, 446), "company/research_development": (133, 961),
                    "company/human_resources": (12, 63)}


def test_turnover(daemon, data):
    """Who left, of those there were: by unit and in all, as counted here."""
    events = read(data[1])
    with daemon.client() as c:
        assert c.put("/v1/surveys/workplace", WORKPLACE).status == 201
        assert post_file(c, data[1]) == len(events)
        heads = {e["data"]["unit"]: e["data"]["headcount"] for e in events
                 if e["type"] == "headcount.set"}
        left = collections.Counter(e["data"]["unit"] for e in events
                                   if e["type"] == "signal.recorded")
        q = {"audience": "employee", "signal": "separation"}
        rows = c.rollup("retention", **q, group_by="unit")["rows"]
        assert {r["unit"]: (r["n"], r["headcount"]) for r in rows} == {
            u: (left[u], heads[u]) for u in heads}
        if data[2]:
            known_hr({r["unit"]: r for r in rows})
        for row in rows + c.rollup("retention", **q)["rows"]:
            n, of = left[row.get("unit")], heads.get(row.get("unit"))
            n, of = n or sum(left.values()), of or sum(heads.values())
            assert abs(row["turnover"] - 100 * n / of) < 6e-5
            # Nobody said who of them chose to.
            assert row["voluntary"] is row["voluntary_turnover"] is None
        if data[2]:
            assert round(row["turnover"], 2) == 16.12
        # The same of the month in which they left, and none of any other.
        months = c.rollup("retention", **q, step="month")["rows"]
        assert [(r["time"][:7], r["n"]) for r in months] == [("2026-03", sum(left.values()))]


def check_bytes(d, rest):
    """Not one id of an employee's event or person in the analysts' file."""
    raw = b""
    for name in ("empowerd.db", "empowerd.db-wal"):
        raw += pathlib.Path(d.dir, name).read_bytes()
    for e in rest:
        assert e["id"].encode() not in raw
    assert os.stat(os.path.join(d.dir, "confidential.db")).st_mode & 0o077 == 0
