"""Serves the console until it is told to end."""

from __future__ import annotations

from shared.web import serving
from storage_service.console.serving.worker import build
from storage_service.console.settings import Settings

CONNECTIONS_MOST = 1024

TARGET = f"{build.__module__}:{build.__name__}"
"""What builds the application. It is imported here, before the worker is forked, to be shared with it."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, with one worker: several replicas are several processes of this kind.

    A worker that dies is replaced. Raises `OSError` where an address is taken, and `SystemExit` when workers die faster
    than they can be replaced.
    """
    if settings.metrics_bind:
        serving.check_address(settings.metrics_bind)
    serving.serve(
        TARGET,
        settings.bind,
        workers=1,
        requests_most=settings.requests_most,
        connections_most=CONNECTIONS_MOST,
    )
