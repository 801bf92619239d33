"""A batch collects messages until it is full or old enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

PREFETCH_LEAST = 20
"""Some deliveries may have to wait aside, unacked, and the others go on."""


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """When a batch closes: at `size` items, at `size_bytes` bytes, or `age_s` seconds after its first item, when what
    is there already still gets in.

    Bytes are bounded because a batch becomes one statement, and both ends hold all of it in memory.
    """

    size: int = 1
    age_s: float = 0.0
    size_bytes: int = 8 * 1024 * 1024

    @property
    def prefetch(self) -> int:
        """How many deliveries a consumer asks for: one batch being handled and one being filled, or a few."""
        return max(2 * self.size, PREFETCH_LEAST)


class Batch(Generic[T]):
    """Collects items until full or due. It reads no clock: the caller hands in the time, in seconds."""

    def __init__(self, limits: BatchLimits) -> None:
        self._limits = limits
        self._items: list[T] = []
        self._opened_at = 0.0
        self._size_bytes = 0

    def add(self, item: T, *, now_s: float, size_bytes: int = 0) -> None:
        """Add one item of so many bytes; the first one opens the batch."""
        if not self._items:
            self._opened_at = now_s
        self._items.append(item)
        self._size_bytes += size_bytes

    @property
    def is_full(self) -> bool:
        """Whether it takes no more."""
        return len(self._items) >= self._limits.size or self._size_bytes >= self._limits.size_bytes

    def wait_s(self, *, now_s: float) -> float | None:
        """Return how long the batch may still wait for more: 0 when it is due, None while it is empty."""
        if not self._items:
            return None
        return 0.0 if self.is_full else max(0.0, self._opened_at + self._limits.age_s - now_s)

    def take(self) -> list[T]:
        """Return the items and start anew."""
        items, self._items, self._size_bytes = self._items, [], 0
        return items
