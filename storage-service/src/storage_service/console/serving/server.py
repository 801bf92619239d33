"""Serves the console until it is told to end."""

from __future__ import annotations

import os

from shared.web import serving
from storage_service.console.serving.worker import build
from storage_service.console.settings import Settings

CONNECTIONS_MOST = 1024

NICENESS = 10
"""How far the console steps back where others want the same processor: the gateway and storage, which take in what
comes, on one machine. Where it has a machine, or a share (Docker, Kubernetes), of its own, it changes nothing."""

TARGET = f"{build.__module__}:{build.__name__}"
"""What builds the application. It is imported here, before the worker is forked, to be shared with it."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, with one worker: several replicas are several processes of this kind.

    A worker that dies is replaced. Raises `OSError` where an address is taken, and `SystemExit` when workers die faster
    than they can be replaced.
    """
    if settings.metrics_bind:
        serving.check_address(settings.metrics_bind)
    os.nice(NICENESS)
    serving.serve(
        TARGET,
        settings.bind,
        workers=1,
        requests_most=settings.requests_most,
        connections_most=CONNECTIONS_MOST,
    )
