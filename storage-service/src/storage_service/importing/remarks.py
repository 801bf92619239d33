"""Notes where what is imported is not as the form defines its fields. It is taken all the same."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from shared.contracts import JsonValue
from shared.forms import Field, Form
from shared.forms.labels import label_of
from shared.mail_addresses import ADDRESS_MOST, is_address
from storage_service.importing.taken import Taken

NAMES_MOST = 100
"""Fields that the form does not have, of which something is said."""

_BOOLEANS = frozenset({"true", "false", "yes", "no", "on", "off", "1", "0"})
_WEB = re.compile(r"https?://\S+", re.IGNORECASE)


@dataclass(slots=True)
class Remark:
    """What is odd, how often, and on which line first."""

    what: str
    first: int
    times: int = 0


class Remarks:
    """What is odd about the submissions that are imported into one form."""

    def __init__(self, form: Form | None, now: datetime) -> None:
        kept = form.retention if form else None
        self._ends = None if kept is None else now - kept
        self._fields = (form.fields if form else None) or {}
        self._is_any = form is None or form.fields is None
        self._found = dict[tuple[str, str], Remark]()

    @property
    def all(self) -> list[Remark]:
        """Each, the most frequent first."""
        return sorted(self._found.values(), key=lambda one: -one.times)

    def look(self, taken: Taken) -> None:
        """Note what is odd about one."""
        if self._ends is not None and taken.event.accepted_at < self._ends:
            self._note(taken, "", "it is older than the form keeps submissions: retention will take it away again")
        if self._is_any:
            return
        values = taken.event.fields
        for name, value in values.items():
            field = self._fields.get(name)
            if field is None:
                self._note(taken, name, self._unknown(name))
            elif (flaw := _flaw_of(field, value)) is not None:
                self._note(taken, name, f"{name}: {flaw}")
        for field in self._fields.values():
            if field.required and field.name not in values:
                self._note(taken, field.name, f"{field.name}: it is required, and has no value")

    def _note(self, taken: Taken, name: str, what: str) -> None:
        key = (name, what)
        if key not in self._found:
            if len(self._found) >= NAMES_MOST:
                return
            self._found[key] = Remark(what, taken.first)
        found = self._found[key]
        found.first = min(found.first, taken.first)  # a batch comes in the order of its ids
        found.times += 1

    def _unknown(self, name: str) -> str:
        shown = name[:80] if name.isprintable() else repr(name[:80])
        alike = next((one for one in self._fields.values() if _is_alike(one, name)), None)
        hint = f"; --map '{shown}={alike.name}' makes it that one" if alike else ""
        return f"{shown}: the form has no such field{hint}"


def _is_alike(field: Field, name: str) -> bool:
    wanted = name.casefold().strip()
    return wanted in (field.name.casefold(), label_of(field).casefold(), field.name.casefold().replace("_", " "))


def _flaw_of(field: Field, value: JsonValue) -> str | None:
    check = _CHECKS.get(field.type)
    if field.choices and field.type in ("choice", "list"):
        several = value if isinstance(value, list) else [value]
        return None if all(one in field.choices for one in several) else "it is none of the choices"
    return None if check is None or check[0](value) else f"it is no {check[1]}"


def _is_number(value: JsonValue) -> bool:
    try:
        return not isinstance(value, list | dict) and math.isfinite(float(str(value)[:64]))
    except ValueError:
        return False


def _is_whole(value: JsonValue) -> bool:
    return _is_number(value) and float(str(value)[:64]).is_integer()


def _is_day(value: JsonValue) -> bool:
    try:
        return bool(date.fromisoformat(str(value)[:64]))
    except ValueError:
        return False


def _is_mail(value: JsonValue) -> bool:
    return isinstance(value, str) and len(value) <= ADDRESS_MOST and is_address(value.strip())


def _is_flag(value: JsonValue) -> bool:
    return isinstance(value, bool) or str(value)[:10].strip().lower() in _BOOLEANS


def _is_web(value: JsonValue) -> bool:
    return isinstance(value, str) and bool(_WEB.fullmatch(value))


_CHECKS: Mapping[str, tuple[Callable[[JsonValue], bool], str]] = {
    "email": (_is_mail, "mail address"),
    "number": (_is_number, "number"),
    "integer": (_is_whole, "whole number"),
    "boolean": (_is_flag, "true or false"),
    "date": (_is_day, "date such as 2026-11-22"),
    "url": (_is_web, "address of the web"),
}
"""What a value of each type looks like, and what it is called; a text is anything."""
