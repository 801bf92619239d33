"""Three brokers in a cluster: the node that leads the queues is killed with -9, or frozen, under load.

Minutes long, and so apart from `make test`: `.venv/bin/python -m pytest tests/faults/cluster`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.broker import Broker
from shared.messaging.rabbitmq.renewal import RENEW_EVERY_S
from shared.messaging.topology import QUEUES, STORAGE
from support.broker_cluster import NODES, BrokerCluster
from support.ledger_trial import StartTrial, Trial
from support.polling import eventually

COUNT = 1500
RATE_PER_S = 50
WAIT_LIMIT_S = 10.0

FROZEN_LIMIT_S = 25.0
"""The other nodes give a frozen one up after 7.5 to 12.5 s (`net_ticktime` 10), and the publisher after 15."""

DEAD_LETTER_AGAIN_S = 180.0
"""When RabbitMQ moves a message on to its work queue once more, where the first move's confirm was lost
(`dead_letter_worker_publisher_confirm_timeout`)."""

SETTLE_S = DEAD_LETTER_AGAIN_S + RENEW_EVERY_S + 60.0
"""What a node lost on the way to a channel comes again when that channel is renewed, and may need a retry then."""

PATIENT = {"COUNTERFOIL_SMTP_TIMEOUT_S": "5"}
"""Three brokers more make a small machine slow: a mail that is given up after its final dot comes twice."""


@pytest.fixture(scope="module")
def cluster(server_directory: Path) -> Iterator[BrokerCluster]:
    """A cluster whose nodes these tests kill, freeze and start again."""
    with BrokerCluster(server_directory / "cluster") as nodes:
        yield nodes


@pytest.fixture
def trial(start_trial: StartTrial, cluster: BrokerCluster) -> Trial:
    """Two replicas of each service that know all nodes, each of which is a member of every queue.

    A busy node can miss the start of its member when the queue is declared: without that one more node is one too many.
    """
    trial = start_trial(cluster, replicas=2, workers=2, settings=PATIENT)
    await_members(cluster, trial)
    return trial


def await_another_leader(cluster: BrokerCluster, trial: Trial, former: Broker) -> None:
    """Wait until another node leads storage's queue."""
    eventually(lambda: cluster.leader_of(STORAGE.name, trial.vhost) is not former, 30, "vacuous: the same node leads")


def await_members(cluster: BrokerCluster, trial: Trial) -> None:
    """Wait until every node follows the leader of each queue, or is it."""

    def all_online() -> bool:
        online = cluster.members_online(trial.vhost)
        missing = {queue.name: online.get(queue.name, 0) for queue in QUEUES if online.get(queue.name) != NODES}
        assert not missing, missing
        return True

    eventually(all_online, 60, "every node is a member of each queue")


def check(trial: Trial, *, wait_limit_s: float) -> None:
    """Compare, once consumers have renewed their channels, and say how long users had to wait for a 202."""
    verdict = trial.conclude(timeout_s=SETTLE_S)
    waited_s = trial.longest_wait_s()
    print(f"longest wait for a 202: {waited_s:.1f} s; {verdict.counts['answers 503']} answers were 503")
    assert verdict.counts["acked"] == COUNT
    assert {attempt.status for attempt in trial.ledger.attempts()} <= {202, 503}
    assert waited_s < wait_limit_s


def test_no_202_is_lost_and_the_next_comes_in_seconds_when_the_leader_is_killed(
    trial: Trial, cluster: BrokerCluster
) -> None:
    client = trial.load(COUNT, rate_per_s=RATE_PER_S, repeats=0.1)
    for kill in (1, 2):
        trial.await_acked(kill * COUNT // 4)
        leader = cluster.leader_of(STORAGE.name, trial.vhost)
        leader.kill()
        await_another_leader(cluster, trial, leader)
        trial.await_acked(kill * COUNT // 4 + COUNT // 8)
        leader.start()
        await_members(cluster, trial)
    client.wait(timeout_s=120)
    check(trial, wait_limit_s=WAIT_LIMIT_S)


def test_a_frozen_leader_is_given_up(trial: Trial, cluster: BrokerCluster) -> None:
    client = trial.load(COUNT, rate_per_s=RATE_PER_S, repeats=0.1)
    trial.await_acked(COUNT // 4)
    leader = cluster.leader_of(STORAGE.name, trial.vhost)
    leader.pause()
    try:
        trial.await_acked(COUNT // 2)
    finally:
        leader.resume()
    client.wait(timeout_s=120)
    check(trial, wait_limit_s=FROZEN_LIMIT_S)
