"""Lists the faults of the soak. Each entry of `FAULTS` has a name and a function that harms and returns the mend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias
from urllib.parse import quote

from counterfoil_ledger.verdict import ANSWER_LIMIT_S
from dev.broker import Broker
from dev.postgres import Postgres
from shared.messaging.topology import STORAGE
from support.faulty import fault as faulty
from support.faulty.of_the_broker import BindingDeleted, disk_alarm, memory_alarm
from support.faulty.of_the_database import disk_full, read_only
from support.ledger_trial import Trial
from support.service import Service

AWAY_S = (0.5, 8.0)
"""How long what is harmed is away, at least and at most."""


@dataclass
class World:
    """What may be harmed. `chance` chooses; `duplicate_mails` counts how many the harm done so far explains.

    `answer_limit_s` is what the client may wait for: a gateway that is frozen answers when it goes on.
    """

    trial: Trial
    broker: Broker
    postgres: Postgres
    chance: Random
    smtp_connections: int
    duplicate_mails: int = 0
    answer_limit_s: float = ANSWER_LIMIT_S
    harmed: set[str] = field(default_factory=set)

    def one_of(self, replicas: list[Service]) -> Service:
        """Choose a replica, and remember that it may be away."""
        chosen = self.chance.choice(replicas)
        self.harmed.add(chosen.name)
        return chosen


Heal: TypeAlias = Callable[[], None]
Fault: TypeAlias = Callable[[World], Heal]


def kill(which: Callable[[World], list[Service]]) -> Fault:
    """End a service with SIGKILL; start it again."""

    def harm(world: World) -> Heal:
        service = world.one_of(which(world))
        service.kill()
        if service in world.trial.installation.notify:
            world.duplicate_mails += 2 * world.smtp_connections
        return service.start

    return harm


def pause(which: Callable[[World], list[Service]]) -> Fault:
    """Freeze a service with SIGSTOP; let it go on."""

    def harm(world: World) -> Heal:
        service = world.one_of(which(world))
        service.pause()
        if service is world.trial.installation.gateway:
            world.answer_limit_s = ANSWER_LIMIT_S + AWAY_S[1]
        return service.resume

    return harm


def stop(which: Callable[[World], list[Service]]) -> Fault:
    """End a service with SIGTERM, which must be an end in good order; start it again."""

    def harm(world: World) -> Heal:
        world.trial.installation.await_ready()  # one that still imports is ended by Python, not by us
        service = world.one_of(which(world))
        code = service.stop()
        assert code == 0, f"{service.name} ended with {code} on SIGTERM\n{service.tail()}"
        return service.start

    return harm


def kill_broker(world: World) -> Heal:
    """End the broker as a power cut would."""
    world.broker.kill()
    return world.broker.start


def pause_broker(world: World) -> Heal:
    """Freeze the broker."""
    world.broker.pause()
    return world.broker.resume


def kill_database(world: World) -> Heal:
    """End the database server as a power cut would."""
    world.postgres.kill()
    return world.postgres.start


def pause_database(world: World) -> Heal:
    """Freeze the database server."""
    world.postgres.pause()
    return world.postgres.resume


def of_the_table(make: Callable[[World], faulty.Fault]) -> Fault:
    """Do what a row of the table of faults does (`tests/faults/rows`)."""

    def harm(world: World) -> Heal:
        fault = make(world)
        fault.inject()
        return fault.heal

    return harm


def _gateway(world: World) -> list[Service]:
    return [world.trial.installation.gateway]


def _storage(world: World) -> list[Service]:
    return world.trial.installation.storage


def _notify(world: World) -> list[Service]:
    return world.trial.installation.notify


FAULTS: Mapping[str, Fault] = {
    "kill -9 the broker": kill_broker,
    "SIGSTOP the broker": pause_broker,
    "kill -9 PostgreSQL": kill_database,
    "SIGSTOP PostgreSQL": pause_database,
    "memory alarm": of_the_table(lambda world: memory_alarm(world.broker)),
    "disk alarm": of_the_table(lambda world: disk_alarm(world.broker)),
    "a binding deleted": of_the_table(
        lambda world: BindingDeleted(world.broker, world.broker.url_of(quote(world.trial.vhost, safe="")), STORAGE)
    ),
    "read-only PostgreSQL": of_the_table(lambda world: read_only(world.postgres, world.trial.database_url)),
    "PostgreSQL's disk full": of_the_table(lambda world: disk_full(world.postgres, world.trial.database_url)),
    "kill -9 the gateway": kill(_gateway),
    "kill -9 a storage": kill(_storage),
    "kill -9 a notify": kill(_notify),
    "SIGSTOP the gateway": pause(_gateway),
    "SIGSTOP a storage": pause(_storage),
    "SIGSTOP a notify": pause(_notify),
    "SIGTERM the gateway": stop(_gateway),
    "SIGTERM a storage": stop(_storage),
    "SIGTERM a notify": stop(_notify),
}
