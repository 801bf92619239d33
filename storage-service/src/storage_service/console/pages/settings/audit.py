"""`/console/settings/audit`: who did what, on which, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, request

from storage_service.accounts.audit import ACTIONS, TARGET_MOST, Noted
from storage_service.console.access import needs
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.parameters import Parameters
from storage_service.console.parts import Parts

HERE = "/console/settings/audit"
ROWS = 100

_FILTERS = ("by", "action", "on")
_NUMBER_MOST = 10**18 - 1


@dataclass(frozen=True, slots=True)
class Shown:
    """A line; `submission` is the id of the one that it is about, if any."""

    noted: Noted
    submission: str | None


def add(views: Blueprint, parts: Parts, pages: Pages) -> None:
    """Add the view."""

    @views.get(HERE)
    @needs("admin")
    def audit() -> Response:
        given = Parameters(request, *_FILTERS, "cursor")
        asked = {name: given.text(name, TARGET_MOST) for name in _FILTERS}
        before = given.whole("cursor", _NUMBER_MOST, most=_NUMBER_MOST)
        found = parts.audit.page(ROWS + 1, before=before, **asked)
        rows = found[:ROWS]
        said = {name: text for name, text in asked.items() if text}
        return pages.page(
            "settings/audit.html",
            rows=[Shown(one, _submission(one)) for one in rows],
            asked={name: text or "" for name, text in asked.items()},
            actions=ACTIONS,
            first=_address(said) if before != _NUMBER_MOST else None,
            next=_address({**said, "cursor": str(rows[-1].number)}) if len(found) > ROWS else None,
        )


def _address(said: dict[str, str]) -> str:
    return f"{HERE}?{urlencode(said)}" if said else HERE


def _submission(noted: Noted) -> str | None:
    if noted.on is None or not noted.action.startswith("submission."):
        return None
    try:
        return str(UUID(noted.on))
    except ValueError:
        return None
