"""Row 11: storage dies in mid-batch, before the commit; and after the commit, before the ack."""

from __future__ import annotations

import pytest

from dev.broker import Broker
from shared.messaging.topology import STORAGE
from support.ledger_trial import StartTrial
from support.polling import eventually

COUNT = 500
KILLED = 137


@pytest.mark.parametrize(("failpoint", "committed"), [("before-commit", False), ("after-commit", True)])
def test_every_submission_is_one_row(
    start_trial: StartTrial, rabbitmq: Broker, *, failpoint: str, committed: bool
) -> None:
    trial = start_trial(rabbitmq)
    storage, queues = trial.installation.storage[0], trial.installation.queues
    storage.stop()
    client = trial.load(COUNT, connections=32)
    eventually(lambda: queues.depth(STORAGE.name) >= COUNT // 2, 60, "a backlog")
    for _ in range(2):
        storage.start(COUNTERFOIL_FAILPOINT=failpoint)
        assert storage.wait(timeout_s=60) == KILLED, f"vacuous: it did not die {failpoint}"
        assert (trial.stored() > 0) == committed
    client.wait(timeout_s=60)
    eventually(lambda: queues.depth(STORAGE.name) >= COUNT, 30, "vacuous: what it died over is on the queue again")
    storage.start()
    assert trial.conclude().counts["rows"] == COUNT
