"""Asks an installation's broker and services which messages wait for a person."""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace

from counterfoil_ledger.api import CannotAsk
from shared.contracts import DeliveryDue, InvalidEvent
from shared.messaging.broker import Answer, NoAnswer, Params, QueryFailed, RpcClient
from shared.messaging.message import Message
from shared.messaging.rabbitmq import RabbitMQ, depths
from shared.messaging.topology import NOTIFY_QUERIES, STORAGE_QUERIES
from shared.parked.limits import LIMIT_MOST

TIMEOUT_S = 15.0
ASK_S = 2.0


def parked_ids(broker_url: str) -> Counter[str]:
    """Return the ids of the submissions that parked messages are about, in the parked queues and with the services.

    A parked delivery has an id of its own, and counts for its submission. A message that names no submission counts
    by its own id. Nothing is changed. Raises `BrokerAway`, or `CannotAsk` where a service does not answer.
    """
    found = Counter(map(submission_of, depths.parked(broker_url)))
    client = RabbitMQ(broker_url, name="ledger").rpc_client()
    try:
        for queue in (STORAGE_QUERIES, NOTIFY_QUERIES):
            found.update(_kept(client, queue))
    finally:
        client.close()
    return found


def submission_of(message: Message) -> str:
    """Return the id of the submission that a parked message is about; its own id where it names none."""
    if message.type == DeliveryDue.TYPE:
        with suppress(InvalidEvent):
            return str(DeliveryDue.decode(message.body).submission.id)
    return message.id


def _kept(client: RpcClient, queue: str) -> Counter[str]:
    found: Counter[str] = Counter()
    cursor: str | None = None
    while True:
        asked = {"state": "waiting", "reason": None, "limit": LIMIT_MOST, "cursor": cursor}
        page = _answer(client, queue, "parked.list", asked)
        found.update(_kept_for(client, queue, one) for one in page["parked"])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def _kept_for(client: RpcClient, queue: str, one: Answer) -> str:
    """Return the submission of a message on a page, which shows no contents: a delivery is asked for by itself."""
    message = Message(str(one["type"]), str(one["message_id"]), b"")
    if message.type != DeliveryDue.TYPE:
        return message.id
    shown = _answer(client, queue, "parked.show", {"id": one["id"]})["parked"]
    content = shown["content"] if shown else ""
    body = content if isinstance(content, str) else json.dumps(content)
    return submission_of(replace(message, body=body.encode()))


def _answer(client: RpcClient, queue: str, method: str, asked: Params) -> Answer:
    """Ask until there is an answer: the client may not be connected yet."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            return client.ask(queue, method, asked).answer(timeout_s=ASK_S)
        except NoAnswer:
            if time.monotonic() > deadline:
                raise CannotAsk(f"nobody answers at {queue} what is parked") from None
            time.sleep(0.1)
        except QueryFailed as error:
            raise CannotAsk(f"what is parked cannot be asked at {queue}: {error}") from error
