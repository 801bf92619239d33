"""`/console/settings/keys`: keys of the API, made, shown once, and ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from shared.web.refusals import Refused, refused
from storage_service.accounts.asker import SCOPES
from storage_service.accounts.keys import (
    ADMIN_DAYS_MOST,
    DAYS_MOST,
    FORMS_MOST,
    NAME_EXPECTED,
    NameTaken,
    is_known_name,
    is_name,
)
from storage_service.console.access import asker, needs
from storage_service.console.pages.frame import going, notices
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.parts import Parts

HERE = "/console/settings/keys"

LETS = {
    "read": "See submissions, forms, counts, jobs, views",
    "write": "Work on submissions, send again, save views",
    "export": "Get many out as a file",
    "erase": "Erase submissions, and all that is kept of a person; of many at once, beside write",
    "unseal": "See sealed fields in the clear; in a file, beside export",
    "operate": "Handle parked messages; for all forms",
    "admin": f"Keys, users, sessions, audit; for all forms, {ADMIN_DAYS_MOST} days at most",
}
_OF_ALL_FORMS = frozenset({"operate", "admin"})
_NAME_CHARACTERS, _DIGITS = 200, 6


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody asks a key to be, good or not. `days` are empty for a key without an end."""

    name: str = ""
    scopes: tuple[str, ...] = ("read",)
    forms: tuple[str, ...] = ()
    days: str = ""

    @classmethod
    def of(cls, fields: MultiDict[str, str]) -> Typed:
        """Read a form that was sent."""
        return cls(
            fields.get("name", "").strip()[:_NAME_CHARACTERS],
            tuple(scope for scope in SCOPES if scope in fields.getlist("scope")),
            tuple(dict.fromkeys(fields.getlist("form"))),
            fields.get("days", "").strip()[:_DIGITS],
        )


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key that was made, to be shown now or never."""

    name: str
    key: str = field(repr=False)


def add(views: Blueprint, parts: Parts, pages: Pages) -> None:
    """Add the views."""

    def page(status: int = 200, typed: Typed | None = None, **content: Any) -> Response:
        shown: dict[str, Any] = {
            "keys": parts.keys.listed(),
            "now": parts.clock(),
            "lets": LETS,
            "forms": [(name, form.title) for name, form in parts.forms.items()],
            "typed": typed or Typed(),
            "made": None,
            "wrong": None,
            **content,
        }
        return pages.page("settings/keys.html", status, **shown)

    @views.get(HERE)
    @needs("admin")
    def keys() -> Response:
        return page()

    @views.post(HERE)
    @needs("admin")
    def make() -> Response:
        typed = Typed.of(request.form)
        try:
            made = _made(parts, typed)
        except Refused as refusal:
            return page(refusal.status, typed, wrong=refusal.title)
        return page(made=made)

    @views.post(f"{HERE}/<name>/end")
    @needs("admin")
    def end_key(name: str) -> Response:
        ended = is_known_name(name) and parts.keys.end(name, by=asker())
        notices.tell(f"The key {name} has ended." if ended else "This key opens nothing already.")
        return going.to(HERE)


def _made(parts: Parts, typed: Typed) -> MadeKey:
    """Make the key; raises `Refused`, of which the title says what is wrong."""
    if not is_name(typed.name):
        raise refused(422, "NAME", f"This name cannot be taken: {NAME_EXPECTED}.", field="name")
    if not typed.scopes:
        raise refused(422, "SCOPES", "Say what the key may do: tick one at least.", field="scope")
    forms = _forms(parts, typed)
    try:
        made = parts.keys.add(typed.name, typed.scopes, forms, _days(typed), by=asker())
    except NameTaken as error:
        raise refused(409, "NAME", "There is a key of this name already, or there was one.", field="name") from error
    return MadeKey(typed.name, made)


def _forms(parts: Parts, typed: Typed) -> tuple[str, ...] | None:
    if not typed.forms:
        return None
    if len(typed.forms) > FORMS_MOST or any(name not in parts.forms for name in typed.forms):
        raise refused(422, "FORM_NOT_FOUND", "One of these forms is not in the forms file any more.", field="form")
    if _OF_ALL_FORMS & set(typed.scopes):
        reason = "A key that may operate or admin is for all forms: tick no form, or leave these out."
        raise refused(422, "FORMS", reason, field="form")
    return typed.forms


def _days(typed: Typed) -> int | None:
    if not typed.days:
        return None
    if not typed.days.isascii() or not typed.days.isdigit() or not 1 <= int(typed.days) <= DAYS_MOST:
        raise refused(422, "DAYS", f"Days are a number from 1 to {DAYS_MOST}, or nothing: no end.", field="days")
    return int(typed.days)
