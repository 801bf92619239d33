"""When all that was published before a moment is settled: no place is forgotten in which a message can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from storage_service.sweeping.passes import Beat, Look, Pass
from storage_service.sweeping.times import USUAL, Times

BEGIN = datetime(2026, 11, 30, 12, tzinfo=UTC)
ONE, OTHER = uuid4(), uuid4()
MINUTES = 60.0


@dataclass
class World:
    """A broker and processes as looks see them. Channels are renewed every minute unless a process holds something."""

    times: Times = USUAL
    ready: int = 0
    aside: int = 0
    alive: dict[UUID, bool] = field(default_factory=lambda: {ONE: True, OTHER: True})
    holding: set[UUID] = field(default_factory=set)
    newest: datetime | None = None

    def __post_init__(self) -> None:
        self.now_s = 0.0
        self._pass = Pass(self.times)
        self._opened_s = dict.fromkeys(self.alive, 0.0)
        self._beats: dict[UUID, Beat] = {}
        self.settled: datetime | None = None

    @property
    def waits_for(self) -> str:
        return self._pass.waits_for

    def look(self, for_s: float) -> datetime | None:
        """Look again and again for so long, or until all is settled."""
        until_s = self.now_s + for_s
        while self.now_s < until_s and self.settled is None:
            self.now_s += self.times.look_every_s
            at = BEGIN + timedelta(seconds=self.now_s)
            self.settled = self._pass.see(
                Look(at, self.now_s, self.ready, self.aside, dict(self._beaten()), self.newest)
            )
        return self.settled

    def _beaten(self) -> Mapping[UUID, Beat]:
        for one, is_alive in self.alive.items():
            opened_s = self._opened_s.setdefault(one, self.now_s)
            if one not in self.holding and self.now_s - opened_s >= MINUTES:
                self._opened_s[one] = opened_s = self.now_s
            if is_alive:
                self._beats[one] = Beat(int(self.now_s), self.now_s - opened_s)
        return {one: self._beats[one] for one in self.alive if one in self._beats}


def test_a_pass_ends_where_nothing_waits_and_says_since_when() -> None:
    world = World()
    assert world.look(40 * MINUTES) is None, "a process that can tell nobody may hold something for so long"
    assert world.look(10 * MINUTES) == BEGIN + timedelta(seconds=5), "what was published before the first look"


def test_a_backlog_holds_the_pass_up() -> None:
    world = World(ready=1)
    assert world.look(600 * MINUTES) is None
    world.ready = 0
    assert world.look(44 * MINUTES) is None
    assert world.look(5 * MINUTES)


def test_a_queue_that_is_never_empty_is_passed_by_what_came_well_after() -> None:
    world = World(ready=1, newest=BEGIN + timedelta(minutes=59))
    assert world.look(120 * MINUTES) is None
    world.newest = BEGIN + timedelta(minutes=120)
    assert world.look(50 * MINUTES) == BEGIN + timedelta(seconds=5)


def test_one_empty_look_is_not_enough() -> None:
    """A message on its way back from one process to the next is nowhere for a moment."""
    world = World()
    for _ in range(200):
        world.ready = 1 - world.ready
        assert world.look(USUAL.look_every_s) is None
    assert "queue" in world.waits_for


def test_what_is_to_be_tried_again_begins_the_pass_anew() -> None:
    world = World(aside=1)
    assert world.look(60 * MINUTES) is None
    world.aside = 0
    assert world.look(30 * MINUTES) is None
    world.aside = 1
    world.look(5)
    world.aside = 0
    assert world.look(44 * MINUTES) is None
    assert world.look(3 * MINUTES) == BEGIN + timedelta(minutes=90, seconds=10)


def test_what_another_replica_holds_is_waited_for() -> None:
    world = World(holding={OTHER})
    assert world.look(600 * MINUTES) is None
    assert world.waits_for == "1 processes to settle what they hold"
    world.holding.clear()
    assert world.look(2 * MINUTES)


def test_a_process_that_ends_or_is_silent_begins_the_pass_anew() -> None:
    world = World()
    world.look(40 * MINUTES)
    world.alive[OTHER] = False
    assert world.look(100 * MINUTES) is None
    del world.alive[OTHER]
    assert world.look(44 * MINUTES) is None
    assert world.look(3 * MINUTES) == BEGIN + timedelta(minutes=140, seconds=5)


def test_one_that_comes_does_not() -> None:
    world = World()
    world.look(40 * MINUTES)
    world.alive[uuid4()] = True
    assert world.look(7 * MINUTES)


def test_nothing_is_settled_while_nobody_takes_submissions_or_nobody_looks() -> None:
    world = World(alive={})
    assert world.look(600 * MINUTES) is None
    world.alive[ONE] = True
    assert world.look(40 * MINUTES) is None
    world.now_s += 30
    assert world.look(44 * MINUTES) is None, "what was not looked at may have been on a delay level"
    assert world.look(3 * MINUTES)
