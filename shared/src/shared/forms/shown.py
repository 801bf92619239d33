"""Shows a form's definition to whoever may see its submissions: all that it says, but no secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from shared.forms.definitions import Form
from shared.forms.digest import Digest
from shared.forms.uploads.sizes import size_text

HIDDEN = "•••"
"""What stands in place of a secret."""

Line: TypeAlias = tuple[str, str]
"""Where it stands in the form (`owner.to`), and what it says."""

_ELSEWHERE = frozenset({"name", "title", "fields"})
"""What a page shows by itself."""

_SHOWN = frozenset({"to", "also", "owner", "deny_addresses", "deny_networks", "allow_addresses", "allow_networks"})
"""Addresses of people: they are in no log, so no `repr` has them, and an owner sees them."""

_ADDRESS = "url"
"""Whoever knows a webhook's address may call it: its beginning is shown."""

_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


def lines_of(form: Form) -> Sequence[Line]:
    """Return what a form says beside its name, title and fields; what it leaves as it is without saying is not in it.

    What has no `repr` is a secret, as everywhere here, and is shown as `HIDDEN`.
    """
    return list(_members(form, ()))


def _members(found: Any, place: tuple[str, ...]) -> Iterator[Line]:
    for one in fields(found):
        value = getattr(found, one.name)
        if (not place and one.name in _ELSEWHERE) or one.name == "query" or _is_left(one, value):
            continue
        if one.metadata.get("unit") == "bytes":
            value = size_text(value)
        yield from _value(value, (*place, one.name), is_secret=not one.repr and one.name not in _SHOWN)


def _value(value: Any, place: tuple[str, ...], *, is_secret: bool) -> Iterator[Line]:
    if isinstance(value, Digest):
        yield ".".join(place), str(value)
    elif is_dataclass(value):
        yield from _members(value, place)
    elif isinstance(value, tuple) and any(map(is_dataclass, value)):
        for number, one in enumerate(value, start=1):
            yield from _members(one, (*place[:-1], f"{place[-1]} {number}"))
    elif is_secret:
        yield ".".join(place), _beginning(value) if place[-1] == _ADDRESS else HIDDEN
    else:
        yield ".".join(place), _text(value)


def _is_left(one: Field[Any], value: Any) -> bool:
    default = one.default if one.default_factory is MISSING else one.default_factory()
    return bool(value == default)


def _beginning(address: str) -> str:
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}/{HIDDEN if parts.path.strip('/') or parts.query else ''}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {one}" for key, one in value.items())
    if isinstance(value, timedelta):
        return _length(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _length(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds and seconds % size == 0), _UNITS[-1])
    return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
