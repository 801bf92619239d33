"""Row 13: a storage service stands still past its heartbeat; awake again, it acks what is no longer its own."""

from __future__ import annotations

from shared.messaging.rabbitmq.nodes import HEARTBEAT_S
from shared.messaging.topology import STORAGE
from support.faulty.of_services import ServiceFrozen
from support.faulty.stage import StartStage
from support.polling import eventually


def test_row_13_a_zombie_acks(start_stage: StartStage) -> None:
    stage = start_stage()
    zombie, _ = stage.installation.storage
    load = stage.load()
    stage.await_more_acked(100)
    with stage.harmed(ServiceFrozen(zombie)):
        eventually(
            lambda: stage.queues.consumers(STORAGE.name) == 1, 4 * HEARTBEAT_S, "vacuous: the broker waits for it yet"
        )
        stage.await_more_acked(100)
    stage.await_more_acked(100)
    eventually(lambda: stage.queues.consumers(STORAGE.name) == 2, 30, "it consumes again")
    stage.end(load)
    stage.conclude()
    assert stage.scraped.total("messages_redelivered") > 0, "vacuous: the broker took nothing back"
