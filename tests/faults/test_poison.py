"""Bad messages on the queue: each is parked with its reason by every service, and its neighbours go on."""

from __future__ import annotations

from collections import Counter

from dev.broker import Broker
from support.ledger_trial import StartTrial
from support.ledger_verdict import Allowed
from support.parked_rows import parked_rows
from support.poison import POISONS, put_poison
from support.polling import eventually


def test_poison_is_parked_with_its_reason_and_its_neighbours_go_on(start_trial: StartTrial, rabbitmq: Broker) -> None:
    trial = start_trial(rabbitmq)
    queues = trial.installation.queues
    client = trial.load(200, rate_per_s=100)
    for poison in POISONS:
        put_poison(queues, poison)
    client.wait(timeout_s=60)
    expected = Counter({poison.name: len(trial.installation.database_urls) for poison in POISONS})
    eventually(lambda: trial.installation.parked() == expected, 60, "all are parked by both services")
    for service, url in trial.installation.database_urls.items():
        reasons = {row.message_id: row.reason for row in parked_rows(url, service)}
        for poison in POISONS:
            assert poison.reason.lower() in reasons[poison.name].lower()
    trial.conclude(Allowed(poison=expected))
