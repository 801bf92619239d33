"""RabbitMQ makes the parts of a broker; each has a connection of its own, with a name for operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from shared.contracts.announcements import Announcement
from shared.contracts.event import Decoder, Event
from shared.failpoints import Reach, ignore
from shared.messaging.batching import BatchLimits
from shared.messaging.broker import Keep, QueryMethod
from shared.messaging.collecting import Collector
from shared.messaging.failures import Handler
from shared.messaging.instruments import ConsumeInstruments, Instruments
from shared.messaging.rabbitmq.consumer import QueueSource
from shared.messaging.rabbitmq.declare import declare, look
from shared.messaging.rabbitmq.live import LiveAnnouncer, LiveWatch
from shared.messaging.rabbitmq.preparation import Preparation
from shared.messaging.rabbitmq.publisher import DECLARE_EVERY_S, ConfirmingPublisher
from shared.messaging.rabbitmq.renewal import RENEW_EVERY_S
from shared.messaging.rabbitmq.rpc import QueryClient, QueryServer
from shared.messaging.topology import WorkQueue
from shared.messaging.worker import Worker


class Turning(Protocol):
    """A part with an I/O thread."""

    def stuck(self) -> list[str]:
        """Return a word about the I/O thread where it does not turn any more."""


T = TypeVar("T", bound=Turning)
E = TypeVar("E", bound=Event)


class RabbitMQ:
    """Makes parts that talk to the RabbitMQ at `url`, or to the nodes of a cluster where it holds several addresses.

    `name` stands in front of their connections' names. With `declares=False` they declare no exchange and no queue of
    the topology, which others must have done: for a process whose broker user may not, and which takes no queue.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        declares: bool = True,
        reach: Reach = ignore,
        instruments: Instruments | None = None,
        renew_every_s: float = RENEW_EVERY_S,
    ) -> None:
        self._url = url
        self._name = name
        self._preparation = Preparation(declare if declares else look)
        self._declare_every_s = DECLARE_EVERY_S if declares else None
        self._reach = reach
        self._instruments = instruments or Instruments()
        self._renew_every_s = renew_every_s
        self._parts: list[Turning] = []

    def publisher(self) -> ConfirmingPublisher:
        """Return a publisher; see `broker.Broker`."""
        return self._kept(
            ConfirmingPublisher(
                self._url,
                f"{self._name} publisher",
                preparation=self._preparation,
                declare_every_s=self._declare_every_s,
                instruments=self._instruments.publishing,
                reach=self._reach,
            )
        )

    def announcer(self) -> LiveAnnouncer:
        """Return an announcer; see `broker.Broker`."""
        return self._kept(LiveAnnouncer(self._url, f"{self._name} announcer", preparation=self._preparation))

    def watch(self, notice: Callable[[Announcement], None]) -> LiveWatch:
        """Call `notice` with every announcement; see `broker.Broker`."""
        return self._kept(LiveWatch(self._url, f"{self._name} watch", notice, preparation=self._preparation))

    def consumer(self, work: WorkQueue, handler: Handler[E], limits: BatchLimits, decode: Decoder[E]) -> Worker[E]:
        """Return a consumer; see `broker.Broker`."""
        told = self._instruments.consuming.get(work.name, ConsumeInstruments())
        name, prefetch = f"{self._name} consumer", limits.prefetch
        source = self._source(name, work.name, prefetch=prefetch, on_return=told.reconnected)
        publisher = self.publisher()
        return Worker(
            work, handler, limits, decode, source=source, publisher=publisher, reach=self._reach, instruments=told
        )

    def collect(self, queue: str, keep: Keep) -> Collector:
        """Hand every message of a queue over; see `broker.Broker`."""
        return Collector(queue, keep, self._source(f"{self._name} collector", queue, prefetch=1))

    def rpc_client(self) -> QueryClient:
        """Return a client; see `broker.Broker`."""
        return self._kept(QueryClient(self._url, f"{self._name} queries", preparation=self._preparation))

    def serve(
        self, queue: str, methods: Mapping[str, QueryMethod], console_only: Mapping[str, QueryMethod] | None = None
    ) -> QueryServer:
        """Answer the queries of a queue; see `broker.Broker`."""
        return self._kept(
            QueryServer(
                self._url,
                f"{self._name} answers",
                queue,
                methods,
                console_only=console_only or {},
                preparation=self._preparation,
            )
        )

    def held_for_s(self) -> float:
        """Return for how many seconds a delivery can have been held; see `broker.Broker`."""
        return max((part.open_for_s() for part in self._parts if isinstance(part, QueueSource)), default=0.0)

    def stuck(self) -> list[str]:
        """Return which connections' threads do not turn any more; see `broker.Broker`."""
        return [problem for part in self._parts for problem in part.stuck()]

    def _source(
        self, name: str, queue: str, *, prefetch: int, on_return: Callable[[], None] = lambda: None
    ) -> QueueSource:
        return self._kept(
            QueueSource(
                self._url,
                name,
                queue,
                prefetch=prefetch,
                renew_every_s=self._renew_every_s,
                on_return=on_return,
                preparation=self._preparation,
            )
        )

    def _kept(self, part: T) -> T:
        self._parts.append(part)
        return part
