"""Checks that nothing in a form asks for a sensitive field: the gateway seals it before anything reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from shared.forms.chats import Chat
from shared.forms.definitions import ADDRESS_NAMES, ConfirmationMail
from shared.forms.owner import Owner
from shared.forms.placeholders import names_in
from shared.query import terms
from shared.query.tree import Field

_Use: TypeAlias = tuple[str, str]
"""A field, and where it is asked for."""


def wrong_in_sensitive(form: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Return what is wrong with the sensitive fields of a form, by their names, from what is loaded of its table."""
    fields: Mapping[str, Mapping[str, Any]] = form.get("fields") or {}
    sensitive = {name: list[str]() for name, one in fields.items() if one.get("sensitive")}
    if sensitive:
        for name, place in [*_uses(form), *_confirmed(form, fields)]:
            if name in sensitive and place not in sensitive[name]:
                sensitive[name].append(place)
    return {name: {"sensitive": [_said(places)]} for name, places in sensitive.items() if places}


def _said(places: list[str]) -> str:
    return f"it is sealed before anything reads it, so it cannot be in {', in '.join(places)}"


def _uses(form: Mapping[str, Any]) -> Iterator[_Use]:
    mail, owner = form.get("confirmation"), form.get("owner")
    if isinstance(mail, ConfirmationMail):
        for part in ("subject", "text"):
            yield from ((name, f"confirmation.{part}") for name in names_in(getattr(mail, part)))
    if isinstance(owner, Owner):
        yield from _of_owner(owner)
    for table, section in form.items():
        if isinstance(section, Chat):
            yield from ((name, f"{table}.include") for name in section.include or ())
    for number, route in enumerate(form.get("routes") or (), start=1):
        yield from ((term.name, f"when of route {number}") for term in terms(route.query) if isinstance(term, Field))


def _of_owner(owner: Owner) -> Iterator[_Use]:
    yield from ((name, "owner.subject") for name in names_in(owner.subject))
    yield from ((name, "owner.include") for name in owner.include or ())
    if owner.reply_to:
        yield owner.reply_to, "owner.reply_to"


def _confirmed(form: Mapping[str, Any], fields: Mapping[str, Mapping[str, Any]]) -> Iterator[_Use]:
    """Yield the fields that a confirmation would go to."""
    mail = form.get("confirmation", ConfirmationMail())
    if not isinstance(mail, ConfirmationMail) or not mail.enabled:
        return
    named = [name for name in fields if name in ADDRESS_NAMES]
    mails = [name for name, one in fields.items() if one.get("type") == "email"]
    for name in named or (mails if len(mails) == 1 else []):
        yield name, "the field that the confirmation goes to (confirmation.enabled = false sends none)"
