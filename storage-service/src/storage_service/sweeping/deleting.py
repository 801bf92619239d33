"""Deletes keys from the store, and lets none that cannot be deleted hold up the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

import structlog

from shared.files import FileStore, StoreUnavailable

PASSED_OVER_S = 3600.0
FAILED_AT_ONCE = 5
"""Each may take as long as the store takes to fail."""

PASSED_OVER_MOST = 1000


def _ignore(_count: int) -> None:
    pass


class Deleting:
    """Deletes, and passes over for an hour what cannot be deleted while the store works; `told` how many these are."""

    def __init__(
        self,
        store: FileStore,
        *,
        told: Callable[[int], None] = _ignore,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._told = told
        self._clock_s = clock_s
        self._until_s: dict[str, float] = {}
        self._log = structlog.get_logger().bind(part="files")

    def passed_over(self) -> Collection[str]:
        """Return the keys that are not to be tried now."""
        now_s = self._clock_s()
        self._until_s = {key: until_s for key, until_s in self._until_s.items() if until_s > now_s}
        self._told(len(self._until_s))
        return self._until_s.keys()

    def delete(self, keys: Sequence[str]) -> Sequence[str]:
        """Delete these, and return those that are gone; raises `StoreUnavailable` where none is."""
        if not keys:
            return keys
        try:
            self._store.delete(keys)
        except StoreUnavailable:
            if len(self._until_s) >= PASSED_OVER_MOST:
                raise
            self._store.check()  # which fails as well where the store is away
            return self._one_by_one(keys)
        return keys

    def _one_by_one(self, keys: Sequence[str]) -> Sequence[str]:
        gone, failed = list[str](), list[StoreUnavailable]()
        for key in keys:
            try:
                self._store.delete([key])
                gone.append(key)
            except StoreUnavailable as error:
                self._until_s[key] = self._clock_s() + PASSED_OVER_S
                self._log.error("a file cannot be deleted", key=key, error=str(error))
                failed.append(error)
                if len(failed) >= FAILED_AT_ONCE:
                    break
        self._told(len(self._until_s))
        if not gone:
            raise failed[0]
        return gone
