"""Puts the copies of one text together, in lists of spam: forty of them are one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.query import Query
from shared.query.tree import And, Is, Or, Score
from shared.spam import text_hash, text_of
from storage_service.records import Page, Record
from storage_service.records.pages import place_of

COPIES_LEAST = 3
"""Fewer stay lines of their own."""


def is_about_spam(query: Query | None) -> bool:
    """Return whether a query asks for spam, or for a score: elsewhere many people may well say the same."""
    match query:
        case Is(value="spam") | Score():
            return True
        case And(parts=parts) | Or(parts=parts):
            return any(map(is_about_spam, parts))
        case _:
            return False


def together(rows: Iterable[Record]) -> list[list[Record]]:
    """Return the rows in their order, copies of a text behind the first of them."""
    groups = dict[object, list[Record]]()
    for row in rows:
        groups.setdefault(_key(row), []).append(row)
    return [part for group in groups.values() for part in _parted(group)]


def cut(page: Page, lines: int, *, from_the_end: bool) -> Page:
    """Return as much of a page as makes so many lines, from its beginning or its end, with the ways on from there."""
    rows = list(reversed(page.rows)) if from_the_end else list(page.rows)
    taken = _first(rows, lines)
    if len(taken) == len(rows):
        return page
    if from_the_end:
        taken.reverse()
        return Page(taken, next=page.next, previous=place_of(taken[0], "newer"))
    return Page(taken, next=place_of(taken[-1], "older"), previous=page.previous, is_last=False)


def _first(rows: Sequence[Record], lines: int) -> list[Record]:
    seen, taken = dict[object, int](), list[Record]()
    for row in rows:
        key = _key(row)
        seen[key] = seen.get(key, 0) + 1
        if sum(n if n < COPIES_LEAST else 1 for n in seen.values()) > lines:
            break
        taken.append(row)
    return taken


def _key(row: Record) -> object:
    """Return what copies have in common: the text as a model knows it again, of the same form; of none but itself."""
    found = text_hash(text_of(row.fields, form=row.form))
    return row.id if found is None else (row.form, found)


def _parted(group: list[Record]) -> list[list[Record]]:
    return [group] if len(group) >= COPIES_LEAST else [[one] for one in group]
