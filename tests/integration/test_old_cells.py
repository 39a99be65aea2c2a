"""Events older than what memory keeps: their cells are read from the file, counted into
again, forgotten again; and the figures are the same as if all were in memory."""
import collections
import datetime
import random
import time

from harness import Daemon, refused

DAY = 86400
UNITS = ["a", "b", "c"]


def at(ts):
    return datetime.datetime.fromtimestamp(ts, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def add(c, rng, now, n, seen):
    """Three years back, but most of them in the last days."""
    events = []
    for _ in range(n):
        age = rng.choice([3 * 365 * DAY, 380 * DAY, 60 * DAY, 2 * DAY, 3600])
        ts, unit, value = now - rng.randrange(age), rng.choice(UNITS), rng.randrange(1, 6)
        seen.append((ts, unit, value))
        events.append({"type": "survey.answered", "time": at(ts), "data": {
            "survey": "csat", "unit": unit, "answers": {"overall": value}}})
    result = c.lines(events).json()
    assert result["stored"] == n, result


def expected(seen, start, end, step):
    table = collections.Counter()
    for ts, unit, value in seen:
        if start <= ts < end:
            bucket = {"all": 0, "hour": ts // 3600 * 3600, "day": ts // DAY * DAY}[step]
            table[unit, bucket, value] += 1
    return table


def shown(document):
    table = collections.Counter()
    for row in document["rows"]:
        ts = int(datetime.datetime.fromisoformat(
            row["time"].replace("Z", "+00:00")).timestamp()) if "time" in row else 0
        for value, n in row["histogram"].items():
            table[row["unit"], ts, int(value)] += n
    return +table


def windows(rng, now):
    """Bounds in order."""
    a, b = sorted(now + DAY - rng.randrange(4 * 365 * DAY) for _ in range(2))
    return a, b + 1


def test_old_events_count_like_new_ones():
    rng = random.Random(11)
    now = int(time.time())
    seen = []
    with Daemon("workers=2") as d:
        d.start()
        for end in d.stop, d.kill, d.kill, None:
            with d.client() as c:
                add(c, rng, now, 700, seen)
                everything = c.rollup("satisfaction", survey="csat", group_by="unit")
                assert shown(everything) == expected(seen, 0, now + DAY, "all")
                for step in "all", "day", "hour", "all", "day":
                    start, stop = windows(rng, now)
                    if step == "hour":
                        start = now - rng.randrange(10 * DAY, 390 * DAY)
                        stop = now + DAY
                    document = c.rollup("satisfaction", survey="csat", group_by="unit",
                                        step=step, from_=start, to=stop)
                    used = [int(datetime.datetime.fromisoformat(
                        document[k].replace("Z", "+00:00")).timestamp())
                        for k in ("from", "to")]
                    assert used[0] <= start and used[1] >= stop
                    assert shown(document) == expected(seen, *used, step)
            d.verify()
            if end:
                end()
                d.start()
                d.verify()


def test_a_step_finer_than_the_cells_is_refused():
    with Daemon() as d:
        d.start()
        now = int(time.time())
        with d.client() as c:
            for step, age in ("minute", 3 * DAY), ("hour", 402 * DAY):
                refused(c.get("/v1/rollups/satisfaction", step=step, from_=now - age,
                              to=now), 422, "invalid", "from")


def test_the_oldest_cells_of_the_file_may_be_past_their_time():
    """Cells are pruned now and then, so the oldest hours of a file are often older than
    those that count. The younger ones that memory does not keep must be known all the
    same, also to events that come later."""
    now = int(time.time())
    ages = [395 * DAY, 380 * DAY, 100 * DAY, 3600]
    with Daemon("hour_days=400") as d:
        d.start()

        def answer(c):
            for age in ages:
                assert c.event({"type": "survey.answered", "time": at(now - age), "data": {
                    "survey": "csat", "answers": {"overall": 4}}}).status == 201

        with d.client() as c:
            answer(c)
        d.stop()
        # As ten days later, when nothing has been pruned yet.
        d.options = ["hour_days=390"]
        d.start()
        for times in 1, 2, 3:
            with d.client() as c:
                for age in ages[1:]:
                    rows = c.rollup("satisfaction", survey="csat", step="hour",
                                    from_=now - age, to=now - age + 1)["rows"]
                    assert [r["n"] for r in rows] == [times], age
                answer(c)
            d.verify()
            d.restart()
            d.verify()


def test_cells_that_were_not_kept_do_not_come_back():
    """A file that kept minutes and hours for less long has fewer of them, also when it
    is asked to keep them longer."""
    now = int(time.time())
    with Daemon("minute_hours=1", "hour_days=2") as d:
        d.start()
        with d.client() as c:
            for age in 0, 3 * 3600, 30 * 3600, 5 * DAY, 40 * DAY:
                assert c.event({"type": "survey.answered", "time": at(now - age), "data": {
                    "survey": "csat", "answers": {"overall": 4}}}).status == 201
        d.verify()
        d.options = []
        for _ in range(2):
            d.restart()
            d.verify()
            with d.client() as c:
                ask = {"survey": "csat", "to": now + 60}
                assert sum(r["n"] for r in c.rollup("satisfaction", **ask)["rows"]) == 5
                for step, age in ("minute", 3 * 3600), ("hour", 5 * DAY):
                    refused(c.get("/v1/rollups/satisfaction", step=step,
                                  from_=now - age, **ask), 422, "invalid", "from")
                # Where days begin, figures are exact; else the answer says what it used.
                document = c.rollup("satisfaction", from_=now - 5 * DAY, **ask)
                used = int(datetime.datetime.fromisoformat(
                    document["from"].replace("Z", "+00:00")).timestamp())
                assert used == (now - 5 * DAY) // DAY * DAY
                assert sum(r["n"] for r in document["rows"]) == 4
