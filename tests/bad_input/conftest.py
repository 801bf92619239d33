"""Bad input, by the rows of one table: each module's first line is a row, and each test sends what the row names.

| what | expect | tests |
| --- | --- | --- |
| slow headers, slow bodies, 1,300 at once | others unaffected | test_slow_and_many |
| oversize, chunked without length, compressed bombs | 413 or 415, connection ends | test_sizes |
| a body that is refused before it is read | the answer is seen, the connection ends | test_early_refusals |
| conflicting lengths, duplicate lengths | 400, closed | test_lengths |
| deep nesting, 5,000-digit integers, NaN, 1e999, lone surrogates, NUL, duplicate keys | 400 or 422 | test_values |
| wrong type or method, unknown fields | 415, 405, 422 | test_types_and_methods |
| idempotency key over 255 characters, control characters, two headers | 400 | test_keys |
| another tenant's id, a forged or cut receipt token | 404 | test_receipt_tokens, integration/test_console_reading |
| a forged, cut or borrowed link of a mail that asks to confirm | 404, nothing confirmed | test_opt_in_tokens |
| flood; forged `X-Forwarded-For` | 429; hop count explicit | unit/test_gateway_rate_limits, e2e/test_abuse |
| a victim's address 200 times | a cap per recipient | integration/test_notify_recipients, e2e/test_abuse |
| line breaks in subject, name, address | 422 by the gateway; notify checks again | test_mail_headers |
| `{{7*7}}`, `${x}` in a field | literal | test_templates |
| scripts in fields | escaped on every page; CSP without inline | test_scripts |
| formulas, links, markup, control characters in what is exported | texts in each format | unit/test_export_formats |
| personal data in logs, traces, error bodies | none | test_personal_data |

Nothing of it may reach a queue: the fixture `gateway` looks after every test.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError

from dev.broker import Broker
from shared.messaging.topology import STORAGE, STORAGE_OPT_INS
from support.gateway_server import Server


@pytest.fixture(scope="session")
def gateway_process(server_directory: Path, rabbitmq: Broker) -> Iterator[tuple[Server, BlockingChannel]]:
    """One gateway for all that is refused, and a channel on which its queues are looked into."""
    place = server_directory / "bad-input"
    place.mkdir()
    broker_url = rabbitmq.fresh_vhost()
    asked = pika.URLParameters(broker_url)
    asked.heartbeat = 0  # it rests between tests
    with Server(place, broker_url) as gateway:
        connection = pika.BlockingConnection(asked)
        yield gateway, connection.channel()
        with suppress(AMQPError):  # at the end of all tests; the broker may have let go of it since the last of these
            connection.close()


@pytest.fixture
def gateway(gateway_process: tuple[Server, BlockingChannel]) -> Iterator[Server]:
    """The gateway; at the end of the test nothing may lie on a queue, and it still has to take a submission."""
    gateway, channel = gateway_process
    yield gateway
    marker = gateway.post()
    assert marker.status_code == 202
    taken = [_next_id(channel)]
    while taken[-1] not in {marker.json()["id"], None}:
        taken.append(_next_id(channel))
    assert taken == [marker.json()["id"]], "something was taken before"
    assert _next_id(channel, STORAGE_OPT_INS.name) is None, "an address was confirmed"


def _next_id(channel: BlockingChannel, queue: str = STORAGE.name) -> str | None:
    _, properties, _ = channel.basic_get(queue, auto_ack=True)
    return properties.message_id if properties else None
