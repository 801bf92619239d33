"""Storage and notify are stopped: the gateway goes on accepting, and they catch up."""

from __future__ import annotations

from dev.broker import Broker
from shared.messaging.topology import NOTIFY_SUBMISSIONS, STORAGE
from support.ledger_trial import StartTrial
from support.polling import eventually


def test_the_gateway_accepts_while_storage_and_notify_are_stopped(start_trial: StartTrial, rabbitmq: Broker) -> None:
    trial = start_trial(rabbitmq)
    installation = trial.installation
    stopped = [*installation.storage, *installation.notify]
    assert [service.stop() for service in stopped] == [0, 0]
    trial.load(400, connections=32).wait(timeout_s=60)
    assert trial.ledger.count("acked") == 400
    assert (trial.stored(), trial.mailed()) == (0, 0), "vacuous: somebody was still at work"
    for queue in (STORAGE.name, NOTIFY_SUBMISSIONS.name):
        eventually(lambda: installation.queues.depth(queue) >= 400, 10, f"400 events wait in {queue}")  # noqa: B023 - called at once
    for service in stopped:
        service.start()
    trial.conclude()
