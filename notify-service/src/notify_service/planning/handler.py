"""Takes accepted submissions: records the deliveries they ask for, and publishes a message for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from notify_service.channels.channel import Channel
from notify_service.channels.planned import Key, Planned
from notify_service.deliveries.plan_table import Submission
from notify_service.deliveries.retries import is_too_old, retry_after_s, unknown
from notify_service.planning.planner import plan
from shared.contracts import DeliveryDue, SubmissionAccepted
from shared.failpoints import Reach, ignore
from shared.forms import Forms
from shared.messaging.failures import Delivery, Results, RetryLater


class Plans(Protocol):
    """Knows what is planned."""

    def record(self, submissions: Sequence[Submission], now: datetime) -> set[Key]:
        """Record what they ask for, each once, and return what a message is to be published for."""


class Publish(Protocol):
    """Publishes deliveries that are due."""

    def __call__(self, due: Sequence[tuple[DeliveryDue, str | None]]) -> None:
        """Publish each, with its trace, confirmed; raises `DependencyUnavailable`."""


@dataclass(frozen=True, slots=True)
class PlanSubmissions:
    """Plans each event, as `shared.messaging.failures.Handler`."""

    channels: Mapping[str, Channel]
    forms: Forms
    plans: Plans
    publish: Publish
    clock: Callable[[], datetime]
    reach: Reach = ignore

    def __call__(self, deliveries: Sequence[Delivery[SubmissionAccepted]]) -> Results:
        """Plan them all in one transaction, and return what came of each: done, or `RetryLater` without its form.

        It is done once the messages are confirmed. A death before that plans nothing anew: what comes again is
        published again, and a worker takes a delivery twice without harm. Raises `DependencyUnavailable`.
        """
        found = [self._asked(one) for one in deliveries]
        asked = {
            planned.key: (planned, one)
            for one, what in reversed(list(zip(deliveries, found, strict=True)))
            if not isinstance(what, RetryLater)
            for planned in what
        }
        submissions = [
            Submission(one.event.id, one.event.fingerprint, what)
            for one, what in zip(deliveries, found, strict=True)
            if not isinstance(what, RetryLater) and what
        ]
        if submissions:
            untold = self.plans.record(submissions, self.clock())
            self.reach("after-plan")
            due = [(_due(*asked[key]), asked[key][1].traceparent) for key in asked if key in untold]
            self.publish(due)
            self.reach("after-plan-publish")
        return [what if isinstance(what, RetryLater) else None for what in found]

    def _asked(self, delivery: Delivery[SubmissionAccepted]) -> Sequence[Planned] | RetryLater:
        event, form = delivery.event, self.forms.get(delivery.event.form)
        if form is None and event.spam is None and not is_too_old(event.accepted_at, self.clock()):
            return RetryLater(unknown(event.form), after_s=retry_after_s(delivery.attempt + 1))
        return plan(event, form, self.channels)


def _due(planned: Planned, delivery: Delivery[SubmissionAccepted]) -> DeliveryDue:
    return DeliveryDue(planned.key.id, planned.key.channel, delivery.event)
