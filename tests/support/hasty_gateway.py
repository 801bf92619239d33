"""Runs the real gateway with a silence limit of two seconds: `python -m tests.support.hasty_gateway`."""

from __future__ import annotations

from gateway import settings
from gateway.app import create_app
from gateway.flask_app import GatewayApp
from gateway.server.wsgi import serve
from shared import forms
from shared.messaging.rabbitmq import RabbitMQ
from shared.settings import host_and_port
from shared.web.slow_clients import end_slow_clients


def build() -> GatewayApp:
    """Build the application of one worker."""
    chosen = settings.load()
    end_slow_clients(host_and_port(chosen.bind)[1], silence_most_s=2.0, check_s=0.1)
    return create_app(chosen, forms.load(chosen.forms), RabbitMQ(chosen.broker_url, name="gateway"), heartbeat_s=0.2)


if __name__ == "__main__":
    serve(settings.load(), "tests.support.hasty_gateway:build")
