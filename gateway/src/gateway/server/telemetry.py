"""Serves health and metrics of a gateway: its workers write theirs into one directory, the parent reads it.

The metrics go the way of prometheus_client's multiprocess mode: counts outlive a worker that is killed, gauges do not.
The library chooses this mode by the environment when it is imported, so nothing here may import it before.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.server.instruments import WorkerInstruments

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""Names the directory to the workers, and to prometheus_client."""


@contextmanager
def served(bind: str | None) -> Iterator[None]:
    """Serve at `host:port` what the workers tell that are started inside the `with`; nothing where it is None.

    Raises `SettingsError` where one cannot listen there.
    """
    os.environ.pop(DIRECTORY, None)
    if bind is None:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="counterfoil-metrics-") as directory:
        os.environ[DIRECTORY] = directory
        from gateway.server.worker_status import WorkersHealth, registry_of  # noqa: PLC0415
        from shared.telemetry.listener import Listener  # noqa: PLC0415

        place = Path(directory)
        listener = Listener(bind, WorkersHealth(place), registry_of(place))
        os.register_at_fork(after_in_child=listener.let_go)
        try:
            yield
        finally:
            listener.close()


def instruments() -> WorkerInstruments | None:
    """Return what measures this worker; None where its parent serves no metrics."""
    directory = os.environ.get(DIRECTORY)
    if directory is None:
        return None
    from gateway.server.instruments import WorkerInstruments  # noqa: PLC0415

    return WorkerInstruments(Path(directory))
