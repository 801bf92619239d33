"""A queue source takes deliveries: one thread keeps heartbeats and acks, another does the work."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Collection

import pika
from pika.channel import Channel

from shared.messaging.incoming import Incoming
from shared.messaging.rabbitmq.connection import Connection
from shared.messaging.rabbitmq.link import Link
from shared.messaging.rabbitmq.preparation import Preparation
from shared.messaging.rabbitmq.renewal import RENEW_EVERY_S, when_due

PATIENCE_S = 5.0
"""How long a renewal waits before it asks whether all that is left is set aside. Under an alarm that is acked after the
alarm only, and to take no more until then would keep the very backlog that may have raised it."""


class QueueSource:
    """The deliveries of one queue: `worker.Source` over a link.

    Each channel is a generation: an ack for a delivery of an earlier one is dropped, because the broker has
    given that message back and counts its tags anew. Every `renew_every_s` at most, with jitter, the source takes no
    more, waits until all that it has is acked, and goes on over another channel; over this one, where the rest is set
    aside.
    """

    def __init__(
        self,
        url: str,
        name: str,
        queue_name: str,
        *,
        prefetch: int,
        renew_every_s: float = RENEW_EVERY_S,
        patience_s: float = PATIENCE_S,
        on_return: Callable[[], None] = lambda: None,
        preparation: Preparation | None = None,
    ) -> None:
        self._queue_name = queue_name
        self._prefetch = prefetch
        self._renew_every_s = renew_every_s
        self._patience_s = patience_s
        self._is_narrow = True
        self._is_renewing = False
        self._unacked: set[int] = set()
        self._aside: Collection[Incoming] = ()
        self._consumer_tag = ""
        self._generation = 0
        self._opened_s: float | None = None
        self._arrived: queue.SimpleQueue[Incoming | None] = queue.SimpleQueue()
        self._connection: Connection | None = None
        self._channel: Channel | None = None
        self._link = Link(
            url,
            name,
            purpose=f"consume {queue_name}",
            on_channel=self._opened,
            on_lost=self._lost,
            on_return=on_return,
            preparation=preparation,
        )

    def get(self, timeout_s: float | None) -> Incoming | None:
        """Return the next delivery, passing over those that a lost connection took back."""
        try:
            incoming = self._arrived.get(timeout=timeout_s)
        except queue.Empty:
            return None
        return incoming if incoming is not None and self.is_current(incoming) else None

    def wake(self) -> None:
        """Make a waiting `get` return."""
        self._arrived.put(None)

    def is_current(self, incoming: Incoming) -> bool:
        """Whether the channel it came over is still open."""
        return incoming.generation == self._generation

    def missing(self) -> list[str]:
        """Return what keeps deliveries from coming; see `broker.Consumer`."""
        if self._link.problem:
            return [f"broker: {self._link.problem}"]
        return [] if self._channel is not None else ["broker: not consuming yet"]

    def stuck(self) -> list[str]:
        """Return a word about the I/O thread where it does not turn any more."""
        return self._link.stuck()

    def open_for_s(self) -> float:
        """Return for how many seconds its channel has been open, 0 without one; see `broker.Broker.held_for_s`."""
        opened_s = self._opened_s
        return 0.0 if opened_s is None else time.monotonic() - opened_s

    def widen(self) -> None:
        """Fetch whole batches ahead from now on; see `worker.Source`."""
        if self._is_narrow:
            self._is_narrow = False
            self._link.call(self._widen)

    def ack(self, incoming: Incoming, *, multiple: bool) -> None:
        """Ack this delivery, and every earlier one if `multiple`, unless its channel is gone."""
        self._link.call(lambda: self._ack(incoming, multiple))

    def set_aside(self, waiting: Collection[Incoming]) -> None:
        """Note what waits for something else than the work; see `worker.Source`."""
        self._aside = waiting

    def close(self) -> None:
        """Close the connection; the acks handed over before are sent first."""
        self._link.close()

    def _opened(self, connection: Connection, channel: Channel) -> None:
        self._generation += 1
        self._connection = connection
        self._channel = channel
        self._opened_s = time.monotonic()
        self._is_renewing = False
        self._unacked.clear()
        self._consume(connection, channel, prefetch=1 if self._is_narrow else self._prefetch)
        when_due(connection, self._renew_every_s, lambda: self._renew(connection, channel))

    def _renew(self, connection: Connection, channel: Channel) -> None:
        if channel is not self._channel:
            return
        when_due(connection, self._renew_every_s, lambda: self._renew(connection, channel))
        if self._is_renewing and not self._unacked:
            connection.drop("the broker does not answer")
        elif not self._is_renewing and channel.is_open:
            self._is_renewing = True
            channel.basic_cancel(self._consumer_tag)
            self._close_if_acked(channel)
            self._put_off_in_time(connection, channel)

    def _put_off_in_time(self, connection: Connection, channel: Channel) -> None:
        connection.ioloop.call_later(self._patience_s, lambda: self._put_off(connection, channel))

    def _put_off(self, connection: Connection, channel: Channel) -> None:
        """Take more again where all that is held is set aside: the work goes on beside it.

        Whoever holds anything else works on it, or waits for a database perhaps, and has no use for more. The renewal
        is due another time.
        """
        if channel is not self._channel or not channel.is_open or not self._is_renewing:
            return
        aside = {incoming.tag for incoming in self._aside if self.is_current(incoming)}
        room = self._prefetch - len(self._unacked)
        if self._is_narrow or room < 1 or not self._unacked <= aside:
            self._put_off_in_time(connection, channel)
        else:
            self._is_renewing = False
            self._consume(connection, channel, prefetch=room)

    def _close_if_acked(self, channel: Channel) -> None:
        if self._is_renewing and not self._unacked:
            channel.close()  # the link opens another

    def _widen(self) -> None:
        # A prefetch holds for consumers that come after it. Nothing is lost between: the one message that this
        # channel may have is still unacked, and stays ours.
        if self._connection is not None and self._channel is not None and not self._is_renewing:
            self._channel.basic_cancel(self._consumer_tag)
            self._consume(self._connection, self._channel, prefetch=self._prefetch)

    def _consume(self, connection: Connection, channel: Channel, *, prefetch: int) -> None:
        channel.basic_qos(prefetch_count=prefetch)
        self._consumer_tag = connection.take_deliveries(
            channel, self._queue_name, self._deliver, on_begun=self._link.worked
        )

    def _lost(self) -> None:
        self._generation += 1
        self._connection = self._channel = None
        self._opened_s = None
        self._is_narrow = True

    def _deliver(self, tag: int, redelivered: bool, properties: pika.BasicProperties, body: bytes) -> None:  # noqa: FBT001 - as `TakeDelivery` has it
        if self._channel is None or not self._channel.is_open:
            return  # it is being closed, and takes back what came meanwhile
        self._unacked.add(tag)
        self._arrived.put(
            Incoming(
                body=body,
                type=properties.type or "",
                message_id=properties.message_id or "",
                headers=properties.headers or {},
                tag=tag,
                generation=self._generation,
                redelivered=redelivered,
            )
        )

    def _ack(self, incoming: Incoming, multiple: bool) -> None:  # noqa: FBT001 - private, and called in one place
        if self._channel is not None and self.is_current(incoming):
            self._channel.basic_ack(incoming.tag, multiple=multiple)
            acked = {tag for tag in self._unacked if tag <= incoming.tag} if multiple else {incoming.tag}
            self._unacked -= acked
            self._close_if_acked(self._channel)
