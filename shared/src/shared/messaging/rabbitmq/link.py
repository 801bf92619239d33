"""A link keeps a connection to RabbitMQ, and opens it again when it is lost."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import pika
import structlog
from pika.channel import Channel
from pika.exceptions import ChannelClosedByClient

from shared.messaging import complaints
from shared.messaging.rabbitmq.connection import Connection
from shared.messaging.rabbitmq.declare import UNREACHABLE, NotDeclared, TopologyMismatch
from shared.messaging.rabbitmq.nodes import Nodes
from shared.messaging.rabbitmq.preparation import SHARED_FOR_S, Preparation

RECONNECT_FIRST_S = 0.1
RECONNECT_MOST_S = 5.0

STUCK_AFTER_S = 120.0
"""How long an I/O thread may be busy with one thing: longer than the topology takes on a slow broker, and than a frozen
one is waited for."""

UNLESS_MENDED = "; if it stays so, see the broker's log: one whose disk was full has to be restarted"
"""What to do where a broker takes connections and does nothing. After ENOSPC RabbitMQ's quorum queues do not come back
by themselves, also once there is room (seen: 3.10.8)."""


class Link:
    """Keeps one connection with one channel open until closed.

    `on_channel(connection, channel)` runs on the I/O thread each time a channel is open and the topology stands;
    `on_lost()` runs there each time it is gone. Both are told again after every reconnect, whose delays grow
    from 0.1 to 5 s with full jitter until what the channel is for works: `purpose` says that in words, and whose link
    it is calls `worked` then. Whoever closes the channel itself is given another over the same connection.
    `preparation` runs before each connection, and makes the topology stand, with the other links that share it.
    Where `url` holds several addresses, with commas between, each failure and each loss goes on to the next. With
    `declare_every_s` the topology is declared again that often meanwhile; after a queue was made, a connection waits
    `settle_s` seconds. `on_return()` is told when a connection that was lost stands again.
    """

    def __init__(
        self,
        url: str,
        name: str,
        *,
        purpose: str,
        on_channel: Callable[[Connection, Channel], None],
        on_lost: Callable[[], None] = lambda: None,
        preparation: Preparation | None = None,
        declare_every_s: float | None = None,
        settle_s: float = 0.0,
        on_return: Callable[[], None] = lambda: None,
    ) -> None:
        self._nodes = Nodes(url, name)
        self._parameters = self._nodes.next(0)
        self._on_channel = on_channel
        self._on_lost = on_lost
        self._on_return = on_return
        self._preparation = preparation or Preparation()
        self._since_s = time.monotonic() - SHARED_FOR_S
        self._purpose = purpose
        self._has_stood = False
        self._is_tried = False
        self._settle_s = settle_s
        self._connection: Connection | None = None
        self._guard = threading.Lock()
        self._closing = threading.Event()
        self._name = name
        self._failures = 0
        self._complaints = complaints.about(url)
        self._turned_s = time.monotonic()
        self._asked_s: float | None = None
        self._problem: str | None = "not connected yet"
        self._log = structlog.get_logger().bind(link=name)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        if declare_every_s is not None:
            again = threading.Thread(target=self._declare_again, args=(declare_every_s,), name=name, daemon=True)
            again.start()

    @property
    def problem(self) -> str | None:
        """Why there is no connection that is of use, for an operator; None while there is one."""
        return self._problem

    def stuck(self, *, after_s: float = STUCK_AFTER_S) -> list[str]:
        """Return a word about the I/O thread where it does not turn any more; an absent broker is no reason.

        Each call asks it to show that it does, so who wants to know asks every so often: a timer of each link woke a
        service with fifty of them fifty times a second.
        """
        if self._asked_s is None:
            self._asked_s = time.monotonic()
            if not self.call(self._turn):
                self._asked_s = None
        since_s = self._turned_s if self._asked_s is None and self._connection is None else self._asked_s
        still_s = 0.0 if since_s is None or self._closing.is_set() else time.monotonic() - since_s
        return [f"{self._name}: its thread has not turned for {still_s:.0f} s"] if still_s > after_s else []

    def call(self, action: Callable[[], None]) -> bool:
        """Run an action on the I/O thread soon; False, and nothing happens, where there is no connection."""
        with self._guard:
            if self._connection is None:
                return False
            self._connection.ioloop.add_callback_threadsafe(action)
            return True

    def worked(self) -> None:
        """Take note that the channel is of use, and so there is no problem any more. For the I/O thread.

        An open channel says nothing: a broker may accept it, and end it as soon as anything is asked of it.
        """
        (self._log.info if self._complaints.over(self) else self._log.debug)("connected")
        self._failures = 0
        self._is_tried = False
        if self._problem is not None and self._has_stood:
            self._on_return()
        self._has_stood = True
        self._problem = None

    def close(self, *, timeout_s: float = 5.0) -> None:
        """Close the connection in order, within the timeout, and end the I/O thread."""
        self._closing.set()
        self.call(self._close_connection)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._turn()
            try:
                if self._preparation.run(self._parameters, since_s=self._since_s):
                    self._closing.wait(self._settle_s)
                self._hold_connection()
            except TopologyMismatch as error:
                self._report(f"a queue or exchange stands with other arguments: {error}")
            except NotDeclared as error:
                self._report(str(error))
            except UNREACHABLE as error:
                self._report(f"cannot reach the broker: {_described(error)}")
            except Exception as error:  # noqa: BLE001 - whatever a callback raised, the link comes back
                self._report(f"failed: {type(error).__name__}", error)
            if not self._closing.is_set():
                self._closing.wait(self._next_delay_s())
                self._parameters = self._nodes.next(self._failures)
        self._complaints.over(self)

    def _declare_again(self, every_s: float) -> None:
        """Put back, every so often, what somebody deleted from the broker under an open connection."""
        who = object()
        while not self._closing.wait(every_s):
            if self._problem is None:
                try:
                    self._preparation.run(self._parameters, since_s=time.monotonic() - every_s / 2)
                    self._complaints.over(who)
                except TopologyMismatch:
                    self.call(
                        self._drop
                    )  # connecting anew, the link finds the same, and is not ready until it is mended
                except Exception as error:  # noqa: BLE001 - whatever it is, no thread to be had perhaps: later, again
                    if self._complaints.due(who) is not None:
                        self._log.warning("could not declare again", problem=_described(error))
        self._complaints.over(who)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.drop("a queue or exchange has changed")

    def _hold_connection(self) -> None:
        connection = Connection(
            self._parameters,
            on_open_callback=self._opened,
            on_open_error_callback=self._ended,
            on_close_callback=self._ended,
        )
        with self._guard:
            self._connection = connection
        self._is_tried = False
        try:
            if not self._closing.is_set():
                connection.ioloop.start()
        finally:
            with self._guard:
                self._connection = None
            self._since_s = time.monotonic()
            self._turn()
            self._on_lost()
            connection.drop("link ended")
            connection.ioloop.close()

    def _turn(self) -> None:
        self._turned_s, self._asked_s = time.monotonic(), None

    def _opened(self, connection: pika.connection.Connection) -> None:
        connection.channel(on_open_callback=self._channel_opened)

    def _channel_opened(self, channel: Channel) -> None:
        connection = self._connection
        if connection is None:
            return
        channel.add_on_close_callback(self._channel_closed)
        channel.add_on_cancel_callback(lambda _frame: connection.drop("the broker cancelled the consumer"))
        self._is_tried = True
        self._on_channel(connection, channel)

    def _channel_closed(self, _channel: Channel, reason: Exception) -> None:
        if self._connection is None or self._closing.is_set():
            return
        if isinstance(reason, ChannelClosedByClient):
            self._opened(self._connection)
        else:
            self._connection.drop(f"the broker closed the channel: {_described(reason)}")

    def _ended(self, _connection: pika.connection.Connection, reason: BaseException | str) -> None:
        if not self._closing.is_set():
            lost = f"connection lost: {_described(reason)}"
            self._report(f"cannot {self._purpose}: {lost}{UNLESS_MENDED}" if self._is_tried else lost)
        if self._connection is not None:
            self._connection.ioloop.stop()

    def _close_connection(self) -> None:
        if self._connection is not None and self._connection.is_open:
            self._connection.close()
        elif self._connection is not None:
            self._connection.drop("closing")
            self._connection.ioloop.stop()

    def _report(self, problem: str, error: Exception | None = None) -> None:
        self._problem = problem
        lasted_s = self._complaints.due(self)
        if lasted_s is not None:
            self._log.warning("not connected", problem=problem, for_s=round(lasted_s), exc_info=error)

    def _next_delay_s(self) -> float:
        longest = min(RECONNECT_MOST_S, RECONNECT_FIRST_S * 2.0 ** self._nodes.rounds(self._failures))
        self._failures += 1
        return RECONNECT_FIRST_S + random.uniform(0, longest)  # noqa: S311 - jitter, no secret


def _described(error: BaseException | str) -> str:
    return str(error) or type(error).__name__
