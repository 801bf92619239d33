"""Connects the addresses of what a person asks. No address of a page names the person: all are posts."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_urlsafe

from flask import Blueprint, Response, request

from storage_service.console.access import asker, needs
from storage_service.console.downloads import Downloads
from storage_service.console.pages.frame import going
from storage_service.console.pages.frame.notices import tell
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.person.asked import Asked, asked_of, confirmed_of, sentence
from storage_service.console.pages.person.words import done_words, rows
from storage_service.console.parts import Parts
from storage_service.console.persons import exported
from storage_service.jobs.refusals import Differs, Refusal
from storage_service.subjects import BadPerson, Busy, Erased, Incomplete, Person, Report

HERE = "/console/person"

_KEY_MOST = 64


def routes(parts: Parts, pages: Pages) -> Blueprint:
    """Return the views."""
    views = Blueprint("person_pages", __name__)
    shown = PersonPages(parts, pages)

    @views.get(HERE)
    @needs("read")
    def form() -> Response:
        return shown.form(Asked())

    @views.post(HERE)
    @needs("read")
    def find() -> Response:
        return shown.answered(lambda asked, person: shown.report(asked, parts.subjects.find(person, asker())))

    @views.post(f"{HERE}/export")
    @needs("export")
    def export() -> Response:
        downloads = Downloads(parts)
        return shown.answered(lambda _, person: downloads.file(lambda: exported(parts, person, asker())))

    @views.post(f"{HERE}/erase")
    @needs("erase")
    def erase() -> Response:
        return shown.answered(shown.erased)

    return views


class PersonPages:
    """The form, what was found, and the question before it is erased."""

    def __init__(self, parts: Parts, pages: Pages) -> None:
        self._parts = parts
        self._pages = pages

    def form(self, asked: Asked, wrong: str | None = None, status: int = 200) -> Response:
        """Return the form, with what was typed."""
        return self._pages.page("person/person.html", status, asked=asked, wrong=wrong)

    def answered(self, do: Callable[[Asked, Person], Response]) -> Response:
        """Do it for whom the form names, or return the form with what is wrong."""
        asked = asked_of(request)
        try:
            return do(asked, asked.person())
        except BadPerson as error:
            return self.form(asked, asked.said(error), 422)
        except (Incomplete, Refusal) as error:
            return self.form(asked, sentence(error), 503 if isinstance(error, Busy | Incomplete) else 409)

    def report(self, asked: Asked, report: Report) -> Response:
        """Return how much there is, and where."""
        return self._pages.page("person/report.html", asked=asked, report=report, rows=rows(report))

    def erased(self, asked: Asked, person: Person) -> Response:
        """Erase, once it is confirmed how much that is."""
        confirmed = confirmed_of(request)
        if confirmed is None:
            return self._question(asked, self._parts.subjects.find(person, asker()))
        key = request.form.get("key", "")[:_KEY_MOST] or None
        try:
            return self._done(self._parts.subjects.erase(person, asker(), confirmed, key))
        except Differs:
            return self._question(asked, self._parts.subjects.find(person, asker()), is_more=True)

    def _question(self, asked: Asked, report: Report, *, is_more: bool = False) -> Response:
        return self._pages.page(
            "person/question.html",
            409 if is_more else 200,
            asked=asked,
            report=report,
            rows=rows(report),
            is_more=is_more,
            key=token_urlsafe(16),
        )

    def _done(self, erased: Erased) -> Response:
        tell(done_words(erased), kind="wrong" if None in erased.parked.values() else "done")
        return going.to(f"/console/jobs/{erased.job.id}" if erased.job.is_open else HERE)
