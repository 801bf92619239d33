"""Defines a saved view, and checks what somebody writes for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.query import QueryError, parse, terms
from shared.query.tree import Form
from shared.text import flaw_of, is_line

NAME_MOST = 64
COLUMNS_MOST = 100
COLUMN_MOST = 200
"""Characters of a name and of a column, and how many columns."""

_ZONE_MOST = 64


class BadView(ValueError):
    """A view that is not taken. `member` says what of it, `reason` what is expected; both may be shown.

    `at` and `length` are the place of a mistake in the query, counted from 0; None for any other.
    """

    def __init__(self, member: str, reason: str, at: int | None = None, length: int | None = None) -> None:
        super().__init__(f"{member}: {reason}")
        self.member = member
        self.reason = reason
        self.at = at
        self.length = length


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody writes for a view. `columns` are names as exports know them; none for the usual ones."""

    name: str
    query: str = ""
    columns: Sequence[str] = ()
    zone: str = "UTC"
    shared: bool = False

    def checked(self) -> Written:
        """Return it cleaned; raises `BadView`."""
        if len(self.columns) > COLUMNS_MOST:
            raise BadView("columns", f"{len(self.columns)} columns, {COLUMNS_MOST} at most")
        columns = tuple(_text("columns", one, COLUMN_MOST) for one in self.columns)
        if len(set(columns)) < len(columns):
            raise BadView("columns", "expected each column once")
        _check_query(self.query)
        _check_zone(self.zone)
        return replace(self, name=_text("name", self.name, NAME_MOST), columns=columns)


@dataclass(frozen=True, slots=True)
class View:
    """A saved view of its owner, an asker's name."""

    id: UUID
    owner: str
    written: Written
    created_at: datetime
    changed_at: datetime

    def is_within(self, forms: frozenset[str] | None) -> bool:
        """Return whether it names no form but these: the name of another is not for everybody."""
        if forms is None:
            return True
        try:
            named = {term.value for term in terms(parse(self.written.query)) if isinstance(term, Form)}
        except QueryError:  # it was saved when queries were read otherwise
            return False
        return named <= forms


def _text(member: str, text: str, most: int) -> str:
    cleaned = text.strip() if len(text) <= 4 * most else text
    if not 1 <= len(cleaned) <= most:
        raise BadView(member, f"expected 1 to {most} characters")
    if flaw := flaw_of(cleaned):
        raise BadView(member, flaw)
    if not is_line(cleaned):
        raise BadView(member, "expected one line without control characters")
    return cleaned


def _check_query(text: str) -> None:
    try:
        parse(text)
    except QueryError as error:
        raise BadView("query", error.reason, error.place.offset, error.place.length) from None


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name if len(name) <= _ZONE_MOST else "")
    except (OSError, ValueError, KeyError):
        raise BadView("zone", "expected a time zone such as Europe/Berlin or UTC") from None
