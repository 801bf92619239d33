"""The deliveries that a worker is to make, out of the messages at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from notify_service.channels.counting import Counted
from notify_service.deliveries.states import Key
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from shared.messaging.failures import Delivery, RetryLater


@dataclass(frozen=True, slots=True)
class Wanted:
    """A confirmation that is to be sent to `address`; `form` is None where nobody knows it any more.

    `counted` is what it counts by.
    """

    delivery: Delivery
    form: Form | None
    address: str
    key: Key
    counted: Counted

    @property
    def event(self) -> SubmissionAccepted:
        """The submission."""
        return self.delivery.event


Plan: TypeAlias = Wanted | RetryLater | None


def plans(deliveries: Sequence[Delivery], plan: Callable[[Delivery], Plan], most: int) -> list[Plan]:
    """Return the plans of the first deliveries, with so many mails at most, each to a recipient of its own: what is
    claimed by one statement is counted by it."""
    made, recipients = list[Plan](), set[str | None]()
    for delivery in deliveries:
        one = plan(delivery)
        if isinstance(one, Wanted):
            if one.counted.recipient in recipients or len(recipients) == most:
                break
            recipients.add(one.counted.recipient)
        made.append(one)
    return made
