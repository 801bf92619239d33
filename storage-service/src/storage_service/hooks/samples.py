"""Shows what a hook is told: by the last submissions that there are, or by a made-up one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select

from shared.contracts import SubmissionAccepted, fingerprint
from shared.database import classified, reading
from shared.forms import Form, Forms
from shared.forms.examples import fields_to_offer, values_for_test
from shared.webhook_bodies import ERASED, erased_document, hook_document
from storage_service.deliveries.resending import accepted
from storage_service.records.conditions import within
from storage_service.tables import submissions

SAMPLES_MOST = 3

_MADE_UP = UUID(int=0)
_S = submissions.c


class Samples:
    """Samples from a database. `pages_url` is where owners reach the console, None where nobody says."""

    def __init__(
        self,
        engine: Engine,
        forms: Forms,
        pages_url: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._reading = reading(engine)
        self._forms = forms
        self._pages_url = pages_url
        self._clock = clock

    def of(self, event: str, form: str | None, forms: frozenset[str] | None) -> tuple[list[dict[str, Any]], int]:
        """Return some bodies, the newest first, and how many of them are of real submissions.

        They are of one form, or of those that may be seen, None for all; of an erasure the body is always made up.
        """
        if event == ERASED:
            return [erased_document(_MADE_UP, self._made_up(form, forms).form, self._clock())], 0
        found = self._last(frozenset({form}) if form is not None else forms)
        told = found or [self._made_up(form, forms)]
        return [hook_document(one, event, self._page(one.id), self._pages_url) for one in told], len(found)

    def _last(self, forms: frozenset[str] | None) -> list[SubmissionAccepted]:
        good = (_S.spam.is_(None), _S.erased_at.is_(None), *within(forms))
        newest = select(submissions).where(*good).order_by(_S.accepted_at.desc(), _S.id.desc()).limit(SAMPLES_MOST)
        with classified(), self._reading.connect() as connection:
            return accepted(connection, connection.execute(newest).all())

    def _made_up(self, name: str | None, forms: frozenset[str] | None) -> SubmissionAccepted:
        visible: Iterable[tuple[str, Form]] = self._forms.items()
        known = {one: form for one, form in visible if forms is None or one in forms}
        form = known.get(name or next(iter(known), ""))
        offered = fields_to_offer(form or Form(name or "form", ""))
        fields = values_for_test(offered, None)
        made = SubmissionAccepted(_MADE_UP, form.name if form else name or "form", self._clock(), fields, "")
        return replace(made, fingerprint=fingerprint(fields))

    def _page(self, submission: UUID) -> str | None:
        return f"{self._pages_url}/console/submissions/{submission}" if self._pages_url else None
