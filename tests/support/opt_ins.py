"""Submissions that wait until their addresses are confirmed, and presses of the button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from shared.contracts import DeliveryRequested, OptedIn, SubmissionAccepted, SubmissionOptedIn
from shared.contracts.event import Event
from shared.database import reading
from shared.failpoints import Reach, ignore
from shared.links.opt_in import LINK_GOOD_FOR, recipient_of
from shared.messaging.failures import Delivery, Results
from storage_service.opt_in.confirming import ConfirmOptIns
from storage_service.tables import OUTBOX
from support.events import WRITTEN_AT, an_event

PRESSED_AT = WRITTEN_AT + timedelta(hours=3)
RECORDED_AT = PRESSED_AT + timedelta(seconds=1)


def waiting(event: SubmissionAccepted | None = None, **others: Any) -> SubmissionAccepted:
    """Return the event of a submission that waits."""
    return replace(event or an_event(), opt_in=True, **{"accepted_at": WRITTEN_AT, **others})


def a_press(event: SubmissionAccepted, *, at: datetime = PRESSED_AT, address: str | None = None) -> SubmissionOptedIn:
    """Return the press of the button in the mail of a submission, or in that to another address."""
    return SubmissionOptedIn(
        id=event.id,
        form=event.form,
        accepted_at=event.accepted_at,
        at=at,
        ip="192.0.2.9",
        user_agent="Firefox",
        recipient=recipient_of(address or event.reply_address or ""),
        link_expires_at=event.accepted_at + LINK_GOOD_FOR,
    )


class Presses:
    """Takes presses as storage does, and knows what was announced, and what came of each."""

    def __init__(
        self, engine: Engine, *, clock: Callable[[], datetime] = lambda: RECORDED_AT, reach: Reach = ignore
    ) -> None:
        self.announced: list[OptedIn] = []
        self.outcomes: list[str] = []
        self._confirm = ConfirmOptIns(
            engine, announce=self.announced.append, clock=clock, reach=reach, note=self.outcomes.append
        )

    def take(self, *presses: SubmissionOptedIn, attempt: int = 0) -> Results:
        """Take a batch."""
        return self._confirm([Delivery(one, attempt=attempt) for one in presses])


def in_outbox(engine: Engine, *kinds: type[Event]) -> Sequence[Event]:
    """Return what waits in the outbox of these kinds, in order."""
    by_type: dict[str, type[Event]] = {}
    for kind in kinds or (DeliveryRequested,):
        by_type |= dict.fromkeys(getattr(kind, "TYPES", (kind.TYPE,)), kind)
    with reading(engine).connect() as connection:
        rows = connection.execute(select(OUTBOX.c.type, OUTBOX.c.body).order_by(OUTBOX.c.number)).all()
    return [by_type[row.type].decode(bytes(row.body)) for row in rows if row.type in by_type]
