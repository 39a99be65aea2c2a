"""What somebody tries who wants to know which employee said what, and when.

A manager who may read and respond looks again after each thing that employees do, with
every token there is, and must not see that anything was done.
"""
import collections
import datetime
import json
import random
import time

import pytest

from harness import Client, Daemon, refused

DAY = 86400
UNITS = (("co", 100), ("co/big", 40), ("co/big/mid", 12), ("co/small", 3), ("co/team", 7))
ROLLUPS = [f"/v1/rollups/{name}{more}" for name in ("suggestions", "decisions", "training",
                                                    "recognition", "participation")
           for more in ("", "?audience=employee")] + \
    ["/v1/boundaries/candidates", "/v1/coherence", "/v1/alerts", "/v1/overview"]


@pytest.fixture(scope="module")
def shared():
    with Daemon("rate_limit=0", "workers=1") as d:
        d.start()
        with d.client() as c:
            at = int(time.time()) - 100 * DAY
            assert c.lines([{"type": "headcount.set", "time": at,
                             "data": {"unit": u, "headcount": n}} for u, n in UNITS]
                           ).json()["stored"] == len(UNITS)
        yield d


def token(client, *scopes, unit=None):
    body = {"label": "x", "scopes": list(scopes), **({"unit": unit} if unit else {})}
    answer = client.post("/v1/tokens", body)
    assert answer.status == 201, answer
    return answer.json()["token"]


def case(client, unit, days=3, **more):
    """A suggestion of an employee, so many days old."""
    answer = client.post("/v1/suggestions", {
        "audience": "employee", "kind": "suggestion", "title": "x", "unit": unit,
        "time": int(time.time()) - days * DAY, **more})
    assert answer.status == 201, answer
    return answer.json()


def test_no_token_tells_the_small_unit_of_a_case(shared, client):
    """Tokens for one small unit after the other would say from which it came."""
    cases = {u: case(client, u) for u in ("co/small", "co/team", "co/big/mid")}
    for unit, people in UNITS:
        with Client(shared, token(client, "read", "respond", "ingest", unit=unit)) as c:
            for of, s in cases.items():
                seen = people >= 10 and (of == unit or of.startswith(unit + "/"))
                ack = c.request("POST", f"/v1/suggestions/{s['id']}/acknowledge")
                support = c.event({"type": "suggestion.supported", "data": {"ref": s["id"]}})
                if seen:
                    assert ack.status in (201, 409), (unit, of, ack)
                    assert support.status == 201, (unit, of, support)
                else:
                    refused(ack, 404, "not-found")
                    refused(support, 422, "unknown-reference", "/data/ref")
                    refused(c.get("/v1/suggestions/" + s["id"]), 404, "not-found")


def views(client, s):
    """All that is shown of a case, and of all of them."""
    paths = ["/v1/suggestions/" + s["id"]] + [
        "/v1/suggestions?audience=employee" + more for more in (
            "", "&overdue=1", "&unit=co/big",
            *("&state=" + x for x in ("submitted", "received", "accepted", "declined",
                                      "reopened", "withdrawn", "acknowledged")))] + [
        "/v1/rollups/suggestions?audience=employee" + more for more in (
            "", "&group_by=unit", "&group_by=kind", "&step=month&fill=1")]
    answers = [client.get(p) for p in paths]
    assert all(a.status == 200 for a in answers), answers
    return {p: a.body for p, a in zip(paths, answers)}


def test_what_employees_do_to_a_case_is_not_seen_today(shared, client):
    s, other = case(client, "co/big"), case(client, "co/big")
    with Client(shared, token(client, "read", "respond", "concern")) as manager, \
            Client(shared, None) as author:
        def own(verb, body=None):
            answer = author.request("POST", f"/v1/receipts/{s['receipt']}/{verb}",
                                    json.dumps(body) if body else None)
            assert answer.status == 201, answer

        def support():
            answer = client.post(f"/v1/suggestions/{s['id']}/support", {})
            assert answer.status == 201, answer

        def seen():
            answer = author.get("/v1/receipts/" + s["receipt"])
            assert answer.status == 200
            return answer.json()

        def answer(status):
            body = {"status": status, "reason": "because"}
            assert manager.post(f"/v1/suggestions/{s['id']}/answers", body).status == 201

        def nothing_changes(*acts):
            before = views(manager, s)
            for act in acts:
                act()
                assert views(manager, s) == before

        nothing_changes(support, support, seen)
        answer("accepted")
        nothing_changes(seen, lambda: own("rate", {"felt_heard": 1}),
                        lambda: own("reply", {"body": "thanks"}))
        answer("declined")
        assert manager.get("/v1/suggestions/" + s["id"]).json()["state"] == "declined"
        nothing_changes(seen, lambda: own("reply", {"body": "but"}), lambda: own("withdraw"))
        # The author sees it all.
        assert seen()["state"] == "withdrawn"
        assert seen()["supporters"] == 2
        rows = manager.get("/v1/suggestions", audience="employee", state="declined").json()["rows"]
        assert s["id"] in [r["id"] for r in rows] and other["id"] not in [r["id"] for r in rows]
        rows = manager.get("/v1/suggestions", audience="employee", state="withdrawn").json()["rows"]
        assert rows == []


def test_nobody_dates_back_what_would_be_seen_at_once(shared, client):
    """Who only sends, or follows by a receipt, is seen tomorrow, whatever the time said;
    programs that keep records of what was are believed."""
    s = case(client, "co/big")
    back = int(time.time()) - 3 * DAY
    thanks = {"type": "recognition.given", "time": back, "data": {
        "audience": "employee", "kind": "backing", "visibility": "private", "from": "a",
        "to": "b"}}
    body = {"audience": "employee", "kind": "suggestion", "title": "back", "time": back}
    with Client(shared, token(client, "read", "respond")) as manager, \
            Client(shared, token(client, "ingest")) as form, Client(shared, None) as author:
        before = views(manager, s)
        assert form.post("/v1/suggestions", body).status == 201
        assert form.event({"type": "suggestion.submitted", "time": back,
                           "data": {k: v for k, v in body.items() if k != "time"}}).status == 201
        answer = author.request("POST", f"/v1/receipts/{s['receipt']}/withdraw",
                                json.dumps({"time": back}))
        assert answer.status == 201
        assert views(manager, s) == before
        assert form.event(thanks).status == 201
        days = shared.sql("SELECT day FROM event WHERE type = 'recognition.given'",
                          file="confidential.db")
        assert [day for day, in days if day > datetime.date.fromtimestamp(
            back + DAY).isoformat()], days
        # Sent again it is the same, on another day, too.
        again = {**body, "id": "back-1"}
        first = form.post("/v1/suggestions", again).json()
        assert form.post("/v1/suggestions", again).json()["receipt"] == first["receipt"]
        for scopes in (("ingest", "roster"), ("ingest", "respond")):
            with Client(shared, token(client, *scopes)) as records:
                made = records.post("/v1/suggestions", {**body, "time": back - DAY}).json()
                assert manager.get("/v1/suggestions/" + made["id"]).status == 200


def test_no_refusal_tells_of_a_withdrawal_of_today(shared, client):
    """What its author withdrew a moment ago takes what any other takes, and no more."""
    with Client(shared, token(client, "read", "respond", "ingest")) as manager, \
            Client(shared, None) as author:
        pair = [case(client, "co/big"), case(client, "co/big")]
        answer = author.request("POST", f"/v1/receipts/{pair[0]['receipt']}/withdraw")
        assert answer.status == 201
        for verb, body in (("acknowledge", {"auto": True}), ("acknowledge", {}),
                           ("acknowledge", {}), ("support", {}),
                           ("triage", {"will_examine": True}), ("triage", {"will_examine": True}),
                           ("answers", {"status": "accepted"}),
                           ("answers", {"status": "started"}), ("support", {}),
                           ("answers", {"status": "planned"}),
                           ("answers", {"status": "declined", "reason": "because"}),
                           ("support", {}), ("answers", {"status": "done"}),
                           ("reopen", {"reason": "again"}), ("answers", {"status": "done"})):
            status, shown = [], []
            for s in pair:
                status.append(manager.post(f"/v1/suggestions/{s['id']}/{verb}", body).status)
                one = manager.get("/v1/suggestions/" + s["id"]).json()
                del one["id"]
                shown.append(one)
            assert status[0] == status[1], (verb, body, status)
            assert shown[0] == shown[1], (verb, body)
        # It stays withdrawn all the same, for whoever knows.
        answer = author.get("/v1/receipts/" + pair[0]["receipt"]).json()
        assert answer["state"] == "withdrawn"
        assert shared.one("SELECT count(*) FROM suggestion_state WHERE state = 'withdrawn' AND "
                          "suggestion = ?", bytes.fromhex(pair[0]["id"][5:]),
                          file="confidential.db") == 1
        # From the day after on it takes nothing.
        old = case(client, "co/big", days=5)
        answer = client.event({"type": "suggestion.withdrawn", "time": int(time.time()) - DAY,
                               "data": {"receipt": old["receipt"]}})
        assert answer.status == 201
        refused(manager.request("POST", f"/v1/suggestions/{old['id']}/acknowledge"), 409,
                "illegal-transition")


def test_a_supporters_receipt_does_not_tell_of_other_supporters(shared, client):
    s = case(client, "co/big")
    made = client.post(f"/v1/suggestions/{s['id']}/support", {}).json()
    mine = made["receipt"]
    with Client(shared, None) as c:
        before = c.get("/v1/receipts/" + mine)
        assert before.status == 200
        client.post(f"/v1/suggestions/{s['id']}/support", {})
        assert c.get("/v1/receipts/" + mine).body == before.body


def cached(client):
    return int(next(line.split()[1] for line in client.get("/metrics").text().splitlines()
                    if line.startswith("empowerd_rollup_cached_total ")))


def test_kept_answers_do_not_tell_that_something_came(shared, client):
    """An answer that has to be made anew takes longer, and is counted in /metrics."""
    s = case(client, "co/big")
    with Client(shared, token(client, "read")) as reader, Client(shared, None) as author:
        acts = [
            lambda: case(client, "co/big", days=0),
            lambda: client.post(f"/v1/suggestions/{s['id']}/support", {}),
            lambda: author.get("/v1/receipts/" + s["receipt"]),
            lambda: author.post(f"/v1/receipts/{s['receipt']}/reply", {"body": "x"}),
            lambda: client.event({"type": "training.requested",
                                  "data": {"person": "a", "topic": "b"}}),
            lambda: client.event({"type": "signal.recorded", "data": {
                "audience": "employee", "person": "a", "signal": "leave_intent"}}),
        ]
        kept = [p for p in ROLLUPS if reader.get(p).status == 200]
        for act in acts:
            act()
            before = cached(reader)
            for path in kept:
                assert reader.get(path).status == 200
            if cached(reader) - before != len(kept):
                # The quarter of an hour may have ended just then.
                act()
                for path in kept:
                    reader.get(path)
                act()
                before = cached(reader)
                for path in kept:
                    reader.get(path)
                assert cached(reader) - before == len(kept)
        # What answers it, though, is seen at once.
        before = cached(reader)
        client.post(f"/v1/suggestions/{s['id']}/answers", {"status": "accepted"})
        for path in kept:
            assert reader.get(path).status == 200
        assert cached(reader) - before < len(kept)


def test_windows_do_not_cut_a_unit_to_pieces():
    """Whose unit is shown in one window, and hidden in another, would be told apart from
    those whose unit is hidden in both: 3 of the 40 people here."""
    now = int(time.time()) // DAY * DAY
    with Daemon() as d:
        with d.start().client() as c:
            levels = [("co", 200, 40), ("co/a", 200, 14), ("co/b", 200, 12), ("co/c", 200, 4),
                      ("co/c", 60, 11), ("co/b", 30, 4)]
            assert c.lines([{"type": "headcount.set", "time": now - days * DAY,
                             "data": {"unit": u, "headcount": n}} for u, days, n in levels]
                           ).json()["stored"] == len(levels)
            for unit in "co", "co/a", "co/b", "co/c":
                case(c, unit, days=45, title=unit)

            def units(**window):
                rows = c.get("/v1/suggestions", audience="employee", **window).json()["rows"]
                return {r["title"]: r["unit"] for r in rows}

            told = units()
            assert told == {"co": "co", "co/a": "co/a", "co/b": "co", "co/c": "co"}
            for first, last in ((100, 40), (50, 1), (50, 40), (190, 1)):
                assert units(from_=now - first * DAY, to=now - last * DAY) == told


def declare(client, levels):
    assert client.lines([{"type": "headcount.set", "time": t,
                          "data": {"unit": u, "headcount": n}} for u, t, n in levels]
                        ).json()["stored"] == len(levels)


def utc(year, month, day):
    return int(datetime.datetime(year, month, day, 12, tzinfo=datetime.UTC).timestamp())


def decide(client, t, made):
    for unit, n in made.items():
        event = {"type": "decision.made", "time": t, "data": {
            "role": "r", "class": "c", "answer": "yes", "unit": unit}}
        assert client.lines([event] * n).json()["stored"] == n


def day_of(client, rollup, day, **q):
    """{unit: how many} of one day, as seen in a window."""
    rows = client.rollup(rollup, step="day", group_by="unit", **q)["rows"]
    seen = collections.Counter()
    for row in rows:
        if row["time"].startswith(day):
            seen[row["unit"]] += row["n"]
    return seen


def test_two_windows_do_not_show_a_few_people_by_subtraction():
    """In one window a and c were too few, in the other a and b."""
    with Daemon() as d:
        with d.start().client() as c:
            declare(c, [("co", utc(2026, 1, 1), 30), ("co/a", utc(2026, 1, 1), 14),
                        ("co/b", utc(2026, 1, 1), 7), ("co/c", utc(2026, 1, 1), 3),
                        ("co/c", utc(2026, 3, 5), 6), ("co/b", utc(2026, 5, 5), 3)])
            at = utc(2026, 4, 15)
            made = [("co", 1), ("co/a", 3), ("co/b", 5), ("co/c", 8)]
            for unit, n in made:
                assert c.lines([{"type": kind, "time": at, "data": {
                    **data, "unit": unit}} for kind, data in (
                        ("decision.made", {"role": "r", "class": "c", "answer": "yes"}),
                        ("contact.logged", {"mode": "meeting"}))
                    for _ in range(n)]).json()["stored"] == 2 * n
            for rollup in "decisions", "contact":
                told = [day_of(c, rollup, "2026-04-15", from_=low, to=high)
                        for low, high in ((utc(2026, 2, 1), utc(2026, 4, 20)),
                                          (utc(2026, 4, 1), utc(2026, 5, 20)),
                                          (utc(2026, 4, 15), utc(2026, 4, 15) + 1))]
                assert told[0] == told[1] == told[2], rollup
                assert sum(told[0].values()) == 17
                for low, high in ((None, None), (utc(2026, 2, 1), utc(2026, 5, 20))):
                    window = {"from_": low, "to": high} if low else {}
                    rows = c.rollup(rollup, group_by="unit", **window)["rows"]
                    assert {r["unit"]: r["n"] for r in rows} == told[0], rollup


def test_a_unit_declared_later_in_the_month_is_not_what_is_left():
    """Four people besides five are too few on each day on which they are known, though
    the fewest of all at any moment were five, the fewest of the unit."""
    with Daemon() as d:
        with d.start().client() as c:
            declare(c, [("a", utc(2026, 4, 2), 5), ("b", utc(2026, 4, 3), 4)])
            decide(c, utc(2026, 4, 15), {"a": 3, "b": 1})
            assert day_of(c, "decisions", "2026-04-15") == {None: 4}


def test_a_unit_declared_later_in_the_month_is_shown_if_enough_are_left():
    """Of the fewest of all, eight, its five leave three; but they never were beside it."""
    with Daemon() as d:
        with d.start().client() as c:
            declare(c, [("a", utc(2026, 4, 2), 4), ("b", utc(2026, 4, 2), 4),
                        ("c", utc(2026, 4, 3), 5)])
            decide(c, utc(2026, 4, 15), {"a": 3, "b": 1, "c": 2})
            assert day_of(c, "decisions", "2026-04-15") == {None: 4, "c": 2}


def test_a_unit_that_is_not_there_yet_does_not_hide_in_vain():
    """When four are left beside a, whoever comes to b later does not make them more."""
    with Daemon() as d:
        with d.start().client() as c:
            declare(c, [("a", utc(2026, 4, 2), 12), ("e", utc(2026, 4, 2), 5),
                        ("e", utc(2026, 4, 3), 4), ("b", utc(2026, 4, 4), 7)])
            decide(c, utc(2026, 4, 15), {"a": 3, "b": 1, "e": 2})
            assert day_of(c, "decisions", "2026-04-15") == {None: 5, "b": 1}


def people_at(units, levels, t):
    """{unit: how many were declared to be there, None: not known}, "" for all."""
    now = {}
    for unit in sorted(("", *units), key=len, reverse=True):
        own = [n for u, at, n in levels if u == unit and at <= t]
        below = [n for u, n in now.items() if u.rpartition("/")[0] == unit and n is not None]
        now[unit] = own[-1] if own else sum(below) if below else None
    return now


def shown_above(unit, shown):
    while unit := unit.rpartition("/")[0]:
        if unit in shown:
            return unit
    return ""


def a_few_are_left(moments, shown):
    """Whether anything shown, or all, less what is shown inside of it, is a few people."""
    for now in moments:
        left = {u: now[u] or 0 for u in ("", *shown)}
        for unit in shown:
            left[shown_above(unit, shown)] -= now[unit] or 0
        if shown and any(0 < n < 5 for n in left.values()):
            return True
    return False


def random_levels(rng, units, months):
    levels = []
    for unit in units:
        if rng.random() < 0.4:
            levels.append((unit, months[0] - DAY, rng.randint(3, 9) * rng.choice((1, 1, 2))))
        for _ in range(rng.randrange(1, 3)):
            at = rng.choice((rng.randrange(months[0], months[-1]), months[1], months[1] - 1))
            levels.append((unit, at, rng.randint(3, 9)))
    return sorted(levels, key=lambda v: v[1])


def check_day(units, levels, moments, rows):
    """Each unit is in the row of the nearest one shown; nowhere are a few people. Which
    units are in a row its number tells."""
    shown = {u for u in rows if u}
    for i, unit in enumerate(units):
        row = unit if unit in shown else shown_above(unit, shown)
        assert rows[row or None] >> i & 1, (unit, rows)
    assert sum(rows.values()) == (1 << len(units)) - 1
    large = {u for u in units if any(u == v[0] for v in levels) and
             min((now[u] for now in moments if now[u] is not None), default=0) >= 5}
    assert shown <= large and not a_few_are_left(moments, shown), rows
    if not a_few_are_left(moments, large):
        assert shown == large, "hidden without need"
    return len(shown), len(large - shown)


def test_no_day_shows_a_few_people_by_subtraction():
    """By all that was declared at each moment of its month, whatever the tree."""
    counts = collections.Counter()
    for seed in range(30):
        rng = random.Random(seed)
        units, size = ["u"], rng.randint(3, 8)
        while len(units) < size:
            above = rng.choice(["", "", *(u for u in units if u.count("/") < 2)])
            units.append(f"{above}/{len(units)}".lstrip("/"))
        months = [utc(2025, m, 1) - DAY // 2 for m in range(3, 6)]
        levels = random_levels(rng, units, months)
        with Daemon() as d, d.start().client() as c:
            declare(c, levels)
            days = [t for at, end in zip(months, months[1:]) for t in (at, end - 1)]
            for t in days:
                decide(c, t, {u: 1 << i for i, u in enumerate(units)})
            for at, end in zip(months, months[1:]):
                cuts = {at, *(v[1] for v in levels if at < v[1] < end)}
                moments = [people_at(units, levels, t) for t in cuts]
                for t in (at, end - 1):
                    day = datetime.datetime.fromtimestamp(t, datetime.UTC).date().isoformat()
                    rows = day_of(c, "decisions", day, from_=months[0], to=months[-1])
                    shown, hidden = check_day(units, levels, moments, rows)
                    counts.update(shown=shown, hidden=hidden)
                    low = t - rng.randrange(90) * DAY
                    high = t + rng.randrange(1, 90) * DAY
                    assert rows == day_of(c, "decisions", day, from_=low, to=high)
    assert min(counts.values()) > 30, counts


def test_two_moments_do_not_show_a_few_people_as_candidates():
    """Decisions of all time, by the units of one moment and then of another."""
    now = int(time.time())
    with Daemon() as d:
        with d.start().client() as c:
            declare(c, [("co", now - 200 * DAY, 60), ("co/x", now - 200 * DAY, 14),
                        ("co/y", now - 200 * DAY, 3), ("co/x", now - 100 * DAY, 4)])
            made = [{"type": "decision.made", "source": "s", "id": f"{unit}{i}",
                     "time": now - 3 * DAY, "data": {
                         "person": f"{unit}{i % 6}", "role": "r", "class": "c",
                         "answer": "yes", "unit": unit}}
                    for unit in ("co", "co/x", "co/y") for i in range(12)]
            good = [{"type": "decision.outcome", "time": now - 2 * DAY, "data": {
                "ref": {"source": "s", "id": e["id"]}, "customer_benefit": True}}
                for e in made]
            assert c.lines(made + good).json()["stored"] == 72
            for days in (0, 1, 60, 150, 199, 300):
                rows = c.get("/v1/boundaries/candidates", as_of=now - days * DAY).json()["rows"]
                assert [(r["unit"], r["n"]) for r in rows] == [("co", 36)], days


@pytest.mark.parametrize("seed", range(4))
def test_a_day_is_the_same_in_every_window(seed):
    """Whatever the tree, what was declared when, and what is asked for."""
    rng = random.Random(seed)
    first, days = utc(2025, 9, 1), 240

    def some_time():
        return first + rng.randrange(days * DAY)

    units = ["u"]
    while len(units) < 9:
        units.append(f"{rng.choice(units)}/{len(units)}")
    levels = [(u, some_time(), rng.choice((0, 2, 3, 4, 5, 6, 7, 11, 30)))
              for u in units for _ in range(rng.randrange(4))]
    levels += [(u, first - rng.randrange(3) * DAY, rng.choice((3, 5, 6, 9, 40)))
               for u in units[1:] if rng.random() < 0.8]
    with Daemon(f"timezone={rng.choice(('UTC', 'Asia/Tokyo', 'America/New_York'))}") as d:
        with d.start().client() as c:
            declare(c, sorted(levels, key=lambda v: v[1]))
            assert c.lines([{"type": "decision.made", "time": some_time(), "data": {
                "role": "r", "class": "c", "answer": "yes", "unit": rng.choice(units)}}
                for _ in range(600)]).json()["stored"] == 600
            whole = collections.Counter()
            for row in c.rollup("decisions", step="day", group_by="unit",
                                from_=first - DAY, to=first + (days + 1) * DAY)["rows"]:
                whole[row["time"], row["unit"]] += row["n"]
            assert sum(whole.values()) == 600
            for _ in range(30):
                low = some_time() // DAY * DAY
                high = low + rng.choice((1, 3, 20, 40, 90)) * DAY
                q = {"from_": low, "to": high, "group_by": "unit"}
                unit = rng.choice(units) if rng.random() < 0.3 else None
                if unit:
                    q["unit"] = unit
                answer = c.rollup("decisions", step="day", **q)
                want = {k: n for k, n in whole.items()
                        if answer["from"] <= k[0] < answer["to"] and (
                            unit is None or (k[1] or "").startswith(unit + "/")
                            or k[1] == unit)}
                got = {(r["time"], r["unit"]): r["n"] for r in answer["rows"]
                           if "suppressed" not in r}
                assert got == want, q
                # Coarser steps, and none, add up the same days.
                q |= {"from_": answer["from"], "to": answer["to"]}
                for step in ({}, {"step": "month"}, {"step": "week"}):
                    rows = c.rollup("decisions", **q, **step)
                    if (rows["from"], rows["to"]) != (answer["from"], answer["to"]):
                        continue
                    sums = collections.Counter()
                    for row in rows["rows"]:
                        if "suppressed" not in row:
                            sums[row["unit"]] += row["n"]
                    by_day = collections.Counter()
                    for (_, u), n in want.items():
                        by_day[u] += n
                    assert sums == by_day, (q, step)
