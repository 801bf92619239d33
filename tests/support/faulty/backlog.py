"""Makes a backlog on the storage service's queue, faster than a gateway can."""

from __future__ import annotations

import time

from pika.adapters.blocking_connection import BlockingChannel

from shared.contracts import fingerprint
from shared.messaging.message import message_of
from shared.messaging.rabbitmq.wire import properties_of
from shared.messaging.topology import DEFAULT_EXCHANGE, STORAGE
from support.events import an_event
from support.faulty.stage import Stage
from support.ledger import Attempt, Entry
from support.polling import eventually


def fill_storage_queue(stage: Stage, count: int) -> list[str]:
    """Put so many events on the storage service's queue alone, and into the ledger as acked; return their ids.

    The notify service never hears of them: they bring no mail.
    """
    before = stage.queues.depth(STORAGE.name)
    ids = stage.queues.on_channel(lambda channel: [_publish(stage, channel, number) for number in range(count)])
    stage.trial.undue |= set(ids)
    eventually(lambda: stage.queues.depth(STORAGE.name) >= before + count, 60, f"{count} messages wait")
    return ids


def _publish(stage: Stage, channel: BlockingChannel, number: int) -> str:
    key = f"backlog-{stage.row.seed}-{number}"
    event = an_event(name=key)
    submission_id, now = str(event.id), time.time()
    stage.trial.ledger.will_send(Entry(key, event.form, "", fingerprint(event.fields), now))
    stage.trial.ledger.did_send(key, Attempt("acked", 202, now, 0.0, submission_id))
    message = message_of(event)
    channel.basic_publish(DEFAULT_EXCHANGE, STORAGE.name, message.body, properties_of(message))
    return submission_id
