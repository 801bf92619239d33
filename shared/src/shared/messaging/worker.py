"""The consumer's work, whatever broker the deliveries come from: fill a batch, settle it, ack it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from shared.contracts import InvalidEvent, decode
from shared.failpoints import Reach
from shared.messaging.batching import Batch, BatchLimits
from shared.messaging.broker import NotConfirmed, Publisher
from shared.messaging.failures import Delivery, DependencyUnavailable, Handler, Outcome, Park, Retry, settle
from shared.messaging.message import ATTEMPT_HEADER, PARKED_FROM_HEADER, REASON_HEADER, Message
from shared.messaging.topology import DEFAULT_EXCHANGE, PARKED, WorkQueue

SUSPECT_AT = 3
"""Returns of a message from which on it may be what kills the consumer: go on one at a time."""

POISON_AT = 10
"""Returns of a message at which it is parked without being looked at again."""

GOOD_TO_CLEAR = 100
"""Messages in a row that must go well before batches are filled again."""

HOLD_MOST_S = 25 * 60
"""How long a batch is held before it is given back: below RabbitMQ's `consumer_timeout` of 30 min."""

PROBE_FIRST_S = 0.5
PROBE_MOST_S = 30.0
PUBLISH_TIMEOUT_S = 10.0
REASON_MOST = 500


@dataclass(slots=True)  # not frozen: one is made per message, and freezing doubles what that costs
class Incoming:
    """One message as it came. `tag` and `generation` name the delivery, so that a late ack can be told."""

    body: bytes
    type: str
    message_id: str
    headers: Mapping[str, Any]
    tag: int
    generation: int
    redelivered: bool = False

    @property
    def attempt(self) -> int:
        """How many retries it has been through."""
        return _count(self.headers.get(ATTEMPT_HEADER))

    @property
    def returns(self) -> int:
        """How often the broker took it back unacknowledged."""
        return _count(self.headers.get("x-delivery-count"))


class Source(Protocol):
    """Where deliveries come from, in order, and go back to."""

    def get(self, timeout_s: float | None) -> Incoming | None:
        """Return the next delivery; None after the timeout, or when `wake` was called."""

    def wake(self) -> None:
        """Make a waiting `get` return."""

    def is_current(self, incoming: Incoming) -> bool:
        """Whether the broker still counts this delivery as ours."""

    def ack(self, incoming: Incoming) -> None:
        """Ack this delivery and every earlier one."""

    def give_back(self) -> None:
        """Return everything unacked to the queue."""

    def close(self) -> None:
        """Stop; what is unacked goes back to the queue."""


class Worker:
    """Consumes one work queue: `broker.Consumer` over any `Source`."""

    def __init__(
        self,
        work: WorkQueue,
        handler: Handler,
        limits: BatchLimits,
        *,
        source: Source,
        publisher: Publisher,
        reach: Reach,
    ) -> None:
        self._work = work
        self._handler = handler
        self._limits = limits
        self._source = source
        self._publisher = publisher
        self._reach = reach
        self._stopping = threading.Event()
        self._cautious_for = 0
        self._log = structlog.get_logger().bind(queue=work.name)

    def run(self) -> None:
        """Consume until `stop`; see `broker.Consumer`."""
        try:
            while not self._stopping.is_set():
                self._work_through(self._next_batch())
        finally:
            self._source.close()
            self._publisher.close()

    def stop(self) -> None:
        """Make `run` return soon."""
        # A signal handler may stand in the middle of the event's own lock: another thread cannot.
        threading.Thread(target=self._stop, name="stop").start()

    def _stop(self) -> None:
        self._stopping.set()
        self._source.wake()

    def _next_batch(self) -> list[Incoming]:
        batch: Batch[Incoming] = Batch(self._limits)
        while not self._stopping.is_set():
            wait_s = batch.wait_s(now_s=time.monotonic())
            if wait_s is not None and wait_s <= 0:
                break
            incoming = self._source.get(wait_s)
            if incoming is not None:
                batch.add(incoming, now_s=time.monotonic())
        return batch.take()

    def _work_through(self, batch: list[Incoming]) -> None:
        if any(incoming.returns >= SUSPECT_AT for incoming in batch):
            if not self._cautious_for:
                self._log.warning("a message came back again and again: going on one at a time")
            self._cautious_for = GOOD_TO_CLEAR
        while batch and not self._stopping.is_set():
            size = 1 if self._cautious_for else len(batch)
            group, batch = [one for one in batch[:size] if self._source.is_current(one)], batch[size:]
            if group and self._settle(group):
                self._source.ack(group[-1])
                self._cautious_for = max(0, self._cautious_for - len(group))

    def _settle(self, group: list[Incoming]) -> bool:
        """Bring every message of the group to its end; False when it is no longer ours or we are to stop."""
        readable = [(incoming, self._read(incoming)) for incoming in group]
        deliveries = [read for _, read in readable if isinstance(read, Delivery)]
        settled = self._outcomes(group, deliveries)
        if settled is None:
            return False
        outcomes = iter(settled)
        for incoming, read in readable:
            outcome = next(outcomes) if isinstance(read, Delivery) else read
            if isinstance(outcome, Park | Retry) and not self._move(incoming, outcome):
                return False
        return True

    def _read(self, incoming: Incoming) -> Delivery | Park:
        if incoming.returns >= POISON_AT:
            return Park(f"came back {incoming.returns} times without being settled: it may be what ends the consumer")
        try:
            event = decode(incoming.body, type=incoming.type)
        except InvalidEvent as error:
            return Park(f"no valid event: {error}")
        return Delivery(event, incoming.attempt, incoming.redelivered)

    def _outcomes(self, group: list[Incoming], deliveries: Sequence[Delivery]) -> list[Outcome] | None:
        if not deliveries:
            return []
        held_since = time.monotonic()
        failures = 0
        while not self._stopping.is_set() and self._source.is_current(group[-1]):
            try:
                return settle(self._handler, deliveries)
            except DependencyUnavailable as error:
                self._log.warning("holding", held=len(deliveries), because=str(error))
                failures += 1
            if time.monotonic() - held_since > HOLD_MOST_S:
                self._source.give_back()
                return None
            self._stopping.wait(_probe_delay_s(failures))
        return None

    def _move(self, incoming: Incoming, outcome: Park | Retry) -> bool:
        """Publish it to its parked queue or delay level, however long that takes; False when we are to stop."""
        parked = isinstance(outcome, Park)
        message = self._parked(incoming, outcome) if isinstance(outcome, Park) else self._retried(incoming, outcome)
        say = self._log.error if parked else self._log.info
        say("parked" if parked else "retry", submission=incoming.message_id[:64], reason=outcome.reason[:REASON_MOST])
        failures = 0
        while not self._stopping.is_set() and self._source.is_current(incoming):
            try:
                self._publisher.publish(message, timeout_s=PUBLISH_TIMEOUT_S)
            except NotConfirmed as error:
                failures += 1
                self._log.warning("holding", held=1, because=str(error))
                self._stopping.wait(_probe_delay_s(failures))
            else:
                self._reach("after-park-publish" if parked else "after-retry-publish")
                return True
        return False

    def _parked(self, incoming: Incoming, outcome: Park) -> Message:
        headers: dict[str, str | int] = {
            **_trace(incoming),
            ATTEMPT_HEADER: incoming.attempt,
            REASON_HEADER: outcome.reason[:REASON_MOST],
            PARKED_FROM_HEADER: self._work.name,
        }
        return Message(PARKED, self._work.parked, incoming.type, incoming.message_id, incoming.body, headers)

    def _retried(self, incoming: Incoming, outcome: Retry) -> Message:
        level = self._work.level_queue(self._work.level_for(outcome.after_s))
        jittered_s = outcome.after_s * random.uniform(0.8, 1.0)  # noqa: S311 - jitter, no secret
        return Message(
            DEFAULT_EXCHANGE,
            level,
            incoming.type,
            incoming.message_id,
            incoming.body,
            {**_trace(incoming), ATTEMPT_HEADER: incoming.attempt + 1},
            expiration_ms=max(1, int(jittered_s * 1000)),
        )


def _probe_delay_s(failures: int) -> float:
    longest = min(PROBE_MOST_S, PROBE_FIRST_S * 2.0 ** min(failures, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret


def _trace(incoming: Incoming) -> dict[str, str | int]:
    """Return the one header that travels on: the broker's own, `x-death` and its like, must not."""
    traceparent = incoming.headers.get("traceparent")
    return {"traceparent": traceparent} if isinstance(traceparent, str) else {}


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
