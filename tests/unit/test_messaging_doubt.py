"""When a publisher says that its queues confirm nothing, and when it takes that back."""

from __future__ import annotations

import pytest

from shared.messaging.rabbitmq.doubt import DOUBT_AFTER_S, PROBE, SUSPECT_AFTER_S, Doubt
from shared.messaging.rabbitmq.pending import PendingPublish
from shared.messaging.routes import Destination, to
from shared.messaging.topology import NOTIFY_SMTP, STORAGE

HERE, ELSEWHERE = to(STORAGE), to(NOTIFY_SMTP)


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def doubt(clock: Clock) -> Doubt:
    return Doubt(clock)


def sent(clock: Clock, where: Destination = HERE) -> PendingPublish:
    pending = PendingPublish(PROBE, where, 0.0)
    pending.sent_at = clock.now_s
    return pending


def seconds(doubt: Doubt, clock: Clock, count: float, oldest: PendingPublish | None) -> list[PendingPublish]:
    """Let so many seconds pass, and return the probes that were wanted meanwhile."""
    wanted = list[PendingPublish]()
    for _ in range(int(count)):
        clock.now_s += 1
        probe = doubt.look(oldest)
        wanted += [probe] if probe is not None else []
    return wanted


def test_what_waits_too_long_is_asked_about_first_and_said_then(doubt: Doubt, clock: Clock) -> None:
    waiting = sent(clock)
    assert seconds(doubt, clock, SUSPECT_AFTER_S, waiting) == []
    probes = seconds(doubt, clock, DOUBT_AFTER_S, waiting)
    assert probes
    assert all((one.message, one.to) == (PROBE, HERE) for one in probes)
    assert doubt.problem() is None
    seconds(doubt, clock, 1, waiting)
    assert (doubt.problem() or "").startswith(f"what was sent to {STORAGE.name} has not been confirmed for 5 s; ")


def test_what_was_refused_is_said_without_traffic_and_taken_back_by_a_confirm(doubt: Doubt, clock: Clock) -> None:
    doubt.refused(HERE)
    assert len(seconds(doubt, clock, 3600, None)) == 3600
    assert "3600 s" in (doubt.problem() or "")
    doubt.confirmed(HERE)
    assert doubt.problem() is None
    assert seconds(doubt, clock, 60, None) == []


def test_one_slow_confirm_is_none_while_others_come(doubt: Doubt, clock: Clock) -> None:
    slow = sent(clock)
    for _ in range(60):
        doubt.confirmed(HERE)
        assert seconds(doubt, clock, 1, slow) == []
    assert doubt.problem() is None


def test_one_slow_confirm_is_none_that_comes_in_time(doubt: Doubt, clock: Clock) -> None:
    slow = sent(clock)
    seconds(doubt, clock, SUSPECT_AFTER_S + DOUBT_AFTER_S - 1, slow)
    assert doubt.problem() is None
    doubt.confirmed(HERE)
    assert seconds(doubt, clock, 60, None) == []
    assert doubt.problem() is None


def test_confirms_of_other_queues_prove_nothing(doubt: Doubt, clock: Clock) -> None:
    doubt.refused(HERE)
    for _ in range(10):
        doubt.confirmed(ELSEWHERE)
        seconds(doubt, clock, 1, None)
    assert doubt.problem()
