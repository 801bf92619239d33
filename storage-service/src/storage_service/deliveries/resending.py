"""Asks notify to send again: a request in the outbox, and a note of it, in one transaction a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, Row, Select, func, insert, literal, not_, select, update

from shared.contracts import Control, DeliveryRequested, Source, SubmissionAccepted
from shared.contracts.parts.submitted_file import SubmittedFiles
from shared.database import Outbox, classified, reading
from shared.failpoints import Reach, ignore
from shared.messaging.message import message_of
from storage_service.deliveries.selection import CONFIRMATION, Selection, is_open, is_withheld, waits, withholds
from storage_service.files import files_of
from storage_service.tables import IS_THERE, IS_UNCONFIRMED, OUTBOX, delivery_requests, delivery_states, submissions

AT_ONCE = 25
"""How many are requested in one transaction, with their submissions in memory."""

_S, _R = delivery_states.c, delivery_requests.c


@dataclass(frozen=True, slots=True)
class Count:
    """How many deliveries a selection has, by channel; `unstored` more cannot be sent from here, and `withheld` more
    are of submissions that are held back as spam. Of `unconfirmed` more the address is to be confirmed first."""

    channels: dict[str, int] = field(default_factory=dict)
    unstored: int = 0
    withheld: int = 0
    unconfirmed: int = 0

    @property
    def all(self) -> int:
        """How many can be sent."""
        return sum(self.channels.values())


class Withheld(Exception):
    """A person or a verdict called the submission spam: nothing of it is sent until somebody says that it is none."""


class Unconfirmed(Exception):
    """The submission waits until its address is confirmed: nothing but the mail that asks for that is sent of it."""


class Resending:
    """Requests for one database. `requested_by` is who asks, at most 200 characters."""

    def __init__(
        self,
        engine: Engine,
        requested_by: str,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        reach: Reach = ignore,
    ) -> None:
        self._engine = engine
        self._requested_by = requested_by
        self._clock = clock
        self._reach = reach
        self._outbox = Outbox(OUTBOX)

    def count(self, selection: Selection) -> Count:
        """Return how many would be sent again; raises `DependencyUnavailable`."""
        its_own = select(literal(1)).where(submissions.c.id == _S.submission_id, IS_THERE)
        is_stored, is_good = its_own.exists(), its_own.where(not_(is_withheld()), not_(waits())).exists()
        is_waiting = its_own.where(not_(is_withheld()), waits()).exists()
        chosen = selection.condition(self._clock())
        good = select(_S.channel, func.count()).where(chosen, is_good).group_by(_S.channel)
        others = select(func.count()).select_from(delivery_states).where(chosen)
        with classified(), reading(self._engine).connect() as connection:
            channels = {row[0]: row[1] for row in connection.execute(good.order_by(_S.channel))}
            unstored = connection.scalar(others.where(not_(is_stored))) or 0
            withheld = connection.scalar(others.where(is_stored, not_(is_good), not_(is_waiting))) or 0
            return Count(channels, unstored, withheld, connection.scalar(others.where(is_waiting)) or 0)

    def request(self, selection: Selection) -> Iterator[int]:
        """Request each, once, and yield how many were requested by each transaction; raises `DependencyUnavailable`.

        What was requested is no longer in the selection: interrupted, and done again, it goes on where it was.
        """
        last = UUID(int=0)
        while requested := self._request_some(selection, last):
            last = requested[-1]
            yield len(requested)

    def unknown(self, ids: Sequence[UUID]) -> list[UUID]:
        """Return which of these are no submissions that are stored here."""
        with classified(), reading(self._engine).connect() as connection:
            known = set(connection.scalars(select(submissions.c.id).where(submissions.c.id.in_(ids), IS_THERE)))
        return [one for one in ids if one not in known]

    def withheld(self, ids: Sequence[UUID]) -> list[UUID]:
        """Return which of these submissions are held back as spam; see `is_withheld`."""
        found = select(submissions.c.id).where(submissions.c.id.in_(ids), is_withheld())
        with classified(), reading(self._engine).connect() as connection:
            known = set(connection.scalars(found))
        return [one for one in ids if one in known]

    def unconfirmed(self, ids: Sequence[UUID]) -> list[UUID]:
        """Return which of these submissions wait until their addresses are confirmed."""
        found = select(submissions.c.id).where(submissions.c.id.in_(ids), IS_UNCONFIRMED)
        with classified(), reading(self._engine).connect() as connection:
            known = set(connection.scalars(found))
        return [one for one in ids if one in known]

    def request_channel(self, submission_id: UUID, channel: str) -> bool:
        """Request all that a channel has for a submission, whatever became of it; False where that was requested, and
        nothing has come of it yet, and where nothing is ever sent: of what is anonymous, or imported. Raises
        `Withheld` and `Unconfirmed`."""
        with classified(), self._engine.begin() as connection:
            chosen = select(submissions).where(submissions.c.id == submission_id, IS_THERE)
            row = connection.execute(_locked(chosen)).one_or_none()
            if row is None or row.anonymised_at is not None or row.imported_at is not None:
                return False
            if withholds(row.spam):
                raise Withheld(str(submission_id))
            [event] = accepted(connection, [row])
            if event.opt_in and channel != CONFIRMATION:
                raise Unconfirmed(str(submission_id))
            asked = select(_R.id).where(_R.submission_id == submission_id, _R.channel == channel)
            if connection.execute(asked.where(is_open(self._clock())).limit(1)).first():
                return False
            self._add(connection, [self._request_of(event, channel, None)])
        return True

    def _request_some(self, selection: Selection, after: UUID) -> list[UUID]:
        """Request the first of the selection beyond this id, and return their ids, in order."""
        with classified(), self._engine.begin() as connection:
            requested = self.request_within(connection, selection, after)
            self._reach("resend-before-commit")
        self._reach("resend-after-commit")
        return list(requested)

    def request_within(self, connection: Connection, selection: Selection, after: UUID) -> dict[UUID, UUID]:
        """Request the first of the selection beyond this id in the caller's transaction, `AT_ONCE` at most.

        Returns the submission of each by its own id, in order.
        """
        found = select(_S.delivery_id, _S.channel.label("asked_channel"), *submissions.c)
        found = found.join_from(delivery_states, submissions, submissions.c.id == _S.submission_id)
        found = found.where(selection.condition(self._clock()), not_(is_withheld()), not_(waits()), IS_THERE)
        found = found.where(_S.delivery_id > after)
        found = found.order_by(_S.delivery_id).limit(AT_ONCE)
        # The submissions too: what one carries must not go out after it was erased.
        both = (delivery_states, submissions)
        rows = connection.execute(found.with_for_update(of=both, key_share=True, skip_locked=True)).all()
        carried = {one.id: one for one in accepted(connection, rows)}
        events = [self._request_of(carried[row.id], row.asked_channel, row.delivery_id) for row in rows]
        self._add(connection, events)
        for event in events:
            asked = update(delivery_states).where(_S.delivery_id == event.delivery_id)
            connection.execute(asked.values(asked=event.id))
        return {row.delivery_id: row.id for row in rows}

    def _add(self, connection: Connection, events: Sequence[DeliveryRequested]) -> None:
        if not events:
            return
        self._outbox.add(connection, [message_of(one) for one in events], about=[one.submission.id for one in events])
        notes = [
            {
                "id": one.id,
                "submission_id": one.submission.id,
                "channel": one.channel,
                "delivery_id": one.delivery_id,
                "requested_by": one.requested_by,
                "requested_at": one.requested_at,
            }
            for one in events
        ]
        connection.execute(insert(delivery_requests), notes)

    def _request_of(self, event: SubmissionAccepted, channel: str, delivery_id: UUID | None) -> DeliveryRequested:
        return DeliveryRequested(uuid4(), channel, event, self._requested_by, self._clock(), delivery_id)


def accepted(connection: Connection, rows: Sequence[Row[Any]]) -> list[SubmissionAccepted]:
    """Return the events of whole rows of `submissions`, as they were accepted, with their files."""
    files = files_of(connection, {row.id for row in rows if row.file_count})
    return [_accepted(row, tuple(one.submitted for one in files.get(row.id, ()))) for row in rows]


def _accepted(row: Row[Any], files: SubmittedFiles) -> SubmissionAccepted:
    return SubmissionAccepted(
        id=row.id,
        form=row.form,
        accepted_at=row.accepted_at,
        fields=row.fields,
        fingerprint=row.fingerprint,
        source=Source(**row.source),
        control=Control(**row.control),
        spam=row.spam,
        receipt_url=row.receipt_url,
        files=files,
        opt_in=bool(row.opt_in) and row.opted_in_at is None,
    )


def _locked(found: Select[Any]) -> Select[Any]:
    """Let one process after the other have these rows. SQLite has one writer at a time anyway."""
    return found.with_for_update()
