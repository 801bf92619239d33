"""Computes the replicas, nodes and cores that a number of submissions a second needs.

The costs are measured on one machine with all of it on a few cores; a core of another is another core. So the plan is
arithmetic, and says which of its figures are measured, and which assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

MOST_BUSY = 0.6
"""How busy a core is planned to be: beyond it waiting times grow, and there is nothing left for a burst."""

REPLICATION = 3
"""Nodes that hold each message of a quorum queue; each does about as much for it as the leader. Assumed."""

STORED_BYTES = 1_000.0
"""What a submission has on the database's disk, where a run does not say."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What one submission costs, in microseconds of a core, and how fast the parts are that are one by nature.

    `queue_per_s` is what one quorum queue takes, whose leader is one Erlang process; `storage_per_s` and
    `notify_per_s` are what one replica does by itself. `stored_bytes` is on the database's disk.
    """

    gateway_us: float
    broker_us: float
    storage_us: float
    notify_us: float
    storage_database_us: float
    notify_database_us: float
    queue_per_s: float
    storage_per_s: float
    notify_per_s: float
    stored_bytes: float = STORED_BYTES


@dataclass(frozen=True, slots=True)
class Sizes:
    """The machines that are to be had: the cores of a node of the broker, and of a database."""

    broker_cores: int = 8
    database_cores: int = 16


@dataclass(frozen=True, slots=True)
class Plan:
    """What so many submissions a second need."""

    rate_per_s: float
    gateway_workers: int
    storage_replicas: int
    notify_replicas: int
    shards: int
    broker_nodes: int
    storage_databases: int
    notify_databases: int
    disk_gb_a_day: float


@dataclass(frozen=True, slots=True)
class Wall:
    """From which rate on one more replica does not help, and what changes there."""

    rate_per_s: float
    what: str
    change: str


def plan(rate_per_s: float, costs: Costs, sizes: Sizes) -> Plan:
    """Return what a rate needs; with no less than three nodes, for a quorum, and one of everything else."""
    broker_cores = _cores(rate_per_s, costs.broker_us * REPLICATION)
    return Plan(
        rate_per_s=rate_per_s,
        gateway_workers=ceil(_cores(rate_per_s, costs.gateway_us)),
        storage_replicas=ceil(rate_per_s / (costs.storage_per_s * MOST_BUSY)),
        notify_replicas=ceil(rate_per_s / (costs.notify_per_s * MOST_BUSY)),
        shards=ceil(rate_per_s / (costs.queue_per_s * MOST_BUSY)),
        broker_nodes=max(REPLICATION, ceil(broker_cores / sizes.broker_cores)),
        storage_databases=ceil(_cores(rate_per_s, costs.storage_database_us) / sizes.database_cores),
        notify_databases=ceil(_cores(rate_per_s, costs.notify_database_us) / sizes.database_cores),
        disk_gb_a_day=rate_per_s * costs.stored_bytes * 86_400 / 1e9,
    )


def walls(costs: Costs, sizes: Sizes) -> list[Wall]:
    """Return where adding replicas ends to help, the first first."""
    found = [
        Wall(
            costs.queue_per_s * MOST_BUSY,
            "one quorum queue: its leader is one process on one core",
            "several queues for each kind of work, chosen by the submission's id; each has its own consumers",
        ),
        Wall(
            _rate(sizes.broker_cores, costs.broker_us),
            f"three nodes of {sizes.broker_cores} cores, each with every message",
            "more nodes, with the queues' members spread over them",
        ),
        Wall(
            _rate(sizes.database_cores, costs.storage_database_us),
            f"one PostgreSQL of {sizes.database_cores} cores for storage",
            "a database for each group of queues; the list of a form asks all of them",
        ),
        Wall(
            _rate(sizes.database_cores, costs.notify_database_us),
            f"one PostgreSQL of {sizes.database_cores} cores for notify",
            "a database for each group of queues; only the cap for a recipient needs all of them",
        ),
    ]
    return sorted(found, key=lambda wall: wall.rate_per_s)


def costs_of(figures: Mapping[tuple[str, str], float]) -> Costs:
    """Return the costs out of a run's medians, by (metric, subject); raises KeyError with what was not measured."""
    ours, replica = "counterfoil", "one replica"
    delivering = figures["broker µs a stored", replica] + figures["broker µs a mail", replica]
    return Costs(
        gateway_us=figures["server µs an accept", ours],
        broker_us=figures["broker µs an accept", ours] + delivering,
        storage_us=figures["storage µs a stored", replica],
        notify_us=figures["notify µs a mail", replica],
        storage_database_us=figures["database µs a stored", replica],
        notify_database_us=figures["database µs a mail", replica],
        queue_per_s=figures["accepts/s", "the broker alone, pipelined"],
        storage_per_s=figures["stored/s", replica],
        notify_per_s=figures["mails/s", replica],
        stored_bytes=figures.get(("bytes a row", replica), STORED_BYTES),
    )


def _cores(rate_per_s: float, cost_us: float) -> float:
    return rate_per_s * cost_us / 1e6 / MOST_BUSY


def _rate(cores: float, cost_us: float) -> float:
    return cores * MOST_BUSY * 1e6 / cost_us
