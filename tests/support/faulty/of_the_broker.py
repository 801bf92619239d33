"""Kills or freezes the broker, raises an alarm, or removes a queue or a binding."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote

from pika.adapters.blocking_connection import BlockingChannel

from dev.broker import Broker
from shared.messaging.routes import bindings
from shared.messaging.topology import EVENTS, WorkQueue
from support.polling import eventually
from support.queues import Queues


@dataclass
class BrokerKilled:
    """It ends as in a power cut, and comes back with its disk."""

    broker: Broker
    kills: int = 0

    def inject(self) -> None:
        """Kill it."""
        self.broker.kill()
        self.kills += 1

    def heal(self) -> None:
        """Start it again; returns when it takes connections."""
        if not self.broker.is_running():
            self.broker.start()

    def evidence(self) -> dict[str, int]:
        """Return how often it was killed."""
        return {"broker kills": self.kills}


@dataclass
class BrokerFrozen:
    """It stands still (SIGSTOP): connections stay open, the machine takes bytes, nobody answers."""

    broker: Broker
    times: int = 0

    def inject(self) -> None:
        """Freeze it."""
        self.broker.pause()
        self.times += 1

    def heal(self) -> None:
        """Let it go on."""
        self.broker.resume()

    def evidence(self) -> dict[str, int]:
        """Return how often it was frozen."""
        return {"broker freezes": self.times}


@dataclass
class Alarm:
    """A memory or disk alarm, raised by a limit that is met from the start."""

    broker: Broker
    limit: tuple[str, str]
    restored: tuple[str, str]
    seen: list[str] = field(default_factory=list)

    def inject(self) -> None:
        """Set the limit; returns when the broker itself says that the alarm is on."""
        self.broker.ctl(*self.limit)
        self.seen.append(eventually(self._alarms, 30, "vacuous: no alarm"))

    def heal(self) -> None:
        """Set the limit back; returns when the alarm is over."""
        self.broker.ctl(*self.restored)
        eventually(lambda: not self._alarms(), 30, "the alarm is over")

    def evidence(self) -> dict[str, int]:
        """Return how often the alarm was seen."""
        return {"alarms seen": len(self.seen)}

    def _alarms(self) -> str:
        told = self.broker.ctl("eval", "rabbit_alarm:get_alarms().").strip()
        return "" if told == "[]" else told


def memory_alarm(broker: Broker) -> Alarm:
    """Return the alarm that all memory is in use."""
    return Alarm(broker, ("set_vm_memory_high_watermark", "0.00001"), ("set_vm_memory_high_watermark", "0.4"))


def disk_alarm(broker: Broker) -> Alarm:
    """Return the alarm that the disk is full."""
    return Alarm(broker, ("set_disk_free_limit", "100000GB"), ("set_disk_free_limit", "256MB"))


@dataclass
class QueueDeleted:
    """Somebody deletes a work queue with all that waits in it; the services are to make it again."""

    queues: Queues
    work: WorkQueue
    deleted: int = 0

    def inject(self) -> None:
        """Delete it."""
        self.queues.on_channel(lambda channel: channel.queue_delete(self.work.name))
        self.deleted += 1

    def heal(self) -> None:
        """Nobody but the services repairs it."""

    def evidence(self) -> dict[str, int]:
        """Return how often it was deleted."""
        return {"queues deleted": self.deleted}


@dataclass
class BindingDeleted:
    """Somebody unbinds a work queue from the events: RabbitMQ goes on confirming what reaches another queue."""

    broker: Broker
    broker_url: str
    work: WorkQueue
    deleted: int = 0

    def inject(self) -> None:
        """Unbind it; returns when the broker says that it is done. The services may bind it again at any moment."""
        standing = self._count()
        Queues(self.broker_url).on_channel(self._unbind)
        self.deleted += standing

    def heal(self) -> None:
        """Nobody but the services repairs it."""

    def evidence(self) -> dict[str, int]:
        """Return how many bindings the broker listed, and then said that it deleted."""
        return {"bindings deleted": self.deleted}

    def _unbind(self, channel: BlockingChannel) -> None:
        for binding in bindings():
            if (binding.exchange, binding.queue) == (EVENTS, self.work.name):
                channel.queue_unbind(binding.queue, EVENTS, binding.routing_key)

    def _count(self) -> int:
        vhost = unquote(self.broker_url.rpartition("/")[2])
        told = self.broker.ctl("list_bindings", "-p", vhost, "source_name", "destination_name")
        return sum(line.split() == [EVENTS, self.work.name] for line in told.splitlines())
