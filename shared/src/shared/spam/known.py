"""Keeps the hashes that a model knows, with how often each was seen, in little memory."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

KNOWN_MOST = 10_000
_COUNT_MOST = 255


@dataclass(frozen=True, slots=True)
class Known:
    """Hashes of 64 bits in their order, each with its count up to 255: texts of a day, or networks of late spam."""

    hashes: array[int] = field(default_factory=lambda: array("Q"))
    counts: array[int] = field(default_factory=lambda: array("B"))

    def count(self, hashed: int | None) -> int:
        """Return how often a hash was seen; 0 where it is not known, or None."""
        if hashed is None:
            return 0
        at = bisect_left(self.hashes, hashed)
        return self.counts[at] if at < len(self.hashes) and self.hashes[at] == hashed else 0

    @classmethod
    def of(cls, counts: Mapping[int, int]) -> Known:
        """Return the 10,000 most frequent of some counts, the same whatever their order."""
        most = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:KNOWN_MOST]
        kept = sorted((hashed, min(count, _COUNT_MOST)) for hashed, count in most)
        return cls(array("Q", (hashed for hashed, _ in kept)), array("B", (count for _, count in kept)))
