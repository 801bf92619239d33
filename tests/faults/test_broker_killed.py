"""Row 3, and the outage: the broker is killed with -9 under load, and stopped while people submit."""

from __future__ import annotations

import pytest

from dev.broker import Broker
from support.ledger_trial import StartTrial, Trial, moment
from support.polling import eventually

KILLS = 2
RETURN_LIMIT_S = 10.0


@pytest.fixture
def trial(start_trial: StartTrial, mortal_broker: Broker) -> Trial:
    """An installation with two replicas of each service on a broker that may be killed."""
    return start_trial(mortal_broker, replicas=2)


def await_connections_lost(trial: Trial, times: int) -> None:
    """Wait until the gateway has reported so many times that it lost its connection to the broker."""
    log = trial.installation.gateway.log
    eventually(lambda: log.read_text().count("connection lost") >= times, 30, "vacuous: no connection was lost")


def test_no_202_is_lost_when_the_broker_is_killed(trial: Trial, mortal_broker: Broker) -> None:
    client = trial.load(1000, rate_per_s=100, repeats=0.1)
    for kill in range(1, KILLS + 1):
        trial.await_acked(kill * 300)
        mortal_broker.kill()
        await_connections_lost(trial, kill)
        mortal_broker.start()
        assert trial.first_ack_since(moment(), timeout_s=60) < RETURN_LIMIT_S
    client.wait(timeout_s=120)
    verdict = trial.conclude()
    assert verdict.counts["answers 503"] > 0, "vacuous: nobody noticed that the broker was away"
    assert verdict.counts["acked"] == 1000


def test_a_stopped_broker_means_503_in_time_and_202_within_ten_seconds_of_its_return(
    trial: Trial, mortal_broker: Broker
) -> None:
    trial.load(20).wait(timeout_s=30)
    mortal_broker.stop()
    refusals = len(trial.ledger.attempts())
    client = trial.load(40, first=20)
    eventually(lambda: len(trial.ledger.attempts()) >= refusals + 24, 60, "24 refusals")
    assert {attempt.status for attempt in trial.ledger.attempts()[refusals:]} == {503}
    mortal_broker.start()
    assert trial.first_ack_since(moment(), timeout_s=60) < RETURN_LIMIT_S
    client.wait(timeout_s=60)
    assert trial.conclude().counts["acked"] == 60
