"""`POST /console/views…`: saves, changes and removes views."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import Blueprint, Response, request

from shared.web.refusals import refused
from storage_service.console.access import asker, needs
from storage_service.console.pages.frame import current, going
from storage_service.console.pages.frame.notices import Undo, tell
from storage_service.console.pages.frame.renderer import reader_zone
from storage_service.console.pages.inbox.asked import QUERY_CHARACTERS, address_of, address_of_view
from storage_service.console.parts import Parts
from storage_service.views import VIEWS_MOST, BadView, NameTaken, NoView, TooManyViews, Written

_NAME_CHARACTERS = 1000


def add(views: Blueprint, parts: Parts) -> None:
    """Add the views."""

    @views.post("/console/views")
    @needs("read")
    def save_view() -> Response:
        with _told() as wrong:
            view = parts.views.save(_written(str(reader_zone())), asker())
            tell("The view is saved. It stands at the left.")
            return going.to(address_of_view(view.id))
        return _back(wrong)

    @views.post("/console/views/<uuid:id>")
    @needs("read")
    def change_view(id: UUID) -> Response:  # noqa: A002 - as the address names it
        with _told() as wrong:
            written = _written("UTC")
            given = {"name": written.name, "query": written.query, "shared": written.shared}
            view = parts.views.change(id, given, asker())
            tell("The view is changed.")
            return going.to(address_of_view(view.id))
        return _back(wrong)

    @views.post("/console/views/<uuid:id>/remove")
    @needs("read")
    def remove_view(id: UUID) -> Response:  # noqa: A002
        with _told() as wrong:
            there = parts.views.one(id, asker()).written
            parts.views.remove(id, asker())
            tell("The view is removed.", Undo("/console/views", _as_written(there)))
            return going.to(address_of(there.query))
        return _back(wrong)


def _written(zone: str) -> Written:
    """Return what a form says of a view. Whoever only reads puts nothing before everybody's eyes."""
    name, query = request.form.get("name", "")[:_NAME_CHARACTERS], request.form.get("q", "")[:QUERY_CHARACTERS]
    is_shared = request.form.get("shared") == "yes" and current.may("write")
    return Written(name=name, query=query, zone=zone, shared=is_shared)


@contextmanager
def _told() -> Iterator[list[str]]:
    """Collect why a view is not taken; raises `Refused` where there is none."""
    wrong = list[str]()
    try:
        yield wrong
    except NoView:
        raise refused(404, "NOT_FOUND", "There is no such view, or it is not yours to change.") from None
    except NameTaken:
        wrong.append("You have another view of this name: take another one.")
    except TooManyViews:
        wrong.append(f"You have {VIEWS_MOST} views: remove one first.")
    except BadView as error:
        place = "" if error.at is None else f" at character {error.at + 1}"
        wrong.append(f"The view's {error.member} is wrong{place}: {error.reason}.")


def _back(wrong: list[str]) -> Response:
    """Go back to the list that was to be saved: all that was typed stands in its address, but for a short name."""
    for text in wrong:
        tell(text, kind="wrong")
    return going.back(address_of(request.form.get("q", "")[:QUERY_CHARACTERS]))


def _as_written(view: Written) -> dict[str, str]:
    """Return what saves a view anew."""
    return {"name": view.name, "q": view.query, **({"shared": "yes"} if view.shared else {})}
