"""The publisher sends the messages of many threads over one connection, and waits for confirms."""

from __future__ import annotations

import contextlib
import time
from collections import Counter, deque
from collections.abc import Sequence
from itertools import takewhile

import pika
import structlog
from pika.channel import Channel
from pika.spec import Basic

from shared.failpoints import Reach, ignore
from shared.messaging.broker import NotConfirmed
from shared.messaging.instruments import PublishInstruments, Refusal
from shared.messaging.message import Message
from shared.messaging.rabbitmq.connection import Connection
from shared.messaging.rabbitmq.doubt import PROBE, Doubt
from shared.messaging.rabbitmq.fast.reading import Confirm
from shared.messaging.rabbitmq.link import Link
from shared.messaging.rabbitmq.pending import PendingPublish
from shared.messaging.rabbitmq.preparation import Preparation
from shared.messaging.rabbitmq.wire import properties_of
from shared.messaging.routes import ROUTES, Destination
from shared.messaging.topology import QUEUES

IN_FLIGHT_MOST = 10_000
"""How many messages may wait for their confirm; beyond it a publish is refused at once."""

WATCH_EVERY_S = 1.0
"""How often is looked for confirms that do not come, while any is waited for."""

SILENCE_MOST_S = 15.0
"""How long the broker may leave a message unconfirmed before the connection is dropped."""

DECLARE_EVERY_S = 20.0
"""How often the topology is declared again, so that what somebody deleted comes back before anybody needs it."""

SETTLE_S = 1.0
"""How long after a queue was made nothing is published: RabbitMQ 3.10 and 4.0, killed within the first half second of
a quorum queue's life, do not find what they confirmed there again (measured)."""

NOWHERE = Destination(("counterfoil.probe",))
"""A probe goes nowhere and first: a broker under an alarm says so only after the first publish on a connection."""

_DECLARED = frozenset(queue.name for queue in QUEUES)


class ConfirmingPublisher:
    """Publishes durably: persistent, mandatory, and confirmed by every queue before `publish` returns.

    A message goes to each of its queues by itself, by the queue's name: through the exchange,
    RabbitMQ would confirm it as soon as one of them had it, whatever became of the others' bindings. A message that
    comes back because its queue or binding is gone is held, within its time, until the topology is declared again.

    What is pending when the connection is lost is published again, with the same `message_id`, as long as
    somebody waits for it.
    """

    def __init__(
        self,
        url: str,
        name: str,
        *,
        preparation: Preparation | None = None,
        declare_every_s: float | None = DECLARE_EVERY_S,
        instruments: PublishInstruments | None = None,
        reach: Reach = ignore,
    ) -> None:
        self._reach = reach
        self._instruments = instruments or PublishInstruments()
        self._waiting: deque[PendingPublish] = deque()
        self._pending: dict[int, PendingPublish] = {}
        self._is_distrusted = False
        self._doubt = Doubt()
        self._returned: Counter[str] = Counter()
        self._tag = 0
        self._woken = False
        self._is_watched = False
        self._ready = False
        self._blocked = False
        self._closed = False
        self._connection: Connection | None = None
        self._channel: Channel | None = None
        self._log = structlog.get_logger().bind(link=name)
        self._link = Link(
            url,
            name,
            purpose="publish",
            on_channel=self._opened,
            on_lost=self._lost,
            preparation=preparation,
            declare_every_s=declare_every_s,
            settle_s=SETTLE_S,
            on_return=self._instruments.reconnected,
        )

    def publish(self, message: Message, *, timeout_s: float, to: Destination | None = None) -> None:
        """Publish and wait for the confirm; see `broker.Publisher`."""
        self.publish_all(((message, to),), timeout_s=timeout_s)

    def publish_all(self, messages: Sequence[tuple[Message, Destination | None]], *, timeout_s: float) -> None:
        """Publish all and wait for the confirms; see `broker.BatchPublisher`."""
        start_s = time.monotonic()
        deadline, begun = start_s + timeout_s, list[PendingPublish]()
        try:
            for message, to in messages:
                begun.append(self._begin(message, to or ROUTES.get(message.type), deadline))
            for one in begun:
                one.wait(max(0.0, deadline - time.monotonic()))
                self._instruments.confirmed(time.monotonic() - start_s)
        except NotConfirmed as error:
            self._instruments.refused(error.refusal)
            self._forget(begun)
            raise
        self._reach("after-confirm")

    def _begin(self, message: Message, to: Destination | None, deadline: float) -> PendingPublish:
        """Hand a message to the I/O thread; raises `NotConfirmed` where it cannot be published now."""
        if self._closed:
            raise NotConfirmed("closed")
        if self._blocked:
            raise NotConfirmed("blocked")
        if self.in_flight() >= IN_FLIGHT_MOST:
            raise NotConfirmed("overloaded")
        if to is None:
            self._log.error("no queue takes messages of this type", type=message.type)
            raise NotConfirmed("returned")
        pending = PendingPublish(message, to, deadline)
        self._waiting.append(pending)
        if not self._woken:  # cleared before the I/O thread drains, so what was appended is never left lying
            self._woken = True
            if not self._link.call(self._flush):
                self._woken = False
        return pending

    def missing(self) -> list[str]:
        """Return what keeps it from publishing; see `broker.Publisher`."""
        if self._blocked:
            return ["broker: it blocks publishers (memory or disk alarm)"]
        problem = self._link.problem or self._doubt.problem()
        if problem or self._ready:
            return [f"broker: {problem}"] if problem else []
        return ["broker: no confirm on this connection yet"]

    def in_flight(self) -> int:
        """Return how many messages wait for their confirm; see `broker.Publisher`."""
        return len(self._waiting) + len(self._pending)

    def close(self) -> None:
        """Refuse what waits, and close the connection."""
        self._closed = True
        if not self._link.call(self._refuse_all):
            self._refuse_all()
        self._link.close()

    def stuck(self) -> list[str]:
        """Return a word about the I/O thread where it does not turn any more."""
        return self._link.stuck()

    def _forget(self, begun: Sequence[PendingPublish]) -> None:
        for pending in begun:
            pending.finished = True  # nobody waits any more: do not publish it after a reconnect
            with contextlib.suppress(ValueError):
                self._waiting.remove(pending)

    def _refuse_all(self) -> None:
        self._finish_all("closed")

    def _finish_all(self, refusal: Refusal) -> None:
        for pending in [*self._pending.values(), *self._waiting]:
            pending.finish(refusal)
        self._waiting.clear()

    def _opened(self, connection: Connection, channel: Channel) -> None:
        self._connection, self._channel = connection, channel
        connection.add_on_connection_blocked_callback(self._on_blocked)
        connection.add_on_connection_unblocked_callback(self._on_unblocked)
        channel.add_on_return_callback(self._on_return)
        connection.take_confirms(channel, self._on_confirm)
        self._send(PendingPublish(PROBE, NOWHERE, 0.0), now=time.monotonic(), mandatory=False)

    def _lost(self) -> None:
        self._connection = self._channel = None
        self._ready = self._blocked = self._woken = self._is_watched = self._is_distrusted = False
        self._instruments.blocked(False)  # noqa: FBT003
        self._tag = 0
        self._returned.clear()
        self._pending = {tag: pending for tag, pending in self._pending.items() if pending.message is not PROBE}
        again = dict.fromkeys(reversed(self._pending.values()))  # once each, though each may have several queues
        self._waiting.extendleft(pending for pending in again if not pending.finished)
        self._pending.clear()

    def _flush(self) -> None:
        self._woken = False
        if not self._ready or self._connection is None:
            return
        now, before = time.monotonic(), self._tag
        with self._connection.one_write():
            while self._waiting:
                pending = self._waiting.popleft()
                if not pending.finished and pending.deadline > now:
                    self._send(pending, now=now)
        if self._reach is not ignore and self._tag > before:
            later = self._connection.ioloop.add_callback_threadsafe
            later(lambda: later(lambda: self._reach("after-publish")))  # two turns of the loop on, the frames are out

    def _send(self, pending: PendingPublish, *, now: float, mandatory: bool = True) -> None:
        if self._connection is None or self._channel is None:
            return
        queues, properties = pending.to.queues, properties_of(pending.message, pending.to.expiration_ms)
        pending.sent_at, pending.left = now, len(queues)
        for _ in queues:
            self._tag += 1
            self._pending[self._tag] = pending
        self._connection.publish(self._channel, queues, pending.message.body, properties, mandatory=mandatory)
        if not self._is_watched:
            self._is_watched = True
            self._watch_on(self._connection)

    def _on_confirm(self, confirm: Confirm) -> None:
        if self._is_distrusted:  # what came back is confirmed next, maybe out of the same read: publish all of it again
            return
        refusal: Refusal | None = "nacked" if isinstance(confirm, Basic.Nack) else None
        tags = [confirm.delivery_tag]
        if confirm.multiple:
            tags = list(takewhile(lambda tag: tag <= confirm.delivery_tag, self._pending))
        for tag in tags:
            pending = self._pending.pop(tag, None)
            if pending is not None:
                self._conclude(pending, refusal)

    def _conclude(self, pending: PendingPublish, refusal: Refusal | None) -> None:
        if pending.to is NOWHERE:
            self._ready = True
            self._link.worked()
            self._flush()
            self._look()
        elif self._returned[pending.message.id]:
            self._returned.subtract([pending.message.id])
            pending.finish("returned")
        elif refusal:
            pending.left = 0
            self._doubt.refused(pending.to)
            pending.finish(refusal)
        else:
            pending.left -= 1
            if not pending.left:
                self._doubt.confirmed(pending.to)
                pending.finish()

    def _on_return(self, _channel: Channel, method: Basic.Return, properties: pika.BasicProperties, _: bytes) -> None:
        self._log.error("message returned: no queue is bound", routing_key=method.routing_key)
        if method.routing_key in _DECLARED and self._connection is not None:
            self._ready, self._is_distrusted = False, True
            self._connection.drop("a queue or binding is gone")  # connecting anew, the link declares it again
        else:
            self._returned[properties.message_id or ""] += 1  # its confirm comes after it

    def _on_blocked(self, *_: object) -> None:
        self._log.warning("the broker blocks publishers (memory or disk alarm)")
        self._blocked = True
        self._link.worked()
        self._instruments.blocked(True)  # noqa: FBT003 - an instrument takes its value alone
        self._finish_all("blocked")

    def _on_unblocked(self, *_: object) -> None:
        self._log.info("the broker takes publishes again")
        self._blocked = False
        self._instruments.blocked(False)  # noqa: FBT003
        for pending in self._pending.values():
            pending.sent_at = time.monotonic()

    def _watch_silence(self, connection: Connection) -> None:
        if connection is not self._connection:
            return
        if not self._pending and not self._doubt.is_any:
            self._is_watched = False  # the next message begins it again: a service has dozens of these
            return
        oldest = next(iter(self._pending.values()), None)
        if oldest and not self._blocked and time.monotonic() - oldest.sent_at > SILENCE_MOST_S:
            connection.drop(f"no confirm for {SILENCE_MOST_S:.0f} s")
            return
        self._look()
        self._watch_on(connection)

    def _watch_on(self, connection: Connection) -> None:
        connection.ioloop.call_later(WATCH_EVERY_S, lambda: self._watch_silence(connection))

    def _look(self) -> None:
        """Look whether confirms come, and send a probe where they do not, unless one is on its way."""
        if self._ready and not self._blocked:
            probe = self._doubt.look(next(iter(self._pending.values()), None))
            if probe is not None and all(pending.message is not PROBE for pending in self._pending.values()):
                self._send(probe, now=time.monotonic(), mandatory=False)
