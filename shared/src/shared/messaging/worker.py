"""A worker fills a batch from a queue, lets the handler work on it, and acks it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Collection, Sequence
from typing import Generic, Protocol, TypeVar

import structlog

from shared.contracts.event import Decoder, Event
from shared.failpoints import Reach
from shared.messaging.batching import Batch, BatchLimits
from shared.messaging.broker import Publisher
from shared.messaging.failures import (
    Delivery,
    DependencyUnavailable,
    Done,
    Handler,
    Outcome,
    Results,
    Retry,
    settle,
)
from shared.messaging.incoming import Incoming
from shared.messaging.instruments import ConsumeInstruments
from shared.messaging.requeue import Requeue
from shared.messaging.topology import WorkQueue

E = TypeVar("E", bound=Event)

SUSPECT_AT = 3
"""Returns of a message from which on it may be what kills the consumer: go on one at a time."""

GOOD_TO_CLEAR = 100
"""Messages in a row that must go well before batches are filled again."""

HOLD_MOST_S = 25 * 60.0
"""How long a delivery is held: below RabbitMQ's `consumer_timeout` of 30 min, after which it would be charged."""

STUCK_AFTER_S = 30 * 60.0
"""How long the handler may take over one call before the worker counts as stuck: RabbitMQ's `consumer_timeout`, after
which the broker takes the delivery back in any case. A database that is frozen must not look like a dead service."""

PUT_OFF_S = 30.0
ASIDE_AGAIN_S = 1.0
PROBE_FIRST_S = 0.5
PROBE_MOST_S = 30.0


class Source(Protocol):
    """Where deliveries come from, in order, one ahead of the acks at first, and go back to."""

    def get(self, timeout_s: float | None) -> Incoming | None:
        """Return the next delivery; None after the timeout, or when `wake` was called."""

    def wake(self) -> None:
        """Make a waiting `get` return."""

    def is_current(self, incoming: Incoming) -> bool:
        """Whether the broker still counts this delivery as ours."""

    def missing(self) -> list[str]:
        """Return what keeps deliveries from coming; see `broker.Consumer`."""

    def widen(self) -> None:
        """Fetch whole batches ahead from now on. Until then a death charges one message, and not its neighbours."""

    def ack(self, incoming: Incoming, *, multiple: bool) -> None:
        """Ack this delivery, and every earlier one if `multiple`."""

    def set_aside(self, waiting: Collection[Incoming]) -> None:
        """Note what is not being worked on, but waits, unacked, until it can be moved."""

    def close(self) -> None:
        """Stop; what is unacked goes back to the queue."""


class Worker(Generic[E]):
    """Consumes one work queue: `broker.Consumer` over any `Source`."""

    def __init__(
        self,
        work: WorkQueue,
        handler: Handler[E],
        limits: BatchLimits,
        decode: Decoder[E],
        *,
        source: Source,
        publisher: Publisher,
        reach: Reach,
        hold_most_s: float = HOLD_MOST_S,
        instruments: ConsumeInstruments | None = None,
    ) -> None:
        self._handler = handler
        self._decode = decode
        self._instruments = instruments or ConsumeInstruments()
        self._limits = limits
        self._source = source
        self._publisher = publisher
        self._requeue = Requeue(work, publisher, reach, self._instruments)
        self._hold_most_s = hold_most_s
        self._stopping = threading.Event()
        self._busy_since_s: float | None = None
        self._cautious_for = 1  # the first message may be what ended the process before
        self._log = structlog.get_logger().bind(queue=work.name)

    def run(self) -> None:
        """Consume until `stop`; see `broker.Consumer`."""
        try:
            while not self._stopping.is_set():
                self._work_through(self._next_batch())
                for incoming in self._requeue.again(self._source.is_current):
                    self._source.ack(incoming, multiple=False)
                self._source.set_aside(self._requeue.waiting())
        finally:
            self._source.close()
            self._publisher.close()

    def stop(self) -> None:
        """Make `run` return soon."""
        # A signal handler may stand in the middle of the event's own lock: another thread cannot.
        threading.Thread(target=self._stop, name="stop").start()

    def missing(self) -> list[str]:
        """Return what keeps it from getting deliveries; see `broker.Consumer`."""
        return ["stopping"] if self._stopping.is_set() else self._source.missing()

    def stuck(self, *, after_s: float = STUCK_AFTER_S) -> list[str]:
        """Return a word about the handler where it does not come back; see `broker.Consumer`."""
        since_s = self._busy_since_s
        busy_s = 0.0 if since_s is None else time.monotonic() - since_s
        return [f"the handler has not come back for {busy_s:.0f} s"] if busy_s > after_s else []

    def _stop(self) -> None:
        self._stopping.set()
        self._source.wake()

    def _next_batch(self) -> list[Incoming]:
        """Return a batch; an empty one when what is set aside is to be tried again."""
        if len(self._requeue) >= self._limits.prefetch // 2:
            self._stopping.wait(ASIDE_AGAIN_S)
            return []
        batch: Batch[Incoming] = Batch(BatchLimits() if self._cautious_for else self._limits)
        patience_s = ASIDE_AGAIN_S if len(self._requeue) else None
        while not self._stopping.is_set() and not batch.is_full:
            wait_s = batch.wait_s(now_s=time.monotonic())
            incoming = self._source.get(patience_s if wait_s is None else wait_s)
            if incoming is not None:
                batch.add(incoming, now_s=time.monotonic(), size_bytes=len(incoming.body))
            elif wait_s == 0 or (wait_s is None and patience_s is not None):
                break
        return batch.take()

    def _work_through(self, batch: list[Incoming]) -> None:
        if any(incoming.returns >= SUSPECT_AT for incoming in batch):
            if self._cautious_for <= 1:
                self._log.warning("a message came back again and again: going on one at a time")
            self._cautious_for = GOOD_TO_CLEAR
        while batch and not self._stopping.is_set():
            size = 1 if self._cautious_for else len(batch)
            group, batch = [one for one in batch[:size] if self._source.is_current(one)], batch[size:]
            outcomes = self._settle(group) if group else None
            if outcomes is not None:
                batch = group[len(outcomes) :] + batch
                self._cautious_for = max(0, self._cautious_for - len(outcomes))
                if not self._cautious_for:
                    self._source.widen()
                self._ack([incoming for incoming, is_settled in zip(group, outcomes, strict=False) if is_settled])

    def _ack(self, settled: list[Incoming]) -> None:
        if len(self._requeue):  # an ack of all that came before would ack what is set aside
            for incoming in settled:
                self._source.ack(incoming, multiple=False)
        elif settled:
            self._source.ack(settled[-1], multiple=True)

    def _settle(self, group: list[Incoming]) -> list[bool] | None:
        """Bring the first of the group to their end, at least one, and return of each whether it is settled, or was set
        aside; None when the group is no longer ours or we are to stop."""
        readable = [incoming.read(self._decode) for incoming in group]
        found = self._outcomes(group, [read for read in readable if isinstance(read, Delivery)])
        if found is None:
            return None
        outcomes, settled = iter(found), list[bool]()
        for incoming, read in zip(group, readable, strict=True):
            outcome = next(outcomes, None) if isinstance(read, Delivery) else read
            if outcome is None:  # the handler left it, and what follows, for the next time
                break
            settled.append(isinstance(outcome, Done) or self._requeue.send(incoming, outcome))
        self._instruments.received(len(settled), sum(incoming.redelivered for incoming in group[: len(settled)]))
        return settled

    def _outcomes(self, group: list[Incoming], deliveries: Sequence[Delivery[E]]) -> Sequence[Outcome] | None:
        """Run the handler, holding the group while something it needs is away; None as `_settle`.

        What was held too long is put off by way of a delay level, charged nothing: given back to the queue, it would
        be charged a return each time, until it looks like poison.
        """
        if not deliveries:
            return []
        failures = 0
        try:
            while not self._stopping.is_set() and self._source.is_current(group[-1]):
                try:
                    return settle(self._handle, deliveries)
                except DependencyUnavailable as error:
                    self._log.warning("holding", held=len(deliveries), because=str(error))
                    self._instruments.held(0 if failures else 1)
                    failures += 1
                    if time.monotonic() - group[0].arrived_s > self._hold_most_s:
                        return [Retry(str(error), PUT_OFF_S, charge="nothing")] * len(deliveries)
                self._stopping.wait(probe_delay_s(failures))
            return None
        finally:
            self._instruments.held(-1 if failures else 0)

    def _handle(self, deliveries: Sequence[Delivery[E]]) -> Results | None:
        self._busy_since_s = time.monotonic()
        try:
            return self._handler(deliveries)
        finally:
            self._busy_since_s = None


def probe_delay_s(failures: int) -> float:
    """Return how long to wait, with jitter, before trying again what has failed so many times in a row."""
    longest = min(PROBE_MOST_S, PROBE_FIRST_S * 2.0 ** min(failures, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret
