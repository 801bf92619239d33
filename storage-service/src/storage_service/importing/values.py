"""Turns the values of a file into those of a submission."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shared.contracts import JsonValue
from shared.text import flaw_of
from storage_service.importing.taken import Refusal

_LINKS = ("public_url", "url", "file_url", "attachment_proxy_url")
"""Where the services have the address of a file that somebody sent along."""

_YES = frozenset({"true", "yes", "1", "spam"})
_NO = frozenset({"false", "no", "0", "", "ham", "verified"})

SHORT_MOST = 1000
"""Characters that are kept of a browser's name, or of the address of a page."""


def value_of(value: JsonValue) -> JsonValue:
    """Return a value as it is kept; None for none. A file that was sent along is a link to it."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        if flaw := flaw_of(value):
            raise Refusal(flaw)
        return value
    if isinstance(value, dict):
        return _link_of(value) or value
    if isinstance(value, list) and value and all(isinstance(one, dict) and _link_of(one) for one in value):
        return [_link_of(one) for one in value if isinstance(one, dict)]
    return value


def check_open(names: Iterable[str], sealed: frozenset[str]) -> None:
    """Raise `Refusal` where a field is one that only a gateway can seal: it would be kept in the clear."""
    if found := sorted(sealed.intersection(names)):
        raise Refusal(f"{found[0]}: the form seals this field, and an import cannot: leave the column out, by --map")


def short_of(value: JsonValue) -> str | None:
    """Return a text that is known beside the fields, None for none; raises `Refusal` for what is no text."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Refusal("expected a text")
    if flaw := flaw_of(value):
        raise Refusal(flaw)
    return value[:SHORT_MOST]


def flag_of(value: JsonValue) -> bool:
    """Return whether something is said to be so; raises `Refusal` for what is neither yes nor no."""
    said = str(value).strip().lower() if isinstance(value, bool | int | str) else "" if value is None else "?"
    if said not in _YES | _NO:
        raise Refusal("expected true or false")
    return said in _YES


def _link_of(value: Mapping[str, Any]) -> str | None:
    found = next((value[name] for name in _LINKS if isinstance(value.get(name), str) and value[name]), None)
    return None if found is None else str(found)
