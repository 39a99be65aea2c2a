"""What somebody tries who wants to know what one employee answered.

The attacker polls every public output after every single answer and every release: all
rollups by every filter, window, step, depth and shape, lists, reports, tags, metrics, the
stream of notices, the acknowledgements, and empowerd.db with all of SQL. Before a release
none of it may move. After it every figure must be a sum of whole blocks, which the
attacker puts together as a system of linear equations over what each person answered.
"""
import collections
import csv
import fractions
import hashlib
import io
import itertools
import json
import os
import random
import re
import select
import socket
import sqlite3
import time

import pytest

from ctl_harness import Tool
from harness import Client, Daemon, refused, until
from release_model import blocks

BLOCKS = []  # figures of each attack
SCALE = range(1, 6)
SURVEY = {"name": "climate", "audience": "employee", "title": {"en": "How is it?"},
          "questions": [{"name": "say", "metric": "csat", "text": {"en": "x"}},
                        {"name": "room", "metric": "csat", "text": {"en": "x"}}]}
# What any request moves, whatever it carries.
TRAFFIC = re.compile(r"^empowerd_(requests_total|answers_\dxx_total|received_bytes_total|"
                     r"sent_bytes_total|uptime_seconds|connections_\w+|rollup_\w+|"
                     r"process_\w+|disk_free_bytes) .*\n", re.M)


# --- the organisation

def path_above(unit):
    return unit.rpartition("/")[0]


def organisation(rng, size):
    """Declared units, some parts of whose paths are not."""
    units = set()
    while len(units) < size:
        base = rng.choice(sorted(units) + ["", ""])
        units.add((base + "/" if base else "") + f"u{rng.randrange(4)}" +
                  ("/x" if rng.random() < 0.1 else ""))
    return sorted(units)


def counted_under(units, unit):
    while unit and unit not in units:
        unit = path_above(unit)
    return unit


def declare(client, units):
    answer = client.put("/v1/units", {"units": [{"name": u} for u in units]})
    assert answer.status in (200, 201), answer


def answered(survey, unit, person=None, more=None, **answers):
    data = {"survey": survey, "answers": answers, **(more or {})}
    if unit:
        data["unit"] = unit
    if person:
        data["respondent"] = person
    return {"type": "survey.answered", "data": data}


# --- what is public

def paths(surveys, units):
    """Everything that may be asked."""
    out = ["/v1/coherence", "/v1/overview", "/v1/alerts", "/v1/surveys", "/v1/units",
           "/v1/comments?audience=employee", "/v1/suggestions?audience=employee",
           "/v1/recognition", "/v1/boundaries", "/v1/boundaries/candidates",
           "/v1/initiatives", "/v1/verify"]
    out += [f"/v1/rollups/{name}{more}" for name in (
        "retention", "recognition", "participation", "suggestions", "decisions", "training",
        "contact") for more in ("", "?audience=employee")]
    for survey in surveys:
        out += [f"/v1/rollups/participation?survey={survey}"]
        for more in shapes(units):
            out.append(f"/v1/rollups/satisfaction?survey={survey}{more}")
    return out


def shapes(units):
    steps = ["", "&step=day", "&step=week", "&step=month", "&step=month&fill=1"]
    groups = ["", "&group_by=unit"] + [f"&group_by=unit&depth={d}" for d in (1, 2, 3)]
    filters = [""] + [f"&unit={u}" for u in units] + ["&question=say", "&unit=no/such"]
    for step, group, filter_ in itertools.product(steps, groups, filters):
        if step in ("", "&step=month") or not group or not filter_:
            yield step + group + filter_
    yield "&shape=columns&group_by=unit"
    yield "&format=csv&group_by=unit"
    yield "&channel=web"
    yield "&group_by=channel"


def dump(daemon):
    """empowerd.db as an analyst with a shell has it, but for when counters were
    written."""
    path = os.path.join(daemon.dir, "empowerd.db")
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)
    try:
        return [line for line in db.iterdump() if not line.startswith('INSERT INTO "progress"')]
    finally:
        db.close()


def readable_files(daemon):
    return sorted((name, os.stat(os.path.join(daemon.dir, name)).st_mode & 0o777)
                  for name in os.listdir(daemon.dir)
                  if os.stat(os.path.join(daemon.dir, name)).st_mode & 0o077)


class Attacker:
    """Has every token there is but the admin's, and the file."""

    def __init__(self, daemon, surveys, units):
        self.daemon = daemon
        self.asks = paths(surveys, units)
        self.client = Client(daemon, daemon.new_token("ingest", "respond", "read"))

    def close(self):
        self.client.close()

    def looks(self, asks=None):
        seen = {}
        for path in asks or self.asks:
            answer = self.client.get(path)
            # Figures that move with the clock name the hour, lists the moment.
            body = re.sub(rb'"as_of":"[^"]*"', b"", answer.body)
            seen[path] = answer.status, body
            again = self.client.get(path, headers={
                "If-None-Match": answer.headers.get("ETag") or '"none"'})
            seen[path + " again"] = again.status if answer.headers.get("ETag") else 0
        seen["metrics"] = TRAFFIC.sub("", self.client.get("/metrics").text())
        seen["file"] = dump(self.daemon)
        for name in "empowerd.db", "empowerd.db-wal":
            with open(os.path.join(self.daemon.dir, name), "rb") as f:
                seen[name] = hashlib.sha256(f.read()).hexdigest()
        seen["files"] = readable_files(self.daemon)
        return seen


def same(before, after):
    assert before.keys() == after.keys()
    for key, value in before.items():
        assert after[key] == value, key


def settled(daemon):
    """What the daemon does in its own time is done: counters written, logs emptied."""
    until(lambda: daemon.metric("counter_buckets_dirty") == 0 and
          daemon.metric("wal_bytes") == 0)


def notices(daemon, token):
    """GET /v1/live, as a socket."""
    s = socket.create_connection(("127.0.0.1", daemon.port), timeout=60)
    s.sendall(b"GET /v1/live HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " +
              token.encode() + b"\r\n\r\n")
    return s


def said(stream, until_one=False):
    """How many notices have come by now."""
    got = b""
    while select.select([stream], [], [], 0)[0] or (until_one and b"event:" not in got):
        more = stream.recv(65536)
        assert more, "the stream ended"
        got += more
    return got.count(b"event:")


def hour():
    return int(time.time()) // 3600


# --- before a release

def test_nothing_moves_before_a_release():
    rng = random.Random(20261122)
    units = ["co", "co/a", "co/a/one", "co/b", "co/team"]
    with Daemon("rate_limit=0", "workers=1") as d:
        d.start()
        with d.client() as admin:
            assert admin.put("/v1/surveys/climate", SURVEY).status == 201
            declare(admin, units)
            at = int(time.time()) - 86400 * 40
            for unit in units:
                assert admin.event({"type": "headcount.set", "time": at,
                                    "data": {"unit": unit, "headcount": 12}}).status == 201
            settled(d)
            spy = Attacker(d, ["climate"], units)
            stream = notices(d, spy.client.token)
            assert said(stream, until_one=True)
            began, before = hour(), spy.looks()
            acks = set()
            for i in range(40):
                person = f"p{rng.randrange(25)}"
                unit = rng.choice(units + ["co/new/undeclared", ""])
                event = rng.choice((
                    answered("climate", unit, person, say=rng.choice(SCALE), room=5),
                    answered("climate", unit, person, {"comment": "a word"}, say=1),
                    answered("climate", unit, None, {"complete": False}, room=2),
                    {"type": "survey.invited", "data": {"survey": "climate", "unit": unit or "co",
                                                        "respondent": person}},
                    {"type": "signal.recorded", "data": {
                        "audience": "employee", "person": person, "unit": unit or "co",
                        "signal": rng.choice(("stay_intent", "leave_intent"))}}))
                if rng.random() < 0.5:
                    event["id"] = f"client-{i}"
                answer = admin.event(event)
                assert answer.status == 201, answer
                acks.add(tuple(sorted(answer.json())))
                assert "seq" not in answer.json()
                assert not said(stream)
                same(before, spy.looks())
                if hour() != began:  # figures of the hour may have moved by themselves
                    began, before = hour(), spy.looks()
            assert len(acks) <= 2  # with and without an id of the client
            d.kill()
            d.start()
            spy.close()
            spy = Attacker(d, ["climate"], units)
            settled(d)
            after = spy.looks()
            if hour() == began:
                for key in before.keys() - {"metrics", "empowerd.db-wal"}:
                    assert after[key] == before[key], key
            spy.close()


# --- after releases: equations

def read_rows(client, path):
    answer = client.get(path)
    assert answer.status == 200, (path, answer)
    return answer.json()["rows"]


def shown(rows, question):
    """unit -> histogram of the rows that show something."""
    out = {}
    for row in rows:
        if row["question"] == question and row["n"] is not None:
            assert row["n"] == sum(row["histogram"].values()), row
            out[row.get("unit")] = {int(v): n for v, n in row["histogram"].items() if n}
    return out


class Model:
    """What was answered, by an independent reference."""

    def __init__(self, units):
        self.units = units  # as frozen
        self.first = {}     # person -> (unit, answers)
        self.pool = []      # answers of nobody in particular

    def add(self, unit, person, verified, answers):
        entry = (counted_under(self.units, unit or ""), verified, answers)
        if person is None:
            self.pool.append(entry)
        elif person not in self.first or verified and not self.first[person][1]:
            self.first[person] = entry

    def of(self, question):
        """(unit, value) of verified people, and values of all others."""
        everybody = list(self.first.values()) + self.pool
        verified = [(u, a[question]) for u, v, a in everybody if v and question in a]
        others = [a[question] for u, v, a in everybody if not v and question in a]
        return verified, others

    def blocks(self, question, k):
        """unit -> values; the unverified ones under None."""
        verified, others = self.of(question)
        found = dict(blocks(self.units, verified, k))
        most = max(collections.Counter(others).values(), default=0)
        if len(others) >= max(10, k) and len(others) - most >= 2:
            found[None] = others
        return found


def members(found, units, question_answers):
    """The people of each block, as numbers: who counts where follows from the tree."""
    out = {}
    for i, (unit, _) in enumerate(question_answers):
        at = unit
        while at and at not in found:
            at = path_above(at) if at not in units else parent(units, at)
        if at in found:
            out.setdefault(at, set()).add(i)
    return out


def parent(units, unit):
    unit = path_above(unit)
    return counted_under(units, unit)


def reduce_rows(rows):
    """Gaussian elimination over the rationals; rows are dicts column -> coefficient."""
    done = []
    for row in rows:
        row = {c: fractions.Fraction(v) for c, v in row.items()}
        for pivot, other in done:
            if row.get(pivot):
                factor = row[pivot]
                for c, v in other.items():
                    row[c] = row.get(c, 0) - factor * v
                    if not row[c]:
                        del row[c]
        row = {c: v for c, v in row.items() if v}
        if not row:
            continue
        pivot = min(row)
        row = {c: v / row[pivot] for c, v in row.items()}
        for i, (p, other) in enumerate(done):
            if other.get(pivot):
                factor = other[pivot]
                for c, v in row.items():
                    other[c] = other.get(c, 0) - factor * v
                    if not other[c]:
                        del other[c]
                done[i] = (p, other)
        done.append((pivot, row))
    return [row for _, row in done]


def attack(people, equations, k):
    """people: column -> (value, verified). equations: (columns, histogram) of published
    figures. No combination of them may be about fewer than k people or a unanimous
    group: the reduced system must be disjoint groups that are large and mixed, of which
    every other equation is a sum."""
    for columns, histogram in equations:
        assert collections.Counter(people[c][0] for c in columns) == \
            collections.Counter(histogram)
    for row in reduce_rows([{c: 1 for c in columns} for columns, _ in equations]):
        assert set(row.values()) == {1}, "a difference is left over"
        group = [people[c] for c in row]
        values = collections.Counter(value for value, _ in group)
        assert len(group) >= k and len(group) - max(values.values()) >= 2, group


def equations_of(client, survey, question, units, model, k):
    """Every published figure about the question with the people that it is about, as the
    manual says: a row of a unit is what is in it and in no other block below."""
    found = model.blocks(question, k)
    verified, others = model.of(question)
    groups = members(found, model.units, verified)
    people = {("v", i): (value, True) for i, (_, value) in enumerate(verified)}
    people |= {("o", i): (value, False) for i, value in enumerate(others)}
    block = {u: [("v", i) for i in groups[u]] for u in found if u is not None}
    if None in found:
        block[None] = [("o", i) for i in range(len(others))]
    assert {u: collections.Counter(people[c][0] for c in block[u]) for u in block} == \
        {u: collections.Counter(values) for u, values in found.items()}
    for path in [f"/v1/rollups/satisfaction?survey={survey}{more}" for more in shapes(units)]:
        if "csv" in path or "columns" in path or "channel" in path:
            continue
        got = {}
        for row in read_rows(client, path):
            if row["question"] == question and row["n"] is not None:
                got.setdefault(row.get("unit"), []).append(row)
        wanted = {}
        filtered = re.search(r"[&?]unit=([^&]*)", path)
        depth = re.search(r"depth=(\d)", path)
        for unit, columns in block.items():
            name = unit or ""
            if filtered and not (name + "/").startswith(filtered.group(1) + "/"):
                continue
            label = None
            if "group_by=unit" in path and name:
                label = "/".join(name.split("/")[:int(depth.group(1))]) if depth else name
            wanted.setdefault(label, []).extend(columns)
        if "question=" in path and f"question={question}" not in path:
            wanted = {}
        assert got.keys() == wanted.keys(), (path, got, wanted)
        for label, rows in got.items():
            assert len(rows) == 1, (path, rows)
            assert rows[0]["verified"] == all(c[0] == "v" for c in wanted[label])
            yield people, wanted[label], {
                int(v): n for v, n in rows[0]["histogram"].items() if n}


@pytest.mark.parametrize("seed", range(12))
def test_no_system_of_equations_isolates_anybody(shared_attack, seed):
    daemon, admin, plain = shared_attack
    rng = random.Random(seed)
    k = rng.choice((3, 5, 5, 8))
    survey = f"s{seed}"
    units = [f"w{seed}/" + u for u in organisation(rng, rng.randrange(2, 14))]
    assert admin.put(f"/v1/surveys/{survey}", {**SURVEY, "name": survey, "threshold": k}
                     ).status == 201
    declare(admin, units)
    # Units of other worlds are declared, too, and have nobody in this one.
    frozen = [u["name"] for u in admin.get("/v1/units").json()["units"]]
    spy = Client(daemon, daemon.new_token("read"))
    model = Model(frozen)
    taste = {u: rng.choice(SCALE) for u in units}  # some teams agree
    before = spy.get(f"/v1/rollups/satisfaction?survey={survey}&group_by=unit").body
    for i in range(rng.randrange(5, 160)):
        unit = rng.choice(units + units[:2] * 3)
        if rng.random() < 0.1:
            unit += "/not/declared"
        answers = {q: taste.get(unit, 3) if rng.random() < 0.7 else rng.choice(SCALE)
                   for q in rng.choice((("say", "room"),) * 8 + (("say",), ("room",)))}
        person = f"{seed}-{rng.randrange(120)}" if rng.random() < 0.9 else None
        verified = rng.random() < 0.8
        client = admin if verified else plain
        answer = client.event(answered(survey, unit, person, **answers))
        assert answer.status == 201, answer
        model.add(unit, person, verified and person is not None, answers)
        if rng.random() < 0.1:
            assert spy.get(f"/v1/rollups/satisfaction?survey={survey}&group_by=unit"
                           ).body == before
    answer = admin.post(f"/v1/surveys/{survey}/release", {})
    assert answer.status == 201, answer
    for question in ("say", "room"):
        found = list(equations_of(spy, survey, question, units, model, k))
        BLOCKS.append(len(found))
        if found:
            attack(found[0][0], [(columns, histogram) for _, columns, histogram in found], k)
    # A backup of the other file has no answer of a smaller group than is shown, either.
    places = {u or None for q in ("say", "room") for u in model.blocks(q, k) if u is not None}
    kept = {u for u, in daemon.sql("SELECT DISTINCT unit FROM event WHERE survey = ? AND "
                                   "period = 1", survey, file="confidential.db")}
    assert kept <= places | {None}
    # The analysts' file says the same and no more.
    for question in ("say", "room"):
        in_file = collections.defaultdict(collections.Counter)
        for unit, verified, value, n in daemon.sql(
                "SELECT unit, verified, value, n FROM v_release WHERE survey = ? "
                "AND question = ?", survey, question):
            in_file[unit if verified else None, verified][value] += n
        wanted = {(u or None, u is not None): collections.Counter(v)
                  for u, v in model.blocks(question, k).items()}
        assert dict(in_file) == wanted
    spy.close()


@pytest.fixture(scope="module")
def shared_attack():
    with Daemon("rate_limit=0") as d:
        d.start()
        with d.client() as admin, Client(d, d.new_token("ingest")) as plain:
            yield d, admin, plain
            d.verify()
            assert sum(n > 20 for n in BLOCKS) >= len(BLOCKS) // 2, BLOCKS


# --- by name

def world(shared_attack, name, units, teams, k=5):
    """A survey answered by teams: unit -> values; released. What is shown by unit."""
    _, admin, _ = shared_attack
    assert admin.put(f"/v1/surveys/{name}", {**SURVEY, "name": name, "threshold": k}
                     ).status == 201
    declare(admin, [f"{name}/{u}" if u else name for u in units])
    for unit, values in teams.items():
        for i, value in enumerate(values):
            full = f"{name}/{unit}" if unit else name
            assert admin.event(answered(name, full, f"{full}-{i}", say=value)).status == 201
    assert admin.post(f"/v1/surveys/{name}/release", {}).status == 201
    return by_unit(admin, name)


def by_unit(client, name):
    rows = read_rows(client, f"/v1/rollups/satisfaction?survey={name}&question=say&group_by=unit")
    return {(u or "")[len(name):].strip("/"): h for u, h in shown(rows, "say").items()}


def counts(*values):
    return dict(collections.Counter(itertools.chain(*values)))


def test_a_unanimous_team_is_not_shown(shared_attack):
    calm = [1, 2, 3, 4, 5, 5, 1, 2, 3]
    assert world(shared_attack, "unanimous", ["", "a", "b", "c"],
                 {"a": [4] * 6, "b": calm[:7], "c": calm}) == {
        "": counts([4] * 6, calm[:7]), "c": counts(calm)}


def test_a_unanimous_team_does_not_stand_out(shared_attack):
    """Were it missing while a smaller one is shown, its answers would be the reason; and
    whoever is alone beside it would be seen: eleven yes and two no, of which the large
    team has at most one."""
    assert world(shared_attack, "standout", ["", "large", "other", "one"], {
        "large": [5] * 11 + [1], "other": [1, 2, 3, 4, 5, 1, 2], "one": [1]}) == {
        "": counts([5] * 11 + [1], [1, 2, 3, 4, 5, 1, 2], [1])}


def test_a_team_with_a_subteam_of_one(shared_attack):
    team, one = [1, 2, 3, 4, 5], [3]
    assert world(shared_attack, "subteam", ["team", "team/one"],
                 {"team": team, "team/one": one}) == {"team": counts(team, one)}


def test_a_parent_with_one_hidden_child(shared_attack):
    big, hidden = [1, 2, 3, 4, 5, 1, 2, 3], [5, 1, 2]
    assert world(shared_attack, "hidden", ["p", "p/big", "p/small"],
                 {"p/big": big, "p/small": hidden}) == {"p": counts(big, hidden)}


def test_all_but_one_of_one_opinion(shared_attack):
    assert world(shared_attack, "lonely", ["t"], {"t": [5] * 8 + [1]}) == {}


def test_whoever_changes_unit_counts_once_a_period(shared_attack):
    _, admin, _ = shared_attack
    name, values = "mover", [1, 2, 3, 4, 5]
    assert admin.put(f"/v1/surveys/{name}", {**SURVEY, "name": name}).status == 201
    declare(admin, ["mover/a", "mover/b"])
    for unit in ("a", "b"):
        for i, value in enumerate(values):
            assert admin.event(answered(name, f"mover/{unit}", f"{unit}{i}", say=value)
                               ).status == 201
    first = admin.event(answered(name, "mover/a", "nomad", say=5))
    second = admin.event(answered(name, "mover/b", "nomad", say=1))
    assert first.status == second.status == 201
    assert first.json().keys() == second.json().keys()
    assert admin.post(f"/v1/surveys/{name}/release", {}).status == 201
    assert by_unit(admin, name) == {"a": counts(values, [5]), "b": counts(values)}
    # In the next period only b is large enough with them; a's four are in no block that
    # differs from another by anybody.
    for i, value in enumerate(values[:4]):
        assert admin.event(answered(name, "mover/a", f"a{i}", say=value)).status == 201
    for i, value in enumerate(values):
        assert admin.event(answered(name, "mover/b", f"b{i}", say=value)).status == 201
    assert admin.event(answered(name, "mover/b", "nomad", say=1)).status == 201
    assert admin.post(f"/v1/surveys/{name}/release", {}).status == 201
    waves = collections.defaultdict(dict)
    daemon = shared_attack[0]
    for period, unit, value, n in daemon.sql(
            "SELECT period, unit, value, n FROM v_release WHERE survey = 'mover' "
            "AND question = 'say'"):
        waves[period].setdefault(unit, {})[value] = n
    assert waves["2"] == {None: counts(values[:4], values, [1])}


def test_invented_respondents_do_not_vouch_for_anybody(shared_attack):
    daemon, admin, plain = shared_attack
    name = "invented"
    assert admin.put(f"/v1/surveys/{name}", {**SURVEY, "name": name}).status == 201
    declare(admin, ["invented/team"])
    for i in range(4):
        assert admin.event(answered(name, "invented/team", f"real{i}", say=1 + i)).status == 201
    for i in range(30):
        assert plain.event(answered(name, "invented/team", f"fake{i}", say=1 + i % 2)
                           ).status == 201
    # Nor does a roster that names nobody.
    for i in range(6):
        assert admin.event(answered(name, "invented/team", None, say=3 + i % 2)).status == 201
    assert admin.post(f"/v1/surveys/{name}/release", {}).status == 201
    rows = [r for r in read_rows(admin, f"/v1/rollups/satisfaction?survey={name}&question=say"
                                 "&group_by=unit") if r["n"] is not None]
    assert [(r["unit"], r["n"], r["verified"]) for r in rows] == [(None, 36, False)]
    rows = read_rows(admin, f"/v1/rollups/satisfaction?survey={name}&unit=invented/team")
    assert all(r["n"] is None and r["suppressed"] == "protected" for r in rows)


def test_nobody_is_silenced_by_an_answer_in_their_name(shared_attack):
    _, admin, plain = shared_attack
    name, values = "voices", [1, 2, 3, 4, 5, 1]
    assert admin.put(f"/v1/surveys/{name}", {**SURVEY, "name": name}).status == 201
    declare(admin, ["voices/team"])
    for i in range(12):
        assert plain.event(answered(name, "voices/team", f"p{i}", say=5)).status == 201
    for i, value in enumerate(values):
        assert admin.event(answered(name, "voices/team", f"p{i}", say=value)).status == 201
        # The first one that is vouched for counts, not the last.
        assert admin.event(answered(name, "voices/team", f"p{i}", say=5)).status == 201
        assert plain.event(answered(name, "voices/team", f"p{i}", say=5)).status == 201
    assert admin.post(f"/v1/surveys/{name}/release", {}).status == 201
    assert by_unit(admin, name) == {"team": counts(values)}


def test_nobody_answers_for_weeks_gone_by(shared_attack):
    """Each would have a key and a release of its own. Who keeps the records may."""
    daemon, admin, plain = shared_attack
    assert admin.put("/v1/surveys/weekly", {**SURVEY, "name": "weekly", "period": "week"}
                     ).status == 201
    now = int(time.time())
    for client, weeks in ((plain, 1), (admin, 2)):
        sent = {**answered("weekly", "", f"p{weeks}", say=3), "time": now - 100 * 7 * 86400}
        assert client.event(sent).status == 201
        assert daemon.one("SELECT count(DISTINCT period) FROM event WHERE survey = 'weekly'",
                          file="confidential.db") == weeks


def test_invented_units_do_not_part_a_team(shared_attack):
    """Neither paths that nobody declared, nor units declared once answers have come."""
    _, admin, _ = shared_attack
    name, values = "parted", [1, 2, 3, 4, 5, 1]
    assert admin.put(f"/v1/surveys/{name}", {**SURVEY, "name": name}).status == 201
    declare(admin, ["parted/team"])
    assert admin.event(answered(name, "parted/team", "p0", say=values[0])).status == 201
    declare(admin, ["parted/team/me", "parted/team/you"])
    answer = admin.event({"type": "headcount.set", "data": {"unit": "parted/team/he",
                                                            "headcount": 50}})
    assert answer.status == 201
    for i, value in enumerate(values[1:], 1):
        unit = "parted/team/" + ("me", "you", "he", "nobody/knows")[i % 4]
        assert admin.event(answered(name, unit, f"p{i}", say=value)).status == 201
    assert admin.post(f"/v1/surveys/{name}/release", {}).status == 201
    assert by_unit(admin, name) == {"team": counts(values)}


def test_the_threshold_only_rises(shared_attack):
    _, admin, _ = shared_attack
    name, values = "stern", [1, 2, 3, 4, 5, 1]
    document = {**SURVEY, "name": name, "threshold": 6}
    assert admin.put(f"/v1/surveys/{name}", document).status == 201
    refused(admin.put(f"/v1/surveys/{name}", {**document, "threshold": 5}), 409, "conflict",
            "/threshold")
    declare(admin, ["stern/a", "stern/b"])
    for unit in "ab":
        for i, value in enumerate(values):
            assert admin.event(answered(name, f"stern/{unit}", f"{unit}{i}", say=value)
                               ).status == 201
    assert admin.put(f"/v1/surveys/{name}", {**document, "threshold": 7}).status == 200
    assert admin.post(f"/v1/surveys/{name}/release", {}).status == 201
    rows = shown(read_rows(admin, f"/v1/rollups/satisfaction?survey={name}&question=say"
                           "&group_by=unit"), "say")
    assert rows == {None: counts(values, values)}


def test_two_surveys_of_the_same_people_are_cut_each_by_itself(shared_attack):
    """All of one, one less of the other: each shows what it would show alone."""
    _, admin, _ = shared_attack
    values = [1, 2, 3, 4, 5]
    declare(admin, ["twice/a", "twice/b"])
    for name, people in (("twice-1", 5), ("twice-2", 4)):
        assert admin.put(f"/v1/surveys/{name}", {**SURVEY, "name": name}).status == 201
        for i, value in enumerate(values[:people]):
            assert admin.event(answered(name, "twice/a", f"a{i}", say=value)).status == 201
        for i, value in enumerate(values):
            assert admin.event(answered(name, "twice/b", f"b{i}", say=value)).status == 201
        assert admin.post(f"/v1/surveys/{name}/release", {}).status == 201
    one, two = (shown(read_rows(admin, f"/v1/rollups/satisfaction?survey={n}&question=say"
                                "&group_by=unit"), "say") for n in ("twice-1", "twice-2"))
    assert one == {"twice/a": counts(values), "twice/b": counts(values)}
    assert two == {None: counts(values, values[:4])}


def test_comments_come_from_ten_and_in_no_order(shared_attack):
    _, admin, _ = shared_attack
    for name, n in (("talk-9", 9), ("talk-40", 40)):
        assert admin.put(f"/v1/surveys/{name}", {**SURVEY, "name": name}).status == 201
        declare(admin, [f"{name}/team"])
        for i in range(n):
            assert admin.event(answered(name, f"{name}/team", f"p{i}",
                                        {"comment": f"word {i:02d}"}, say=1 + i % 5)).status == 201
        assert admin.post(f"/v1/surveys/{name}/release", {}).status == 201
        rows = admin.get(f"/v1/comments?audience=employee&survey={name}&limit=500").json()["rows"]
        said = [r["text"] if "text" in r else r["comment"] for r in rows]
        assert sorted(said) == ([f"word {i:02d}" for i in range(n)] if n >= 10 else [])
        assert said != sorted(said) or n < 10
        words = json.dumps(rows)
        assert not any(f'"p{i}"' in words for i in range(n)) and "respondent" not in words


def test_an_empty_release_is_like_one_that_shows_nothing(shared_attack):
    daemon, admin, _ = shared_attack
    seen = []
    for name, n in (("void-a", 0), ("void-b", 4)):
        assert admin.put(f"/v1/surveys/{name}", {**SURVEY, "name": name}).status == 201
        declare(admin, [f"{name}/team"])
        for i in range(n):
            assert admin.event(answered(name, f"{name}/team", f"p{i}", say=1 + i)).status == 201
        answer = admin.post(f"/v1/surveys/{name}/release", {})
        body = {k: v for k, v in answer.json().items() if k not in ("from", "to")}
        rows = admin.get(f"/v1/rollups/satisfaction?survey={name}&group_by=unit")
        seen.append((answer.status, json.dumps(body).replace(name, ""),
                     re.sub(rb'"as_of":"[^"]*"', b"", rows.body).replace(name.encode(), b""),
                     daemon.sql("SELECT count(*) FROM release JOIN survey ON survey.id = "
                                "survey_id WHERE survey.name = ?", name)))
    assert seen[0] == seen[1]


def test_a_release_is_the_same_after_kill_and_restart():
    with Daemon("rate_limit=0") as d:
        d.start()
        units = ["co/a", "co/b", "co/tiny"]
        with d.client() as admin:
            assert admin.put("/v1/surveys/climate", SURVEY).status == 201
            declare(admin, units)
            for unit, n in zip(units, (9, 12, 4)):
                for i in range(n):
                    assert admin.event(answered("climate", unit, f"{unit}{i}", say=1 + i % 5)
                                       ).status == 201
            assert admin.post("/v1/surveys/climate/release", {}).status == 201
            asks = [f"/v1/rollups/satisfaction?survey=climate{more}" for more in shapes(units)]
            before = [re.sub(rb'"as_of":"[^"]*"', b"", admin.get(p).body) for p in asks]
        d.kill()
        d.start()
        with d.client() as admin:
            assert [re.sub(rb'"as_of":"[^"]*"', b"", admin.get(p).body) for p in asks] == before
            rows = csv.DictReader(io.StringIO(admin.get(
                "/v1/rollups/satisfaction?survey=climate&question=say&group_by=unit&format=csv"
            ).text()))
            assert {r["unit"]: int(r["n"]) for r in rows} == {"co/b": 12, "": 13}
        d.verify()


# --- the analyst

def test_what_is_in_confidential_db_tells_no_order():
    """No two people answer alike, so that each answer can be found again; where it lies
    in the file after the release does not follow when it came."""
    n, questions = 400, ["q0", "q1", "q2", "q3"]
    survey = {**SURVEY, "questions": [{"name": q, "metric": "csat", "text": {"en": "x"}}
                                      for q in questions]}
    with Daemon("rate_limit=0") as d:
        d.start()
        log = []  # a proxy's: when, from where, what
        with d.client() as admin:
            assert admin.put("/v1/surveys/climate", survey).status == 201
            declare(admin, ["co"])
            alike = [tuple(1 + i // 5 ** k % 5 for k in range(len(questions)))
                     for i in range(n)]
            random.Random(5).shuffle(alike)
            for i, values in enumerate(alike):
                log.append((time.time(), f"10.0.0.{i % 250}", "POST /v1/events"))
                assert admin.event(answered("climate", f"co/mark-{i:04d}", f"p{i}",
                                            {"segment": f"mark-{i:04d}"},
                                            **dict(zip(questions, values)))).status == 201
            assert admin.post("/v1/surveys/climate/release", {}).status == 201
        path = os.path.join(d.dir, "confidential.db")
        until(lambda: os.path.getsize(path + "-wal") == 0)
        with open(path, "rb") as f:
            data = f.read()
        assert d.one("PRAGMA freelist_count", file="confidential.db") == 0
        assert b"mark-" not in data
        found = collections.defaultdict(dict)
        for key, question, value in d.sql("SELECT event_key, question, value FROM answer",
                                          file="confidential.db"):
            found[key][question] = value
        keys = {tuple(said[q] for q in questions): key for key, said in found.items()}
        places = [data.find(keys[values]) for values in alike]
        assert len(set(places)) == n and min(places) > 0
        rank = {p: r for r, p in enumerate(sorted(places))}
        mean = (n - 1) / 2
        spearman = sum((i - mean) * (rank[p] - mean) for i, p in enumerate(places)) / \
            sum((i - mean) ** 2 for i in range(n))
        assert abs(spearman) < 0.3, spearman  # 6 standard deviations
        # Nothing that analysts have names a person, a mark, or a moment of the log but
        # those of the release and of what the admin put.
        snapshot = os.path.join(d.home, "snapshot.db")
        Tool(d, d.home).ok("-d", d.dir, "snapshot", snapshot)
        for name in ("empowerd.db", "empowerd.db-wal", snapshot):
            with open(os.path.join(d.dir, name), "rb") as f:
                assert b"mark-" not in f.read(), name
        text = "\n".join(dump(d))
        assert "mark-" not in text
        moments = {t for t in map(int, re.findall(r"\b1[6-9]\d{11}\b", text))}
        first, last = log[0][0] * 1000, log[-1][0] * 1000
        inside = sorted(t for t in moments if first + 50 < t < last - 50)
        assert inside == [], inside
