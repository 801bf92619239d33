"""Says what becomes of each column of a file: a field, something known beside the fields, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import cast

from shared.text import flaw_of, is_line
from storage_service.importing.found import NAME_MOST, Unreadable
from storage_service.importing.services import ROLES, Role, Service

_SHOWN_MOST = 40
_ROLE = "@"


@dataclass(frozen=True, slots=True)
class Target:
    """What a column is taken for: the field of a name, or what has a role."""

    field: str | None = None
    role: Role = "nothing"

    def __str__(self) -> str:
        if self.field is not None:
            return f"the field {self.field!r}"
        return "nothing" if self.role == "nothing" else f"{_ROLE}{self.role}"


class Columns:
    """What is said of columns: by `--map`, else by the service, else each is the field of its own name."""

    def __init__(self, service: Service, asked: Mapping[str, Target]) -> None:
        self._roles = service.roles
        self._asked = asked
        self._known = dict[str, Target]()

    def of(self, column: str) -> Target:
        """Return what a column is taken for."""
        found = self._known.get(column)
        if found is None:
            role = self._roles.get(column)
            found = self._asked.get(column) or (Target(column) if role is None else Target(None, role))
            if len(self._known) < NAME_MOST:
                self._known[column] = found
        return found


def asked_of(texts: Sequence[str], columns: Sequence[str]) -> dict[str, Target]:
    """Read what `--map` says: `Your name=name`, `Created=@time`, `Internal=`. Raises `Unreadable` where it is wrong."""
    asked = dict[str, Target]()
    for text in texts:
        column, wanted = _cut(text, columns)
        if column in asked:
            raise Unreadable(f"--map {text!r}: something is said of the column {column!r} already")
        asked[column] = _target(text, wanted)
    return asked


def check(mapping: Columns, columns: Sequence[str]) -> None:
    """Raise `Unreadable` where two columns are taken for one thing, or none is the time."""
    taken = dict[Target, str]()
    for column in columns:
        target = mapping.of(column)
        if target.field is None and target.role in ("nothing", "trap", "unfinished"):
            continue
        if target in taken:
            hint = f"--map '{column}=…' calls one otherwise, --map '{column}=' leaves it out"
            raise Unreadable(f"the columns {taken[target]!r} and {column!r} are both {target}: {hint}")
        taken[target] = column
    if Target(None, "time") not in taken:
        raise Unreadable(
            f"no column says when something was submitted: name it, by --map 'COLUMN={_ROLE}time'. {shown(columns)}"
        )


def shown(columns: Sequence[str]) -> str:
    """Return the columns of a file, as a message has them."""
    some = ", ".join(repr(one) for one in columns[:_SHOWN_MOST])
    more = len(columns) - _SHOWN_MOST
    return f"The columns: {some}" + (f", and {more} more" if more > 0 else "")


def _cut(text: str, columns: Sequence[str]) -> tuple[str, str]:
    """Return the column and what it is to be; either may have an = in it."""
    places = [at for at, sign in enumerate(text) if sign == "="]
    if not places:
        raise Unreadable(f"--map {text!r}: expected COLUMN=FIELD, such as 'Your name=name'")
    for at in places:
        if text[:at] in columns:
            return text[:at], text[at + 1 :]
    named = text[: places[0]]
    near = get_close_matches(named[:NAME_MOST], columns, n=1) or _alike(named, columns)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise Unreadable(f"--map {text!r}: there is no column {named!r}.{hint} {shown(columns)}")


def _alike(named: str, columns: Sequence[str]) -> list[str]:
    return [one for one in columns if one.casefold() == named.strip().casefold()]


def _target(text: str, wanted: str) -> Target:
    if not wanted:
        return Target()
    if wanted.startswith(_ROLE):
        role = wanted.removeprefix(_ROLE)
        if role not in ROLES:
            known = ", ".join(f"{_ROLE}{one}" for one in ROLES)
            raise Unreadable(
                f"--map {text!r}: {wanted!r} is not known: expected the name of a field, or one of {known}"
            )
        return Target(None, cast("Role", role))
    if len(wanted) > NAME_MOST or flaw_of(wanted) or not is_line(wanted):
        raise Unreadable(f"--map {text!r}: expected the name of a field, of at most {NAME_MOST} characters on one line")
    return Target(wanted)
