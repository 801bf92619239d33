"""The soak: thousands of submissions while broker, storage and notify are each killed with -9 twice, then the ledger.

Run it as `python -m bench.soak`. Exit code 0 means that every 202 is one row and one mail, or a duplicate mail inside
the documented window: a notify killed between the mail server's 250 and its record.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from random import Random, SystemRandom
from typing import TextIO

from dev.broker import Broker
from dev.mail_sink import MailSink
from dev.processes import is_free, poll
from support.installation import Installation
from support.ledger_client import LoadClient
from support.ledger_trial import Trial, memory_mb, moment, sqlite_of, vhost_of
from support.ledger_verdict import Allowed, Verdict
from support.service import ROOT, Service

TIMES = 2
REPLICAS = 2
SMTP_CONNECTIONS = 4
RETURN_LIMIT_S = 10.0
SETTLE_LIMIT_S = 1200.0
LOGS_SHOWN = 6000


class Soak:
    """A trial whose broker, storage and notify services are killed while a load is sent."""

    def __init__(self, trial: Trial, broker: Broker, count: int, screen: TextIO) -> None:
        self._trial = trial
        self._broker = broker
        self._count = count
        self._screen = screen
        self._chance = Random(trial.seed)  # noqa: S311 - a seeded fault, not a secret
        self._began = time.monotonic()

    def run(self) -> Verdict:
        """Send, kill, wait and compare; raises `AssertionError` where the promise does not hold."""
        victims = ["broker", "storage", "notify"] * TIMES
        self._chance.shuffle(victims)
        client = self._trial.load(self._count, connections=16, repeats=0.1)
        for number, victim in enumerate(victims, start=1):
            self._await(self._count * number // (len(victims) + 1), client)
            self._kill(victim)
        self._await(self._count, client)
        client.wait(timeout_s=120)
        self._say("all is sent; waiting for the mails")
        poll(self._is_through, SETTLE_LIMIT_S, every_s=5)
        for service in self._trial.installation.services:
            self._say(f"{service.name}: at most {memory_mb(service)} MB a process")
        window = Allowed(duplicate_mails=TIMES * SMTP_CONNECTIONS)
        verdict = self._trial.conclude(window, timeout_s=SETTLE_LIMIT_S)
        refused = verdict.counts["answers 503"] + verdict.counts["no answer"]
        assert refused, "vacuous: nobody noticed that the broker was away"
        return verdict

    def _await(self, acked: int, client: LoadClient) -> None:
        """Wait for so many 202s, saying every five seconds how far it is."""
        said = time.monotonic()
        while self._trial.ledger.count("acked") < acked:
            assert client.is_running() or acked == self._count, "vacuous: the load ended before the last kill"
            assert client.is_running(), f"the load gave up: {self._trial.ledger.count('acked')} of {acked} acked"
            time.sleep(0.2)
            if time.monotonic() - said > 5:
                said = time.monotonic()
                self._say(self._progress())

    def _kill(self, victim: str) -> None:
        if victim == "broker":
            self._broker.kill()
            self._say("the broker is killed")
            self._broker.start()
            back_s = self._trial.first_ack_since(moment(), timeout_s=60)
            self._say(f"the broker is back, the first 202 came after {back_s:.1f} s")
            assert back_s < RETURN_LIMIT_S, f"I8: the first 202 came {back_s:.1f} s after the broker's return"
            return
        service = self._chance.choice(self._replicas(victim))
        assert service.is_running(), f"{service.name} is gone, and nobody killed it"
        service.kill()
        self._say(f"{service.name} is killed")
        service.start()

    def _replicas(self, name: str) -> list[Service]:
        installation = self._trial.installation
        return {"storage": installation.storage, "notify": installation.notify}[name]

    def _is_through(self) -> bool:
        self._say(self._progress())
        return self._trial.mailed() >= self._trial.stored() >= self._trial.ledger.count("acked")

    def _progress(self) -> str:
        trial = self._trial
        return f"{trial.ledger.count('acked')} acked, {trial.stored()} stored, {trial.mailed()} mailed"

    def _say(self, words: str) -> None:
        print(f"{time.monotonic() - self._began:7.1f} s  {words}", flush=True, file=self._screen)


def main() -> int:
    """Run one soak in a place of its own."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--submissions", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    given = parser.parse_args()
    screen = sys.stdout
    with tempfile.TemporaryDirectory(prefix="counterfoil-soak-") as place, redirect_stdout(StringIO()) as logs:
        try:
            verdict = _soak(Path(place), given.submissions, given.seed, screen)
        except AssertionError as error:
            print(f"{logs.getvalue()[-LOGS_SHOWN:]}\nFAILED, seed {given.seed}: {error}", file=screen)
            return 1
    print(f"\nseed {given.seed}\n{verdict}")
    return 0


def _soak(directory: Path, submissions: int, seed: int, screen: TextIO) -> Verdict:
    sink = MailSink(directory / "mail")
    sink.directory.mkdir()
    receiving = [sys.executable, "-m", "dev.mail_sink", str(sink.directory), "--smtp-port", str(sink.smtp_port)]
    place = directory / "installation"
    settings = {"COUNTERFOIL_SMTP_CONNECTIONS": str(SMTP_CONNECTIONS), "COUNTERFOIL_LOG_LEVEL": "warning"}
    with Broker(directory / "broker") as broker, subprocess.Popen(receiving, cwd=ROOT) as receiver:
        try:
            assert poll(lambda: not is_free(sink.smtp_port), timeout_s=30), "the mail sink does not listen"
            installation = Installation(
                place, broker_url=broker.url, smtp_url=sink.url, replicas=REPLICAS, workers=2, settings=settings
            )
            with installation:
                trial = Trial(broker, vhost_of(broker.url), installation, sink, sqlite_of(place), seed=seed)
                return Soak(trial, broker, submissions, screen).run()
        finally:
            receiver.terminate()


if __name__ == "__main__":
    sys.exit(main())
