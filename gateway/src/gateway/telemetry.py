"""Health and metrics of a gateway: its workers write theirs into one directory, and the parent serves them together.

The metrics go the way of prometheus_client's multiprocess mode: counts outlive a worker that is killed, gauges do not.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.telemetry.health import Check, ProcessHealth

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""Names the directory to the workers, and to prometheus_client, which chooses by it when it is imported."""


def tell(stuck: Check, missing: Check) -> None:
    """Tell the parent how this worker is, from now on."""
    from gateway.workers import keep_telling  # noqa: PLC0415

    keep_telling(Path(os.environ[DIRECTORY]), ProcessHealth([stuck], [missing]), lambda: None)


@contextmanager
def served(bind: str | None) -> Iterator[None]:
    """Serve at `host:port` what the workers tell that are started inside the `with`; nothing where it is None.

    Raises `SettingsError` where one cannot listen there.
    """
    if bind is None:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="counterfoil-metrics-") as directory:
        os.environ[DIRECTORY] = directory
        from gateway.workers import WorkersHealth, registry_of  # noqa: PLC0415 - the directory has to be named before
        from shared.telemetry.listener import Listener  # noqa: PLC0415

        place = Path(directory)
        listener = Listener(bind, WorkersHealth(place), registry_of(place))
        os.register_at_fork(after_in_child=listener.let_go)
        try:
            yield
        finally:
            listener.close()
