"""Says what a page shows beside a submission that was not changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage_service.console.pages.submission.wishes import Wish
from storage_service.work import Step


@dataclass(frozen=True, slots=True)
class NotDone:
    """Something was not done: what somebody did before (`met`), or `why` in words. All that was typed is in `wish`."""

    status: int
    wish: Wish
    met: Sequence[Step] = ()
    why: str = ""

    def typed(self, action: str, name: str) -> str:
        """Return what was typed into a field of a form; nothing of another form."""
        return self.wish.fields.get(name, "") if self.wish.action == action else ""

    def is_wrong(self, action: str, name: str) -> bool:
        """Return whether this field is what was not taken."""
        return bool(self.why) and self.wish.action == action and name in self.wish.fields
