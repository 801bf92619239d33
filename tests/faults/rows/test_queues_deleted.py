"""Row 10: a work queue or a binding is deleted: 503 or repaired, never a 202 that misses a queue."""

from __future__ import annotations

import pytest

from shared.messaging.topology import NOTIFY_SUBMISSIONS, STORAGE, WorkQueue
from support.faulty.of_the_broker import BindingDeleted, QueueDeleted
from support.faulty.stage import StartStage


def test_row_10_bindings_are_deleted(start_stage: StartStage) -> None:
    stage = start_stage()
    load = stage.load()
    for work in (STORAGE, NOTIFY_SUBMISSIONS):
        stage.await_more_acked(75)
        with stage.harmed(BindingDeleted(stage.broker, stage.broker_url, work)):
            stage.await_more_acked(75)
    stage.end(load)
    stage.conclude()


@pytest.mark.parametrize("work", [STORAGE, NOTIFY_SUBMISSIONS], ids=["storage", "notify"])
def test_row_10_a_queue_is_deleted(start_stage: StartStage, work: WorkQueue) -> None:
    """It is empty then, and its services are away: what is lost in it was theirs already, and they would repair it."""
    stage = start_stage()
    stage.load(100).wait(timeout_s=60)
    stage.trial.settle(timeout_s=60)
    stage.scraped.note()
    consumers = stage.installation.storage if work is STORAGE else stage.installation.notify
    assert [service.stop() for service in consumers] == [0, 0]
    with stage.harmed(QueueDeleted(stage.queues, work)):
        load = stage.load(100)
        stage.trial.await_return()
        load.wait(timeout_s=60)
    for service in consumers:
        service.start()
    stage.installation.await_ready()
    assert stage.conclude().counts["acked"] == 200
