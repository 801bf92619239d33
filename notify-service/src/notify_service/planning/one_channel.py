"""Plans an event for one channel alone, as the queues of one channel have it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notify_service.channels.channel import Channel
from notify_service.channels.planned import Planned
from notify_service.channels.registry import ON_RECEIPTS, told_as
from notify_service.channels.routing import routed
from notify_service.deliveries.retries import (
    UNKNOWN,
    is_too_old,
    may_come,
    put_aside_s,
    retry_after_s,
    unknown,
    without,
)
from notify_service.deliveries.wanted import Plan, Wanted
from shared.contracts import Confirmation, SubmissionAccepted
from shared.forms import Form, Forms
from shared.messaging.failures import Delivery, RetryLater


@dataclass(frozen=True, slots=True)
class OneChannel:
    """Plans by the forms as they are now; `known` tells what has become of a submission's deliveries so far.

    `is_promised` says that only events whose form has the channel come here, by the gateway's forms file: a form that
    has none may be about to have it.
    """

    channel: Channel
    forms: Forms
    known: Callable[[UUID], list[Confirmation]]
    clock: Callable[[], datetime]
    is_promised: bool = False

    def __call__(self, delivery: Delivery[SubmissionAccepted]) -> Plan:
        """Return what is to be done about a message; raises `DependencyUnavailable`."""
        event, form = delivery.event, self.forms.get(delivery.event.form)
        if event.spam is not None or (event.opt_in and self.channel.name != ON_RECEIPTS):
            return None
        may_ask = self.channel.plan(event, None)
        if not may_ask:
            return None
        told = routed(form, event) if form is not None else None
        asked = [one for one in self.channel.plan(event, told) if one.key == may_ask[0].key]
        if told is not None and asked:
            return Wanted(event, asked[0], told, None, delivery.attempt, delivery.failures)
        if any(one.key == may_ask[0].key for one in self.channel.plan(event, form)) and form is not None:
            return None  # by its routes others are told: a gateway that put it here knew of none
        return self._put_off(delivery, form) or self._ended(delivery, form, may_ask[0])

    def _put_off(self, delivery: Delivery[SubmissionAccepted], form: Form | None) -> RetryLater | None:
        """Return how long to wait for a form that may yet come, or may yet have the channel."""
        event, now = delivery.event, self.clock()
        if is_too_old(event.accepted_at, now):
            return None
        if form is not None and not (self.is_promised and may_come(event.accepted_at, delivery.attempt, now)):
            return None
        reason = unknown(event.form) if form is None else without(self.channel.name)
        after_s = put_aside_s(delivery.attempt) if self.is_promised else retry_after_s(delivery.attempt + 1)
        return RetryLater(reason, after_s=after_s)

    def _ended(self, delivery: Delivery[SubmissionAccepted], form: Form | None, may_ask: Planned) -> Plan:
        """Return the failure of a delivery that its form does not ask for any more, where it was begun or promised."""
        if form is None:
            return Wanted(delivery.event, may_ask, None, UNKNOWN, delivery.attempt, delivery.failures)
        begun = self.known(delivery.event.id) if delivery.attempt and not self.is_promised else ()
        if self.is_promised or any(one.channel == told_as(self.channel.name) for one in begun):
            return Wanted(delivery.event, may_ask, form, self.channel.off, delivery.attempt, delivery.failures)
        return None
