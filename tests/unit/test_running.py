"""Consumers run until the process is told to stop, whenever the signal comes."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Iterator

import pytest

from shared.messaging.running import run_until_told


class Waiting:
    """A consumer with nothing to do."""

    def __init__(self) -> None:
        self.runs = threading.Event()
        self._told = threading.Event()
        self.was_told = False

    def run(self) -> None:
        self.runs.set()
        self.was_told = self._told.wait(10)

    def stop(self) -> None:
        threading.Thread(target=self._told.set).start()

    def missing(self) -> list[str]:
        return []

    def stuck(self) -> list[str]:
        return []


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """Put back what a signal does, once the test is over."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_signal_that_does_not_interrupt_the_wait_is_obeyed_all_the_same() -> None:
    consumers = [Waiting(), Waiting()]

    def tell() -> None:
        assert all(consumer.runs.wait(20) for consumer in consumers)
        _thread.interrupt_main(signal.SIGTERM)  # as a signal between the last look and the wait: it wakes nobody

    threading.Thread(target=tell).start()
    assert run_until_told(consumers)
    assert all(consumer.was_told for consumer in consumers)


def test_one_that_ends_by_itself_ends_the_others_untold() -> None:
    ending, waiting = Waiting(), Waiting()
    ending.stop()
    assert not run_until_told([ending, waiting])
    assert waiting.was_told
