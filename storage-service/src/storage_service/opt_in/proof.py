"""Writes down that an address was confirmed: what somebody who asks for a proof wants to know, with the submission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, update

from shared.contracts import SubmissionOptedIn, SubmissionReleased
from shared.database import Outbox, iso
from shared.messaging.message import message_of
from storage_service.deliveries.resending import accepted
from storage_service.tables import OUTBOX, submissions
from storage_service.work.trail import Step, write_steps

VISITOR = "visitor"
"""Who does it, for the trail, and who asks for the mail again."""

_S = submissions.c


@dataclass(frozen=True, slots=True)
class Pressed:
    """The locked row of a submission that waits, whole, and the press that confirms it."""

    row: Row[Any]
    event: SubmissionOptedIn

    @property
    def version(self) -> int:
        """The version that this makes."""
        made: int = self.row.version + 1
        return made


def confirm(connection: Connection, pressed: Sequence[Pressed], now: datetime) -> None:
    """Confirm each in the caller's transaction: the proof, the trail, and what notify is to know.

    Notify delivers what it holds, but of spam: that goes once somebody says that it is none.
    """
    if not pressed:
        return
    confirmed = update(submissions).where(_S.id == bindparam("key"))
    names = ("version", "opt_in", "opted_in_at", "opt_in_proof")
    values = {name: bindparam(f"new_{name}", type_=_S[name].type) for name in names}
    connection.execute(confirmed.values(values), [_values(one, now) for one in pressed])
    write_steps(connection, {one.row.id: Step(now, VISITOR, {"opted_in": True}, one.version) for one in pressed})
    good = [one for one in pressed if one.row.spam is None]
    events = {one.id: one for one in accepted(connection, [one.row for one in good])}
    released = [
        message_of(SubmissionReleased(one.version, replace(events[one.row.id], opt_in=False), by_hand=False))
        for one in good
    ]
    Outbox(OUTBOX).add(connection, released, about=[one.row.id for one in good])


def _values(one: Pressed, now: datetime) -> dict[str, Any]:
    event = one.event
    proof = {
        "at": iso(event.at),
        "ip": event.ip,
        "user_agent": event.user_agent,
        "recipient": event.recipient,
        "link_expires_at": iso(event.link_expires_at),
        "recorded_at": iso(now),
    }
    return {
        "key": one.row.id,
        "new_version": one.version,
        "new_opt_in": True,
        "new_opted_in_at": event.at,
        "new_opt_in_proof": proof,
    }
