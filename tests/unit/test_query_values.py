"""Numbers and days: as a query has them, and as people type them into a field of text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.query.values import number_of, typed_number

TYPED = {
    "12": "12",
    " -2.50 ": "-2.50",
    "12,5": "12.5",
    "12,50": "12.50",
    "0,125": "0.125",
    "12,3456": "12.3456",
    "1.234,5": "1234.5",
    "1,234.5": "1234.5",
    "-1.234.567,89": "-1234567.89",
    "1.234.567": "1234567",
    "1,234,567": "1234567",
    "1'234": "1234",
    "1\N{RIGHT SINGLE QUOTATION MARK}234.50": "1234.50",
    "1 234,567": "1234.567",
    "1\u202f234\u00a0567": "1234567",
    "1.234": "1.234",
    "1200 €": "1200",
    "€ 1.200,00": "1200.00",
    "$1,200.00": "1200.00",
    "\uff11\uff12\uff10\uff10": "1200",
    "٣٤": "34",
}
NONE = [
    *("", "many", "1,234", "1.23,4", "12,", ",5", "1,2,3", "12.345.67", "1.234'567", "030 123", "1 23", "22.11.2026"),
    *("1e5", "--1", "0x10", "1 234 5678", "9" * 21, "1,234,56", "+49 30 1234"),
]


@pytest.mark.parametrize("text", TYPED)
def test_a_number_is_read_as_people_type_it(text: str) -> None:
    assert typed_number(text) == Decimal(TYPED[text])


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_number_or_may_be_two_is_none(text: str) -> None:
    assert typed_number(text) is None


@given(st.text(alphabet="0123456789.,'+- €\u00a0\u202f٣", max_size=30))
def test_whatever_looks_like_one_is_read_without_an_error(text: str) -> None:
    typed_number(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2).filter(lambda number: len(str(number)) < 20))
def test_a_number_of_a_query_is_typed_the_same(number: Decimal) -> None:
    text = format(number, "f")
    assert typed_number(text) == number_of(text) == number
