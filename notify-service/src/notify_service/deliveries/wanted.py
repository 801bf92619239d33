"""The deliveries that a worker is to make, out of the messages at hand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from notify_service.channels.planned import Key, Planned
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from shared.messaging.failures import Delivery, E, RetryLater


@dataclass(frozen=True, slots=True)
class Wanted:
    """A delivery that is to be made; `refusal` says why it has failed instead, as it does without a form.

    `attempt` and `failures` are those of the message that asks for it.
    """

    event: SubmissionAccepted
    planned: Planned
    form: Form | None = None
    refusal: str | None = None
    attempt: int = 0
    failures: int = 0

    @property
    def key(self) -> Key:
        """What the delivery is known by."""
        return self.planned.key

    @property
    def addressed(self) -> Addressed:
        """Whom it goes to, and of which form."""
        return self.planned.destination, self.planned.form


Plan: TypeAlias = Wanted | RetryLater | None

Addressed: TypeAlias = tuple[str, str]
"""Whom a delivery goes to, as it was given, and the form that it is of."""

AskSuppressed: TypeAlias = Callable[[Collection[Addressed]], Mapping[Addressed, str]]
"""Says which are to be sent no mail, and why; see `suppression.Suppression.pairs`."""


def nobody(_: Collection[Addressed]) -> Mapping[Addressed, str]:
    """Say that all may be sent to."""
    return {}


def plans(deliveries: Sequence[Delivery[E]], plan: Callable[[Delivery[E]], Plan], most: int) -> list[Plan]:
    """Return the plans of the first deliveries, with so many to be made at most, each to a recipient of its own: what
    is claimed by one statement is counted by it."""
    made, recipients = list[Plan](), set[str | Key]()
    for delivery in deliveries:
        one = plan(delivery)
        if isinstance(one, Wanted):
            recipient = one.planned.counted.recipient or one.key
            if recipient in recipients or len(recipients) == most:
                break
            recipients.add(recipient)
        made.append(one)
    return made
