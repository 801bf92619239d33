"""Reads which deliveries are asked for: all of it stands in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, cast
from urllib.parse import urlencode

from flask import Request

from shared.forms import NAME
from shared.web.refusals import refused
from storage_service.console.parameters import Parameters
from storage_service.deliveries.listing import Which
from storage_service.deliveries.selection import RESENT, State
from storage_service.records import Cursor

Shown: TypeAlias = Literal["failed", "held", "retrying"]

SHOWN: tuple[Shown, ...] = ("failed", "held", "retrying")
AGES: Mapping[str, timedelta] = {"1d": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
AGES_SHOWN = {"": "At any time", "1d": "In the last day", "7d": "In the last week", "30d": "In the last month"}
NAMES = ("state", "form", "channel", "since")
CHANNELS = RESENT

_FORM_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for. Empty members leave all."""

    state: Shown = "failed"
    form: str = ""
    channel: str = ""
    since: str = ""

    def which(self, forms: frozenset[str] | None, now: datetime) -> Which:
        """Return it as the database is asked; of what is retried notify knows."""
        since = now - AGES[self.since] if self.since else None
        return Which(cast("State", self.state), self.form or None, self.channel or None, since, forms)

    def members(self) -> dict[str, str]:
        """Return what says it: in an address, or in a form that is posted."""
        found = {"state": self.state, "form": self.form, "channel": self.channel, "since": self.since}
        return {name: value for name, value in found.items() if value and (name, value) != ("state", "failed")}

    def address(self, **others: str) -> str:
        """Return the address of the page that shows it, or of another one where something else is said."""
        said = {name: value for name, value in {**self.members(), **others}.items() if value}
        return f"/console/deliveries?{urlencode(said)}" if said else "/console/deliveries"

    @property
    def query(self) -> str:
        """The query that finds the submissions of these deliveries."""
        return f"is:{self.state} form:{self.form}" if self.form else f"is:{self.state}"


def asked_of(asked: Request) -> tuple[Asked, str | None]:
    """Return what the address of a page asks for, and the place in the list; raises `Refused`."""
    given = Parameters(asked, *NAMES, "cursor")
    return _read({name: given.text(name) or "" for name in NAMES}), given.text("cursor")


def posted_of(asked: Request) -> Asked:
    """Return what the form of a post asks for; raises `Refused`."""
    return _read({name: asked.form.get(name, "") for name in NAMES})


def place_of(text: str | None) -> Cursor | None:
    """Return the place behind a delivery; raises `CursorError`."""
    return None if text is None else Cursor.read(text)


def _read(said: Mapping[str, str]) -> Asked:
    state, form = said["state"] or "failed", said["form"]
    if form and not NAME.fullmatch(form[: _FORM_CHARACTERS + 1]):
        raise refused(400, "FORM", "form must be the name of a form.", field="form")
    return Asked(
        cast("Shown", _one_of("state", state, SHOWN)),
        form,
        _one_of("channel", said["channel"], ("", *CHANNELS)),
        _one_of("since", said["since"], ("", *AGES)),
    )


def _one_of(name: str, said: str, choices: tuple[str, ...]) -> str:
    if said not in choices:
        raise refused(400, name.upper(), f"{name} must be one of {', '.join(filter(None, choices))}.", field=name)
    return said
