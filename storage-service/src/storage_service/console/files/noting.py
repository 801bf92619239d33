"""Notes in the audit who got which file: once, where somebody gets it in many parts."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit

DOWNLOADED, PREVIEWED = "file.download", "file.preview"
"""What the audit calls it."""

AGAIN_AFTER_S = 600.0
KNOWN_MOST = 10_000


class Noting:
    """Notes each asker's downloads of a file once in ten minutes: a program that asks for ranges floods nothing.

    What is not remembered, because there is too much of it, is noted again. Safe to use from several threads.
    """

    def __init__(self, audit: Audit, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._audit = audit
        self._clock = clock
        self._lock = threading.Lock()
        self._noted = OrderedDict[tuple[str, str | None, str, str], float]()

    def note(self, who: Asker, action: str, on: str) -> None:
        """Note it, before anything is handed out; raises as `classified` does, and then nothing is."""
        key = (who.name, who.source, action, on)
        with self._lock:
            at_s = self._noted.get(key)
        if at_s is not None and self._clock() - at_s < AGAIN_AFTER_S:
            return
        self._audit.note(who, action, on)
        with self._lock:
            self._noted[key] = self._clock()
            self._noted.move_to_end(key)
            while len(self._noted) > KNOWN_MOST:
                self._noted.popitem(last=False)
