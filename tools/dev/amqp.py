"""Asks a broker whether it is there."""

from __future__ import annotations

import pika
import pika.exceptions
from pika.adapters.utils.connection_workflow import AMQPConnectorException


def accepts(url: str) -> bool:
    """Say whether the broker at this address lets us in now; gives up after five seconds."""
    try:
        pika.BlockingConnection(pika.URLParameters(f"{url}?socket_timeout=5&stack_timeout=5")).close()
    except (pika.exceptions.AMQPError, AMQPConnectorException, OSError):
        return False
    return True
