"""Remembers the hooks for some seconds, so that planning a submission asks no database for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from notify_service.channels.hook import Hook
from shared.messaging.failures import DependencyUnavailable

FRESH_S = 5.0
"""How long what was read counts: a new hook is called from then on, at the latest."""


class KnownHooks:
    """`channels.hook.Hooks` over a table. Safe to use from many threads: one reads, the others go on with what was
    known, and wait for nothing. `end` ends a hook, of an id at a version."""

    def __init__(
        self,
        read: Callable[[], Sequence[Hook]],
        end: Callable[[UUID, int, datetime], bool],
        clock: Callable[[], datetime],
        ticks_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._end = end
        self._clock = clock
        self._ticks_s = ticks_s
        self._reading = threading.Lock()
        self._hooks: Sequence[Hook] | None = None
        self._until_s = 0.0

    def __call__(self) -> Sequence[Hook]:
        """Return those that count; see `Hooks`. Raises `DependencyUnavailable`."""
        hooks = self._hooks
        if hooks is not None and self._ticks_s() < self._until_s:
            return hooks
        if self._reading.acquire(blocking=hooks is None):
            try:
                hooks = self._read_anew()
            finally:
                self._reading.release()
        return () if hooks is None else hooks

    def known(self) -> Sequence[Hook]:
        """Return those that were last known."""
        return self._hooks or ()

    def forget(self) -> None:
        """Read them anew the next time: what is known has changed."""
        self._until_s = 0.0

    def gone(self, hook: Hook) -> None:
        """End a hook; see `Hooks`."""
        log = structlog.get_logger()
        try:
            if self._end(hook.id, hook.version, self._clock()):
                log.info("hook ended: its address wants no more", hook=str(hook.id))
        except DependencyUnavailable as error:
            log.warning("a hook that wants no more is not ended yet", hook=str(hook.id), because=str(error))
        self.forget()

    def _read_anew(self) -> Sequence[Hook]:
        """Read them. What is forgotten meanwhile is read once more: it counts from before this began."""
        until_s = self._until_s = self._ticks_s() + FRESH_S
        try:
            self._hooks = found = self._read()
        except BaseException:
            if self._until_s == until_s:
                self._until_s = 0.0
            raise
        return found
