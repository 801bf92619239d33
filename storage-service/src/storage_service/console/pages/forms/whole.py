"""Makes the page of one form."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from shared.forms import Form
from shared.forms.examples import command_line, fields_to_offer
from shared.forms.shown import lines_of
from shared.web.snippets import Snippets
from storage_service.console.access import asker
from storage_service.console.pages.forms.cards import Card
from storage_service.console.pages.forms.definition import row_of
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.parts import Parts
from storage_service.console.trying import LABEL, why_not


class Whole:
    """Renders the page of a form: its counts, its address, its definition, and how to test it."""

    def __init__(self, parts: Parts, pages: Pages) -> None:
        self._parts = parts
        self._pages = pages
        self._snippets = Snippets()

    def page(self, card: Card, test_id: UUID | None = None) -> Response:
        """Return it. `test_id` is the test that was submitted a moment ago."""
        remarks = self._parts.remarks()
        said = [*remarks.errors, *remarks.warnings]
        return self._pages.page(
            "forms/form.html",
            card=card,
            remarks=[one for one in said if one.form == card.name],
            file=remarks.name,
            is_wrong=bool(remarks.errors),
            tested=self._tested(test_id),
            label=LABEL,
            **(self._of_form(card.form) if card.form else {"form": None}),
        )

    def _of_form(self, form: Form) -> dict[str, object]:
        base = self._parts.public_url or self._pages.browser.reached().origin
        url = f"{base}/f/{form.name}"
        return {
            "form": form,
            "url": url,
            "snippet": self._snippets.page(form, base),
            "line": command_line(form, url),
            "fields": [row_of(one, form) for one in fields_to_offer(form)],
            "settings": lines_of(form),
            "no_test": why_not(form),
            "is_gateway_known": self._parts.trying.is_possible,
        }

    def _tested(self, key: UUID | None) -> dict[str, object] | None:
        if key is None:
            return None
        record = self._parts.records.one(key, asker().forms)
        return {"id": str(key), "is_stored": record is not None}
