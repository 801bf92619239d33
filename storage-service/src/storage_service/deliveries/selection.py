"""Which deliveries are to be sent again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from shared.contracts.spam import BY_HAND, RULE, SCORE, is_verdict
from shared.forms import CHANNELS
from storage_service.tables import IS_UNCONFIRMED, delivery_requests, delivery_states, submissions

State: TypeAlias = Literal["failed", "held"]

CONFIRMATION = "confirmation"
"""The channel of the mail to who submitted, which has the button where one is to be pressed."""

RESENT = (CONFIRMATION, "owner", "webhook", *CHANNELS, "hook")
"""The channels that there are."""

CAPPED = "limit "
"""How the reason begins of what a cap holds. What is held for another reason waits for more than a request."""

ANSWERED_WITHIN = timedelta(days=7)
"""How long after a request notify may still tell what came of it: it waits 72 hours for a form, and then is tried for
80. What nothing has come of by then was lost, or discarded, and may be asked for anew."""

_S, _R = delivery_states.c, delivery_requests.c


@dataclass(frozen=True, slots=True)
class Selection:
    """Deliveries in one of these states, all of them, or those that the other members leave.

    `since` is when their state changed at the earliest. `deliveries` are ids of their own, `forms` those that whoever
    asks may see; None is all of them.
    """

    states: Sequence[State] = ("failed", "held")
    submissions: Sequence[UUID] = ()
    since: datetime | None = None
    channel: str | None = None
    form: str | None = None
    deliveries: Sequence[UUID] | None = None
    forms: frozenset[str] | None = None

    def condition(self, now: datetime) -> ColumnElement[bool]:
        """Return it as a condition on `delivery_states`: what was asked for already is not in it."""
        chosen: list[ColumnElement[bool]] = [is_not_asked_for(now), or_(*map(_is, self.states))]
        if self.submissions:
            chosen.append(_S.submission_id.in_(self.submissions))
        if self.since is not None:
            chosen.append(_S.changed_at >= self.since)
        if self.channel is not None:
            chosen.append(_S.channel == self.channel)
        if self.form is not None:
            chosen.append(_S.form == self.form)
        if self.deliveries is not None:
            chosen.append(_S.delivery_id.in_(self.deliveries))
        if self.forms is not None:
            chosen.append(_S.form.in_(sorted(self.forms)))
        return and_(*chosen)


def is_not_asked_for(now: datetime) -> ColumnElement[bool]:
    """Return the condition that nobody has asked for a delivery again, or that nothing came of it."""
    waited = _R.requested_at <= now - ANSWERED_WITHIN
    lost = select(_R.id).where(_R.id == _S.asked, _R.settled_at.is_(None), waited).exists()
    return or_(_S.asked.is_(None), lost)


def is_open(now: datetime) -> ColumnElement[bool]:
    """Return the condition that something may yet come of a request."""
    return and_(_R.settled_at.is_(None), _R.requested_at > now - ANSWERED_WITHIN)


def is_withheld() -> ColumnElement[bool]:
    """Return the condition that nothing of a submission is sent again, until somebody says that it is no spam.

    Of what a trap caught each delivery may be asked for. What a verdict holds is released as a whole: with a request
    for one delivery, and a retry that another gateway calls good, it would go twice.
    """
    spam = submissions.c.spam
    return and_(spam.is_not(None), or_(spam.in_((BY_HAND, SCORE)), spam.startswith(RULE, autoescape=True)))


def waits() -> ColumnElement[bool]:
    """Return the condition that a delivery waits until its submission is confirmed, as all but that mail do."""
    return and_(IS_UNCONFIRMED, _S.channel != CONFIRMATION)


def withholds(spam: str | None) -> bool:
    """Return what `is_withheld` is for a submission that is spam for this reason."""
    return spam == BY_HAND or is_verdict(spam)


def _is(state: State) -> ColumnElement[bool]:
    is_it = _S.state == state
    return and_(is_it, _S.reason.startswith(CAPPED, autoescape=True)) if state == "held" else is_it
