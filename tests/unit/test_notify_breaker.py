from __future__ import annotations

from notify_service.transports.breaker import FAILURES_TO_OPEN, REST_S, Breaker


class Seconds:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def an_open_breaker(seconds: Seconds) -> Breaker:
    breaker = Breaker(seconds)
    for _ in range(FAILURES_TO_OPEN):
        assert breaker.admits()
        breaker.failed()
    return breaker


def test_it_opens_after_five_failures_in_a_row() -> None:
    assert FAILURES_TO_OPEN == 5
    assert not an_open_breaker(Seconds()).admits()


def test_one_failure_that_used_up_its_time_opens_it() -> None:
    breaker = Breaker(Seconds())
    breaker.failed(overtime=True)
    assert not breaker.admits()


def test_a_success_between_failures_starts_the_count_anew() -> None:
    breaker = Breaker(Seconds())
    for _ in range(3):
        for _ in range(FAILURES_TO_OPEN - 1):
            breaker.failed()
        breaker.succeeded()
    assert breaker.admits()


def test_after_thirty_seconds_it_admits_one_try_and_no_second() -> None:
    seconds = Seconds()
    breaker = an_open_breaker(seconds)
    seconds.now_s += REST_S - 0.1
    assert not breaker.admits()
    seconds.now_s += 0.1
    assert [breaker.admits() for _ in range(3)] == [True, False, False]


def test_to_ask_whether_it_rests_is_no_try() -> None:
    seconds = Seconds()
    breaker = an_open_breaker(seconds)
    assert breaker.is_resting
    seconds.now_s += REST_S
    assert [breaker.is_resting for _ in range(3)] == [False, False, False]
    assert breaker.admits()
    assert breaker.is_resting, "somebody has the one try"
    breaker.succeeded()
    assert not breaker.is_resting


def test_a_try_that_fails_keeps_it_open_for_another_rest() -> None:
    seconds = Seconds()
    breaker = an_open_breaker(seconds)
    seconds.now_s += REST_S
    assert breaker.admits()
    breaker.failed()
    seconds.now_s += REST_S - 1
    assert not breaker.admits()
    seconds.now_s += 1
    assert breaker.admits()


def test_a_try_that_never_reports_back_does_not_keep_it_open_for_ever() -> None:
    seconds = Seconds()
    breaker = an_open_breaker(seconds)
    for _ in range(3):
        seconds.now_s += REST_S
        assert breaker.admits()


def test_a_try_that_succeeds_closes_it() -> None:
    seconds = Seconds()
    breaker = an_open_breaker(seconds)
    seconds.now_s += REST_S
    assert breaker.admits()
    breaker.succeeded()
    assert breaker.admits()
    assert breaker.admits()
