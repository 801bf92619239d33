"""Plans what is to be done about each event: a mail is to be sent, later perhaps, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notify_service.channels.counting import Counted, source_hash
from notify_service.channels.mailboxes import destination_hash, recipient_hash
from notify_service.deliveries.retries import is_too_old, retry_after_s
from notify_service.deliveries.states import Key
from notify_service.deliveries.wanted import Plan, Wanted
from shared.contracts import Confirmation, SubmissionAccepted
from shared.forms import Form, Forms
from shared.messaging.failures import Delivery, RetryLater


def counted_by(event: SubmissionAccepted, address: str) -> Counted:
    """Return what a confirmation to an address counts by."""
    return Counted(recipient_hash(address), source_hash(event.source.ip), event.form)


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans by the forms as they are now; `confirmations` tells what has become of a submission's mail so far."""

    forms: Forms
    confirmations: Callable[[UUID], list[Confirmation]]
    clock: Callable[[], datetime]

    def __call__(self, delivery: Delivery) -> Plan:
        """Return what is to be done about a delivery; raises `DependencyUnavailable`."""
        event, address = delivery.event, delivery.event.reply_address
        form = self.forms.get(event.form)
        if event.spam is not None or address is None or self._is_off(form, delivery):
            return None
        if form is None and not is_too_old(event.accepted_at, self.clock()):
            after_s = retry_after_s(delivery.attempt + 1)
            return RetryLater(f"form {event.form[:64]!r} is not in this service's forms file", after_s=after_s)
        key = Key(event.id, "email", destination_hash(event.id, address))
        return Wanted(delivery, form, address, key, counted_by(event, address))

    def _is_off(self, form: Form | None, delivery: Delivery) -> bool:
        """Say whether the form confirms nothing: what it began to confirm before is still brought to an end."""
        if form is None or form.confirmation.enabled:
            return False
        tried = self.confirmations(delivery.event.id) if delivery.attempt else ()
        return not any(one.channel == "email" for one in tried)
