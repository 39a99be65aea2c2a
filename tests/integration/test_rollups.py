"""GET /v1/rollups: figures against SQL on the file while the daemon runs."""
import collections
import csv
import datetime
import io
import json
import random

import pytest

from harness import Daemon, refused

DAY = 86400
START = 1767225600  # 2026-01-01T00:00:00Z, a Thursday
UNITS = ["retail", "retail/north", "retail/north/s1", "retail/north/s2", "retail/south/s3",
         "web"]
SEGMENTS = ["new", "loyal", None]
QUESTIONS = {"overall": range(1, 6), "speed": range(1, 6), "recommend": range(0, 11)}
N = 2500


def at(ts):
    return datetime.datetime.fromtimestamp(ts, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def history(seed):
    """Answers over 40 days, the same for the same seed."""
    rng = random.Random(seed)
    for i in range(N):
        data = {"survey": "visit", "unit": rng.choice(UNITS), "channel": "web",
                "answers": {q: rng.choice(list(values)) for q, values in QUESTIONS.items()
                            if rng.random() < 0.8} or {"overall": 3}}
        segment = rng.choice(SEGMENTS)
        if segment:
            data["segment"] = segment
        yield {"type": "survey.answered", "id": f"{seed}-{i}", "source": "test",
               "time": at(START + rng.randrange(40 * DAY)), "data": data}


SURVEY = {"name": "visit", "audience": "customer",
          "questions": [{"name": "overall", "metric": "csat"},
                        {"name": "recommend", "metric": "nps"}],
          "open": {"metric": "csat", "scale": [1, 5]}}


@pytest.fixture(scope="module")
def loaded():
    with Daemon("workers=2") as d:
        d.start()
        with d.client() as c:
            assert c.put("/v1/surveys/visit", SURVEY).status == 201
            result = c.lines(history(1)).json()
            assert result["stored"] == N and result["rejected"] == [], result
        yield d


@pytest.fixture
def c(loaded):
    with loaded.client() as client:
        yield client


def buckets(step, ts):
    if step is None:
        return None
    if step == "day":
        return ts - ts % DAY
    if step == "hour":
        return ts - ts % 3600
    moment = datetime.datetime.fromtimestamp(ts, datetime.timezone.utc)
    midnight = ts - ts % DAY
    if step == "week":
        return midnight - moment.weekday() * DAY
    return midnight - (moment.day - 1) * DAY  # month


def expected(daemon, start=None, end=None, step=None, keys=(), where="1", depth=0):
    """Histograms from the answers in the file, bucketed here."""
    table = collections.defaultdict(collections.Counter)
    for ts, question, value, unit, segment in daemon.sql(
            "SELECT ts, question, value, unit, segment FROM v_answer "
            f"WHERE survey = 'visit' AND {where}"):
        if (start is not None and ts < start) or (end is not None and ts >= end):
            continue
        if depth and unit:
            unit = "/".join(unit.split("/")[:depth])
        have = {"unit": unit, "segment": segment}
        group = tuple(have[k] for k in keys)
        table[question, group, buckets(step, ts)][value] += 1
    return table


def shown(document, keys=()):
    table = {}
    for row in document["rows"]:
        assert row["audience"] == "customer" and row["survey"] == "visit"
        time = row.get("time")
        if time is not None:
            time = int(datetime.datetime.fromisoformat(
                time.replace("Z", "+00:00")).timestamp())
        key = row["question"], tuple(row[k] for k in keys), time
        assert key not in table
        table[key] = row
    return table


def compare(want, rows):
    assert set(rows) == set(want)
    for key, values in want.items():
        row = rows[key]
        n = sum(values.values())
        assert row["n"] == n
        have = {int(k): v for k, v in row["histogram"].items() if v}
        assert have == dict(values)
        mean = sum(v * k for v, k in values.items()) / n
        assert row["mean"] == pytest.approx(mean, abs=1e-4)
        if key[0] == "recommend":
            nps = 100 * (sum(k for v, k in values.items() if v >= 9) -
                         sum(k for v, k in values.items() if v <= 6)) / n
            assert row["nps"] == pytest.approx(nps, abs=1e-4)
        else:
            csat = 100 * sum(k for v, k in values.items() if v >= 4) / n
            assert row["csat"] == pytest.approx(csat, abs=1e-4)


def test_all_time(loaded, c):
    compare(expected(loaded), shown(c.rollup("satisfaction", survey="visit")))


@pytest.mark.parametrize("step", ["hour", "day", "week", "month"])
def test_steps(loaded, c, step):
    document = c.rollup("satisfaction", survey="visit", step=step)
    compare(expected(loaded, step=step), shown(document))


@pytest.mark.parametrize("first,last", [(0, 1), (3, 9), (10, 40), (39, 45)])
def test_windows(loaded, c, first, last):
    start, end = START + first * DAY, START + last * DAY
    document = c.rollup("satisfaction", survey="visit", from_=at(start), to=end)
    assert (document["from"], document["to"]) == (at(start), at(end))
    compare(expected(loaded, start, end), shown(document))
    document = c.rollup("satisfaction", survey="visit", from_=start * 1000, to=at(end),
                        step="day", group_by="unit")
    compare(expected(loaded, start, end, "day", ["unit"]), shown(document, ["unit"]))


@pytest.mark.parametrize("keys", [["unit"], ["segment"], ["unit", "segment"],
                                  ["segment", "unit"]])
def test_groups(loaded, c, keys):
    document = c.rollup("satisfaction", survey="visit", group_by=",".join(keys))
    compare(expected(loaded, keys=keys), shown(document, keys))


def test_filters(loaded, c):
    for unit, where in [
            ("retail/north", "(unit = 'retail/north' OR unit GLOB 'retail/north/*')"),
            ("web", "unit = 'web'"), ("web,retail/south", "(unit GLOB 'retail/south*' "
                                      "OR unit = 'web')")]:
        compare(expected(loaded, where=where),
                shown(c.rollup("satisfaction", survey="visit", unit=unit)))
    compare(expected(loaded, where="segment = 'loyal'"),
            shown(c.rollup("satisfaction", survey="visit", segment="loyal")))
    document = c.rollup("satisfaction", survey="visit", question="speed", segment="new",
                        group_by="unit", depth=1)
    compare(expected(loaded, keys=["unit"], depth=1,
                     where="segment = 'new' AND question = 'speed'"),
            shown(document, ["unit"]))
    assert c.rollup("satisfaction", survey="visit", unit="nowhere")["rows"] == []


def test_random_questions(loaded, c):
    rng = random.Random(7)
    for _ in range(60):
        start = START + rng.randrange(38) * DAY
        end = start + (1 + rng.randrange(20)) * DAY
        keys = rng.sample(["unit", "segment"], rng.randrange(3))
        step = rng.choice([None, "day"])
        params = {"survey": "visit", "from_": start, "to": end}
        if keys:
            params["group_by"] = ",".join(keys)
        if step:
            params["step"] = step
        compare(expected(loaded, start, end, step, keys),
                shown(c.rollup("satisfaction", **params), keys))


def test_verify(loaded):
    loaded.verify()


def test_etag(loaded, c):
    path = "/v1/rollups/satisfaction?survey=visit&group_by=unit"
    first = c.get(path)
    etag = first.headers["ETag"]
    assert etag.startswith('"')
    with loaded.client() as other:  # whichever worker answers
        for _ in range(5):
            assert other.get(path).headers["ETag"] == etag
    for value in etag, "W/" + etag, '"x", ' + etag, "*":
        again = c.get(path, {"If-None-Match": value})
        assert again.status == 304 and again.body == b"", value
        assert again.headers["ETag"] == etag
    assert c.get(path, {"If-None-Match": '"x"'}).body == first.body
    head = c.request("HEAD", path)
    assert head.status == 200 and head.body == b""
    assert int(head.headers["Content-Length"]) == len(first.body)
    assert head.headers["ETag"] == etag


def test_csv(c):
    answer = c.get("/v1/rollups/satisfaction?survey=visit&group_by=unit&format=csv")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/csv")
    assert 'filename="satisfaction.csv"' in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text())))
    document = c.rollup("satisfaction", survey="visit", group_by="unit")
    assert [(r["unit"], r["question"], int(r["n"])) for r in rows] == [
        (r["unit"], r["question"], r["n"]) for r in document["rows"]]


@pytest.mark.parametrize("query,pointer", [
    ("survey=visit&colour=red", "colour"), ("from=yesterday", "from"),
    ("from=2026-01-02&to=2026-01-01", None), ("step=year", "step"),
    ("group_by=person", "group_by"), ("group_by=respondent", "group_by"),
    ("unit=UPPER", "unit"), ("survey=none", "survey"), ("person=x", None),
    ("survey=visit&survey=visit", "survey"), ("format=xml", "format"),
    ("depth=x", "depth")])
def test_bad_questions(c, query, pointer):
    answer = c.get("/v1/rollups/satisfaction?" + query)
    refused(answer, 422, "invalid", pointer)


def test_no_such_rollup(c):
    refused(c.get("/v1/rollups/ranking"), 404, "not-found")


def test_scopes(loaded):
    path = "/v1/rollups/satisfaction"
    with loaded.client(None) as c:
        refused(c.get(path), 401, "unauthorized")
    with loaded.client(loaded.new_token("ingest")) as c:
        refused(c.get(path), 403, "forbidden")
    with loaded.client(loaded.new_token("read", unit="retail/north")) as c:
        for unit in "retail/north", "retail/north/s1", "retail/north/s1,retail/north/s2":
            assert c.get(path, survey="visit", unit=unit).status == 200
        for query in "", "?unit=retail", "?unit=retail/north,web", "?unit=retail/northern":
            for _ in range(8):  # nor what a worker has ready for others
                with loaded.client() as other:
                    assert other.get(path + query).status == 200
            refused(c.get(path + query), 403, "forbidden", "unit")
        refused(c.get("/metrics"), 403, "forbidden")
        refused(c.get("/v1/verify"), 403, "forbidden")


def test_same_bytes_after_a_restart():
    with Daemon() as d:
        d.start()
        paths = ["/v1/rollups/satisfaction?survey=visit" + more for more in
                 ("", "&step=day", "&group_by=unit,segment", "&step=week&group_by=unit")]
        with d.client() as c:
            c.put("/v1/surveys/visit", SURVEY)
            assert c.lines(history(2)).json()["stored"] == N
            before = [c.get(p).body for p in paths]
        for end in d.stop, d.kill, d.kill:
            end()
            d.start()
            with d.client() as c:
                assert [c.get(p).body for p in paths] == before
            d.verify()


def test_employee_surveys_show_nothing():
    with Daemon() as d:
        d.start()
        with d.client() as c:
            declared = {"name": "mood", "audience": "employee", "period": "month",
                        "questions": [{"name": "energy", "metric": "pulse"}],
                        "open": {"metric": "pulse"}}
            assert c.put("/v1/surveys/mood", declared).status == 201
            # A customer's answer, so that there is something to show.
            c.event({"type": "survey.answered", "id": "x",
                     "data": {"survey": "nps", "answers": {"recommend": 9}}})
            paths = ["/v1/rollups/satisfaction?survey=mood",
                     "/v1/rollups/satisfaction?survey=mood&step=day",
                     "/v1/rollups/satisfaction?audience=employee",
                     "/v1/rollups/satisfaction?survey=mood&group_by=unit",
                     "/v1/rollups/satisfaction?survey=mood&format=csv",
                     "/v1/rollups/participation?survey=mood",
                     "/v1/rollups/retention?audience=employee",
                     "/v1/rollups/recognition?audience=employee"]
            before = [c.get(p) for p in paths]
            for answer in before:
                assert answer.status == 200, answer
            row = before[0].json()["rows"][0]
            assert row["question"] == "energy"
            assert row["n"] is None and row["suppressed"] == "protected"
            for i in range(30):
                for event in (
                        {"type": "survey.answered", "id": f"s{i}", "data": {
                            "survey": "mood", "respondent": f"p{i}", "unit": "ops",
                            "answers": {"energy": 1 + i % 5, "other": 3}}},
                        {"type": "signal.recorded", "id": f"a{i}", "data": {
                            "audience": "employee", "signal": "separation",
                            "person": f"p{i}", "unit": "ops", "voluntary": True}},
                        {"type": "recognition.given", "id": f"r{i}", "data": {
                            "audience": "employee", "kind": "praise", "from": "a",
                            "to": f"p{i}", "visibility": "private"}}):
                    answer = c.event(event)
                    assert answer.status == 201 and "seq" not in answer.json(), answer
            after = [c.get(p) for p in paths]
            assert [a.body for a in after] == [a.body for a in before]
            assert [a.headers["ETag"] for a in after] == [
                a.headers["ETag"] for a in before]


def test_other_rollups_answer(loaded):
    with loaded.client() as c:
        person = 0
        for month in "01", "02":
            for signal in "signup", "purchase", "renewal", "cancellation":
                person += 1
                event = {"type": "signal.recorded", "id": f"sig{person}",
                         "time": f"2026-{month}-03T00:00:00Z",
                         "data": {"audience": "customer", "signal": signal,
                                  "person": f"p{person}"}}
                assert c.event(event).status == 201
        rows = c.rollup("retention")["rows"]
        by_signal = {r["signal"]: r["n"] for r in rows if "signal" in r}
        assert by_signal["signup"] == 2 and by_signal["cancellation"] == 2
        for name in "recognition", "participation":
            assert "rows" in c.rollup(name)
    loaded.verify()
    assert json.loads(json.dumps(rows)) == rows
