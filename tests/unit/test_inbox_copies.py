"""In lists of spam, copies of one text are one line, and a page is cut where it has enough lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared.query import parse
from storage_service.console.pages.inbox.copies import cut, is_about_spam, together
from storage_service.records import Cursor, Page, Record

NOW = datetime(2026, 11, 22, 18, tzinfo=UTC)
OFFER = "Buy our wonderful watches today, half price"


def a_record(number: int, message: str, form: str = "contact") -> Record:
    moment = NOW - timedelta(seconds=number)
    fields = {"name": f"Person {number}", "email": f"p{number}@example.org", "message": message}
    return Record(UUID(int=number), form, moment, moment, fields, "0" * 64, {}, {}, "score", None)


def numbers(groups: list[list[Record]]) -> list[list[int]]:
    return [[one.id.int for one in group] for group in groups]


@pytest.mark.parametrize(
    ("line", "is_so"),
    [
        *[(line, True) for line in ("is:spam", "is:spam form:a", "score:>60", "is:new OR score:80", "(is:spam ada) b")],
        *[(line, False) for line in ("", "is:new -is:spam", "-score:>60", "spam", "is:new")],
    ],
)
def test_only_what_asks_for_spam_or_a_score_is_about_spam(line: str, is_so: bool) -> None:
    assert is_about_spam(parse(line)) is is_so
    assert not is_about_spam(None)


def test_copies_are_one_line_whoever_sends_them_and_however_they_are_dressed_up() -> None:
    rows = [
        a_record(1, OFFER),
        a_record(2, "Something else that somebody wrote by hand"),
        a_record(3, OFFER.upper() + "!!!"),
        a_record(4, "Buy our w\u043enderful wat\u200bches today, half price"),
        a_record(5, OFFER, form="signup"),
    ]
    assert numbers(together(rows)) == [[1, 3, 4], [2], [5]]


def test_two_are_two_lines_and_so_is_what_is_too_short_to_tell() -> None:
    assert numbers(together([a_record(1, OFFER), a_record(2, OFFER)])) == [[1], [2]]
    assert numbers(together(a_record(n, "Yes, please") for n in range(1, 5))) == [[1], [2], [3], [4]]


def a_page(rows: list[Record]) -> Page:
    return Page(rows, next=Cursor("older", NOW, UUID(int=7)), previous=Cursor("newer", NOW, UUID(int=8)))


def test_a_page_is_cut_to_its_lines_and_goes_on_behind_the_last() -> None:
    rows = [a_record(n, OFFER if n % 2 else f"Number {n} is a letter of its own, as you see {n}") for n in range(1, 41)]
    page = cut(a_page(rows), 5, from_the_end=False)
    assert [one.id.int for one in page.rows] == list(range(1, 10)), "one line of copies and four others"
    assert page.next == Cursor("older", rows[8].accepted_at, rows[8].id)
    assert page.previous == a_page(rows).previous
    assert not page.is_last
    back = cut(a_page(rows), 5, from_the_end=True)
    assert [one.id.int for one in back.rows] == list(range(33, 41))
    assert back.previous == Cursor("newer", rows[32].accepted_at, rows[32].id)
    assert back.next == a_page(rows).next


def test_a_page_that_has_few_lines_stays_whole() -> None:
    page = a_page([a_record(n, OFFER) for n in range(1, 201)])
    assert cut(page, 50, from_the_end=False) is page
    assert len(together(page.rows)) == 1


def test_a_record_without_texts_is_itself() -> None:
    rows = [replace(a_record(n, ""), fields={"n": n, "list": [None, {}]}) for n in range(1, 5)]
    assert len(together(rows)) == 4
