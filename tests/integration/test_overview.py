"""GET /v1/overview and /v1/initiatives: against what was sent, and the overview also
against the answers that it is made of."""
import collections
import datetime
import random
import zoneinfo

import pytest

from harness import Daemon, refused

ZONE = zoneinfo.ZoneInfo("Europe/Warsaw")
HOUR = 3600
DAY = 24 * HOUR
NOW = int(datetime.datetime(2026, 5, 4, 9, tzinfo=datetime.timezone.utc).timestamp())
AS_OF = "2026-05-04T09:00:00Z"
SURVEY = {"name": "visit", "audience": "customer", "questions": [
    {"name": "recommend", "metric": "nps"}, {"name": "overall", "metric": "csat"},
    {"name": "effort", "metric": "ces"}, {"name": "respect", "metric": "pulse"},
    {"name": "why", "metric": "text"}]}
OTHER = {"name": "once", "audience": "customer",
         "questions": [{"name": "good", "metric": "csat"}]}
STAFF = {"name": "staff", "audience": "employee",
         "questions": [{"name": "recommend", "metric": "nps"}]}
SCALES = {"recommend": (0, 10), "overall": (1, 5), "effort": (1, 7), "respect": (1, 5)}
METRICS = {"recommend": "nps", "overall": "csat", "effort": "ces_easy",
           "respect": "favorable"}
UNITS = ["north", "north/a", "south"]
SIGNALS = ["complaint", "cancellation", "renewal", "purchase"]
# Initiatives: name, unit, and when. The clocks went forward on 29 March.
STARTS = {"calls": ("north", "2026-03-28T15:00:00Z"),
          "menu": (None, "2026-03-30T22:30:00Z"),
          "late": ("south", "2026-04-29T08:00:00Z")}


def iso(ts):
    return datetime.datetime.fromtimestamp(ts, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def local(ts):
    offset = datetime.datetime.fromtimestamp(ts, ZONE).strftime("%Y-%m-%dT%H:%M:%S%z")
    return offset[:-2] + ":" + offset[-2:]


def history(rng):
    for i in range(2500):
        ts, unit = NOW - rng.randrange(1, 80 * DAY), rng.choice(UNITS)
        kind = rng.random()
        if kind < 0.6:
            answers = {q: rng.randint(lo, hi) for q, (lo, hi) in SCALES.items()
                       if rng.random() < 0.7} or {"overall": 3}
            event = {"type": "survey.answered",
                     "data": {"survey": "visit", "unit": unit, "answers": answers}}
        elif kind < 0.7:
            event = {"type": "survey.shown", "data": {"survey": "visit", "unit": unit}}
        else:
            event = {"type": "signal.recorded", "data": {
                "audience": "customer", "signal": rng.choice(SIGNALS), "unit": unit,
                "person": f"c{rng.randrange(90)}"}}
        yield ts, event | {"source": "t", "id": f"h{i}", "time": iso(ts)}
    for i in range(20):  # a survey that is over
        ts = NOW - rng.randrange(40 * DAY, 55 * DAY)
        yield ts, {"type": "survey.answered", "source": "t", "id": f"o{i}",
                   "time": iso(ts), "data": {"survey": "once", "unit": "south",
                                             "answers": {"good": rng.randint(1, 5)}}}


def others(rng):
    yield {"type": "headcount.set", "time": iso(NOW - 200 * DAY),
           "data": {"unit": "north", "headcount": 20}}
    for i in range(200):
        ts = iso(NOW - rng.randrange(1, 60 * DAY))
        unit = rng.choice(UNITS[:2])
        yield {"type": "recognition.given", "source": "t", "id": f"r{i}", "time": ts,
               "data": {"audience": "employee", "unit": unit, "from": "b",
                        "to": f"e{rng.randrange(18)}", "kind": "praise",
                        "visibility": "public", "to_name": "T", "from_name": "F",
                        "to_agrees": True}}
        yield {"type": "decision.made", "source": "t", "id": f"d{i}", "time": ts,
               "data": {"role": "agent", "class": "refund", "unit": unit,
                        "answer": rng.choice(["yes", "no"]),
                        "escalated": rng.random() < 0.3}}
        yield {"type": "suggestion.submitted", "source": "t", "id": f"s{i}", "time": ts,
               "data": {"audience": "customer", "kind": "suggestion", "title": "t",
                        "unit": unit, "category": "app"}}
    for day in (50, 9, 30):
        yield {"type": "contact.logged", "time": iso(NOW - day * DAY),
               "data": {"mode": "face_to_face", "by_leader": True, "unit": "north"}}
    for name, (unit, ts) in STARTS.items():
        yield {"type": "initiative.started", "time": ts, "data": {
            "audience": "customer", "initiative": name, "title": name.title(),
            **({"unit": unit} if unit else {})}}
    yield {"type": "initiative.ended", "time": "2026-04-20T00:00:00Z",
           "data": {"audience": "customer", "initiative": "menu"}}


@pytest.fixture(scope="module")
def loaded():
    rng = random.Random(11)
    sent = list(history(rng))
    with Daemon("workers=2", "timezone=Europe/Warsaw") as d:
        d.start()
        with d.client() as c:
            for survey in (SURVEY, OTHER, STAFF):
                assert c.put("/v1/surveys/" + survey["name"], survey).status == 201
            events = [e for _, e in sent] + list(others(rng))
            rng.shuffle(events)
            result = c.lines(events).json()
            assert result["rejected"] == [], result["rejected"][:3]
        yield d, sent


# ---- the model ------------------------------------------------------------------------


def figure(question, values):
    n = len(values)
    if question == "recommend":
        return 100 * (sum(v >= 9 for v in values) - sum(v <= 6 for v in values)) / n
    good = {"overall": 4, "good": 4, "effort": 5, "respect": 4}[question]
    return 100 * sum(v >= good for v in values) / n


def close(x):
    return None if x is None else pytest.approx(x, abs=1e-4)


def inside(event, unit):
    own = event["data"]["unit"]
    return unit is None or own == unit or own.startswith(unit + "/")


def values(sent, survey, question, begin, end, unit=None):
    return [e["data"]["answers"][question] for ts, e in sent
            if e["type"] == "survey.answered" and e["data"]["survey"] == survey
            and question in e["data"]["answers"] and begin <= ts < end
            and inside(e, unit)]


def signals(sent, begin, end, unit=None):
    return collections.Counter(
        e["data"]["signal"] for ts, e in sent if e["type"] == "signal.recorded"
        and begin <= ts < end and inside(e, unit))


def side(sent, survey, question, begin, end, unit=None):
    found = values(sent, survey, question, begin, end, unit)
    return len(found), close(figure(question, found)) if found else None


def ask(d, path="/v1/overview", **params):
    with d.client() as c:
        answer = c.get(path, as_of=AS_OF, **params)
    assert answer.status == 200, answer
    return answer.json()


# ---- the overview ---------------------------------------------------------------------


@pytest.mark.parametrize("unit", [None, "north", "south"])
def test_overview_of_what_was_sent(loaded, unit):
    d, sent = loaded
    got = ask(d, **({"unit": unit} if unit else {}))
    begin, before = NOW - 30 * DAY, NOW - 60 * DAY
    assert (got["as_of"], got["to"]) == (local(NOW), local(NOW))
    assert (got["from"], got["previous_from"]) == (local(begin), local(before))
    rows = {(r["survey"], r["question"]): r for r in got["questions"]
            if r["audience"] == "customer"}
    asked = {("visit", q) for q in SCALES}
    if unit != "north":
        asked.add(("once", "good"))
    assert set(rows) == asked
    for (survey, q), row in rows.items():
        n, value = side(sent, survey, q, begin, NOW, unit)
        n_before, previous = side(sent, survey, q, before, begin, unit)
        assert (row["n"], row["value"]) == (n, value)
        assert (row["previous_n"], row["previous"]) == (n_before, previous)
        if n and n_before:
            assert row["change"] == pytest.approx(row["value"] - row["previous"],
                                                  abs=2e-4)
        else:
            assert row["change"] is None
    counts, earlier = (signals(sent, begin, NOW, unit),
                       signals(sent, before, begin, unit))
    for name, counted in (("", counts), ("previous_", earlier)):
        row = got["retention"]
        for plural in ("complaints", "cancellations", "renewals"):
            assert row[name + plural] == counted[plural[:-1]]
        assert row[name + "churn_of_due"] == close(
            100 * counted["cancellation"]
            / (counted["cancellation"] + counted["renewal"]))


def first(rows):
    return rows[0] if rows else {}


def test_overview_says_what_the_other_answers_say(loaded):
    d, _ = loaded
    got = ask(d)
    windows = {"": (iso(NOW - 30 * DAY), AS_OF),
               "previous_": (iso(NOW - 60 * DAY), iso(NOW - 30 * DAY))}
    for prefix, (begin, end) in windows.items():
        params = {"from_": begin, "to": end}
        for name, rollup, more in (
                ("suggestions", "suggestions", {"as_of": AS_OF}), ("decisions",) * 2 +
                ({},), ("recognition", "recognition",
                        {"as_of": AS_OF, "audience": "employee"})):
            with d.client() as c:
                answer = c.rollup(rollup, **params, **more)
            row = first(answer["figures" if name == "recognition" else "rows"])
            for key, value in got[name].items():
                if key.startswith("previous_") == bool(prefix):
                    column = key.removeprefix("previous_")
                    assert value == row.get(column), (name, key)
        assert got["suggestions"][prefix + "n"] > 0
        with d.client() as c:
            rate = c.rollup("participation", survey="visit", **params)["rows"][0]
        row = [r for r in got["participation"] if r["survey"] == "visit"][0]
        assert row[prefix + "n"] == rate["n"]
        assert row[prefix + "response_rate"] == rate["response_rate"]
        coherence = ask(d, "/v1/coherence", **params)
        for key in ("twins", "index", "care_deficit"):
            assert got["coherence"][prefix + key] == coherence[key]
    assert got["contact"] == {"days_since_face_to_face": 9}
    assert got["alerts"] == [{k: r[k] for k in ("category", "source", "n", "weeks")}
                             for r in ask(d, "/v1/alerts")["rows"] if r["open"]]


def test_employees_are_protected(loaded):
    d, _ = loaded
    got = ask(d)
    mine = [r for r in got["questions"] if r["survey"] == "staff"]
    assert mine == [{"audience": "employee", "survey": "staff", "question": "recommend",
                     "n": None, "suppressed": "protected"}]
    assert [r for r in got["participation"] if r["survey"] == "staff"] == [
        {"audience": "employee", "survey": "staff", "n": None,
         "suppressed": "protected"}]


def test_what_came_a_moment_ago_is_in_it(daemon):
    with daemon.client() as c:
        empty = c.get("/v1/overview").json()
        assert empty["suggestions"]["n"] == empty["retention"]["complaints"] == 0
        assert empty["alerts"] == [] and empty["coherence"]["index"] is None
        c.event({"type": "signal.recorded", "data": {
            "audience": "customer", "signal": "complaint", "person": "x"}})
        assert c.get("/v1/overview").json()["retention"]["complaints"] == 1
        refused(c.get("/v1/overview", step="day"), 422, "invalid", "step")
        refused(c.get("/v1/overview", from_="2200-01-01T00:00:00Z"), 422, "invalid",
                "from")


# ---- initiatives ----------------------------------------------------------------------


def midnight(day):
    return int(datetime.datetime.combine(day, datetime.time(), ZONE).timestamp())


def edges(start, days):
    day = datetime.datetime.fromisoformat(start.replace("Z", "+00:00")).astimezone(
        ZONE).date()
    step = datetime.timedelta(days=days)
    return midnight(day - step), midnight(day), min(midnight(day + step), NOW)


def test_it_misses_only_what_it_would_show(daemon):
    """Nobody declared leaders, and no decision was in a conflict; no figure here needs
    either."""
    now = int(datetime.datetime.now(datetime.timezone.utc).timestamp())
    sent = [("headcount.set", {"unit": "ops", "headcount": 30, "possible_days": 600}),
            ("base.set", {"active": 90}),
            ("contact.logged", {"mode": "face_to_face", "unit": "ops"}),
            ("decision.made", {"role": "agent", "class": "refund", "answer": "yes",
                               "unit": "ops"}),
            ("recognition.given", {
                "audience": "employee", "visibility": "public", "kind": "praise",
                "to": "a", "from": "b", "to_name": "A", "from_name": "B",
                "to_agrees": True, "unit": "ops"})]
    with daemon.client() as c:
        for kind, data in sent:
            assert c.event({"type": kind, "time": now - (200 if kind.endswith(".set") else 2)
                            * DAY, "data": data}).status == 201
        answer = c.get("/v1/overview").json()
        assert answer["recognition"]["coverage"] == pytest.approx(3.3333, abs=6e-5)
        assert answer.get("missing") is None
        rollup = c.get("/v1/rollups/recognition?audience=employee").json()
        assert set(rollup["missing"]) == {"headcount.set", "decision.made"}


@pytest.mark.parametrize("days", [None, 3, 14])
def test_before_and_after(loaded, days):
    d, sent = loaded
    got = ask(d, "/v1/initiatives", **({"days": days} if days else {}))
    assert "no proof" in got["note"]
    assert [r["initiative"] for r in got["rows"]] == ["late", "menu", "calls"]
    for row in got["rows"]:
        name = row["initiative"]
        unit, start = STARTS[name]
        begin, middle, end = edges(start, days or 28)
        assert row["title"] == name.title() and row["unit"] == unit
        assert row["audience"] == "customer"
        assert (row["before_from"], row["after_to"]) == (local(begin), local(end))
        assert (row["ended"] is not None) == (name == "menu")
        questions = {(r["survey"], r["question"]): r for r in got["questions"]
                     if r["initiative"] == name}
        for q, metric in METRICS.items():
            r = questions["visit", q]
            assert r["metric"] == metric
            assert (r["before_n"], r["before"]) == side(sent, "visit", q, begin, middle,
                                                        unit)
            assert (r["after_n"], r["after"]) == side(sent, "visit", q, middle, end,
                                                      unit)
        counts = {r["signal"]: (r["before_n"], r["after_n"]) for r in got["signals"]
                  if r["initiative"] == name}
        before, after = (signals(sent, begin, middle, unit),
                         signals(sent, middle, end, unit))
        assert counts == {s: (before[s], after[s])
                          for s in ("cancellation", "complaint", "renewal")}


def test_each_unit_begins_by_itself(daemon):
    """What is rolled out from unit to unit has a before and an after in each."""
    day0 = int(datetime.datetime(2026, 3, 2, 9, tzinfo=datetime.timezone.utc).timestamp())
    events = []

    def at(day, kind, unit, **data):
        events.append({"type": kind, "time": day0 + day * DAY,
                       "data": {**data, **({"unit": unit} if unit else {})}})

    at(0, "initiative.started", "north", initiative="calls", title="Calls")
    at(20, "initiative.started", "south", initiative="calls")
    at(30, "initiative.ended", "north", initiative="calls")
    at(0, "initiative.started", "north", initiative="menu")
    at(5, "initiative.started", "south", initiative="menu")
    at(9, "initiative.ended", None, initiative="menu")
    at(12, "initiative.started", "south", initiative="menu")
    at(3, "initiative.ended", "north", initiative="never")
    for unit, days in ("north", (-1, 1, 2)), ("south", (1, 19, 21)):
        for day in days:
            at(day, "signal.recorded", unit, audience="customer", signal="complaint",
               person="c")
    with daemon.client() as c:
        assert c.lines(events).json()["stored"] == len(events)
        got = c.get("/v1/initiatives", days=5).json()
        north = c.get("/v1/initiatives", unit="north").json()
    rows = [(r["initiative"], r["unit"], r["title"], r["started"], r["ended"] and
             r["ended"][:10]) for r in got["rows"]]
    assert rows == [
        ("calls", "south", None, iso(day0 + 20 * DAY), None),
        ("menu", "south", None, iso(day0 + 12 * DAY), None),
        ("calls", "north", "Calls", iso(day0), "2026-04-01"),
        ("menu", "north", None, iso(day0), "2026-03-11")]
    counts = {(r["initiative"], r["unit"]): (r["before_n"], r["after_n"])
              for r in got["signals"] if r["signal"] == "complaint"}
    assert counts == {("calls", "north"): (1, 2), ("calls", "south"): (1, 1),
                      ("menu", "north"): (1, 2), ("menu", "south"): (0, 0)}
    assert {r["unit"] for r in north["rows"] + north["signals"]} == {"north"}


def test_which_initiatives(loaded):
    d, _ = loaded

    def names(**params):
        return [r["initiative"] for r in ask(d, "/v1/initiatives", **params)["rows"]]

    assert names(initiative="menu") == ["menu"]
    assert names(unit="north") == ["calls"]
    assert names(from_="2026-03-30T00:00:00Z", to="2026-04-01T00:00:00Z") == ["menu"]
    assert names(audience="employee") == []
    with d.client() as c:
        refused(c.get("/v1/initiatives", days=0), 422, "invalid", "days")
        refused(c.get("/v1/initiatives", days=367), 422, "invalid", "days")
        refused(c.get("/v1/overview", days=3), 422, "invalid", "days")
