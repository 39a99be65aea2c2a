"""One story from a complaint to a boundary that could be wider: the commands of the
README, as they stand there. In a shop of fourteen people every figure shows; in a kiosk
of four the same commands leave nothing to see of anybody.
"""
import collections
import datetime
import json
import os
import re
import stat
import subprocess

import pytest

from ctl_harness import EMPOWERCTL
from harness import HERE, TIMEOUT, Daemon, refused
from test_decisions import near, wilson

README = os.path.join(HERE, "..", "README")
API = "http://127.0.0.1:8787"
PROTECTED = {"audience": "employee", "n": None, "suppressed": "protected"}


def commands():
    """Of the section: the indented lines, after where the token and the address are."""
    with open(README, encoding="utf-8") as f:
        text = f.read()
    start = re.search(r"^ {4}TOKEN=.*\n {4}API=.*\n", text, re.M).group()
    story = re.search(r"^A story\n-+\n(.*?)\n\n\n", text, re.M | re.S).group(1)
    lines = [line[4:] for line in story.splitlines() if line.startswith("    ")]
    assert 10 < len(lines) <= 25
    return re.sub("^ {4}", "", start, flags=re.M), lines


class Story:
    """The commands on a daemon of their own, and what each printed."""

    def __init__(self, d, home, unit, heads):
        self.d, self.unit, self.client = d, unit, d.client()
        os.makedirs(os.path.join(home, "build"))
        os.symlink(d.dir, os.path.join(home, "build", "state"))
        tool = os.path.join(home, "build", "empowerctl")
        here = f"http://127.0.0.1:{d.port}"
        with open(tool, "w", encoding="utf-8") as f:
            f.write(f'#!/bin/sh\nexec "{os.path.abspath(EMPOWERCTL)}" -s {here} "$@"\n')
        os.chmod(tool, os.stat(tool).st_mode | stat.S_IXUSR)
        start, lines = commands()
        assert API in start and "UNIT=shop HEADS=14 " in lines[0]
        lines[0] = lines[0].replace("UNIT=shop HEADS=14 ", f"UNIT={unit} HEADS={heads} ")
        script = start.replace(API, here)
        for line in lines:
            script += f"echo '#'\n{line} || exit 1\n"
        env = {k: v for k, v in os.environ.items() if not k.startswith("EMPOWERD")}
        done = subprocess.run(["bash", "-c", script], cwd=home, capture_output=True,
                              env=env, timeout=TIMEOUT * 2)
        assert done.returncode == 0 and not done.stderr, (done.stdout, done.stderr)
        parts = done.stdout.decode().split("#\n")[1:]
        self.printed = dict(zip(lines, parts))
        assert len(parts) == len(lines)
        for line, text in self.printed.items():
            assert "/problems/" not in text, (line, text)

    def said(self, words):
        """What the command with these words printed."""
        found = [text for line, text in self.printed.items() if words in line]
        assert len(found) == 1, words
        return found[0]


def told(tmp_path_factory, unit, heads):
    with Daemon() as d:
        d.start()
        yield Story(d, tmp_path_factory.mktemp("story"), unit, heads)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    yield from told(tmp_path_factory, "shop", 14)


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory):
    yield from told(tmp_path_factory, "kiosk", 4)


@pytest.fixture(params=["shop", "kiosk"])
def story(request):
    return request.getfixturevalue(request.param)


def whole(row, want):
    assert {k: row.get(k) for k in want} == want, row


def test_customers_figures_show_in_both(story):
    """A customer is not one of the unit's people."""
    c = story.client
    rows = c.rollup("retention", unit=story.unit)["rows"]
    assert [(r["signal"], r["n"]) for r in rows] == [("complaint", 1)]
    row, = c.rollup("satisfaction", survey="csat", unit=story.unit)["rows"]
    whole(row, {"n": 2, "csat": 50, "mean": 3,
                "histogram": {"1": 1, "2": 0, "3": 0, "4": 0, "5": 1}})
    answer = c.rollup("participation", survey="csat", unit=story.unit)
    whole(answer["rows"][0], {"invited": 1, "answered": 2, "complete": 2,
                              "response_rate": 100, "unsolicited": 1})


def test_she_may(story):
    """What holds is told to whoever asks, however few they are."""
    assert "act" in story.said("boundary check")
    boundary, = story.client.get("/v1/boundaries").json()["rows"]
    whole(boundary, {"role": "agent", "class": "refund", "unit": story.unit, "limit": 50,
                     "mode": "act", "reason": "You know the customer", "in_force": True})


def test_the_receipt_tells_what_became_of_it(story):
    shown, rated = [json.loads(line) for line in
                    story.said("get receipts/").splitlines()]
    whole(shown, {"kind": "rule_to_remove", "title": "No receipt, no refund?",
                  "state": "done"})
    assert [(s.get("status"), s.get("reason")) for s in shown["history"]
            if s.get("reason")] == [
        (None, "It costs us customers"), ("accepted", "Below 50 nobody needs one"),
        ("done", "The rule is gone")]
    assert rated["status"] == "stored"


def test_decisions_of_the_shop(shop):
    c = shop.client
    row, = c.rollup("decisions", unit="shop")["rows"]
    whole(row, {"n": 21, "yes": 21, "no": 0, "partial": 0, "escalated": 0, "inside": 21,
                "over": 0, "without": 0, "delegated": 100, "over_escalation": 0,
                "overreach": None, "interference": 0, "rubber_stamp": None,
                "restriction": 0, "rule_did_not_fit": near(100 / 21), "conflicts": 1,
                "special_requests": 0, "settled": 0, "outcome_share": 100, "benefit": 100,
                "self_rating": None})
    review, = c.rollup("decisions", unit="shop")["reviews"]
    whole(review, {"n": 21, "coverage": 100, "reinforce": 20, "coach": 1, "sanction": 0,
                   "reinforcement_share": near(100 * 20 / 21), "punitive": 0,
                   "arbitrary": None, "latency_days": 0})
    assert c.rollup("decisions", unit="shop")["blocking_rules"] == []


def test_the_idea_of_the_shop(shop):
    c = shop.client
    row, = c.rollup("suggestions", audience="employee", unit="shop")["rows"]
    whole(row, {"n": 1, "acknowledged": 0, "triaged": 1, "answered": 1, "open": 0,
                "withdrawn": 0, "reopened": 0, "supporters": 0, "reason": None,
                "adoption": 100, "answered_in_time": 100, "first_response_median_d": 0,
                "first_response_p90_d": 0, "submitters": 0, "overdue_sla": 0,
                # It was opened today, which is told tomorrow.
                "told": 0, "reach": 0})
    assert "felt_heard" not in row, "what an employee felt is sealed"
    listed, = c.get("/v1/suggestions", audience="employee").json()["rows"]
    whole(listed, {"kind": "rule_to_remove", "state": "done", "status": "done",
                   "unit": "shop"})
    # Another one, opened on a day that is over, and declined.
    day = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=2)).date()
    second = c.post("/v1/suggestions", {"audience": "employee", "kind": "suggestion",
                                        "title": "Seats", "unit": "shop",
                                        "time": f"{day}T10:00:00Z"}).json()
    for kind, data in (("answered", {"ref": second["id"], "status": "declined",
                                     "reason": "No room"}),
                       ("seen", {"receipt": second["receipt"]})):
        assert c.event({"type": "suggestion." + kind, "time": f"{day}T11:00:00Z",
                        "data": data}).status == 201
    row, = c.rollup("suggestions", audience="employee", unit="shop")["rows"]
    whole(row, {"n": 2, "triaged": 1, "answered": 2, "open": 0, "adoption": 50, "reason": 100,
                "told": 50, "reach": 25})


def test_the_boundary_is_a_candidate(shop):
    c = shop.client
    row, = c.get("/v1/boundaries/candidates").json()["rows"]
    assert row == {"role": "agent", "class": "refund", "unit": "shop", "n": 21, "good": 21,
                   "wilson": near(wilson(21, 21)), "use": near(0.9), "rubber_stamp": None,
                   "limit": 50, "mode": "act", "requires_training": None,
                   "training_current": True, "candidate": True}
    printed = shop.said("boundary candidates")
    assert "agent" in printed and "refund" in printed and "shop" in printed


def test_only_oneself_reads_what_was_said_of_one(story):
    c = story.client
    code = c.post("/v1/people", {"person": "ana"}).json()["code"]
    with story.d.client(None) as anybody:
        me = anybody.get("/v1/me/" + code).json()
    assert me["decisions"] == 1
    whole(me["reviews"][0], {"verdict": "coach", "lesson": "Say sorry first",
                             "role": "agent", "class": "refund"})
    whole(me["evidence"][0], {"decisions": 1, "n": 1, "good": 1, "sanctions": 0})
    # And may ask for more, which is answered like any suggestion.
    with story.d.client(None) as anybody:
        asked = anybody.post(f"/v1/me/{code}/requests", {
            "role": "agent", "class": "refund", "limit": 80, "unit": story.unit})
    assert asked.status == 201 and asked.json()["receipt"]


def test_nothing_of_the_kiosk(kiosk):
    """Of four people no figure, no list, and no candidate."""
    c = kiosk.client
    assert c.rollup("decisions", unit="kiosk")["rows"] == [PROTECTED]
    assert [r["n"] for r in c.rollup("decisions", unit="kiosk")["reviews"]] == [None]
    for params in ({"unit": "kiosk"}, {"group_by": "unit"}, {}, {"step": "month"}):
        rows = c.rollup("suggestions", audience="employee", **params)["rows"]
        assert rows and all(r["n"] is None and r["suppressed"] == "protected"
                            for r in rows), rows
        rows = c.rollup("decisions", **params).get("reviews", [])
        assert all({k: r[k] for k in PROTECTED} == PROTECTED for r in rows), rows
    listed = c.get("/v1/suggestions", audience="employee").json()["rows"]
    assert [r["unit"] for r in listed] == [None], "but to answer it, it is there"
    assert c.get("/v1/boundaries/candidates").json()["rows"] == []
    # The analysts' file has no names either.
    assert collections.Counter(
        r[0] for r in kiosk.d.sql("SELECT unit FROM v_decision")) == {"kiosk": 21}
    assert kiosk.d.one("SELECT count(*) FROM event WHERE person IS NOT NULL "
                       "AND seq IN (SELECT event_seq FROM decision)") == 0


def test_what_was_told_stands(story):
    """A second review is none, and everything counted is what is stored."""
    before = story.client.rollup("decisions", unit=story.unit)
    again = {"type": "decision.reviewed", "data": {"ref": story.unit + "-ana",
                                                   "verdict": "sanction"}}
    refused(story.client.event(again), 409, "illegal-transition", "/data/ref")
    assert story.client.rollup("decisions", unit=story.unit) == before
    story.d.verify()
