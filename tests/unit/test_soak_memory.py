"""What the soak says of memory: flat is flat, growth is named, and too little is not known."""

from __future__ import annotations

import os

from support.memory import FEWEST, Memory


def test_what_stays_is_bounded_and_what_grows_is_named() -> None:
    memory = Memory()
    for number in range(FEWEST):
        memory.note("flat", 80 + number % 3)
        memory.note("leaking", 80 + 4 * number)
        memory.note("restarted", 90 if number < 10 else 20 + min(number, 70))
    (found,) = memory.swollen() or [""]
    assert found.startswith("leaking: ")


def test_too_few_samples_say_nothing() -> None:
    memory = Memory()
    memory.sample({"this": os.getpid()})
    assert memory.swollen() is None
