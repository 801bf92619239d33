"""Bad messages on the queue: each is parked with its reason by every service, and its neighbours go on."""

from __future__ import annotations

from collections import Counter

from dev.broker import Broker
from shared.messaging.topology import WORK_QUEUES
from support.ledger_trial import StartTrial
from support.ledger_verdict import Allowed
from support.poison import POISONS, put_poison
from support.polling import eventually


def test_poison_is_parked_with_its_reason_and_its_neighbours_go_on(start_trial: StartTrial, rabbitmq: Broker) -> None:
    trial = start_trial(rabbitmq)
    queues = trial.installation.queues
    client = trial.load(200, rate_per_s=100)
    for poison in POISONS:
        put_poison(queues, poison)
    client.wait(timeout_s=60)
    for work in WORK_QUEUES:
        eventually(lambda: queues.depth(work.parked) == len(POISONS), 60, f"all are in {work.parked}")  # noqa: B023 - called at once
        reasons = {each.message_id: str((each.headers or {})["x-reason"]) for _, each in queues.peek(work.parked)}
        for poison in POISONS:
            assert poison.reason.lower() in reasons[poison.name].lower()
    expected = Counter({poison.name: len(WORK_QUEUES) for poison in POISONS})
    trial.conclude(Allowed(poison=expected))
