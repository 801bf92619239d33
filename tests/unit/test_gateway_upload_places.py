"""Places of uploads: so many in all and of each source, and slow ones give way to another source."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack

import pytest

from gateway.http.errors import Refused
from gateway.uploads.places import LEAVING_MOST, SLOW_AFTER_S, SLOW_TIMES, Place, UploadPlaces

LEAST = 16 * 1024
OTHERS = ("b", "c", "d")


class World:
    """Sixteen places, four of a source, by a clock that the test sets."""

    def __init__(self, most: int = 16, source_most: int = 4) -> None:
        self.now_s = 100.0
        self.places = UploadPlaces(most, source_most, LEAST, lambda: self.now_s)
        self.inside = ExitStack()

    def enter(self, source: str, count: int = 1) -> list[Place]:
        return [self.inside.enter_context(self.places.place(source)) for _ in range(count)]

    def settle(self, *places: Place, bytes_per_s: float = LEAST) -> None:
        """Let time go by in which these come at a pace."""
        self.now_s += SLOW_AFTER_S
        for one in places:
            one.note(int(bytes_per_s * SLOW_AFTER_S))


def given_away(places: list[Place]) -> list[str]:
    return [one.source for one in places if one.is_given_away]


def test_four_sources_that_are_slow_give_way_to_a_fifth_and_a_sixth() -> None:
    world = World()
    held = [place for source in ("a", *OTHERS) for place in world.enter(source, 4)]
    world.settle(*held)
    world.enter("e", 3)
    assert Counter(given_away(held)).most_common(1)[0][1] == 1, "one of each before a second of any"
    with pytest.raises(Refused) as refused:
        world.enter("e")  # has as many as any
    assert refused.value.status == 503
    world.enter("f")
    assert len(given_away(held)) == 4


def test_who_gives_way_learns_of_it_with_the_next_piece_and_its_source_gets_no_other_place() -> None:
    world = World()
    held = [place for source in ("a", *OTHERS) for place in world.enter(source, 4)]
    world.settle(*held[:1], bytes_per_s=1)
    world.settle(*held[1:], bytes_per_s=LEAST)
    world.enter("e")
    assert [one.is_given_away for one in held] == [True] + [False] * 15, "the slowest does"
    with pytest.raises(Refused):
        held[0].note(1)
    with pytest.raises(Refused):
        world.enter("a")


def test_nobody_gives_way_who_is_fast_or_has_only_begun() -> None:
    for seconds, pace in ((SLOW_AFTER_S - 1, 1), (SLOW_AFTER_S, SLOW_TIMES * LEAST)):
        world = World()
        held = [place for source in ("a", *OTHERS) for place in world.enter(source, 4)]
        world.now_s += seconds
        for one in held:
            one.note(int(seconds * pace))
        with pytest.raises(Refused):
            world.enter("e")
        assert given_away(held) == []


def test_so_many_are_told_to_give_way_at_once_and_no_more() -> None:
    world = World(most=60, source_most=30)
    held = world.enter("a", 30) + world.enter("b", 30)
    world.settle(*held)
    for number in range(LEAVING_MOST):
        world.enter(f"other {number}")
    with pytest.raises(Refused):
        world.enter("one more")
    assert len(given_away(held)) == LEAVING_MOST
    world.inside.close()
    world.enter("a", 30)
