"""Tells hooks that a submission which they were called with is erased."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import Engine, select

from notify_service.channels.channel import Channel
from notify_service.channels.hook import HookChannel, erasure
from notify_service.channels.planned import Key
from notify_service.deliveries.plan_table import Submission
from notify_service.deliveries.states import SETTLED
from notify_service.planning.handler import Publish, due_of
from notify_service.planning.planner import fingerprint
from notify_service.tables import deliveries
from shared.contracts import DeliveryDue, SubmissionErased
from shared.database import classified, reading
from shared.messaging.failures import Delivery, Handler, Results

_D = deliveries.c


class Plans(Protocol):
    """Records what is planned."""

    def record(self, submissions: Sequence[Submission], now: datetime) -> set[Key]:
        """Record what they ask for, each once, and return what a message is to be published for."""


class Told(NamedTuple):
    """A hook that was called with a submission of a form."""

    hook: str
    form: str


class CalledHooks:
    """Knows from the table of deliveries which hooks were called with a submission. Raises `DependencyUnavailable`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = reading(engine)

    def of(self, submissions: Iterable[UUID]) -> Mapping[UUID, set[Told]]:
        """Return the hooks that have taken each of them, or may yet."""
        its = (_D.submission_id.in_(list(submissions)), _D.channel == HookChannel.name)
        found = select(_D.submission_id, _D.destination_hash, _D.form)
        found = found.where(*its, _D.state.not_in(("failed", "cancelled")))
        told = defaultdict[UUID, set[Told]](set)
        with classified(), self._engine.connect() as connection:
            for row in connection.execute(found):
                told[row.submission_id].add(Told(row.destination_hash.partition(":")[0], row.form or ""))
        return told

    def waiting(self, submissions: Iterable[UUID]) -> Mapping[Key, str]:
        """Return what is planned of these for hooks, and has not come to its end, with their forms."""
        its = (_D.submission_id.in_(list(submissions)), _D.channel == HookChannel.name, _D.state.not_in(SETTLED))
        found = select(_D.submission_id, _D.channel, _D.destination_hash, _D.request, _D.form).where(*its)
        with classified(), self._engine.connect() as connection:
            rows = connection.execute(found).all()
        return {Key(row.submission_id, row.channel, row.destination_hash, row.request): row.form or "" for row in rows}


@dataclass(frozen=True, slots=True)
class TellErased:
    """Tells the hooks, and then does what else is to be done about erasures, as `failures.Handler`.

    What is to be told is recorded before that: afterwards nobody knows who was called. It is published after it, so
    that an alarm of the broker keeps nothing from being forgotten; then all of it is taken once more, without harm.
    """

    called: CalledHooks
    channel: Channel
    plans: Plans
    publish: Publish
    clock: Callable[[], datetime]
    forget: Handler[SubmissionErased]

    def __call__(self, taken: Sequence[Delivery[SubmissionErased]]) -> Results | None:
        """Return what came of each; raises `DependencyUnavailable`."""
        told = self.called.of(one.event.id for one in taken)
        asking = [self._asking(one.event, told[one.event.id]) for one in taken if one.event.id in told]
        if asking:
            self.plans.record(asking, self.clock())
        results = self.forget(taken)
        self._publish(taken)
        return results

    def _asking(self, erased: SubmissionErased, told: set[Told]) -> Submission:
        event = erasure(erased.id, min(one.form for one in told), erased.erased_at)
        names = {one.hook for one in told}
        planned = self.channel.plan(event, None)
        asked = [one for one in planned if one.key.destination_hash.partition(":")[0] in names]
        return Submission(event.id, fingerprint(event), asked)

    def _publish(self, taken: Sequence[Delivery[SubmissionErased]]) -> None:
        """Publish what is not told yet, also what a try before this one has recorded."""
        by_id = {erasure(one.event.id, "", one.event.erased_at).id: one for one in taken}
        due = list[tuple[DeliveryDue, str | None]]()
        for key, form in self.called.waiting(by_id).items():
            erased = by_id[key.submission_id]
            event = erasure(erased.event.id, form, erased.event.erased_at)
            due.append((due_of(key, event), erased.traceparent))
        if due:
            self.publish(due)
