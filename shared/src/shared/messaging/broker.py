"""This module says what a broker offers; `rabbitmq.RabbitMQ` and `memory.MemoryBroker` both offer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from shared.contracts.announcements import Announcement
from shared.contracts.event import Decoder, Event
from shared.messaging.batching import BatchLimits
from shared.messaging.failures import Handler
from shared.messaging.incoming import Incoming
from shared.messaging.instruments import Refusal
from shared.messaging.message import Message
from shared.messaging.routes import Destination
from shared.messaging.topology import WorkQueue

E = TypeVar("E", bound=Event)


class NotConfirmed(Exception):
    """The broker did not confirm a message in time. It may have taken it all the same: *unknown*, not *no*."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"not confirmed by the broker: {refusal}")
        self.refusal = refusal


class NoAnswer(Exception):
    """Nobody answered a query in time."""


class QueryFailed(Exception):
    """Whoever answered a query says that it failed; the text is theirs."""


Params: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = dict[str, Any]
QueryMethod: TypeAlias = Callable[[Params], Answer]
"""Answers one kind of query: JSON values in, a JSON object out. Raising anything makes the asker's `QueryFailed`."""


Keep: TypeAlias = Callable[[Incoming], None]
"""Keeps one message somewhere durable: what it has not kept when it raises is handed to it again."""


class Publisher(Protocol):
    """Publishes durably. Safe to use from many threads at once."""

    def publish(self, message: Message, *, timeout_s: float, to: Destination | None = None) -> None:
        """Publish and wait until the broker has confirmed it in every queue; raises `NotConfirmed`.

        It goes `to` there, else where `routes` says by its type.
        """

    def missing(self) -> list[str]:
        """Return what keeps it from publishing right now, in words for an operator; empty when ready."""

    def in_flight(self) -> int:
        """Return how many messages wait for their confirm."""

    def close(self) -> None:
        """Stop; whatever is still waiting gets `NotConfirmed("closed")`."""


class BatchPublisher(Publisher, Protocol):
    """A publisher that also publishes many at once: the waits for their confirms are one wait."""

    def publish_all(self, messages: Sequence[tuple[Message, Destination | None]], *, timeout_s: float) -> None:
        """Publish all, each as `publish` does, and wait until all are confirmed.

        Raises `NotConfirmed` where one is not; which of the others are is unknown then.
        """


class Announcer(Protocol):
    """Announces to the watchers of receipts: fire and forget, never waits, never raises."""

    def announce(self, announcement: Announcement) -> None:
        """Send it if there is a connection, else drop it."""

    def close(self) -> None:
        """Stop."""


class Consumer(Protocol):
    """Consumes one work queue with one handler, one batch at a time."""

    def run(self) -> None:
        """Consume until `stop`; then finish the batch in hand, ack it, give the rest back, and return."""

    def stop(self) -> None:
        """Make `run` return soon. Safe to call from a signal handler or another thread."""

    def missing(self) -> list[str]:
        """Return what keeps it from getting deliveries, in words for an operator; empty while it consumes."""

    def stuck(self) -> list[str]:
        """Return what says that only a restart helps, in words for an operator; see `worker.STUCK_AFTER_S`."""


class Pending(Protocol):
    """A query that was asked."""

    def answer(self, *, timeout_s: float) -> Answer:
        """Wait for the answer; raises `NoAnswer` or `QueryFailed`."""


class RpcClient(Protocol):
    """Asks other services. Safe to use from many threads at once."""

    def ask(self, queue: str, method: str, params: Params, *, is_named: bool = False) -> Pending:
        """Send a query and return at once, so that several can be on their way together.

        With `is_named` the broker vouches for who asks: some queries are answered to the console alone.
        """

    def close(self) -> None:
        """Stop; whatever is still waiting gets `NoAnswer`."""


class Closable(Protocol):
    """Something that runs until it is closed."""

    def close(self) -> None:
        """Stop."""


class Broker(Protocol):
    """Makes the parts a service needs, each already started and reconnecting by itself."""

    def publisher(self) -> BatchPublisher:
        """Return a publisher of its own connection."""

    def announcer(self) -> Announcer:
        """Return an announcer of its own connection."""

    def watch(self, notice: Callable[[Announcement], None]) -> Closable:
        """Call `notice` with every announcement, from one thread; it must not block."""

    def consumer(self, work: WorkQueue, handler: Handler[E], limits: BatchLimits, decode: Decoder[E]) -> Consumer:
        """Return a consumer of what `decode` reads; it may fetch deliveries at once, and handles none before its `run`.

        What `decode` refuses is parked.
        """

    def collect(self, queue: str, keep: Keep) -> Closable:
        """Hand every message of a queue to `keep`, one at a time, from a thread of its own; each is acked once kept.

        While `keep` raises, its message is held and tried again; nothing else is taken meanwhile.
        """

    def held_for_s(self) -> float:
        """Return for how many seconds, at most, something has been held that a consumer or a collector was handed.

        It is the age of the oldest channel that they have: what came earlier is acked, or went back to its queue.
        """

    def rpc_client(self) -> RpcClient:
        """Return a client of its own connection."""

    def serve(
        self, queue: str, methods: Mapping[str, QueryMethod], console_only: Mapping[str, QueryMethod] | None = None
    ) -> Closable:
        """Answer the queries that arrive on a queue, one at a time, from a thread of its own; those of `console_only`
        to the console alone."""

    def stuck(self) -> list[str]:
        """Return which of its parts do not turn any more, for an operator: a restart would help, waiting does not."""
