"""Remembers how far one process has looked through what a rule may take."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from storage_service.retention.due import Page, Place
from storage_service.retention.rules import Rule


class Look:
    """A look through all that a rule may take, from the oldest on; what comes later is looked at from there."""

    def __init__(self, rule: Rule, begun_at: datetime) -> None:
        self.rule = rule
        self.begun_at = begun_at
        self.after: Place | None = None
        """The place to read on from."""
        self.due: tuple[Place, ...] = ()
        """What was read, and is to be taken."""
        self.singly = 0
        """So many of these one by one: one of them cannot be taken."""
        self._is_read = False

    @property
    def is_over(self) -> bool:
        """Whether all was read, and taken."""
        return self._is_read and not self.due

    def read(self, page: Page) -> None:
        """Learn the next page."""
        self.due, self._is_read = page.due, page.next is None
        self.after = page.next or self.after

    def done(self, count: int) -> None:
        """Learn that so many were taken."""
        self.due, self.singly = self.due[count:], max(0, self.singly - count)

    def go_on_from(self, done_to: datetime | None) -> None:
        """Look at what has become due since. What is erased is in no index: that is looked for from the beginning."""
        self._is_read = False
        self.after = Place(done_to, UUID(int=0)) if done_to and self.rule.action == "anonymise" else None
