"""Row 1: a gateway worker is killed with -9 under load.

Each kill hits the worker that has lived longest: one that dies within seconds of its start is taken for a crash loop,
which ends the server (docs/decisions/0002-wsgi-server.md).
"""

from __future__ import annotations

import os
import signal
from random import Random

from dev.broker import Broker
from support.ledger_trial import StartTrial
from support.polling import eventually
from support.service import Service

KILLS = 3


def await_a_new_worker(gateway: Service, before: list[int]) -> None:
    """Wait until the gateway has as many workers as before, one of them new."""

    def is_replaced() -> bool:
        assert gateway.is_running(), f"the gateway is gone\n{gateway.tail()}"
        now = gateway.workers()
        return len(now) == len(before) and set(now) != set(before)

    eventually(is_replaced, 30, "a new worker")


def test_no_202_is_lost_when_workers_are_killed(start_trial: StartTrial, rabbitmq: Broker) -> None:
    trial = start_trial(rabbitmq, workers=2)
    gateway = trial.installation.gateway
    victim = Random(trial.seed).choice(gateway.workers())  # noqa: S311 - a seeded fault, not a secret
    client = trial.load(900, rate_per_s=150, repeats=0.1)
    for kill in range(1, KILLS + 1):
        trial.await_acked(kill * 200)
        workers = gateway.workers()
        os.kill(victim, signal.SIGKILL)
        await_a_new_worker(gateway, workers)
        victim = next(pid for pid in workers if pid != victim)
    client.wait(timeout_s=60)
    verdict = trial.conclude()
    assert verdict.counts["no answer"] > 0, "vacuous: no connection was lost"
    assert verdict.counts["acked"] == 900
