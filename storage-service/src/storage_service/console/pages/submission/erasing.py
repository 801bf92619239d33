"""Asks whether a submission is to be erased, and erases it."""

from __future__ import annotations

from flask import Response

from storage_service.console.access import asker
from storage_service.console.pages.frame import going
from storage_service.console.pages.frame.notices import tell
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.submission.meeting import Met, with_others
from storage_service.console.pages.submission.page import SubmissionPage
from storage_service.console.pages.submission.place import Place
from storage_service.console.pages.submission.posted import Posted
from storage_service.console.pages.submission.refusal import NotDone
from storage_service.console.pages.submission.wishes import Wish
from storage_service.console.parts import Parts
from storage_service.console.places import no_submission
from storage_service.records.preview import preview
from storage_service.work import NotFound

ERASED = "Erased: it is in no list, no search and no export any more."


class ErasingPage:
    """The question, and what its button does."""

    def __init__(self, parts: Parts, pages: Pages, page: SubmissionPage) -> None:
        self._parts = parts
        self._pages = pages
        self._page = page

    def asked(self, place: Place) -> Response:
        """Return the page that says what will be gone, and what stays; raises `Refused` (404)."""
        record = self._parts.records.one(place.id, asker().forms)
        if record is None:
            raise no_submission()
        form = self._parts.forms.get(record.form)
        return self._pages.page(
            "submission/erase.html",
            place=place,
            record=record,
            title=form.title if form else record.form,
            who=preview(record.fields).who,
            notes=len(self._parts.work.notes(record.id)),
        )

    def erase(self, place: Place, posted: Posted) -> Response:
        """Erase it, and go back to the list; where somebody worked on it meanwhile, show that first."""
        who, seen = asker(), posted.version()
        try:
            with_others(
                self._parts.work,
                place.id,
                seen,
                "erased",
                lambda version: self._parts.erase_one(place.id, who, version),
            )
        except NotFound:
            raise no_submission() from None
        except Met as met:
            return self._page.shown(place, NotDone(409, Wish("erase", "erase it"), met=met.steps))
        tell(ERASED)
        return going.to(place.inbox)
