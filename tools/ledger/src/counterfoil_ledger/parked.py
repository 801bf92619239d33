"""Asks an installation's broker and services which messages wait for a person."""

from __future__ import annotations

import time
from collections import Counter

from counterfoil_ledger.api import CannotAsk
from shared.messaging.broker import Answer, NoAnswer, Params, QueryFailed, RpcClient
from shared.messaging.rabbitmq import RabbitMQ, depths
from shared.messaging.topology import NOTIFY_QUERIES, STORAGE_QUERIES
from shared.parked.limits import LIMIT_MOST

TIMEOUT_S = 15.0
ASK_S = 2.0


def parked_ids(broker_url: str) -> Counter[str]:
    """Return the message ids of all that waits, in the parked queues and with the services.

    Nothing is changed. Raises `BrokerAway`, or `CannotAsk` where a service does not answer.
    """
    found = depths.parked_ids(broker_url)
    client = RabbitMQ(broker_url, name="ledger").rpc_client()
    try:
        for queue in (STORAGE_QUERIES, NOTIFY_QUERIES):
            found.update(_kept(client, queue))
    finally:
        client.close()
    return found


def _kept(client: RpcClient, queue: str) -> Counter[str]:
    found: Counter[str] = Counter()
    cursor: str | None = None
    while True:
        asked = {"state": "waiting", "reason": None, "limit": LIMIT_MOST, "cursor": cursor}
        page = _answer(client, queue, asked)
        found.update(str(one["message_id"]) for one in page["parked"])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def _answer(client: RpcClient, queue: str, asked: Params) -> Answer:
    """Ask until there is an answer: the client may not be connected yet."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            return client.ask(queue, "parked.list", asked).answer(timeout_s=ASK_S)
        except NoAnswer:
            if time.monotonic() > deadline:
                raise CannotAsk(f"nobody answers at {queue} what is parked") from None
            time.sleep(0.1)
        except QueryFailed as error:
            raise CannotAsk(f"what is parked cannot be asked at {queue}: {error}") from error
