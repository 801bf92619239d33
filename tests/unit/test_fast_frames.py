"""The frames that go past pika are the very ones that pika makes."""

from __future__ import annotations

import pika
import pytest
from pika.frame import Body, Header, Method
from pika.spec import Basic

from shared.messaging.rabbitmq.fast import frames


def test_a_method_frame_names_its_route() -> None:
    asked = Basic.Publish(exchange="", routing_key="storage.submissions.v1", mandatory=True)
    assert frames.publish(3, "", "storage.submissions.v1", mandatory=True) == Method(3, asked).marshal()
    assert frames.publish(3, "", "storage.submissions.v1", mandatory=False) != Method(3, asked).marshal()


@pytest.mark.parametrize("body", [b"{}", b""])
def test_content_is_a_header_and_the_body_where_there_is_one(body: bytes) -> None:
    properties = pika.BasicProperties(message_id="one", headers={"x-attempt": 0})
    parts = [Header(3, len(body), properties), *([Body(3, body)] if body else [])]
    assert frames.content(3, properties, body) == b"".join(part.marshal() for part in parts)
