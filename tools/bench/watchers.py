"""Keeps a number of receipt streams open."""

from __future__ import annotations

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from uuid import uuid4

from bench.rounds import BenchFailed
from bench.services import SECRET
from gateway.receipts.tokens import Ticket, Tokens
from shared.messaging.broker import Answer, Params
from shared.messaging.rabbitmq import RabbitMQ
from shared.messaging.topology import NOTIFY_QUERIES, STORAGE_QUERIES

ANSWER_LIMIT_S = 30
_SPARE_FILES = 100


@contextmanager
def watching(port: int, count: int) -> Iterator[None]:
    """Keep so many streams of receipts open; raises `BenchFailed` where one does not begin, or has ended at the end."""
    _allow_files(count + _SPARE_FILES)
    tokens = Tokens(SECRET)
    with ExitStack() as stack:
        streams = [stack.enter_context(_opened(port, tokens)) for _ in range(count)]
        for stream in streams:
            if not stream.recv(4096).startswith(b"HTTP/1.1 200"):
                raise BenchFailed("a stream of a receipt did not begin")
        yield
        if ended := sum(map(_is_over, streams)):
            raise BenchFailed(f"{ended} of {count} streams had ended")


@contextmanager
def answering(broker_url: str) -> Iterator[None]:
    """Answer for storage and notify that nothing is known yet: a stream asks when it begins, and now and then."""
    broker = RabbitMQ(broker_url, name="bench")
    servers = [
        broker.serve(STORAGE_QUERIES, {"receipt": _not_stored}),
        broker.serve(NOTIFY_QUERIES, {"receipt": _none}),
    ]
    try:
        yield
    finally:
        for server in servers:
            server.close()


def _not_stored(_: Params) -> Answer:
    return {"stored_at": None, "accepted_at": None, "fingerprint": None, "spam": None}


def _none(_: Params) -> Answer:
    return {"confirmations": [], "parked": {}}


def _opened(port: int, tokens: Tokens) -> socket.socket:
    token = tokens.sign(Ticket(uuid4(), "signup", datetime.now(UTC), confirmed=True))
    stream = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_LIMIT_S)
    request = f"GET /receipts/{token}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"
    stream.sendall(request.encode())
    return stream


def _is_over(stream: socket.socket) -> bool:
    stream.settimeout(0)
    try:
        while stream.recv(65536):
            continue
    except BlockingIOError:
        return False
    return True


def _allow_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (count if hard == resource.RLIM_INFINITY else min(hard, count), hard)
        )
