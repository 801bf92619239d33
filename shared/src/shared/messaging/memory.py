"""A memory broker keeps its queues in this process, for tests; it passes the same suite as RabbitMQ."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from shared.contracts.announcements import Announcement, decode_announcement, encode_announcement
from shared.contracts.event import Decoder, Event
from shared.failpoints import Reach, ignore
from shared.messaging import topology
from shared.messaging.batching import BatchLimits
from shared.messaging.broker import Answer, Keep, NoAnswer, NotConfirmed, Params, QueryMethod
from shared.messaging.collecting import Collector
from shared.messaging.failures import Handler
from shared.messaging.incoming import Incoming
from shared.messaging.instruments import ConsumeInstruments, Instruments, Refusal
from shared.messaging.message import Message
from shared.messaging.queries import pack_query, reply_to, unpack_reply
from shared.messaging.routes import ROUTES, Destination
from shared.messaging.worker import Worker

E = TypeVar("E", bound=Event)

QUEUE_NAMES = frozenset(queue.name for queue in topology.QUEUES)


@dataclass
class _Stored:
    message: Message
    due_at: float = 0.0
    returns: int = 0


@dataclass
class MemoryBroker:
    """One broker for everything that a test puts together. Set `refusal` to make it refuse every publish."""

    refusal: Refusal | None = None
    reach: Reach = ignore
    instruments: Instruments = field(default_factory=Instruments)
    _queues: dict[str, deque[_Stored]] = field(default_factory=dict)
    _watchers: list[Callable[[Announcement], None]] = field(default_factory=list)
    _servers: dict[str, Mapping[str, QueryMethod]] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def publisher(self) -> MemoryPublisher:
        """Return a publisher; see `broker.Broker`."""
        return MemoryPublisher(self)

    def announcer(self) -> MemoryAnnouncer:
        """Return an announcer; see `broker.Broker`."""
        return MemoryAnnouncer(self)

    def watch(self, notice: Callable[[Announcement], None]) -> _Closing:
        """Call `notice` with every announcement; see `broker.Broker`."""
        self._watchers.append(notice)
        return _Closing(lambda: self._watchers.remove(notice))

    def consumer(
        self, work: topology.WorkQueue, handler: Handler[E], limits: BatchLimits, decode: Decoder[E]
    ) -> Worker[E]:
        """Return a consumer; see `broker.Broker`."""
        source = MemorySource(self, work.name, limits.prefetch)
        told = self.instruments.consuming.get(work.name, ConsumeInstruments())
        return Worker(
            work, handler, limits, decode, source=source, publisher=self.publisher(), reach=self.reach, instruments=told
        )

    def collect(self, queue: str, keep: Keep) -> Collector:
        """Hand every message of a queue over; see `broker.Broker`."""
        return Collector(queue, keep, MemorySource(self, queue, prefetch=1))

    def held_for_s(self) -> float:
        """Return nothing: nobody asks it of a broker in memory; see `broker.Broker`."""
        return 0.0

    def rpc_client(self) -> MemoryQueryClient:
        """Return a client; see `broker.Broker`."""
        return MemoryQueryClient(self)

    def serve(
        self, queue: str, methods: Mapping[str, QueryMethod], console_only: Mapping[str, QueryMethod] | None = None
    ) -> _Closing:
        """Answer the queries of a queue; see `broker.Broker`. It has no users: whoever asks is the console."""
        self._servers[queue] = {**methods, **(console_only or {})}
        return _Closing(lambda: self._servers.pop(queue, None))

    def stuck(self) -> list[str]:
        """Return nothing: there are no connections."""
        return []

    def queued(self, queue: str) -> list[Message]:
        """Return what lies on a queue, oldest first, what waits on a delay level included."""
        with self._changed:
            return [stored.message for stored in self._queues.get(queue, ())]

    def put(self, queue: str, message: Message, expiration_ms: int | None = None) -> None:
        """Store a message on a queue; on a delay level, until its expiration."""
        due_at = time.monotonic() + (expiration_ms or 0) / 1000
        with self._changed:
            self._queues.setdefault(queue, deque()).append(_Stored(message, due_at))
            self._changed.notify_all()

    def take(self, queue: str) -> _Stored | None:
        """Return the next message of a queue, those whose delay is over included. Call it under `changed`."""
        self._move_due(queue)
        waiting = self._queues.setdefault(queue, deque())
        return waiting.popleft() if waiting else None

    def _move_due(self, queue: str) -> None:
        levels = {
            work.level_queue(level) for work in topology.WORK_QUEUES if work.name == queue for level in work.levels_s
        }
        for level in levels & self._queues.keys():
            for stored in [one for one in self._queues[level] if one.due_at <= time.monotonic()]:
                self._queues[level].remove(stored)
                self._queues.setdefault(queue, deque()).append(_Stored(stored.message))


@dataclass
class _Closing:
    _end: Callable[[], object]

    def close(self) -> None:
        """Stop."""
        self._end()


@dataclass
class MemoryPublisher:
    """See `broker.Publisher`."""

    _broker: MemoryBroker
    _closed: bool = False

    def publish(self, message: Message, *, timeout_s: float, to: Destination | None = None) -> None:  # noqa: ARG002 - it never waits
        """Put the message on its queues, or refuse it as the broker is told to."""
        refusal: Refusal | None = "closed" if self._closed else self._broker.refusal
        to = to or ROUTES.get(message.type)
        if refusal is None and (to is None or not QUEUE_NAMES.issuperset(to.queues)):
            refusal = "returned"
        if refusal is not None or to is None:
            raise NotConfirmed(refusal or "returned")
        for queue in to.queues:
            self._broker.put(queue, message, to.expiration_ms)

    def publish_all(self, messages: Sequence[tuple[Message, Destination | None]], *, timeout_s: float) -> None:
        """Publish one after the other; see `broker.BatchPublisher`."""
        for message, to in messages:
            self.publish(message, timeout_s=timeout_s, to=to)

    def missing(self) -> list[str]:
        """Return what keeps it from publishing."""
        return [f"broker: {self._broker.refusal}"] if self._broker.refusal else []

    def in_flight(self) -> int:
        """Return 0: nothing waits."""
        return 0

    def close(self) -> None:
        """Refuse everything from here on."""
        self._closed = True


@dataclass
class MemoryAnnouncer:
    """See `broker.Announcer`."""

    _broker: MemoryBroker

    def announce(self, announcement: Announcement) -> None:
        """Hand a copy, encoded and decoded, to every watcher."""
        body = encode_announcement(announcement)
        for notice in list(self._broker._watchers):  # noqa: SLF001 - one broker, in several classes
            notice(decode_announcement(body, type=announcement.TYPE))

    def close(self) -> None:
        """Do nothing: there is nothing to end."""


class MemorySource:
    """See `worker.Source`."""

    def __init__(self, broker: MemoryBroker, queue: str, prefetch: int) -> None:
        self._broker = broker
        self._queue = queue
        self._prefetch = prefetch
        self._fetched_ahead = 1
        self._changed = broker._changed  # noqa: SLF001 - one broker, in several classes
        self._unacked: dict[int, _Stored] = {}
        self._tag = 0
        self._generation = 0
        self._woken = False

    def get(self, timeout_s: float | None) -> Incoming | None:
        """Return the next delivery."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with self._changed:
            while not self._woken:
                stored = self._broker.take(self._queue) if len(self._unacked) < self._fetched_ahead else None
                if stored is not None:
                    return self._deliver(stored)
                if deadline is not None and time.monotonic() >= deadline:
                    return None
                self._changed.wait(0.005)  # a delay level tells nobody when it is due
            self._woken = False
            return None

    def _deliver(self, stored: _Stored) -> Incoming:
        self._tag += 1
        self._unacked[self._tag] = stored
        message = stored.message
        headers = {**message.headers, "x-delivery-count": stored.returns}
        return Incoming(
            message.body, message.type, message.id, headers, self._tag, self._generation, stored.returns > 0
        )

    def wake(self) -> None:
        """Make a waiting `get` return."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def is_current(self, incoming: Incoming) -> bool:
        """Whether the delivery is still ours."""
        return incoming.generation == self._generation

    def missing(self) -> list[str]:
        """Return nothing: deliveries come at once."""
        return []

    def widen(self) -> None:
        """Fetch whole batches ahead from now on."""
        self._fetched_ahead = self._prefetch

    def set_aside(self, waiting: Collection[Incoming]) -> None:
        """Nothing is renewed here."""

    def ack(self, incoming: Incoming, *, multiple: bool) -> None:
        """Forget this delivery, and every earlier one if `multiple`."""
        with self._changed:
            acked = [tag for tag in self._unacked if tag == incoming.tag or (multiple and tag < incoming.tag)]
            for tag in acked if self.is_current(incoming) else []:
                del self._unacked[tag]

    def close(self) -> None:
        """Put what is unacked back at the head of the queue."""
        with self._changed:
            self._generation += 1
            for stored in reversed(self._unacked.values()):
                stored.returns += 1
                self._broker._queues.setdefault(self._queue, deque()).appendleft(stored)  # noqa: SLF001
            self._unacked.clear()
            self._changed.notify_all()


@dataclass
class MemoryPending:
    """See `broker.Pending`."""

    _reply: bytes | None

    def answer(self, *, timeout_s: float) -> Answer:  # noqa: ARG002 - it never waits
        """Return the answer."""
        if self._reply is None:
            raise NoAnswer
        return unpack_reply(self._reply)


@dataclass
class MemoryQueryClient:
    """See `broker.RpcClient`."""

    _broker: MemoryBroker

    def ask(self, queue: str, method: str, params: Params, *, is_named: bool = False) -> MemoryPending:  # noqa: ARG002 - no users
        """Answer at once, in the asker's thread, through the same JSON as over the wire."""
        methods = self._broker._servers.get(queue)  # noqa: SLF001 - one broker, in several classes
        return MemoryPending(None if methods is None else reply_to(pack_query(method, params), methods))

    def close(self) -> None:
        """Do nothing: there is nothing to end."""
