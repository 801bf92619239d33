"""Limits how often one source may begin a sign-in that is finished elsewhere: each takes a row until then."""

from __future__ import annotations

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from shared.sources import network_of
from storage_service.accounts.tries import TooMany

OF_ONE_SOURCE = 60
"""In a minute, for a process: an office is one source."""

WAIT_S = 60


class Begins:
    """Counts them in memory, by network address. What is beyond is `TooMany`."""

    def __init__(self, of_one_source: int = OF_ONE_SOURCE) -> None:
        self._rate = RateLimitItemPerMinute(of_one_source)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def check(self, source: str | None) -> None:
        """Count one; raises `TooMany`."""
        if not self._limiter.hit(self._rate, network_of(source)):
            raise TooMany(WAIT_S)
