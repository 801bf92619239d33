"""Builds the application of one worker process."""

from __future__ import annotations

from multiprocessing.util import Finalize

from gateway import settings as gateway_settings
from gateway.app import create_app
from gateway.flask_app import GatewayApp
from gateway.server import telemetry
from gateway.server.forms_file import kept_forms, load_forms
from gateway.settings import Settings
from shared import failpoints, forms, logs, tracing
from shared.files import store_at
from shared.files.looking import look
from shared.messaging.rabbitmq import RabbitMQ
from shared.settings import host_and_port
from shared.web.shutdown import end_streams_with_process
from shared.web.slow_clients import end_slow_clients


def build() -> GatewayApp:
    """Build the application of one worker, inside its process: connections are never shared."""
    settings = gateway_settings.load()
    logs.configure("gateway", level=settings.log_level, format=settings.log_format)
    served = load_forms(settings, kept_forms())
    served.follow()
    spans = tracing.from_environment("gateway")
    if spans:
        # The last thing a worker does. `atexit` is not for it: multiprocessing ends its processes before that.
        Finalize(None, spans.close, exitpriority=0)
    app = _measured_app(settings, served, spans)
    if settings.files:
        look(settings.files)
    end_streams_with_process(app.end_streams)
    end_slow_clients(host_and_port(settings.bind)[1], uploads=settings.uploads.pace if settings.files else None)
    return app


def _measured_app(settings: Settings, served: forms.Forms, spans: tracing.Spans | None) -> GatewayApp:
    measuring, reach = telemetry.instruments(), failpoints.from_environment()
    files = store_at(settings.files) if settings.files else None
    if measuring is None:
        broker = RabbitMQ(settings.broker_url, name="gateway", reach=reach)
        return create_app(settings, served, broker, spans=spans, files=files, reach=reach)
    broker = RabbitMQ(settings.broker_url, name="gateway", reach=reach, instruments=measuring.messaging)
    measured, file_counters = measuring.of_files(files) if files else (None, None)
    app = create_app(
        settings,
        served,
        broker,
        spans=spans,
        counters=measuring.counters,
        passing_counters=measuring.passing_counters,
        mail_counters=measuring.mail_counters,
        files=measured,
        file_counters=file_counters,
        reach=reach,
    )
    measuring.watch(broker, app)
    return app
