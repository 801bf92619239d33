"""Measures the gateway's view without publishing: `python -m bench.limits.gateway_alone`."""

from __future__ import annotations

from collections.abc import Sequence

from gateway import settings
from gateway.app import create_app
from gateway.flask_app import GatewayApp
from gateway.server.wsgi import serve
from shared import forms
from shared.messaging.memory import MemoryBroker
from shared.messaging.message import Message
from shared.messaging.routes import Destination


class NoPublisher:
    """A publisher that confirms what it never sends."""

    def publish(self, message: Message, *, timeout_s: float, to: Destination | None = None) -> None:
        """Confirm at once."""

    def publish_all(self, messages: Sequence[tuple[Message, Destination | None]], *, timeout_s: float) -> None:
        """Confirm all at once."""

    def missing(self) -> list[str]:
        """Lack nothing."""
        return []

    def in_flight(self) -> int:
        """Keep nothing waiting."""
        return 0

    def close(self) -> None:
        """Stop."""


class NoBroker(MemoryBroker):
    """A broker to which nothing is published."""

    def publisher(self) -> NoPublisher:  # type: ignore[override]  # a publisher all the same
        """Return a publisher that confirms what it never sends."""
        return NoPublisher()


def build() -> GatewayApp:
    """Build the application of one worker."""
    chosen = settings.load()
    return create_app(chosen, forms.load(chosen.forms), NoBroker())


if __name__ == "__main__":
    serve(settings.load(), "bench.limits.gateway_alone:build")
