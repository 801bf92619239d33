"""Runs the real gateway with hasty limits of uploads (`PACE`): `python -m tests.support.hasty_uploads`."""

from __future__ import annotations

from dataclasses import replace

from gateway import settings
from gateway.app import create_app
from gateway.flask_app import GatewayApp
from gateway.server.forms_file import load_forms
from gateway.server.wsgi import serve
from shared.messaging.rabbitmq import RabbitMQ
from shared.settings import host_and_port
from shared.web.slow_clients import UploadPace, end_slow_clients

PACE = UploadPace(bytes_per_s=64 * 1024, window_s=1.0, most_s=8.0)
SILENCE_S = 2.0


def build() -> GatewayApp:
    """Build the application of one worker."""
    chosen = settings.load()
    end_slow_clients(host_and_port(chosen.bind)[1], silence_most_s=SILENCE_S, check_s=0.1, uploads=PACE)
    chosen = replace(chosen, uploads=replace(chosen.uploads, pace=PACE))
    return create_app(chosen, load_forms(chosen), RabbitMQ(chosen.broker_url, name="gateway"))


if __name__ == "__main__":
    serve(settings.load(), "tests.support.hasty_uploads:build")
