"""Submits a test to a form, and labels what is stored of it, so that it is told apart from what people submit."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

from shared.forms import Form
from storage_service.accounts.asker import Asker
from storage_service.console.parts import Parts
from storage_service.console.trying import LABEL, Tried
from storage_service.work import BadValue, Change, NotFound

STORED_WITHIN_S = 3.0
_LOOK_EVERY_S = 0.05


class Testing:
    """Tests forms for whoever may work on their submissions."""

    def __init__(
        self, parts: Parts, *, within_s: float = STORED_WITHIN_S, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._parts = parts
        self._within_s = within_s
        self._wait = wait

    def test(self, form: Form, address: str | None, who: Asker) -> Tried:
        """Submit a test; it has the label once this returns, if it was stored by then. Raises as `Trying.submit`."""
        self._parts.audit.note(who, "form.test", form.name)
        tried = self._parts.trying.submit(form, address)
        if tried.id is not None and self._is_stored(tried.id, who):
            self._label(tried.id, who)
        return tried

    def _is_stored(self, key: UUID, who: Asker) -> bool:
        until = time.monotonic() + self._within_s
        while self._parts.records.one(key, who.forms) is None:
            if time.monotonic() >= until:
                return False
            self._wait(_LOOK_EVERY_S)
        return True

    def _label(self, key: UUID, who: Asker) -> None:
        try:
            self._parts.work.change(key, Change(add_labels=(LABEL,)), who)
        except (BadValue, NotFound):  # it is somebody else's by now: nothing is lost but a label
            return
