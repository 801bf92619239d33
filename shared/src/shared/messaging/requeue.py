"""This module publishes a delivery again: to the parked queue, or to a delay level."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TypeAlias
from uuid import uuid4

import structlog

from shared.failpoints import Reach
from shared.messaging.broker import NotConfirmed, Publisher
from shared.messaging.failures import Park, Retry
from shared.messaging.incoming import Incoming
from shared.messaging.instruments import ConsumeInstruments
from shared.messaging.message import (
    ATTEMPT_HEADER,
    FAILURES_HEADER,
    PARKED_AT_HEADER,
    PARKED_FOR_HEADER,
    PARKED_FROM_HEADER,
    PARKING_HEADER,
    REASON_HEADER,
    Message,
)
from shared.messaging.routes import Destination
from shared.messaging.topology import WorkQueue

Note: TypeAlias = Callable[[], None]
"""Tells the instruments that a delivery was sent on."""

PUBLISH_TIMEOUT_S = 3.0
REASON_MOST = 500


class Requeue:
    """Publishes what comes again later or waits for a person, confirmed.

    What the broker does not confirm is set aside, unacked, for later. An alarm that blocks publishers would otherwise
    stop the very consumer whose work ends the alarm.
    """

    def __init__(self, work: WorkQueue, publisher: Publisher, reach: Reach, instruments: ConsumeInstruments) -> None:
        self._work = work
        self._publisher = publisher
        self._reach = reach
        self._instruments = instruments
        self._aside: list[_Sending] = []
        self._log = structlog.get_logger().bind(queue=work.name)

    def __len__(self) -> int:
        """How many are set aside."""
        return len(self._aside)

    def waiting(self) -> list[Incoming]:
        """Return what is set aside."""
        return [sending.incoming for sending in self._aside]

    def send(self, incoming: Incoming, outcome: Park | Retry) -> bool:
        """Publish it; False where that was not confirmed, and it is set aside.

        What holds a secret is not parked but dropped: see `topology.WorkQueue`.
        """
        parked = isinstance(outcome, Park)
        if isinstance(outcome, Park) and self._work.secret_for_s is not None:
            self._log.error("dropped", message_id=incoming.message_id[:64], reason=outcome.reason[:REASON_MOST])
            self._instruments.parked(outcome.kind)
            return True
        say = self._log.error if parked else self._log.info
        say("parked" if parked else "retry", message_id=incoming.message_id[:64], reason=outcome.reason[:REASON_MOST])
        sending = self._parked(incoming, outcome) if isinstance(outcome, Park) else self._retried(incoming, outcome)
        if self._publish(sending):
            return True
        self._aside.append(sending)
        return False

    def again(self, is_current: Callable[[Incoming], bool]) -> list[Incoming]:
        """Try what is set aside again, and return what was sent; forget what is no longer ours."""
        sent: list[Incoming] = []
        while self._aside:
            sending = self._aside[0]
            if is_current(sending.incoming):
                if not self._publish(sending):
                    break
                sent.append(sending.incoming)
            del self._aside[0]
        return sent

    def _publish(self, sending: _Sending) -> bool:
        try:
            self._publisher.publish(sending.message, timeout_s=PUBLISH_TIMEOUT_S, to=sending.to)
        except NotConfirmed as error:
            self._log.warning("set aside", because=str(error))
            return False
        self._reach(sending.failpoint)
        sending.note()
        return True

    def _parked(self, incoming: Incoming, outcome: Park) -> _Sending:
        headers: dict[str, str | int] = {
            **incoming.trace,
            ATTEMPT_HEADER: incoming.attempt,
            FAILURES_HEADER: incoming.failures,
            REASON_HEADER: outcome.reason[:REASON_MOST],
            PARKED_FOR_HEADER: outcome.kind,
            PARKED_FROM_HEADER: self._work.name,
            PARKED_AT_HEADER: datetime.now(UTC).isoformat(),
            PARKING_HEADER: str(uuid4()),
        }
        note = partial(self._instruments.parked, outcome.kind)
        return _Sending(incoming, headers, Destination((self._work.parked,)), note, "after-park-publish")

    def _retried(self, incoming: Incoming, outcome: Retry) -> _Sending:
        level = self._work.level_for(outcome.after_s)
        # Longer than its level nothing waits, and RabbitMQ closes the channel on an expiration beyond 32 bits.
        after_s = min(outcome.after_s, self._work.levels_s[level])
        jittered_s = after_s * random.uniform(0.8, 1.0)  # noqa: S311 - jitter, no secret
        headers: dict[str, str | int] = {
            **incoming.trace,
            ATTEMPT_HEADER: incoming.attempt + (outcome.charge != "nothing"),
            FAILURES_HEADER: incoming.failures + (outcome.charge == "failure"),
        }
        to = Destination((self._work.level_queue(level),), expiration_ms=max(1, int(jittered_s * 1000)))
        return _Sending(incoming, headers, to, partial(self._instruments.retried, level), "after-retry-publish")


@dataclass(slots=True)
class _Sending:
    """One delivery on its way to another queue."""

    incoming: Incoming
    headers: Mapping[str, str | int]
    to: Destination
    note: Note
    failpoint: str

    @property
    def message(self) -> Message:
        return Message(self.incoming.type, self.incoming.message_id, self.incoming.body, self.headers)
