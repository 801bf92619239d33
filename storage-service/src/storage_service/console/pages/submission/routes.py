"""The addresses of one submission: its page, and what its forms post to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from flask import Blueprint, Response, request

from storage_service.console.access import asker, needs
from storage_service.console.files.answers import Files
from storage_service.console.files.finding import place_of as file_place
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.submission.acts import Acts
from storage_service.console.pages.submission.erasing import ErasingPage
from storage_service.console.pages.submission.page import SubmissionPage
from storage_service.console.pages.submission.place import ROOT, WRITE, Place, place_of
from storage_service.console.pages.submission.posted import Posted
from storage_service.console.parts import Parts

_ONE = f"{ROOT}/<uuid:id>"
_FILE = f"{_ONE}/files/<number>"
_BESIDE = f"{_ONE}/conflicts/<fingerprint>/files/<number>"


def routes(parts: Parts, pages: Pages) -> Blueprint:
    """Return the views."""
    views = Blueprint("submission_page", __name__)
    page = SubmissionPage(parts, pages)
    acts = Acts(parts, page)

    @views.get(_ONE)
    @needs("read")
    def one(id: UUID) -> Response:  # noqa: A002 - as the address has it
        return page.shown(place_of(id, request), is_written=WRITE in request.args)

    files = Files(parts)

    @views.get(_FILE)
    @views.get(_BESIDE)
    @needs("read")
    def file(id: UUID, number: str, fingerprint: str | None = None) -> Response:  # noqa: A002
        return files.file(file_place(id, number, fingerprint), asker())

    @views.get(f"{_FILE}/preview")
    @views.get(f"{_BESIDE}/preview")
    @needs("read")
    def preview(id: UUID, number: str, fingerprint: str | None = None) -> Response:  # noqa: A002
        return files.preview(file_place(id, number, fingerprint), asker())

    erasing = ErasingPage(parts, pages, page)

    @views.get(f"{_ONE}/erase")
    @needs("erase")
    def ask_to_erase(id: UUID) -> Response:  # noqa: A002
        return erasing.asked(place_of(id, request))

    @views.post(f"{_ONE}/erase")
    @needs("erase")
    def erase(id: UUID) -> Response:  # noqa: A002
        return erasing.erase(place_of(id, request), Posted(request))

    @views.post(f"{_ONE}/unseal")
    @needs("unseal")
    def unseal(id: UUID) -> Response:  # noqa: A002
        return page.shown(place_of(id, request), is_opened=True)

    def add(name: str, do: Callable[[Place, Posted], Response]) -> None:
        @needs("write")
        def view(id: UUID) -> Response:  # noqa: A002
            return do(place_of(id, request), Posted(request))

        views.add_url_rule(f"{_ONE}/{name}", name, view, methods=["POST"])

    add("change", acts.change)
    add("notes", acts.note)
    add("reply", acts.reply)
    add("spam", partial(acts.spam, is_spam=True))
    add("not-spam", partial(acts.spam, is_spam=False))
    add("resend", acts.resend)
    return views
