"""Chats over real sockets, with TLS."""

from __future__ import annotations

import pytest

from notify_service.transports.http.connection import GuardedCaller, tls_context
from shared.public_addresses import parse_networks
from support.smtp import CERTIFICATE


@pytest.fixture
def caller() -> GuardedCaller:
    """One that trusts the tests' certificate, and may reach loopback."""
    trusting = tls_context()
    trusting.load_verify_locations(CERTIFICATE)
    return GuardedCaller(trusting, parse_networks("127.0.0.0/8"))
