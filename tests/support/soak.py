"""Runs a load for a given time, with one fault after the other: `python -m tests.support.soak MINUTES [SEED]`.

It prints its seed: the same one chooses the same faults. Exit code 1 where the closing table contradicts the promise.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from random import Random, SystemRandom
from typing import TextIO

from rich.console import Console

from counterfoil_ledger.report import print_verdict
from counterfoil_ledger.verdict import RETURN_LIMIT_S
from dev.broker import Broker
from dev.mail_sink import MailSink
from dev.postgres import Postgres
from dev.processes import is_free, poll
from support.installation import Installation
from support.ledger_trial import Trial, vhost_of
from support.ledger_verdict import Allowed, Observed, Verdict
from support.memory import Memory
from support.registry import await_written_down
from support.service import ROOT
from support.soak_faults import AWAY_S, FAULTS, World

RATE_PER_S = 50.0
REPEATS = 0.1
CONNECTIONS = 16
REPLICAS = 2
SMTP_CONNECTIONS = 4
BETWEEN_S = (2.0, 8.0)
SETTLE_LIMIT_S = 1800.0
SAMPLE_EVERY_S = 5.0
LOGS_SHOWN = 6000


class Soak:
    """Loads an installation and harms it until the time is over, then compares."""

    def __init__(self, world: World, screen: TextIO) -> None:
        self._world = world
        self._trial = world.trial
        self._screen = screen
        self._memory = Memory()
        self._returns_s: list[float] = []
        self._deck: list[str] = []
        self._done: Counter[str] = Counter()
        self._began = time.monotonic()
        self._sampled = 0.0

    def run(self, seconds: float) -> Verdict:
        """Send, harm, heal, wait and compare; raises `AssertionError` where the promise does not hold."""
        client = self._trial.load(10**9, rate_per_s=RATE_PER_S, connections=CONNECTIONS, repeats=REPEATS)
        self._trial.await_acked(100)
        while time.monotonic() - self._began < seconds:
            self._harm()
            self._go_on(self._world.chance.uniform(*BETWEEN_S))
        client.stop()
        client.wait(timeout_s=120)
        self._say("all is sent; waiting until it is worked off")
        poll(self._is_through, SETTLE_LIMIT_S, every_s=SAMPLE_EVERY_S)
        self._say_what_was()
        observed = Observed(returns_s=self._returns_s, swollen=self._memory.swollen())
        allowed = Allowed(duplicate_mails=self._world.duplicate_mails)
        return self._trial.conclude(
            allowed, timeout_s=SETTLE_LIMIT_S, answer_limit_s=self._world.answer_limit_s, observed=observed
        )

    def _harm(self) -> None:
        """Do one fault, heal it, and wait until a submission is accepted. Every kind comes before one comes again."""
        self._deck = self._deck or self._world.chance.sample(sorted(FAULTS), len(FAULTS))
        name = self._deck.pop()
        self._done[name] += 1
        self._world.harmed.clear()
        heal = FAULTS[name](self._world)
        away_s = self._world.chance.uniform(*AWAY_S)
        self._say(f"{name}, for {away_s:.1f} s")
        self._go_on(away_s)
        heal()
        healed = time.time()
        assert poll(lambda: self._trial.ledger.last_acked_at > healed, 60), f"no 202 within a minute after {name}"
        self._returns_s.append(self._trial.ledger.last_acked_at - healed)
        self._world.harmed.clear()

    def _go_on(self, seconds: float) -> None:
        """Let so much time pass; look after the processes meanwhile, and say how far it is."""
        until = time.monotonic() + seconds
        while (left_s := until - time.monotonic()) > 0:
            time.sleep(min(left_s, 0.5))
            if time.monotonic() - self._sampled > SAMPLE_EVERY_S:
                self._look()

    def _look(self) -> None:
        self._sampled = time.monotonic()
        running = {each.name: each for each in self._trial.installation.services if each.is_running()}
        gone = {each.name for each in self._trial.installation.services} - running.keys() - self._world.harmed
        assert not gone, f"I9: gone, and nobody killed them: {', '.join(sorted(gone))}"
        broker = {"broker": self._world.broker.pid} if self._world.broker.is_running() else {}
        self._memory.sample({name: service.pid for name, service in running.items()} | broker)
        self._say(f"{self._trial.ledger.count('acked')} acked, {self._trial.mailed()} mailed")

    def _is_through(self) -> bool:
        self._look()
        return self._trial.mailed() >= self._trial.stored() >= self._trial.ledger.count("acked")

    def _say_what_was(self) -> None:
        for name, times in sorted(self._done.items()):
            self._say(f"{times:3d} x {name}")
        slowest = max(self._returns_s, default=0.0)
        self._say(f"the first 202 came {slowest:.1f} s after a healing at most; {RETURN_LIMIT_S:g} s are allowed")
        for line in self._memory.lines():
            self._say(line)

    def _say(self, words: str) -> None:
        print(f"{time.monotonic() - self._began:7.1f} s  {words}", flush=True, file=self._screen)


def main() -> int:
    """Run one soak in a place of its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.soak", description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("seed", type=int, nargs="?", default=SystemRandom().randrange(10**6))
    given = parser.parse_args()
    print(f"seed {given.seed}, {given.minutes:g} minutes, {len(FAULTS)} kinds of faults", flush=True)
    screen = sys.stdout
    with redirect_stdout(StringIO()) as logs:
        try:
            with _world(given.seed) as world:
                verdict = Soak(world, screen).run(given.minutes * 60)
        except AssertionError as error:
            print(f"{logs.getvalue()[-LOGS_SHOWN:]}\nFAILED, seed {given.seed}: {error}", file=screen)
            return 1
    print_verdict(verdict, Console(highlight=False))
    print(f"seed {given.seed}")
    return 0


@contextmanager
def _world(seed: int) -> Iterator[World]:
    """Start a broker, a database, a mail sink and two replicas of each service, and end them all."""
    with ExitStack() as running:
        place = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="counterfoil-soak-")))
        place.chmod(0o755)  # PostgreSQL is not run as root
        broker = running.enter_context(Broker(place / "broker"))
        postgres = running.enter_context(Postgres(place / "postgres"))
        sink = running.enter_context(_sink(place / "mail"))
        database_url = postgres.create_database("counterfoil")
        settings = {"COUNTERFOIL_SMTP_CONNECTIONS": str(SMTP_CONNECTIONS), "COUNTERFOIL_LOG_LEVEL": "warning"}
        settings["COUNTERFOIL_SMTP_TIMEOUT_S"] = "10"  # a killed notify's mail waits for so long, and 15 s more
        installation = Installation(
            place / "installation",
            broker_url=broker.url,
            smtp_url=sink.url,
            database_url=database_url,
            replicas=REPLICAS,
            workers=2,
            settings=settings,
        )
        running.enter_context(installation)
        await_written_down(broker, broker.url)
        trial = Trial(broker, vhost_of(broker.url), installation, sink, database_url, seed=seed)
        chance = Random(seed)  # noqa: S311 - seeded faults, not a secret
        yield World(trial, broker, postgres, chance, SMTP_CONNECTIONS)


@contextmanager
def _sink(directory: Path) -> Iterator[MailSink]:
    """A mail sink in a process of its own, so that it takes no time from the load."""
    sink = MailSink(directory)
    directory.mkdir()
    receiving = [sys.executable, "-m", "dev.mail_sink", str(directory), "--smtp-port", str(sink.smtp_port)]
    with subprocess.Popen(receiving, cwd=ROOT, stdout=subprocess.DEVNULL) as receiver:
        try:
            assert poll(lambda: not is_free(sink.smtp_port), timeout_s=30), "the mail sink does not listen"
            yield sink
        finally:
            receiver.terminate()


if __name__ == "__main__":
    sys.exit(main())
