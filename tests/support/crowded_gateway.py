"""Runs the real gateway with room for one watcher: `python -m tests.support.crowded_gateway`."""

from __future__ import annotations

from gateway import settings
from gateway.app import create_app
from gateway.flask_app import GatewayApp
from gateway.server.wsgi import serve
from shared import forms
from shared.messaging.rabbitmq import RabbitMQ
from shared.web.shutdown import end_streams_with_process


def build() -> GatewayApp:
    """Build the application of one worker."""
    chosen = settings.load()
    broker = RabbitMQ(chosen.broker_url, name="gateway")
    app = create_app(chosen, forms.load(chosen.forms), broker, heartbeat_s=0.2, watchers_most=1)
    end_streams_with_process(app.end_streams)
    return app


if __name__ == "__main__":
    serve(settings.load(), "tests.support.crowded_gateway:build")
