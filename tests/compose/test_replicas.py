"""Several of each under load: whichever is killed or restarted, nothing is lost, and each answer is 202 or 503."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from support.compose_stack import Stack
from support.compose_trial import Trial
from support.polling import eventually

REPLICAS = {"storage_service": 3, "notify_service": 2, "console": 2, "gateway": 2}
SERVICES = [name.replace("_", "-") for name in REPLICAS]
UNRECORDED_MOST = 2 * 4
"""Mails that a killed notify may have sent and not recorded: two on each of its connections."""


@pytest.fixture(scope="module")
def scaled(stack: Stack) -> Stack:
    """The stack with several of each service."""
    stack.up(**REPLICAS)
    for name, count in REPLICAS.items():
        assert len(stack.containers(name.replace("_", "-"))) == count
    return stack


@pytest.fixture
def trial(scaled: Stack, tmp_path: Path) -> Trial:
    """A load that has begun to be acked."""
    trial = Trial(scaled, tmp_path)
    trial.await_more(40)
    return trial


def test_any_replica_may_be_killed(trial: Trial) -> None:
    for service in ("gateway", "storage-service", "notify-service", "console"):
        victim = trial.stack.containers(service)[0]
        trial.stack.kill(victim)
        trial.await_more(40)
        trial.stack.start(victim)
    trial.conclude(duplicate_mails=UNRECORDED_MOST)


def test_everything_may_be_restarted_one_after_the_other(trial: Trial) -> None:
    for service in SERVICES:
        for replica in trial.stack.containers(service):
            trial.stack.restart(replica)
            trial.await_more(40)
    trial.conclude(duplicate_mails=0)


def test_an_update_by_the_book_makes_every_replica_anew_and_leaves_the_rest(trial: Trial) -> None:
    stack = trial.stack
    before, servers = {*stack.containers(*SERVICES)}, stack.containers("rabbitmq", "postgres", "proxy")
    stack.set("COUNTERFOIL_VERSION", f"{stack.settings['COUNTERFOIL_VERSION']}-next")
    stack.update(**REPLICAS)
    after = {*stack.containers(*SERVICES)}
    assert len(after) == len(before)
    assert not before & after, "each is a new container"
    assert stack.containers("rabbitmq", "postgres", "proxy") == servers, "what is not updated goes on"
    trial.await_more(40)
    trial.conclude(duplicate_mails=0)


def test_of_two_consoles_one_may_be_killed_and_the_next_request_is_answered(scaled: Stack) -> None:
    key, waits_s = scaled.api_key(), list[float]()
    eventually(lambda: scaled.as_owner("/v1/forms", key).ok, 30, "the owner is answered")
    [victim, _] = scaled.containers("console")
    try:
        for number in range(60):
            if number == 20:
                scaled.kill(victim)
            begun_s = time.monotonic()
            answer = scaled.as_owner("/v1/forms", key)
            waits_s.append(time.monotonic() - begun_s)
            assert answer.status_code == 200, f"request {number}: {answer.text}"
    finally:
        scaled.start(victim)
    print(f"slowest answer while a console was killed: {max(waits_s) * 1000:.0f} ms")
    assert max(waits_s) < 3


def test_broker_and_database_may_be_killed(trial: Trial) -> None:
    for service in ("postgres", "rabbitmq"):
        [victim] = trial.stack.containers(service)
        trial.stack.kill(victim)
        trial.stack.start(victim)
        trial.await_more(40)
    trial.conclude(duplicate_mails=UNRECORDED_MOST * REPLICAS["notify_service"])
