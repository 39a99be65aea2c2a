"""GET /v1/coherence against the formulas of the manual over what was sent: levels from
lists of answers, sets of names and days waited."""
import collections
import datetime
import random

import pytest

from harness import Daemon, refused

DAY = 86400
MONTHS = 5
YEAR = 2026
AS_OF = "2026-06-15T00:00:00Z"  # a good fortnight after the last of them


def when(month, day, hour=12):
    return datetime.datetime(YEAR, month, day, hour, tzinfo=datetime.timezone.utc)


def text(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


END = when(MONTHS + 1, 1, 0)
NOW = datetime.datetime.fromisoformat(AS_OF.replace("Z", "+00:00"))

FLIGHT = {"name": "flight", "audience": "customer", "questions": [
    {"name": "overall", "metric": "nps", "twin": "crew/recommend"},
    {"name": "service", "metric": "csat", "scale": [1, 5]},
    {"name": "effort", "metric": "ces"},
    {"name": "respect", "metric": "pulse"},
    {"name": "food", "metric": "csat", "scale": [1, 5]}],
    "open": {"metric": "csat", "scale": [1, 5]}}
CREW = {"name": "crew", "audience": "employee", "questions": [
    {"name": "recommend", "metric": "nps"},
    {"name": "service", "metric": "csat", "scale": [1, 5], "twin": "flight/service"},
    {"name": "effort", "metric": "ces", "twin": "flight/effort"},
    {"name": "respect", "metric": "pulse", "twin": "flight/respect"},
    {"name": "rest", "metric": "pulse", "twin": "flight/legroom"}]}
SCALES = {"overall": (0, 10), "service": (1, 5), "effort": (1, 7), "respect": (1, 5),
          "food": (1, 5)}
TWINS = {"overall": ("crew/recommend", "nps"), "service": ("crew/service", "csat"),
         "effort": ("crew/effort", "ces_easy"),
         "respect": ("crew/respect", "favorable")}


class Sent:
    def __init__(self):
        self.answers = collections.defaultdict(list)  # (question, month) -> values
        self.waits = {"customer": [], "employee": []}  # (month, submitted, answered)
        self.recipients = {"customer": [], "employee": []}  # (month, name)


def send(c, events):
    result = c.lines(events).json()
    assert result["rejected"] == [], result["rejected"][:3]


def survey_events(rng, sent):
    for i in range(600):
        month = rng.randrange(1, MONTHS + 1)
        # April has no answers; the scale drifts down over the year.
        month = 5 if month == 4 else month
        answers = {}
        for q, (lo, hi) in SCALES.items():
            if rng.random() < 0.8:
                answers[q] = rng.randint(max(lo, hi - 4 - month), hi)
                sent.answers[q, month].append(answers[q])
        if answers:
            yield {"type": "survey.answered", "source": "t", "id": f"a{i}",
                   "time": text(when(month, rng.randrange(1, 28))),
                   "data": {"survey": "flight", "answers": answers}}


    # A question that came with an answer: nobody decided to ask it.
    yield {"type": "survey.answered", "time": text(when(1, 2)),
           "data": {"survey": "flight", "answers": {"came_by": 3}}}


def thanks(rng, sent):
    for i in range(160):
        audience = rng.choice(["customer", "employee"])
        month = rng.randrange(1, MONTHS + 1)
        to = [f"{audience}{k}" for k in rng.sample(range(25), rng.randrange(1, 3))]
        data = {"audience": audience, "from": "boss", "to": to, "kind": "praise"}
        if audience == "employee":
            data |= {"visibility": "public", "to_name": "T", "from_name": "F",
                     "to_agrees": True}
        yield {"type": "recognition.given", "source": "t", "id": f"r{i}",
               "time": text(when(month, rng.randrange(1, 28))), "data": data}
        sent.recipients[audience] += [(month, who) for who in to]


def waits(c, rng, sent):
    """Suggestions: some answered within a fortnight, some later, some not at all, the
    last of them too young to be late."""
    for i in range(90):
        audience = "employee" if i % 3 == 0 else "customer"
        month, day = rng.randrange(1, MONTHS + 1), rng.randrange(1, 28)
        submitted = when(month, day)
        late = rng.choice([5, 17, 20, 40, None] if audience == "employee"
                          else [1, 5, 12, 17, 40, None])
        answered = submitted + datetime.timedelta(days=late) if late else None
        if answered and answered >= NOW:
            answered = None
        answer = c.event({"type": "suggestion.submitted", "source": "t", "id": f"s{i}",
                          "time": text(submitted),
                          "data": {"audience": audience, "kind": "suggestion",
                                   "title": "t", "person": f"p{rng.randrange(30)}"}})
        assert answer.status == 201, answer
        if answered:
            ref = answer.json()["id"] if audience == "employee" else {
                "source": "t", "id": f"s{i}"}
            step = c.event({"type": "suggestion.triaged", "time": text(answered),
                            "data": {"ref": ref, "will_examine": True}})
            assert step.status == 201, step
        sent.waits[audience].append((month, submitted, answered))


def start(heads, seed=3, employees=True):
    rng, sent = random.Random(seed), Sent()
    d = Daemon("workers=2")
    try:
        load(d.start(), rng, sent, heads, employees)
    except BaseException:
        d.remove()
        raise
    return d, sent


def load(d, rng, sent, heads, employees):
    with d.client() as c:
        assert c.put("/v1/surveys/flight", FLIGHT).status == 201
        assert c.put("/v1/surveys/crew", CREW).status == 201
        send(c, [{"type": "headcount.set", "time": "2025-12-01T00:00:00Z",
                  "data": {"unit": "all", "headcount": heads}},
                 {"type": "base.set", "time": "2025-12-01T00:00:00Z",
                  "data": {"unit": "all", "active": 80}}])
        send(c, list(survey_events(rng, sent)))
        given = list(thanks(rng, sent))
        send(c, [e for e in given if employees or e["data"]["audience"] == "customer"])
        if employees:
            waits(c, rng, sent)


@pytest.fixture(scope="module")
def loaded():
    d, sent = start(30)
    with d:
        yield d, sent


# ---- the model ------------------------------------------------------------------------


def figure(question, values):
    n = len(values)
    if question == "overall":
        return 100 * (sum(v >= 9 for v in values) - sum(v <= 6 for v in values)) / n
    good = {"service": 4, "effort": 5, "respect": 4}[question]
    return 100 * sum(v >= good for v in values) / n


def external(sent, question, months):
    values = [v for m in months for v in sent.answers[question, m]]
    if not values:
        return None, None
    f = figure(question, values)
    return ((f + 100) / 2 if question == "overall" else f), len(values)


def in_time(sent, audience, months):
    due = good = 0
    for month, submitted, answered in sent.waits[audience]:
        limit = submitted + datetime.timedelta(days=14)
        if audience == "employee":  # dates only
            limit = limit.replace(hour=0) + datetime.timedelta(days=1)
        if month in months and (answered or limit < NOW):
            due += 1
            good += answered is not None and answered <= limit
    return (100 * good / due if due else None), due


def coverage(sent, audience, months, people):
    return 100 * len({p for m, p in sent.recipients[audience] if m in months}) / people


def levels(sent, months):
    """(external, internal) by twin"""
    found = {"flight/" + q: (external(sent, q, months)[0], None) for q in TWINS}
    found["answer_times"] = (in_time(sent, "customer", months)[0],
                             in_time(sent, "employee", months)[0])
    found["recognition"] = (coverage(sent, "customer", months, 80),
                            coverage(sent, "employee", months, 30))
    return found


def close(x):
    return None if x is None else pytest.approx(x, abs=1e-4)


def deficit(pairs):
    return sum(max(0, e - i) for e, i in pairs) / len(pairs)


def ask(d, **params):
    with d.client() as c:
        answer = c.get("/v1/coherence", as_of=AS_OF, **params)
    assert answer.status == 200, answer
    return answer.json()


WINDOW = {"from_": "2026-01-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}


# ---- tests ----------------------------------------------------------------------------


def test_levels_and_the_deficit(loaded):
    d, sent = loaded
    got = ask(d, **WINDOW)
    rows = {r["twin"]: r for r in got["rows"]}
    months = range(1, MONTHS + 1)
    for q, (inside, metric) in TWINS.items():
        row = rows["flight/" + q]
        level, n = external(sent, q, months)
        assert (row["inside"], row["metric"]) == (inside, metric)
        assert (row["external"], row["external_n"]) == (close(level), n)
        assert row["internal"] is row["internal_n"] is row["gap"] is None
        assert (row["suppressed"], row["missing"]) == ("protected", "internal")
    want = levels(sent, months)
    for twin in ("answer_times", "recognition"):
        e, i = want[twin]
        row = rows[twin]
        assert row["external"] == close(e) and row["internal"] == close(i)
        assert row["gap"] == close(e - i)
        assert "suppressed" not in row and "missing" not in row
    assert rows["answer_times"]["external_n"] == in_time(sent, "customer", months)[1]
    assert rows["answer_times"]["internal_n"] == in_time(sent, "employee", months)[1]
    assert rows["recognition"]["external_n"] == 80
    assert rows["recognition"]["internal_n"] == 30
    assert got["twins"] == 2
    pairs = [want["answer_times"], want["recognition"]]
    assert got["care_deficit"] == close(deficit(pairs))
    # What is better inside must not make up for what is worse.
    assert sum(e - i for e, i in pairs) / 2 < 0 < deficit(pairs)
    assert got["index"] is None  # two twins are no index


def test_twins_that_nobody_asks(loaded):
    d, _ = loaded
    assert ask(d, **WINDOW)["missing_twins"] == [
        {"audience": "employee", "survey": "crew", "question": "rest"},
        {"audience": "customer", "survey": "flight", "question": "food"}]
    got = ask(d, survey="flight", **WINDOW)
    assert {r["twin"] for r in got["rows"]} == {"flight/" + q for q in TWINS}
    assert [m["question"] for m in got["missing_twins"]] == ["food"]


def test_trend_over_the_same_twins(loaded):
    d, sent = loaded
    got = ask(d, step="month", **WINDOW)
    want = []
    for month in range(2, MONTHS + 1):
        pairs = [(b, a) for b, a in zip(levels(sent, [month - 1]).values(),
                                        levels(sent, [month]).values())
                 if None not in b + a]
        want.append({"time": text(when(month, 1, 0)), "twins": len(pairs),
                     "care_deficit": close(deficit([a for _, a in pairs])),
                     "index_before": None, "index": None, "change": None})
    assert got["trend"] == want
    assert "trend" not in ask(d, **WINDOW)


def test_what_customers_said_after(loaded):
    d, sent = loaded
    lagged = {r["time"]: r for r in ask(d, **WINDOW)["lagged"]}
    assert set(lagged) == {text(when(m, 1, 0)) for m in (1, 2, 3, 5)}
    for month in (1, 2, 3, 5):
        row = lagged[text(when(month, 1, 0))]
        assert (row["twin"], row["inside"]) == ("flight/overall", "crew/recommend")
        assert row["enps"] is row["enps_n"] is None
        assert row["suppressed"] == "protected"
        for k, name in enumerate(["nps", "nps_1", "nps_2", "nps_3"]):
            values = sent.answers["overall", month + k]
            assert row[name] == (close(figure("overall", values)) if values else None)
            assert row[name + "_n"] == (len(values) or None)
    # What follows the window is looked up behind it.
    rows = ask(d, from_=WINDOW["from_"], to="2026-03-01T00:00:00Z")["lagged"]
    assert [r["time"] for r in rows] == [text(when(m, 1, 0)) for m in (1, 2)]
    assert rows == [lagged[r["time"]] for r in rows]


def test_refused(loaded):
    d, _ = loaded
    with d.client() as c:
        refused(c.get("/v1/coherence", step="day"), 422, "invalid", "step")
        refused(c.get("/v1/coherence", survey="none"), 422, "invalid", "survey")
        refused(c.get("/v1/coherence", audience="customer"), 422, "invalid", "audience")


@pytest.mark.parametrize("heads, times, praise", [(4, False, False), (9, False, True),
                                                  (10, True, True)])
def test_few_people(heads, times, praise):
    """Of four nothing is said, of nine nothing about what they submit."""
    d, _ = start(heads)
    with d:
        rows = {r["twin"]: r for r in ask(d, **WINDOW)["rows"]}
        months = ask(d, step="month", **WINDOW)
    for twin, shown in (("answer_times", times), ("recognition", praise)):
        row = rows[twin]
        assert (row["internal"] is not None) == shown, row
        assert (row["internal_n"] is not None) == shown, row
        assert (row["gap"] is not None) == shown, row
        assert row.get("suppressed") == (None if shown else "protected")
        assert row["external"] is not None
    assert all(r["twins"] == times + praise for r in months["trend"])


def test_few_people_look_the_same_whatever_they_did():
    """The answer about four people is the same bytes with and without what they did."""
    bodies = []
    for employees in (True, False):
        d, _ = start(4, employees=employees)
        with d:
            rows = ask(d, **WINDOW)["rows"]
            bodies.append([{k: v for k, v in r.items() if not k.startswith("external")
                            and k != "missing"} for r in rows])
    assert bodies[0] == bodies[1]
