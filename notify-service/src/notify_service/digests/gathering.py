"""Says which deliveries that wait are told of now: by their time, because there are many, or because their form has
changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from notify_service.channels.owner import OwnerChannel
from notify_service.channels.planned import AT_ONCE
from notify_service.deliveries.retries import AGE_LIMIT
from notify_service.digests.table import DigestTable, Group
from shared.forms import Forms

EARLY_AGAIN = timedelta(minutes=10)
"""How long an owner has rest after a digest, however many come."""


@dataclass(frozen=True, slots=True)
class Gather:
    """Makes digests. More than `most` wait for no time: they are told of at once."""

    table: DigestTable
    forms: Forms
    owners: OwnerChannel
    clock: Callable[[], datetime]
    most: int

    def __call__(self) -> int:
        """Make the digests whose time has come, and return how many; raises `DependencyUnavailable`."""
        now = self.clock()
        return sum(self.table.make(group, now) is not None for group in self._due(now))

    def _due(self, now: datetime) -> Iterator[Group]:
        for group in self.table.groups():
            if self._is_due(group, now):
                yield group

    def _is_due(self, group: Group, now: datetime) -> bool:
        """Say whether it is time. A form that this process does not know may come, or come back."""
        form = self.forms.get(group.form)
        if form is None:
            return group.due_at + AGE_LIMIT <= now
        if group.due_at <= now:
            return True
        if group.schedule == AT_ONCE:
            return False
        if group.schedule != self.owners.gathered("", form).schedule:
            return True
        return group.count > self.most and not self.table.is_sent_since(group, now - EARLY_AGAIN)
