"""When the forms are counted anew: at once where it takes no time, behind the requests where it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from shared.messaging.failures import DependencyUnavailable
from storage_service.records import FormCounts, QueryTookTooLong
from storage_service.records.overview import AGAIN_S, AT_ONCE_MOST, SHARE, Overview
from storage_service.records.recent import Day

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@dataclass
class World:
    """`all` is how many the one form has, and `took_s` how long counting them takes."""

    all: int = 3
    took_s: float = 0.0
    error: Exception | None = None
    counted: int = 0
    now_s: float = 0.0
    waiting: list[Callable[[], None]] = field(default_factory=list)

    def by_form(self, forms: frozenset[str] | None) -> Mapping[str, FormCounts]:
        assert forms is None
        self.counted += 1
        self.now_s += self.took_s
        if self.error:
            raise self.error
        return {"signup": FormCounts(all=self.all)}

    def of(self, forms: Iterable[str], bounds: Sequence[datetime]) -> Mapping[str, Sequence[Day]]:
        return {}

    def overview(self) -> Overview:
        return Overview(
            self,  # type: ignore[arg-type]
            self,  # type: ignore[arg-type]
            clock=lambda: NOW,
            timer=lambda: self.now_s,
            behind=self.waiting.append,
        )

    def turn(self) -> None:
        """Do what was left behind."""
        for do in self.waiting:
            do()
        self.waiting.clear()


def test_few_are_counted_whenever_somebody_asks() -> None:
    world = World()
    overview = world.overview()
    assert overview.now(UTC).forms["signup"].all == 3
    world.all = 4
    assert overview.now(UTC).forms["signup"].all == 4
    assert (world.counted, world.waiting) == (2, [])


def test_of_many_who_asks_gets_what_was_counted_and_it_is_counted_anew_behind() -> None:
    world = World(all=AT_ONCE_MOST + 1, took_s=2)
    overview = world.overview()
    assert overview.now(UTC).forms["signup"].all == AT_ONCE_MOST + 1
    world.all += 1
    world.now_s += 2 * SHARE - 0.1
    assert overview.now(UTC).forms["signup"].all == AT_ONCE_MOST + 1
    assert world.waiting == []
    world.now_s += 0.2
    assert [overview.now(UTC).forms["signup"].all for _ in range(3)] == [AT_ONCE_MOST + 1] * 3
    assert len(world.waiting) == 1, "one counts, whoever asks meanwhile"
    world.turn()
    assert overview.now(UTC).forms["signup"].all == AT_ONCE_MOST + 2
    world.now_s += 2 * SHARE
    overview.now(UTC)
    assert len(world.waiting) == 1, "and again, in its time"


@pytest.mark.parametrize("error", [DependencyUnavailable("gone"), ValueError("a bug")])
def test_what_fails_behind_leaves_what_was_counted(error: Exception) -> None:
    world = World(all=AT_ONCE_MOST + 1, took_s=1)
    overview = world.overview()
    before = overview.now(UTC)
    world.error, world.now_s = error, 1000
    overview.now(UTC)
    world.turn()
    assert overview.now(UTC) is before
    world.error = None
    world.turn()
    assert world.counted == 3


def test_without_a_database_the_first_who_asks_is_told() -> None:
    world = World(error=DependencyUnavailable("gone"))
    with pytest.raises(DependencyUnavailable):
        world.overview().now(UTC)


def test_more_than_can_be_counted_are_said_to_be_so_and_tried_again_later() -> None:
    world = World(error=QueryTookTooLong(5))
    overview = world.overview()
    assert not overview.now(UTC).is_known
    world.now_s = AGAIN_S - 1
    assert (overview.now(UTC).is_known, world.waiting) == (False, [])
    world.now_s, world.error = AGAIN_S + 1, None
    overview.now(UTC)
    world.turn()
    assert overview.now(UTC).is_known
