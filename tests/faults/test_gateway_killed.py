"""Row 1: a gateway worker is killed with -9 under load."""

from __future__ import annotations

from dev.broker import Broker
from support.faulty.of_services import WorkerKilled
from support.ledger_trial import StartTrial

KILLS = 3


def test_no_202_is_lost_when_workers_are_killed(start_trial: StartTrial, rabbitmq: Broker) -> None:
    trial = start_trial(rabbitmq, workers=2)
    fault = WorkerKilled(trial.installation.gateway, trial.seed)
    client = trial.load(900, rate_per_s=150, repeats=0.1)
    for kill in range(1, KILLS + 1):
        trial.await_acked(kill * 200)
        fault.inject()
        fault.heal()
    client.wait(timeout_s=60)
    verdict = trial.conclude()
    assert verdict.counts["no answer"] > 0, "vacuous: no connection was lost"
    assert verdict.counts["acked"] == 900
