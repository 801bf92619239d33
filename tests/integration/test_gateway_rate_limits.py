"""Counting, in memory and in Redis: one suite for both, and what holds while Redis is away."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dev.processes import free_port
from dev.redis_server import RedisServer
from gateway.abuse.rate_limits import REDIS_REST_S, REDIS_TIMEOUT_S, RateLimits
from gateway.http.errors import Refused
from shared.forms import Form
from support.polling import eventually

Make = Callable[[str], RateLimits]


def a_form(rate: str | None = None) -> Form:
    """Return a form that no other test counts."""
    return Form(f"form-{secrets.token_hex(6)}", "A form", rate_limit=rate)


def passes(limits: RateLimits, form: Form, address: str = "192.0.2.1") -> bool:
    return refusal_of(limits, form, address) is None


def refusal_of(limits: RateLimits, form: Form, address: str = "192.0.2.1") -> Refused | None:
    try:
        limits.check(form, address)
    except Refused as refusal:
        return refusal
    return None


@pytest.fixture(params=["memory", "redis"])
def make(request: pytest.FixtureRequest) -> Make:
    if request.param == "memory":
        return lambda default: RateLimits(default, None)
    url = request.getfixturevalue("redis_server").url
    return lambda default: RateLimits(default, url)


def test_so_many_pass_and_no_more(make: Make) -> None:
    limits, form = make("5/hour"), a_form()
    assert [passes(limits, form) for _ in range(7)] == [True] * 5 + [False] * 2
    assert passes(limits, form, "192.0.2.2")
    assert passes(limits, a_form())


def test_a_form_of_its_own_rate(make: Make) -> None:
    limits, form, free = make("1/hour"), a_form("3/hour"), a_form("none")
    assert [passes(limits, form) for _ in range(4)] == [True] * 3 + [False]
    assert all(passes(limits, free) for _ in range(10))


def test_after_the_period_it_begins_anew(make: Make) -> None:
    limits, form = make("1/second"), a_form()
    refusals = (refusal_of(limits, form) for _ in range(100_000))  # until two come within one second
    refusal = next(refusal for refusal in refusals if refusal)
    assert refusal.headers["Retry-After"] == "1"
    eventually(lambda: passes(limits, form), 20, "another one passes")


def test_a_refusal_says_when_the_period_ends(make: Make) -> None:
    limits, form = make("1/hour"), a_form()
    assert passes(limits, form)
    refusal = refusal_of(limits, form)
    assert refusal is not None
    assert refusal.status == 429
    assert 3590 <= int(refusal.headers["Retry-After"]) <= 3600


def test_of_many_at_once_no_more_pass(make: Make) -> None:
    limits, form = make("50/hour"), a_form()
    with ThreadPoolExecutor(16) as pool:
        passed = list(pool.map(lambda _: passes(limits, form), range(200)))
    assert sum(passed) == 50


def test_workers_share_their_count_through_redis_alone(redis_server: RedisServer) -> None:
    form = a_form("2/hour")
    first, second = (RateLimits("none", redis_server.url) for _ in range(2))
    assert [passes(first, form), passes(second, form), passes(first, form)] == [True, True, False]
    first, second = (RateLimits("none", None) for _ in range(2))
    assert [passes(first, form), passes(first, form), passes(second, form)] == [True, True, True]


@pytest.fixture
def frail(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as server:
        yield server


@pytest.mark.parametrize("way", ["stopped", "frozen"])
def test_without_redis_each_worker_counts_for_itself_and_hardly_waits(
    frail: RedisServer, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    limits, form = RateLimits("2/hour", frail.url, clock=lambda: now[0]), a_form()
    assert [passes(limits, form) for _ in range(3)] == [True, True, False]
    frail.stop() if way == "stopped" else frail.pause()
    began = time.monotonic()
    assert [passes(limits, form) for _ in range(50)] == [True, True] + [False] * 48
    assert time.monotonic() - began < 2 * REDIS_TIMEOUT_S + 2, "each would take its time, five seconds in all"
    assert capsys.readouterr().out.count("Redis is away") == 1
    frail.start() if way == "stopped" else frail.resume()
    now[0] += REDIS_REST_S
    assert passes(limits, form) is (way == "stopped"), "a Redis that was started again has forgotten"


def test_a_redis_that_was_never_there_refuses_nobody() -> None:
    limits = RateLimits("2/hour", f"redis://127.0.0.1:{free_port()}/0", clock=lambda: math.pi)
    assert [passes(limits, a_form()) for _ in range(5)] == [True] * 5
