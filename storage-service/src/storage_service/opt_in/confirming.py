"""Takes presses of the button: the first of a submission confirms it, once, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

import structlog
from sqlalchemy import Connection, Engine, Row, select

from shared.contracts import Control, OptedIn, SubmissionOptedIn, reply_address_of
from shared.database import classified
from shared.failpoints import Reach, ignore
from shared.links.opt_in import recipient_of
from shared.messaging.failures import Delivery, PermanentFailure, Results, RetryLater
from storage_service.opt_in.proof import Pressed, confirm
from storage_service.store.erased import is_gone
from storage_service.tables import submissions

WAITS_S = (30.0, 120.0, 600.0, 1800.0, 7200.0, 21600.0)
"""After how long to look again for a submission that is not stored yet; the last counts from then on."""

WAITS_MOST = 33
"""So often, which is a week: its submission may be parked, and be replayed by a person."""

Outcome: TypeAlias = Literal["confirmed", "repeated", "gone", "another", "early"]
"""What came of a press: `gone` is erased or anonymous, `another` has another address or was never asked, and `early`
came before its submission."""

_S = submissions.c


def _ignore(_: Outcome) -> None:
    pass


class ConfirmOptIns:
    """Confirms submissions, as `shared.messaging.failures.Handler`; again, or late, without harm.

    `announce` is told after the commit, also of what was confirmed before: the process that did may have died before it
    could. `note` is told what came of each.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        announce: Callable[[OptedIn], None],
        clock: Callable[[], datetime],
        reach: Reach = ignore,
        note: Callable[[Outcome], None] = _ignore,
    ) -> None:
        self._engine = engine
        self._announce = announce
        self._clock = clock
        self._reach = reach
        self._note = note

    def __call__(self, deliveries: Sequence[Delivery[SubmissionOptedIn]]) -> Results:
        """Confirm a batch; raises as `classified` does."""
        with classified(), self._engine.begin() as connection:
            rows = _locked(connection, [one.event.id for one in deliveries])
            pressed, outcomes = dict[UUID, SubmissionOptedIn](), list[Outcome]()
            for one in deliveries:
                outcomes.append(_outcome(connection, one.event, rows.get(one.event.id), pressed.get(one.event.id)))
                if outcomes[-1] == "confirmed":
                    pressed[one.event.id] = one.event
            confirm(connection, [Pressed(rows[key], pressed[key]) for key in sorted(pressed)], self._clock())
            self._reach("opt-in-before-commit")
        self._reach("opt-in-after-commit")
        found = list(zip(deliveries, outcomes, strict=True))
        for key in dict.fromkeys(one.event.id for one, what in found if what in ("confirmed", "repeated")):
            self._announce(OptedIn(key, pressed[key].at if key in pressed else rows[key].opted_in_at))
        return [self._result(one, what) for one, what in found]

    def _result(self, one: Delivery[SubmissionOptedIn], what: Outcome) -> Exception | None:
        self._note(what)
        structlog.get_logger().info("opt-in", submission=str(one.event.id), outcome=what, attempt=one.attempt)
        if what != "early":
            return None
        if one.attempt >= WAITS_MOST:
            return PermanentFailure("its submission was not stored within a week")
        return RetryLater("its submission is not stored yet", after_s=WAITS_S[min(one.attempt, len(WAITS_S) - 1)])


def _locked(connection: Connection, keys: Sequence[UUID]) -> Mapping[UUID, Row[Any]]:
    """Return the rows, which nobody else changes in this transaction: locked in the order of their ids."""
    found = select(submissions).where(_S.id.in_(set(keys))).order_by(_S.id).with_for_update(key_share=True)
    return {row.id: row for row in connection.execute(found)}


def _outcome(
    connection: Connection, event: SubmissionOptedIn, row: Row[Any] | None, before: SubmissionOptedIn | None
) -> Outcome:
    """Return what comes of a press; `before` is the one that confirms the submission in this batch.

    What was erased may stand again: then it is another one, accepted later.
    """
    if row is None:
        return "early"
    if is_gone(connection, event.id, event.accepted_at):
        return "gone"
    if row.erased_at is not None:
        return "early"
    if not _is_its_own(event, row):
        return "another"
    return "confirmed" if row.opted_in_at is None and before is None else "repeated"


def _is_its_own(event: SubmissionOptedIn, row: Row[Any]) -> bool:
    """Say whether the mail of this link went to the address of the row. What came under the same id with another
    address is kept beside it, and had a mail of its own: that says nothing of this address."""
    address = reply_address_of(Control(**row.control), row.fields)
    if address is None or row.imported_at is not None or row.form != event.form:
        return False
    return recipient_of(address) == event.recipient
