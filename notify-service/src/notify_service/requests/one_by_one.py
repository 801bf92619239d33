"""Handles events one after the other, where each is a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shared.messaging.failures import Delivery, DependencyUnavailable, E, PermanentFailure, Results, RetryLater


def one_by_one(deliveries: Sequence[Delivery[E]], handle: Callable[[Delivery[E]], RetryLater | None]) -> Results:
    """Return what came of each, up to the first that something is missing for; see `failures.Handler`."""
    results = list[Exception | None]()
    for one in deliveries:
        try:
            results.append(handle(one))
        except PermanentFailure as error:
            results.append(error)
        except DependencyUnavailable:
            if results:
                break
            raise
    return results
