"""Takes accepted submissions: records the deliveries they ask for, and publishes a message for each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

import structlog

from notify_service.channels.channel import Channel
from notify_service.channels.planned import Key, Planned
from notify_service.deliveries.plan_table import Submission
from notify_service.deliveries.retries import is_too_old, retry_after_s, unknown
from notify_service.planning.planner import fingerprint, may_plan, plan
from notify_service.planning.publishing import Blocked
from shared.contracts import DeliveryDue, SubmissionAccepted
from shared.failpoints import Reach, ignore
from shared.forms import Forms
from shared.messaging.failures import Delivery, DependencyUnavailable, Results, RetryLater

_Taken: TypeAlias = tuple[Delivery[SubmissionAccepted], Sequence[Planned]]
"""An event, and what it asks for by the forms as they are now."""

_UNFINISHED = "the broker takes no message, and a delivery has not come to its end without one"


class Plans(Protocol):
    """Knows what is planned, and what became of it."""

    def record(self, submissions: Sequence[Submission], now: datetime) -> set[Key]:
        """Record what they ask for, each once, and return what a message is to be published for.

        Of what was recorded before that is all that is neither sent nor failed, whatever is asked for now.
        """

    def unfinished(self, submission_ids: Collection[UUID]) -> set[UUID]:
        """Return those of them that have a delivery which is neither sent, nor failed, nor held by a cap."""


class Publish(Protocol):
    """Publishes deliveries that are due."""

    def __call__(self, due: Sequence[tuple[DeliveryDue, str | None]]) -> None:
        """Publish each, with its trace, confirmed; raises `DependencyUnavailable`, `Blocked` because of an alarm."""


class Deliver(Protocol):
    """Makes deliveries that are due, here and now."""

    def __call__(self, due: Sequence[tuple[DeliveryDue, str | None]]) -> None:
        """Try each, with its trace, once."""


@dataclass(frozen=True, slots=True)
class PlanSubmissions:
    """Plans each event, as `shared.messaging.failures.Handler`."""

    channels: Mapping[str, Channel]
    forms: Forms
    plans: Plans
    publish: Publish
    deliver: Deliver
    clock: Callable[[], datetime]
    reach: Reach = ignore

    def __call__(self, deliveries: Sequence[Delivery[SubmissionAccepted]]) -> Results:
        """Plan them all in one transaction, and return what came of each: done, or `RetryLater` without its form.

        It is done once the messages are confirmed. A death before that plans nothing anew: what comes again is
        published again, and a worker takes a delivery twice without harm. During an alarm of the broker it is done
        once its deliveries are made: what waits here may be what the alarm is about. Raises `DependencyUnavailable`.
        """
        found = [self._asked(one) for one in deliveries]
        taken = [
            (one, what)
            for one, what in zip(deliveries, found, strict=True)
            if not isinstance(what, RetryLater) and one.event.spam is None
        ]
        unfinished = self._tell(taken) if taken else ()
        results = [
            what if isinstance(what, RetryLater) else _later() if one.event.id in unfinished else None
            for one, what in zip(deliveries, found, strict=True)
        ]
        if unfinished and None not in results:
            raise DependencyUnavailable(_UNFINISHED)
        return results

    def _tell(self, taken: Sequence[_Taken]) -> Collection[UUID]:
        """Publish what is asked for, or make it here during an alarm; return the submissions unfinished then."""
        asking = [Submission(one.event.id, fingerprint(one.event), what, one.event.accepted_at) for one, what in taken]
        untold = self.plans.record(asking, self.clock())
        self.reach("after-plan")
        due = self._due(taken, untold)
        try:
            self.publish(due)
        except Blocked as error:
            structlog.get_logger().warning("delivering in place", deliveries=len(due), because=str(error))
            self.deliver(due)
            return self.plans.unfinished({one.submission.id for one, _ in due})
        self.reach("after-plan-publish")
        return ()

    def _due(self, taken: Sequence[_Taken], untold: Set[Key]) -> list[tuple[DeliveryDue, str | None]]:
        """Return the deliveries of these keys, with their traces. What came before may ask for less by now."""
        asking = dict[Key, Delivery[SubmissionAccepted]]()
        for one, what in taken:
            for planned in what:
                asking.setdefault(planned.key, one)
        more = {key.submission_id for key in untold - asking.keys()}
        for one in [one for one, _ in taken if one.event.id in more]:
            for planned in may_plan(one.event, self.channels):
                asking.setdefault(planned.key, one)
        events = {one.event.id: one for one, _ in reversed(taken)}
        for key in untold:  # what no forms file tells of any more, such as a webhook that had a name, or was requested
            asking.setdefault(key, events[key.submission_id])
        return [(due_of(key, one.event), one.traceparent) for key, one in asking.items() if key in untold]

    def _asked(self, delivery: Delivery[SubmissionAccepted]) -> Sequence[Planned] | RetryLater:
        event, form = delivery.event, self.forms.get(delivery.event.form)
        if form is None and event.spam is None and not is_too_old(event.accepted_at, self.clock()):
            return RetryLater(unknown(event.form), after_s=retry_after_s(delivery.attempt + 1))
        return plan(event, form, self.channels)


def due_of(key: Key, event: SubmissionAccepted) -> DeliveryDue:
    """Return the event that a delivery of a submission is due."""
    return DeliveryDue(key.id, key.channel, event, key.destination_hash, key.request)


def _later() -> RetryLater:
    return RetryLater(_UNFINISHED, after_s=retry_after_s(1))
