"""Three brokers: one becomes three; and of three the one that leads the queues is killed under load and comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.messaging.topology import STORAGE
from support.compose_stack import Stack, engine_problem
from support.compose_trial import Trial
from support.polling import eventually

NODES = {"rabbit@rabbitmq": "rabbitmq", "rabbit@rabbitmq-2": "rabbitmq-2", "rabbit@rabbitmq-3": "rabbitmq-3"}
WAIT_LIMIT_S = 10.0
UNRECORDED_MOST = 2 * 4
"""Mails that a killed notify may have sent and not recorded: two on each of its connections."""


PROJECT = "counterfoil-cluster-test"


@pytest.fixture
def cluster() -> Iterator[Stack]:
    """The compose files with three brokers, of which nothing runs yet."""
    problem = engine_problem()
    assert problem is None, problem
    stack = Stack("docker-compose.yml", "deploy/compose/cluster.yml", project=PROJECT)
    stack.down(volumes=True)
    try:
        yield stack
    finally:
        print(stack.compose("logs", "--no-color", "--tail", "60"))
        stack.down(volumes=True)


def queue(stack: Stack) -> dict[str, Any]:
    """Return what storage's queue is, as a node that is up sees it."""
    node = stack.compose("ps", "--services", "--status", "running", *NODES.values()).split()[0]
    asked = ["rabbitmqctl", "--quiet", "list_queues", "name", "leader", "members", "online", "--formatter", "json"]
    listed = json.loads(stack.compose("exec", "-T", node, *asked))
    return next((each for each in listed if each["name"] == STORAGE.name), {})


def running_nodes(stack: Stack, service: str) -> set[str]:
    """Return the nodes of the cluster that one of them is in."""
    asked = ["rabbitmqctl", "--quiet", "cluster_status", "--formatter", "json"]
    return set(json.loads(stack.compose("exec", "-T", service, *asked))["running_nodes"])


def test_one_broker_becomes_three_and_none_begins_another_cluster(cluster: Stack) -> None:
    alone = Stack(project=PROJECT)
    alone.compose("build", "credentials", "gateway")
    alone.compose("run", "--rm", "topology")
    cluster.compose("up", "--wait", *NODES.values())
    assert {service: running_nodes(cluster, service) for service in NODES.values()} == {
        service: set(NODES) for service in NODES.values()
    }
    eventually(lambda: set(queue(cluster)["members"]) == set(NODES), 120, "a queue that was there is on each of them")


def test_the_leader_may_be_killed_and_comes_back(cluster: Stack, tmp_path: Path) -> None:
    cluster.up(storage_service=2, notify_service=2, gateway=2)
    assert set(queue(cluster)["members"]) == set(NODES), "every node is a member from the beginning"
    trial = Trial(cluster, tmp_path)
    trial.await_more(200)
    leader = queue(cluster)["leader"]
    [victim] = cluster.containers(NODES[leader])
    cluster.kill(victim)
    eventually(lambda: queue(cluster).get("leader", leader) != leader, 60, "vacuous: no other node leads")
    trial.await_more(200)
    cluster.start(victim)
    eventually(lambda: set(queue(cluster).get("online", ())) == set(NODES), 60, "it is a member again")
    trial.await_more(100)
    trial.conclude(duplicate_mails=UNRECORDED_MOST * 2)
    print(f"longest wait for a 202: {trial.longest_wait_s():.1f} s")
    assert trial.longest_wait_s() < WAIT_LIMIT_S
