"""Runs the gateway's workers: see `shared.web.serving`."""

from __future__ import annotations

from gateway.http.bodies import BODIES_MOST
from gateway.receipts.watchers import WATCHERS_MOST
from gateway.server import telemetry
from gateway.server.forms_file import place_for_kept_forms
from gateway.server.worker import build
from gateway.settings import Settings
from shared.web import serving

REQUESTS_MOST = WATCHERS_MOST + BODIES_MOST + 280
"""How many requests a worker works on at once, each in a thread that lives while it is needed: all who watch a receipt,
all whose body is on its way and, however many those are, the others. What is passed on to the console comes on top."""

CONNECTIONS_MOST = 4096
"""How many connections a worker holds, most of which ask for nothing just now; beyond it they wait to be accepted."""

TARGET = f"{build.__module__}:{build.__name__}"
"""What builds a worker's application. It is imported here, before the workers are forked, to be shared by them."""


def serve(settings: Settings, target: str = TARGET) -> None:
    """Serve until SIGTERM or SIGINT, with as many worker processes as the settings say.

    `target` names what builds a worker's application. A worker that dies is replaced. Raises `OSError` where the
    address is taken, `SettingsError` where that of the metrics is, and `SystemExit` when workers die faster than they
    can be replaced.
    """
    with telemetry.served(settings.metrics_bind), place_for_kept_forms():  # the metrics may have the address
        serving.serve(
            target,
            settings.bind,
            workers=settings.workers,
            requests_most=REQUESTS_MOST + settings.passed.threads + _upload_threads(settings),
            connections_most=CONNECTIONS_MOST,
            files_spare=serving.FILES_SPARE + settings.passed.threads + 2 * _upload_threads(settings),
        )


def _upload_threads(settings: Settings) -> int:
    """Return how many threads those who send files may take, so that nobody else waits for them."""
    return settings.uploads.uploads if settings.files else 0
