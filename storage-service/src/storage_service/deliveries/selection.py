"""Which deliveries are to be sent again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_

from storage_service.tables import delivery_states

State: TypeAlias = Literal["failed", "held"]

CAPPED = "limit "
"""How the reason begins of what a cap holds. What is held for another reason waits for more than a request."""

_S = delivery_states.c


@dataclass(frozen=True, slots=True)
class Selection:
    """Deliveries in one of these states, all of them, or those that the other members leave.

    `since` is when their state changed at the earliest.
    """

    states: Sequence[State] = ("failed", "held")
    submissions: Sequence[UUID] = ()
    since: datetime | None = None
    channel: str | None = None
    form: str | None = None

    def condition(self) -> ColumnElement[bool]:
        """Return it as a condition on `delivery_states`: what was asked for already is not in it."""
        chosen: list[ColumnElement[bool]] = [_S.asked.is_(None), or_(*map(_is, self.states))]
        if self.submissions:
            chosen.append(_S.submission_id.in_(self.submissions))
        if self.since is not None:
            chosen.append(_S.changed_at >= self.since)
        if self.channel is not None:
            chosen.append(_S.channel == self.channel)
        if self.form is not None:
            chosen.append(_S.form == self.form)
        return and_(*chosen)


def _is(state: State) -> ColumnElement[bool]:
    is_it = _S.state == state
    return and_(is_it, _S.reason.startswith(CAPPED, autoescape=True)) if state == "held" else is_it
