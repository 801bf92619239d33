"""Webhooks over real sockets."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from notify_service.transports.http.connection import GuardedCaller, tls_context
from shared.public_addresses import parse_networks
from support.smtp import CERTIFICATE
from support.webhook_receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture
def trusting() -> ssl.SSLContext:
    """What trusts the tests' certificate."""
    context = tls_context()
    context.load_verify_locations(CERTIFICATE)
    return context


@pytest.fixture
def caller(trusting: ssl.SSLContext) -> GuardedCaller:
    """One that may reach loopback."""
    return GuardedCaller(trusting, parse_networks("127.0.0.0/8"))
