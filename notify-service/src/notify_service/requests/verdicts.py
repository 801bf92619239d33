"""Takes what owners decide about submissions: released ones are delivered, of withheld ones nothing more is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from notify_service.channels.channel import Channel
from notify_service.channels.planned import Key, Planned
from notify_service.deliveries.plan_table import Submission
from notify_service.deliveries.retries import retry_after_s, unknown
from notify_service.planning.handler import Publish, due_of
from notify_service.planning.planner import fingerprint, plan, plan_release
from notify_service.requests.one_by_one import one_by_one
from shared.contracts import SubmissionAccepted, SubmissionReleased, SubmissionWithheld
from shared.failpoints import Reach, ignore
from shared.forms import Form, Forms
from shared.messaging.failures import Delivery, Results, RetryLater

WAITS_MOST = 16
"""How often a released submission waits for its form: for about 72 hours."""


class Verdicts(Protocol):
    """Knows what was decided. Each method raises `DependencyUnavailable`."""

    def release(self, asking: Submission, version: int, now: datetime) -> set[Key] | None:
        """Make pending what a released submission asks for, and return it; None where a later verdict stands, or it is
        erased."""

    def withhold(self, submission_id: UUID, version: int, now: datetime) -> bool:
        """Cancel what of a submission is not sent, now and later; False where a later verdict stands, or it
        is erased."""

    def sent(self, submission_id: UUID) -> set[Key]:
        """Return what of a submission was sent."""


@dataclass(frozen=True, slots=True)
class DeliverReleased:
    """Delivers each submission that is released, as `failures.Handler`; taken twice, or late, without harm."""

    channels: Mapping[str, Channel]
    forms: Forms
    verdicts: Verdicts
    publish: Publish
    clock: Callable[[], datetime]
    reach: Reach = ignore

    def __call__(self, deliveries: Sequence[Delivery[SubmissionReleased]]) -> Results:
        """Return what came of each; raises `DependencyUnavailable` where nothing came of the first."""
        return one_by_one(deliveries, self._released)

    def _released(self, delivery: Delivery[SubmissionReleased]) -> RetryLater | None:
        event = replace(delivery.event.submission, spam=None)
        form = self.forms.get(event.form)
        if form is None and delivery.attempt < WAITS_MOST:
            return RetryLater(unknown(event.form), after_s=retry_after_s(delivery.attempt + 1))
        asked = [*plan(event, form, self.channels), *self._told_of_it(delivery.event, event, form)]
        asking = Submission(event.id, fingerprint(event), asked, event.accepted_at, opt_in=event.opt_in)
        keys = self.verdicts.release(asking, delivery.event.version, self.clock())
        _tell("released", event.id, delivery.event.version, is_latest=keys is not None)
        self.reach("after-release")
        self.publish([(due_of(key, event), delivery.traceparent) for key in keys or ()])
        self.reach("after-release-publish")
        return None

    def _told_of_it(
        self, released: SubmissionReleased, event: SubmissionAccepted, form: Form | None
    ) -> Sequence[Planned]:
        """Return what is to be told of the release itself: nothing where no person released it."""
        if not released.by_hand:
            return []
        return plan_release(event, form, self.channels, self.verdicts.sent(event.id))


@dataclass(frozen=True, slots=True)
class CancelWithheld:
    """Cancels what of each withheld submission is not sent, as `failures.Handler`; again, or late, without harm."""

    verdicts: Verdicts
    clock: Callable[[], datetime]

    def __call__(self, deliveries: Sequence[Delivery[SubmissionWithheld]]) -> Results:
        """Return what came of each; raises `DependencyUnavailable` where nothing came of the first."""
        return one_by_one(deliveries, self._withheld)

    def _withheld(self, delivery: Delivery[SubmissionWithheld]) -> None:
        asked = delivery.event
        is_latest = self.verdicts.withhold(asked.id, asked.version, self.clock())
        _tell("withheld", asked.id, asked.version, is_latest=is_latest)


def _tell(what: str, submission_id: UUID, version: int, *, is_latest: bool) -> None:
    said = what if is_latest else f"{what}, but a later verdict stands or it is erased"
    structlog.get_logger().info(said, submission=str(submission_id), version=version)
