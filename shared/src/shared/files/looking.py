"""Looks at the store when a service starts, beside the start: where it is away the rest works all the same."""

from __future__ import annotations

import threading

import structlog

from shared.files.opening import store_at
from shared.files.settings import FilesSettings
from shared.files.store import StoreUnavailable

_log = structlog.get_logger(__name__)


def look(settings: FilesSettings) -> threading.Thread:
    """Write, read and delete a probe in a thread, and log what came of it, with the mend; returns the thread."""
    thread = threading.Thread(target=_look, args=(settings,), name="look-at-files", daemon=True)
    thread.start()
    return thread


def _look(settings: FilesSettings) -> None:
    try:
        store_at(settings).check()
    except StoreUnavailable as error:
        _log.error("files cannot be kept", error=str(error))
    else:
        _log.info("files can be kept", where=settings.url)
