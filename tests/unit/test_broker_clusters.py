"""The brokers of a cluster are set up alike with Compose and in Kubernetes."""

from __future__ import annotations

import pytest
import yaml

from support.service import ROOT

COMPOSE = "deploy/compose/broker-cluster.conf"
KUBERNETES = "deploy/kubernetes/components/rabbitmq/cluster.yaml"
RECONCILIATION = "quorum_queue.continuous_membership_reconciliation"


def configuration_in(name: str) -> dict[str, str]:
    """Return RabbitMQ's settings by key, from its own file or from the manifest that contains one."""
    text = (ROOT / name).read_text()
    if name.endswith(".yaml"):
        text = next(yaml.safe_load_all(text))["spec"]["rabbitmq"]["additionalConfig"]
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {key: value for key, _, value in (line.partition(" = ") for line in lines)}


@pytest.mark.parametrize("name", [COMPOSE, KUBERNETES])
def test_a_queue_that_was_declared_early_gets_its_missing_members(name: str) -> None:
    """RabbitMQ does not do it by itself: a queue keeps the members that it was declared with."""
    found = configuration_in(name)
    assert {key.removeprefix(f"{RECONCILIATION}."): found[key] for key in found if key.startswith(RECONCILIATION)} == {
        "enabled": "true",
        "auto_remove": "true",
        "target_group_size": "3",
        "interval": "60000",
    }


@pytest.mark.parametrize("name", [COMPOSE, KUBERNETES])
def test_a_node_that_hangs_or_is_cut_off_is_given_up_soon(name: str) -> None:
    found = configuration_in(name)
    assert (found["net_ticktime"], found["cluster_partition_handling"]) == ("10", "pause_minority")
