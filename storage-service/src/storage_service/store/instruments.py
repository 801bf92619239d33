"""Measures batches, stored submissions and commits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram

from shared.telemetry.messaging import SECONDS
from storage_service.store.handler import Repository, Rows, Stored

_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def counting(registry: CollectorRegistry) -> Callable[[Stored], None]:
    """Return a function that counts each batch in a registry."""

    def counter(name: str, text: str) -> Callable[[float], None]:
        return Counter(f"counterfoil_submissions_{name}", text, registry=registry).inc

    size = Histogram(
        "counterfoil_storage_batch_size", "Submissions written in one transaction.", buckets=_SIZES, registry=registry
    )
    stored = counter("stored", "Submissions stored, each when it came first.")
    repeated = counter("repeated", "Submissions that were stored already, and the same.")
    conflicting = counter("conflicting", "Submissions kept beside a different one of the same id.")
    refused = counter("arrived_after_erasure", "Submissions that had been erased before they came, and are not stored.")
    cleared = counter("cleared", "Submissions that a verdict called spam, and a later one good.")

    def count(batch: Stored) -> None:
        size.observe(batch.size)
        stored(batch.new)
        conflicting(batch.conflicts)
        refused(batch.refused)
        cleared(batch.cleared)
        repeated(batch.size - batch.new - batch.conflicts - batch.refused)

    return count


class TimedRepository:
    """Measures the transactions of a repository, from begin to durable commit; failed ones are left out."""

    def __init__(self, repository: Repository, registry: CollectorRegistry) -> None:
        self._repository = repository
        self._seconds = Histogram(
            "counterfoil_storage_commit_seconds",
            "One transaction that stores a batch, from its begin to the durable commit.",
            buckets=SECONDS,
            registry=registry,
        )

    @contextmanager
    def transaction(self) -> Iterator[Rows]:
        """Begin a transaction; see `handler.Repository`."""
        start_s = time.monotonic()
        with self._repository.transaction() as rows:
            yield rows
        self._seconds.observe(time.monotonic() - start_s)
