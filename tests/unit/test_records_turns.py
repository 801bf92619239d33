"""How many of an owner's queries run at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shared import database
from storage_service.records.bounded import Reader, Turns, _turns

MANY = 12


class Counting:
    """Counts how many are inside at once."""

    def __init__(self) -> None:
        self.most = self._now = 0
        self._guard = threading.Lock()

    def do(self, seconds: float) -> None:
        with self._guard:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(seconds)
        with self._guard:
            self._now -= 1


def test_a_few_read_at_once_over_all_readers_of_a_database(tmp_path: Path) -> None:
    engine, inside = database.create(f"sqlite:///{tmp_path / 'records.db'}"), Counting()
    _turns[engine.pool] = Turns(at_once=2, patience_s=60)  # or whoever is held up by a busy machine does not count
    readers, another = [Reader(engine) for _ in range(MANY)], threading.Barrier(2)

    def read(reader: Reader) -> None:
        with reader.connection():
            another.wait(timeout=30)
            inside.do(0.01)

    with ThreadPoolExecutor(MANY) as pool:
        list(pool.map(read, readers))
    engine.dispose()
    assert inside.most <= 2


def test_slow_ones_hold_nobody_up_for_long() -> None:
    turns, inside = Turns(at_once=1, patience_s=0.05), Counting()

    def slow(_: int) -> None:
        with turns.turn():
            inside.do(0.5)

    begun_s = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(slow, range(3)))
    assert inside.most == 3
    assert time.monotonic() - begun_s < 1.4, "they went one after the other"


def test_short_ones_keep_to_their_number_however_many_wait() -> None:
    turns, inside = Turns(at_once=1, patience_s=5), Counting()

    def short(_: int) -> None:
        with turns.turn():
            inside.do(0.02)

    with ThreadPoolExecutor(MANY) as pool:
        list(pool.map(short, range(4 * MANY)))  # a second for the last one
    assert inside.most == 1


def test_who_reads_within_a_reading_is_not_held_up_for_ever() -> None:
    turns, inside = Turns(at_once=1, patience_s=0.05), Counting()
    with turns.turn(), turns.turn():
        pass

    def short(_: int) -> None:
        with turns.turn():
            inside.do(0.001)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(short, range(2)))
    assert inside.most == 1, "it gave back a turn that it had not"
