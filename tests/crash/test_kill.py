"""P1 and P2: kill -9 under load, at random points, many rounds.

Clients send events with ids, singly and in batches, and send again whatever was not
answered, as a real sender would. After each kill the daemon starts again on the same
files. Then every acknowledged event must be there, each once, and every counter must
equal the file.

EMPOWERD_KILLS sets the number of rounds.
"""
import http.client
import json
import os
import random
import threading
import time

from faults import thanked, thanks

KILLS = int(os.environ.get("EMPOWERD_KILLS", "12"))
SENDERS = 4
NET_ERRORS = (OSError, http.client.HTTPException, ValueError)


class Sender(threading.Thread):
    """Owns a numbered stream of events; what is acknowledged is remembered here."""

    def __init__(self, number, where, stop):
        super().__init__(daemon=True)
        self.number, self.where, self.stop = number, where, stop
        self.rng = random.Random(number)
        self.acked = {}
        self.next = 0
        self.open = []  # sent, not answered: to be sent again as they were
        self.wrong = []
        self.decisions = []
        self.settled = set()

    def decision(self):
        """A boundary, a decision, or what follows on one of before."""
        rng, source, i = self.rng, f"s{self.number}", f"e-{self.next}"
        what = rng.random() if self.decisions else 0.1
        data = {"role": f"r{rng.randrange(3)}", "class": "refund", "unit": f"u{rng.randrange(5)}"}
        if what < 0.02:
            kind, data = "boundary.set", {**data, "mode": "act", "limit": rng.randrange(100)}
        elif what < 0.4:
            kind = "decision.made"
            data.update(answer=rng.choice(["yes", "no"]), amount=rng.randrange(100),
                        escalated=rng.random() < 0.5, drivers={"spend": "yes"},
                        person=f"e{rng.randrange(50)}")
            self.decisions.append(i)
        else:
            ref = rng.choice(self.decisions)
            data = {"ref": {"source": source, "id": ref}}
            if what < 0.5 and ref not in self.settled:
                self.settled.add(ref)
                kind, data["answer"] = "decision.settled", "yes"
            else:
                kind, data["customer_benefit"] = "decision.outcome", rng.random() < 0.5
                data["drivers"] = {"spend": rng.choice(["yes", "no"])}
        return {"type": kind, "source": source, "id": i, "data": data,
                "time": int((time.time() - rng.randrange(200000)) * 1000)}

    def event(self):
        self.next += 1
        rng = self.rng
        if rng.random() < 0.2:
            return self.decision()
        if rng.random() < 0.1:
            return {**thanks(self.next, f"e{rng.randrange(50)}",
                             *{f"e{rng.randrange(400)}" for _ in range(2)}),
                    "source": f"s{self.number}"}
        confidential = rng.random() < 0.1
        data = {"unit": f"u{rng.randrange(5)}"}
        if confidential:
            data.update(survey="staff", respondent=f"e{rng.randrange(50)}")
            data["answers"] = {"overall": rng.randint(1, 5)}
        else:
            data.update(survey="shop", respondent=f"c{rng.randrange(50)}")
            data["answers"] = {"overall": rng.randint(1, 5), "again": rng.randint(0, 10)}
        # A minute old: so that every grain of counter is in play.
        return {
            "type": "survey.answered",
            "source": f"s{self.number}",
            "id": f"e-{self.next}",
            "time": int((time.time() - 60 * rng.randrange(3000)) * 1000),
            "data": data,
        }

    def run(self):
        while not self.stop.is_set():
            try:
                connection = http.client.HTTPConnection(*self.where["at"], timeout=30)
                while not self.stop.is_set():
                    self.send(connection)
            except NET_ERRORS:
                # Dead or not up yet: ask the kernel again, the daemon is coming back.
                self.stop.wait(0.01)

    def send(self, connection):
        batch = self.open or [
            self.event() for _ in range(1 if self.rng.random() < 0.7 else self.rng.randint(2, 600))
        ]
        self.open = batch
        body = "\n".join(map(json.dumps, batch))
        kind = "application/json" if len(batch) == 1 else "application/x-ndjson"
        connection.request(
            "POST",
            "/v1/events",
            body,
            {"Authorization": "Bearer " + self.where["token"], "Content-Type": kind},
        )
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 500:
            return  # unknown: the same again
        result = json.loads(text)
        good = (
            result.get("status") in ("stored", "duplicate")
            if len(batch) == 1
            else result.get("rejected") == []
            and result["stored"] + result["duplicate"] == len(batch)
        )
        if answer.status not in (200, 201) or not good:
            self.wrong.append((answer.status, text[:400]))
            self.stop.set()
            return
        for e in batch:
            self.acked[e["id"]] = e
        self.open = []


def survey(name, audience, questions):
    return {
        "name": name,
        "audience": audience,
        "title": {"en": name},
        "questions": [
            {"name": q, "metric": m, "text": {"en": q}} for q, m in questions
        ],
    }


def is_sealed(event):
    return event["data"].get("survey") == "staff"


def check_people(c, senders):
    """Who recognised whom, which is in both files; every event was acknowledged."""
    given = [e["data"] for s in senders for e in s.acked.values()
             if e["type"] == "recognition.given"]
    assert thanked(c) == [(len(given), len({g["from"] for g in given}),
                           len({who for g in given for who in g["to"]}))]


def check(d, senders):
    """Everything acknowledged is stored once, and what is stored was sent."""
    stored = {}
    for source, i, count in d.sql(
        "SELECT source, id, count(*) FROM v_event GROUP BY source, id"
    ):
        assert count == 1, f"{source} {i} is stored {count} times"
        stored[source, i] = True
    confidential = d.one("SELECT count(*) FROM event", file="confidential.db")
    acked_sealed = sent_sealed = 0
    for s in senders:
        for e in s.acked.values():
            if is_sealed(e):
                acked_sealed += 1
            else:
                assert stored.pop((e["source"], e["id"]), None), f"lost {e['source']} {e['id']}"
        sent_sealed += sum(is_sealed(e) for e in s.open)
        for e in s.open:
            stored.pop((e["source"], e["id"]), None)
    assert not stored, "stored, but nobody sent it"
    assert acked_sealed <= confidential <= acked_sealed + sent_sealed
    answers = {
        (q, v): n
        for q, v, n in d.sql("SELECT question, value, count(*) FROM v_answer GROUP BY 1, 2")
    }
    with d.client() as c:
        rows = c.rollup("satisfaction", survey="shop")["rows"]
        if not any(s.open for s in senders):
            check_people(c, senders)
    counted = {
        (row["question"], int(v)): n
        for row in rows
        for v, n in row["histogram"].items()
        if n
    }
    assert counted == answers
    d.verify()


def strike(d, senders, where, stop, rng):
    """Let some work be done, then kill anywhere within the next moments."""
    before = sum(len(s.acked) for s in senders)
    enough = before + rng.randint(20, 3000)
    while sum(len(s.acked) for s in senders) < enough:
        assert not stop.is_set(), [s.wrong for s in senders]
        stop.wait(rng.random() / 50)
    d.kill()
    d.start()
    where["at"] = ("127.0.0.1", d.port)


def test_kill_under_load(daemon):
    d = daemon
    with d.client() as c:
        shop = survey("shop", "customer", [("overall", "csat"), ("again", "nps")])
        assert c.put("/v1/surveys/shop", shop).status == 201
        staff = survey("staff", "employee", [("overall", "pulse")])
        assert c.put("/v1/surveys/staff", staff).status == 201
    seed = int(os.environ.get("EMPOWERD_SEED", random.SystemRandom().randrange(2**32)))
    print(f"EMPOWERD_SEED={seed}")
    where = {"at": ("127.0.0.1", d.port), "token": d.token}
    stop = threading.Event()
    senders = [Sender(i, where, stop) for i in range(SENDERS)]
    for s in senders:
        s.start()
    rng = random.Random(seed)
    for _ in range(KILLS):
        strike(d, senders, where, stop, rng)
    stop.set()
    for s in senders:
        s.join()
        assert not s.wrong, s.wrong
    assert sum(len(s.acked) for s in senders) > 20 * KILLS
    check(d, senders)
    # What was never answered may or may not be stored. Sent again, it is counted once.
    with d.client() as c:
        for s in senders:
            if s.open:
                answer = c.lines(s.open)
                assert answer.status == 200 and answer.json()["rejected"] == []
                s.acked.update((e["id"], e) for e in s.open)
                s.open = []
    check(d, senders)
    d.restart()
    check(d, senders)
