"""Connects the addresses of the page."""

from __future__ import annotations

from flask import Blueprint, Response, request

from storage_service.console.access import asker, needs
from storage_service.console.pages.frame import current, going, notices
from storage_service.console.pages.frame.notices import Undo
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.spam.told import model_line, told
from storage_service.console.parts import Parts
from storage_service.console.spam import AUTHOR_MOST
from storage_service.spam.models import NoSuchModel, WasRefused

HERE = "/console/spam"
VERSION_MOST = 64


def routes(parts: Parts, pages: Pages) -> Blueprint:
    """Return the views."""
    views = Blueprint("spam_page", __name__)

    @views.get(HERE)
    @needs("read")
    def shown() -> Response:
        standing, who, may_change = parts.spam.standing(), asker(), current.may("admin")
        seen = [form for form in parts.forms.values() if who.may_see(form.name)]
        return pages.page(
            "spam/spam.html",
            told=told(standing, seen),
            may_change=may_change,
            in_vain=standing.in_vain if may_change else None,
            teachers=standing.authors if may_change else (),
            models=[model_line(one) for one in parts.spam.models.all()] if may_change else (),
        )

    _add_learning(views, parts)
    _add_authors(views, parts)
    return views


def _add_learning(views: Blueprint, parts: Parts) -> None:
    @views.post(f"{HERE}/train")
    @needs("admin")
    def train() -> Response:
        missing = parts.spam.standing().missing_to_train
        if missing is not None:
            return _told(f"It cannot learn yet: {missing.words}.")
        return _told(_began(parts))

    @views.post(f"{HERE}/use")
    @needs("admin")
    def use() -> Response:
        before, version = parts.spam.models.current(), _said("version", VERSION_MOST)
        try:
            parts.spam.models.make_current(version, asker())
        except NoSuchModel:
            return _told("There is no such model any more.")
        except WasRefused as error:
            return _told(f"It is not used, because it got worse: {error}.")
        undo = Undo(f"{HERE}/use", {"version": before.version}) if before and before.version != version else None
        return _told("It counts within a minute.", undo)


def _add_authors(views: Blueprint, parts: Parts) -> None:
    @views.post(f"{HERE}/without")
    @needs("admin")
    def without() -> Response:
        author = _said("author", AUTHOR_MOST)
        if all(one.author != author for one in parts.spam.standing().authors):
            return _told("Nobody of this name has marked anything.")
        if not parts.spam.authors.leave_out(author, asker()):
            return _told("Their marks are left out already.")
        return _told(f"Their marks are left out. {_again(parts)}", Undo(f"{HERE}/with", {"author": author}))

    @views.post(f"{HERE}/with")
    @needs("admin")
    def with_them() -> Response:
        author = _said("author", AUTHOR_MOST)
        if not parts.spam.authors.take_in(author, asker()):
            return _told("Their marks count already.")
        return _told(f"Their marks count again. {_again(parts)}", Undo(f"{HERE}/without", {"author": author}))


def _again(parts: Parts) -> str:
    """Learn anew, and say whether it does; where too few marks are left, what is in use stays."""
    missing = parts.spam.standing().missing_to_train
    return _began(parts) if missing is None else f"What was learned stays in use: {missing.words}."


def _began(parts: Parts) -> str:
    if parts.spam.trainer.begin(asker()):
        return "It learns now: reload this page in a minute."
    return "It is learning already: press “Learn now” once more when that is done."


def _said(name: str, most: int) -> str:
    return str(request.form.get(name, ""))[:most]


def _told(text: str, undo: Undo | None = None) -> Response:
    notices.tell(text, undo)
    return going.to(HERE)
