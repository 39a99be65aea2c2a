"""verify lives the life of each suggestion again, and what followed each decision: the
state that figures are read from is what the steps say, or it is found."""
import os
import shutil
import sqlite3

import pytest

from ctl_harness import Tool
from harness import Daemon

LIFE = "a suggestion does not stand as its steps say"
RESULT = "a decision is not known as what followed says"
HIDDEN = "confidential.db: " + LIFE
WITHDRAWN = "(SELECT id FROM suggestion_condition WHERE name = 'withdrawn')"


def fill(daemon):
    """A suggestion of either audience that was answered, rated, reopened by a reply,
    answered again; one that was withdrawn, one forgotten; two decisions."""
    with daemon.client() as c:
        for audience in "customer", "employee":
            for i in range(3):
                made = c.post("/v1/suggestions", {
                    "audience": audience, "kind": "question", "title": "T",
                    "category": "price"}).json()
                own = "/v1/receipts/" + made["receipt"]
                if i == 1:
                    assert c.post(own + "/withdraw", {}).status == 201
                if i == 2:
                    assert c.post("/v1/people/erase", {"receipt": made["receipt"]}
                                  ).status == 200
                if i > 0:
                    continue
                to = "/v1/suggestions/" + made["id"]
                for path, data in (
                        (to + "/acknowledge", {}), (to + "/triage", {"will_examine": True}),
                        (to + "/answers", {"status": "declined", "reason": "No"}),
                        (own + "/rate", {"felt_heard": 2}), (own + "/reply", {"body": "But"}),
                        (to + "/support", {}), (to + "/answers", {"status": "planned"})):
                    assert c.post(path, data).status == 201, path
                assert c.get(own).status == 200
        for i in range(2):
            c.event({"type": "decision.made", "source": "t", "id": f"d{i}", "data": {
                "role": "agent", "class": "refund", "answer": "yes", "escalated": True,
                "drivers": {"spend": "yes"}}})
            for kind, data in (("settled", {"answer": "no"}),
                               ("outcome", {"customer_benefit": True,
                                            "drivers": {"spend": "no"}}),
                               ("outcome", {"customer_benefit": False})):
                assert c.event({"type": "decision." + kind,
                                "data": {"ref": f"d{i}", **data}}).status == 201


@pytest.fixture(name="world", scope="module")
def world_():
    """A daemon that is stopped, and its files."""
    with Daemon() as daemon:
        daemon.start()
        fill(daemon)
        daemon.verify()
        daemon.stop()
        shutil.copytree(daemon.dir, daemon.dir + ".kept")
        yield daemon


@pytest.mark.parametrize("file,sql,finding", [
    *(("empowerd.db", f"UPDATE suggestion_state SET {what}", LIFE) for what in (
        "first_response = first_response + 1", "acknowledged = NULL", "reopened = NULL",
        "second_response = second_response - 1", "closed = 5 WHERE closed IS NULL",
        "supporters = supporters + 1", "published = published + 1", "rounds = rounds + 1",
        "felt_heard = 3 WHERE felt_heard = 2", "opened = 0", "board = 1 - board",
        "status_id = 1 WHERE status_id IS NOT NULL", "category_id = NULL",
        "submitted = submitted + 1", "auto_acknowledged = 1",
        # Only what was forgotten may be withdrawn without a step.
        f"condition_id = {WITHDRAWN}, withdrawn = 1, closed = 1 WHERE withdrawn IS NULL")),
    ("empowerd.db", "DELETE FROM suggestion_state", LIFE),
    ("empowerd.db", "DELETE FROM suggestion_step WHERE status_id IS NOT NULL", LIFE),
    ("empowerd.db", "UPDATE suggestion_step SET reason = NULL", LIFE),
    *(("empowerd.db", f"UPDATE decision_result SET {what}", RESULT) for what in (
        "settled_id = 1", "settled_id = NULL", "customer_benefit = 1", "spend_id = NULL",
        "retention_id = 1")),
    ("empowerd.db", "DELETE FROM decision_result", RESULT),
    ("empowerd.db", "DELETE FROM decision_settlement", RESULT),
    *(("confidential.db", f"UPDATE suggestion_state SET {what}", HIDDEN) for what in (
        "first_response = '2001-01-01'", "supporters = 7", "state = 'done'", "opened = 0",
        "second_response = NULL", "submitted = '2001-01-01'")),
    ("confidential.db", "DELETE FROM suggestion_step WHERE number = 2", HIDDEN),
])
def test_a_state_of_its_own_is_found(world, tmp_path, file, sql, finding):
    if world.process:  # of one that failed
        world.kill()
    shutil.rmtree(world.dir)
    shutil.copytree(world.dir + ".kept", world.dir)
    db = sqlite3.connect(os.path.join(world.dir, file))
    assert db.execute(sql).rowcount > 0
    db.commit()
    db.close()
    world.start()
    with world.client() as c:
        report = c.get("/v1/verify").json()
    assert finding in report["findings"] and report["differences"] > 0, report
    told = Tool(world, tmp_path).run("verify")
    assert told.returncode == 1 and finding in told.stdout.decode()
    if file == "empowerd.db":
        told = Tool(world, tmp_path).run("verify", "-d", world.dir)
        assert told.returncode == 1 and finding in told.stdout.decode()
    world.stop()
