"""Says where a submission's page is, with what leads back to the list that it was opened from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import tzinfo
from urllib.parse import urlencode
from uuid import UUID

from flask import Request

from storage_service.accounts.asker import Asker
from storage_service.console.pages.frame.lists import INBOX, usual
from storage_service.console.pages.frame.moments import zone_of
from storage_service.console.pages.frame.renderer import reader_zone
from storage_service.console.parameters import Parameters
from storage_service.console.parts import Parts
from storage_service.views import NoView

ROOT = "/console/submissions"

_LIST = ("q", "view", "cursor")
WRITE = "write"
"""Stands behind the `?` where a reply was just noted."""


@dataclass(frozen=True, slots=True)
class Place:
    """A submission's page; `kept` are the parameters of the list that it was opened from."""

    id: UUID
    kept: tuple[tuple[str, str], ...] = ()

    @property
    def inbox(self) -> str:
        """The address of the list."""
        return _address(INBOX, self.kept)

    def page(self, mark: str = "", **more: str) -> str:
        """Return the page's address; `mark` is the id of what it is to begin with."""
        return _address(f"{ROOT}/{self.id}", (*self.kept, *more.items())) + (f"#{mark}" if mark else "")

    def post(self, action: str) -> str:
        """Return the address that does something: `notes`."""
        return _address(f"{ROOT}/{self.id}/{action}", self.kept)

    def beside(self, key: UUID) -> Place:
        """Return the page of another submission of the same list."""
        return replace(self, id=key)


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list has that a page was opened from: a query as it was written, with the days of `zone`."""

    text: str
    zone: tzinfo


def place_of(key: UUID, asked: Request) -> Place:
    """Return the place that a request asks for; raises `Refused`."""
    Parameters(asked, *_LIST, WRITE, others=True)
    return Place(key, tuple((name, asked.args[name]) for name in _LIST if name in asked.args))


def listed(parts: Parts, who: Asker, place: Place) -> Listed:
    """Return the list that a page was opened from; a view that is gone is as if none were said."""
    said = dict(place.kept)
    try:
        view = parts.views.one(UUID(said.get("view", "")[:64]), who).written
    except (ValueError, NoView):
        return Listed(said.get("q", usual(parts.forms, who)), reader_zone())
    return Listed(said.get("q", view.query), zone_of(view.zone))


def _address(path: str, parameters: tuple[tuple[str, str], ...]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path
