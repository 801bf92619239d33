"""Reads what a worker is to make of a delivery that is due, by the forms as they are now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notify_service.channels.channel import Channel
from notify_service.channels.planned import Planned
from notify_service.deliveries.retries import UNKNOWN, is_too_old, retry_after_s, unknown
from notify_service.deliveries.wanted import Plan, Wanted
from shared.contracts import DeliveryDue
from shared.forms import Forms
from shared.messaging.failures import Delivery, PermanentFailure, RetryLater


@dataclass(frozen=True, slots=True)
class Due:
    """Plans each message of `delivery.due.v1` for a worker."""

    channels: Mapping[str, Channel]
    forms: Forms
    clock: Callable[[], datetime]

    def __call__(self, delivery: Delivery[DeliveryDue]) -> Plan:
        """Return the delivery, to be made or to fail; `RetryLater` where its form may yet come.

        Raises `PermanentFailure` where the submission does not ask for it.
        """
        due, event = delivery.event, delivery.event.submission
        channel, form = self.channels.get(due.channel), self.forms.get(event.form)
        if channel is None:
            raise PermanentFailure(f"channel {due.channel[:64]!r} is not known here")
        if form is None and not is_too_old(event.accepted_at, self.clock()):
            return RetryLater(unknown(event.form), after_s=retry_after_s(delivery.attempt + 1))
        planned = _of_id(due.id, channel.plan(event, form)) if form else None
        refusal = None if planned else UNKNOWN if form is None else channel.off
        asked = planned or _of_id(due.id, channel.plan(event, None))
        if asked is None:
            raise PermanentFailure("the submission does not ask for this delivery")
        return Wanted(event, asked, form, refusal, delivery.attempt, delivery.failures)


def _of_id(delivery_id: UUID, planned: Sequence[Planned]) -> Planned | None:
    return next((one for one in planned if one.key.id == delivery_id), None)
