"""Builds the application of the console's one worker process, and lets it end in order."""

from __future__ import annotations

from flask import Flask

from shared import failpoints, logs
from shared.forms import ReloadingForms
from shared.messaging.rabbitmq import RabbitMQ
from shared.settings import host_and_port
from shared.telemetry.messaging import messaging
from shared.telemetry.registry import process_registry
from shared.web.shutdown import end_streams_with_process
from shared.web.slow_clients import end_slow_clients
from storage_service.console import settings as console_settings
from storage_service.console.service import Console


def build() -> Flask:
    """Build the application inside the worker's process: connections are never shared."""
    settings = console_settings.load()
    logs.configure("console", level=settings.log_level, format=settings.log_format)
    forms = ReloadingForms(settings.forms)
    forms.follow()
    registry, reach = process_registry("storage-service"), failpoints.from_environment()
    broker = RabbitMQ(settings.broker_url, name="console", declares=False, reach=reach, instruments=messaging(registry))
    console = Console(settings, forms, broker, registry, reach)
    console.start(settings.metrics_bind)
    end_streams_with_process(console.end)
    end_slow_clients(host_and_port(settings.bind)[1])
    return console.app
