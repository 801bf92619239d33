"""Several of each under load: whichever is killed or restarted, nothing is lost, and each answer is 202 or 503."""

from __future__ import annotations

from pathlib import Path
from random import SystemRandom

import pytest

from support.compose_stack import SMTP_TIMEOUT_S, Stack
from support.ledger import Ledger
from support.ledger_client import Load, LoadClient
from support.ledger_verdict import Allowed, Holdings, compare
from support.polling import eventually

REPLICAS = {"storage_service": 3, "notify_service": 2, "gateway": 2}
RATE_PER_S = 40.0
MORE_THAN_WILL_BE_SENT = 100_000
SETTLE_LIMIT_S = SMTP_TIMEOUT_S + 60.0
SMTP_CONNECTIONS = 4
ANSWER_LIMIT_S = 6.0
"""The gateway's three seconds, and as long again for a machine that starts containers meanwhile."""


class Trial:
    """A load on the stack, from the beginning of a test to its verdict."""

    def __init__(self, stack: Stack, directory: Path) -> None:
        self.stack = stack
        self.ledger = Ledger(directory / "ledger.jsonl")
        seed = SystemRandom().randrange(10**6)
        self._known = {row.id for row in stack.stored()}
        self._mailed = stack.mailed()
        self._load = LoadClient(
            stack.url, Load(MORE_THAN_WILL_BE_SENT, seed, rate_per_s=RATE_PER_S, repeats=0.1), self.ledger
        )
        self._load.start()

    def await_more(self, count: int) -> None:
        """Wait until so many more are acked."""
        before = self.ledger.count("acked")
        eventually(lambda: self.ledger.count("acked") >= before + count, 60, f"{count} more are acked")

    def conclude(self, *, duplicate_mails: int) -> None:
        """End the load, wait for rows and mails, and compare."""
        self._load.stop()
        self._load.wait(timeout_s=60)
        eventually(lambda: self.stack.unsettled() == 0, SETTLE_LIMIT_S, "every row is confirmed")
        statuses = {attempt.status for attempt in self.ledger.attempts()}
        assert statuses <= {202, 503}, f"answers: {statuses}"
        rows = [row for row in self.stack.stored() if row.id not in self._known]
        holdings = Holdings(rows, self.stack.mailed() - self._mailed)
        verdict = compare(
            self.ledger.snapshot(), holdings, Allowed(duplicate_mails=duplicate_mails), answer_limit_s=ANSWER_LIMIT_S
        )
        print(verdict)
        assert verdict.ok, str(verdict)


@pytest.fixture(scope="module")
def scaled(stack: Stack) -> Stack:
    """The stack with several of each service."""
    stack.up(**REPLICAS)
    for name, count in REPLICAS.items():
        assert len(stack.containers(name.replace("_", "-"))) == count
    return stack


@pytest.fixture
def trial(scaled: Stack, tmp_path: Path) -> Trial:
    """A load that has begun to be acked."""
    trial = Trial(scaled, tmp_path)
    trial.await_more(40)
    return trial


def test_any_replica_may_be_killed(trial: Trial) -> None:
    for service in ("gateway", "storage-service", "notify-service"):
        victim = trial.stack.containers(service)[0]
        trial.stack.kill(victim)
        trial.await_more(60)
        trial.stack.start(victim)
    trial.conclude(duplicate_mails=SMTP_CONNECTIONS)


def test_everything_may_be_restarted_one_after_the_other(trial: Trial) -> None:
    for service in ("storage-service", "notify-service", "gateway"):
        for replica in trial.stack.containers(service):
            trial.stack.restart(replica)
            trial.await_more(40)
    trial.conclude(duplicate_mails=0)


def test_broker_and_database_may_be_killed(trial: Trial) -> None:
    for service in ("postgres", "rabbitmq"):
        [victim] = trial.stack.containers(service)
        trial.stack.kill(victim)
        trial.stack.start(victim)
        trial.await_more(40)
    trial.conclude(duplicate_mails=SMTP_CONNECTIONS * REPLICAS["notify_service"])
