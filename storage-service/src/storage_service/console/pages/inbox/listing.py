"""Puts together what the inbox shows: rows, their count, and the ways on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.database import iso
from shared.query import Query
from storage_service.accounts.asker import Asker
from storage_service.console.pages.inbox.asked import Asked
from storage_service.console.pages.inbox.copies import cut, is_about_spam, together
from storage_service.console.parts import Parts
from storage_service.records import COUNTED_MOST, PAGE_MOST, SETTLED, Count, Page, QueryTookTooLong, Record
from storage_service.records.preview import preview

ROWS = 50
"""Lines on a page: submissions, or many with the same text."""

LAG_SHOWN_S = 5.0
"""How far the search index is behind before the page says so."""


@dataclass(frozen=True, slots=True)
class Row:
    """A submission in the list, and where it is shown. `copies` are all with its text, itself too; none but where they
    are one line."""

    record: Record
    who: str
    words: str
    form_title: str
    address: str
    copies: Sequence[Row] = ()

    @property
    def ids(self) -> str:
        """What is meant where the line is ticked."""
        return ",".join(str(one.record.id) for one in self.copies or (self,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of the inbox. `older`, `newer`, `stream` and `here` are addresses. `moment` is when it was made.

    `is_about_spam` says that spam is asked for: copies of one text are one line then, and scores are shown.
    `is_first` says that nothing has come in ever, `lag_s` how far the search index is behind, where that is worth a
    word. `problem` is why there is no list.
    """

    here: str
    rows: Sequence[Row] = ()
    count: Count | None = None
    older: str | None = None
    newer: str | None = None
    stream: str | None = None
    moment: str = ""
    lag_s: float = 0.0
    is_first: bool = False
    is_about_spam: bool = False
    problem: str | None = None


def listing(parts: Parts, who: Asker, asked: Asked, query: Query | None) -> Listing:
    """Return the page that is asked for; raises `CursorError`, and as `Records` does but for what takes too long."""
    now, is_spam = parts.clock(), is_about_spam(query)
    try:
        page = _page(parts, who, asked, query, now, PAGE_MOST if is_spam else ROWS)
    except QueryTookTooLong as error:
        return Listing(here=asked.here, problem=f"{str(error)[:1].upper()}{str(error)[1:]}.")
    lag_s = parts.lag_s()
    return Listing(
        here=asked.here,
        rows=[_line(parts, asked, group) for group in _groups(page, is_spam=is_spam)],
        count=_count(parts, who, asked, query, page, now),
        older=asked.address(page.next) if page.next else None,
        newer=asked.address(page.previous) if page.previous else None,
        stream=_stream(asked, page, now),
        moment=iso(now),
        is_about_spam=is_spam,
        lag_s=lag_s if lag_s >= LAG_SHOWN_S else 0.0,
        is_first=not page.rows and asked.is_usual and asked.cursor is None and _has_nothing(parts, who),
    )


def _page(parts: Parts, who: Asker, asked: Asked, query: Query | None, now: datetime, limit: int) -> Page:
    """Return the page, cut to `ROWS` lines."""
    page = parts.records.page(
        query, forms=who.forms, limit=limit, cursor=asked.cursor, now=now, zone=asked.zone, me=who.name
    )
    is_way_back = asked.cursor is not None and asked.cursor.way == "newer"
    return page if limit == ROWS else cut(page, ROWS, from_the_end=is_way_back)


def _groups(page: Page, *, is_spam: bool) -> list[list[Record]]:
    return together(page.rows) if is_spam else [[record] for record in page.rows]


def _count(parts: Parts, who: Asker, asked: Asked, query: Query | None, page: Page, now: datetime) -> Count | None:
    """Return how many there are; None where that takes too long to find out."""
    if asked.cursor is None and page.is_last:
        return Count(len(page.rows), is_exact=True)
    most = None if asked.is_counted else COUNTED_MOST
    try:
        return parts.records.count(query, who.forms, most, now=now, zone=asked.zone, me=who.name)
    except QueryTookTooLong:
        return None


def _stream(asked: Asked, page: Page, now: datetime) -> str:
    """Return where it is told what is stored from now on. A moment before counts, too: it may be visible later."""
    since = now - SETTLED
    seen = ",".join(record.id.hex for record in page.rows if record.stored_at > since)
    return asked.stream(iso(since), seen)


def _has_nothing(parts: Parts, who: Asker) -> bool:
    return not parts.records.page(None, forms=who.forms, limit=1).rows


def _line(parts: Parts, asked: Asked, group: Sequence[Record]) -> Row:
    rows = [_row(parts, asked, record) for record in group]
    return replace(rows[0], copies=rows) if len(rows) > 1 else rows[0]


def _row(parts: Parts, asked: Asked, record: Record) -> Row:
    line, form = preview(record.fields), parts.forms.get(record.form)
    title = form.title if form else record.form
    return Row(record, line.who, line.words, title, asked.submission(record.id))
