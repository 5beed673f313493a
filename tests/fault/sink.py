"""Loki's push endpoint with faults: what it takes goes into its ledger. The agent's life is told by
the header X-Life, so that a push that a killed agent has left behind is not taken for the next one's."""
import collections
import random
import sys
import threading
import time
from pathlib import Path

import snappy

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/fakes"))
import common  # noqa: E402

INF = float("inf")
RESPONSES = {"429": (429, ()), "429 Retry-After": (429, (("Retry-After", "1"),)), "500": (500, ()), "503": (503, ()),
    "401": (401, ()), "404": (404, ())}
KINDS = [*RESPONSES, "400", "413", "resets", "hangs", "swallows", "closes", "down", "slow"]
SMALL = 20_000  # what a server with a small limit takes


class Sink(common.Fake):
    def __init__(self, push_request, ledger, seed, count):
        self.push_request, self.ledger, self.count = push_request, ledger, count
        self.rng = random.Random(f"{seed}/sink {ledger.name}")
        self.mode, self.share = None, 1.0
        self.mine = threading.local()  # the fault of the request that this thread answers
        self.faults = []  # [from, to]
        self.cuts = []  # when answers may have been lost on their way
        self.accepted = collections.Counter()  # entries by life, answered 204
        self.dropped = collections.Counter()  # entries by life, in requests answered 400
        super().__init__()

    def fault(self, kind, share):
        self.mode, self.share = kind, share
        self.faults.append([time.monotonic(), INF])
        self.released.clear()
        self.count[f"Loki {kind}"] += 1
        if kind == "down":
            self.cuts.append(time.monotonic())
            self.stop()

    def heal(self):
        self.mode = None
        if self.faults:
            self.faults[-1][1] = min(self.faults[-1][1], time.monotonic())
        self.released.set()
        self.start()

    def next_answer(self):
        with self.lock:
            self.requests += 1
            mode = self.mode if self.mode and self.rng.random() < self.share else None
        self.mine.mode = mode
        if mode in RESPONSES:
            status, headers = RESPONSES[mode]
            return {"kind": "answers", "status": status, "body": "try later\n", "headers": headers}
        if mode in ("resets", "hangs", "swallows", "closes"):
            return {"kind": mode}
        return None

    def handle(self, request, body):
        mode = self.mine.mode
        life = int(request.headers.get("X-Life", 0))
        tenant = request.headers.get("X-Scope-OrgID")
        if len(body) < int(request.headers.get("Content-Length") or 0):
            return 400, b"cut", []  # it was killed while it sent
        if mode == "slow":
            time.sleep(self.rng.random() * 0.5)
        push = self.push_request()
        try:
            push.ParseFromString(snappy.uncompress(body))
        except Exception as e:  # each version of the modules has its own classes
            self.ledger.problem("not a push request", str(e))
            return 400, b"bad", []
        n = sum(len(s.entries) for s in push.streams)
        if mode == "413" and len(body) > SMALL and n > 1:
            return 413, b"request body too large\n", []
        picky = mode == "400"
        refuse = (lambda i: self.rng.random() < 0.1) if picky else (lambda i: False)
        for s in push.streams:
            entries = [(e.line, e.timestamp.seconds * 10**9 + e.timestamp.nanos) for e in s.entries]
            self.ledger.take(life, s.labels, tenant, entries, mode != "swallows", refuse)
        with self.lock:
            if picky:
                self.dropped[life] += n
            elif mode != "swallows":
                self.accepted[life] += n
        if picky:
            return 400, b"entry for stream '{}' has timestamp too old\n", []
        return 204, b"", []
