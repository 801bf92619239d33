"""Row 23: a work queue stands with other arguments: nobody is ready, nothing is deleted, and it is mended by hand."""

from __future__ import annotations

import requests
from pika.adapters.blocking_connection import BlockingChannel

from shared.messaging.topology import STORAGE
from support.faulty.stage import StartStage
from support.polling import eventually

OTHERWISE = {"x-queue-type": "quorum", "x-max-length": 5}


def declare(channel: BlockingChannel) -> None:
    channel.queue_declare(STORAGE.name, durable=True, arguments=OTHERWISE)
    channel.confirm_delivery()
    channel.basic_publish("", STORAGE.name, b"precious")


def test_row_23_a_queue_was_declared_before(start_stage: StartStage) -> None:
    stage = start_stage(started=False)
    stage.queues.on_channel(declare)
    for service in stage.installation.services:
        service.start()
    url = stage.installation.gateway_url
    log = stage.installation.gateway.log
    eventually(lambda: log.exists() and "other arguments" in log.read_text(), 30, "the difference is named")
    load = stage.load(100)
    stage.await_refused(30)
    assert requests.get(f"{url}/readyz", timeout=5).status_code == 503, "it calls itself ready"
    assert stage.trial.ledger.count("acked") == 0, "a 202 that a queue missed"
    assert stage.queues.take(STORAGE.name) is not None, "what stood in the queue is gone"
    stage.queues.on_channel(lambda channel: channel.queue_delete(STORAGE.name))
    stage.trial.await_return()
    load.wait(timeout_s=60)
    stage.installation.await_ready()
    stage.row.note({"mismatches named": 1})
    assert stage.conclude().counts["acked"] == 100
