"""Limits how often one address may submit to one form. The library `limits` counts, in memory or in Redis.

A fixed window, which begins with an address's first submission: one counter per address, one round trip to Redis, and
`Retry-After` is exact. That two windows' worth may come around the end of one does no harm: the limit is against
floods.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import structlog
from limits import RateLimitItem
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter

from gateway.abuse.counts import Counts
from gateway.http.errors import Refused, too_many_presses, too_many_requests
from shared.forms import Form, parse_rate
from shared.sources import network_of

REDIS_TIMEOUT_S = 0.1
REDIS_REST_S = 5.0
"""How long Redis is left alone after it has failed: each process then counts for itself."""

_PRESSES = ":presses"
"""Stands where a form's name does; no form can be called so."""

_log = structlog.get_logger()


class RateLimits:
    """Counts submissions by form and address, and refuses those over a form's rate, or over the `default`.

    Without a `redis_url` each worker process counts for itself, so that an installation takes up to as many times the
    rate as it has workers. With one all share the count; while Redis is away they are back to counting for themselves:
    nothing is refused that would not have been, and nothing waits longer than `REDIS_TIMEOUT_S`, once its name is
    found. Safe to use from many threads.
    """

    def __init__(self, default: str, redis_url: str | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._default = default
        self._clock = clock
        self._own = FixedWindowRateLimiter(Counts())
        self._shared = FixedWindowRateLimiter(_redis(redis_url)) if redis_url else None
        self._resting_until_s = -math.inf

    def check(self, form: Form, address: str | None) -> None:
        """Count one submission; raises `Refused` (429) when it is one too many."""
        self._count(form.name, form.rate_limit or self._default, address, too_many_requests)

    def check_presses(self, address: str | None) -> None:
        """Count one press of a button that a mail or a receipt has, of whatever form; raises as `check` does."""
        self._count(_PRESSES, self._default, address, too_many_presses)

    def _count(self, name: str, said: str, address: str | None, refusal: Callable[[int], Refused]) -> None:
        rate = parse_rate(said)
        if rate is None:
            return None
        key = (name, network_of(address or "unknown"))
        if self._shared is None or self._clock() < self._resting_until_s:
            return _check(self._own, rate, key, refusal)
        try:
            _check(self._shared, rate, key, refusal)
        except StorageError as error:
            self._resting_until_s = self._clock() + REDIS_REST_S
            _log.warning("rates are not shared for now: Redis is away", reason=type(error.storage_error).__name__)
            _check(self._own, rate, key, refusal)


def _check(
    limiter: FixedWindowRateLimiter, rate: RateLimitItem, key: tuple[str, str], refusal: Callable[[int], Refused]
) -> None:
    if not limiter.hit(rate, *key):
        reset_time = limiter.get_window_stats(rate, *key).reset_time
        raise refusal(max(1, math.ceil(reset_time - time.time())))


def _redis(url: str) -> RedisStorage:
    from redis.backoff import NoBackoff  # noqa: PLC0415 - it brings OpenTelemetry with it: only where it is used
    from redis.retry import Retry  # noqa: PLC0415

    # without further tries: the library's own pauses between them would be the submitter's
    return RedisStorage(
        url,
        key_prefix="counterfoil",
        wrap_exceptions=True,
        socket_timeout=REDIS_TIMEOUT_S,
        socket_connect_timeout=REDIS_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]
    )
