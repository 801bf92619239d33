"""Reads what a worker is to make of a delivery that is due, by the forms as they are now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from notify_service.channels.channel import Channel
from notify_service.channels.planned import Key, Planned
from notify_service.channels.routing import RecentlyRouted
from notify_service.deliveries.retries import (
    UNKNOWN,
    is_too_old,
    may_come,
    put_aside_s,
    retry_after_s,
    unknown,
    unknown_channel,
    without,
)
from notify_service.deliveries.wanted import Plan, Wanted
from shared.contracts import DeliveryDue, SubmissionAccepted
from shared.forms import Form, Forms
from shared.messaging.failures import Delivery, PermanentFailure, RetryLater


@dataclass(frozen=True, slots=True)
class Due:
    """Plans each message of `delivery.due.v1` for a worker. `due_at` says since when a delivery is due."""

    channels: Mapping[str, Channel]
    forms: Forms
    clock: Callable[[], datetime]
    due_at: Callable[[UUID], datetime | None] = lambda _: None
    _routed: RecentlyRouted = field(default_factory=RecentlyRouted, init=False)

    def __call__(self, delivery: Delivery[DeliveryDue]) -> Plan:
        """Return the delivery, to be made or to fail; `RetryLater` where its form may yet come, or have its channel.

        Whoever planned it may have had a newer forms file, or be of a newer version. Raises `PermanentFailure` where
        the submission does not ask for it.
        """
        due, event, now = delivery.event, delivery.event.submission, self.clock()
        channel, form = self.channels.get(due.channel), self._form_for(event)
        is_early = may_come(event.accepted_at, delivery.attempt, now)
        if channel is None:
            if is_early:
                return RetryLater(unknown_channel(due.channel), after_s=put_aside_s(delivery.attempt))
            raise PermanentFailure(unknown_channel(due.channel))
        if form is None and not self._is_too_old(due):
            return RetryLater(unknown(event.form), after_s=retry_after_s(delivery.attempt + 1))
        planned = _of(due, channel.plan(event, form)) if form else None
        asked = planned or _of(due, [*channel.plan(event, None), _not_asked_any_more(due)])
        if asked is None:
            raise PermanentFailure("the submission does not ask for this delivery")
        if planned is None and form is not None and is_early:
            return RetryLater(without(due.channel), after_s=put_aside_s(delivery.attempt))
        refusal = None if planned else UNKNOWN if form is None else channel.off
        return Wanted(event, asked, form, refusal, delivery.attempt, delivery.failures)

    def _form_for(self, event: SubmissionAccepted) -> Form | None:
        form = self.forms.get(event.form)
        return self._routed(form, event) if form is not None else None

    def _is_too_old(self, due: DeliveryDue) -> bool:
        accepted_at, now = due.submission.accepted_at, self.clock()
        return is_too_old(accepted_at, now) and is_too_old(self.due_at(due.id) or accepted_at, now)


def _not_asked_any_more(due: DeliveryDue) -> Planned:
    """Return a delivery by what its message says of it alone: nothing in the forms file tells of it."""
    return Planned(Key(due.submission.id, due.channel, due.destination), due.submission.form, "", "", "")


def _of(due: DeliveryDue, planned: Sequence[Planned]) -> Planned | None:
    """Return which of what is planned is due; one that was requested has the request in its key."""
    asked = (one.requested(due.request) for one in planned)
    return next((one for one in asked if one.key.id == due.id), None)
