"""Reads numbers and days, in a query and in what was submitted, and compares them."""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
"""What each sign asks for, of values and of columns."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?")
_BESIDE = " \t\r\n\u00a0\u202f€$£¥"
_GROUPING = re.compile("[.,'\u2019 \u00a0\u202f]")
_TYPED = re.compile(
    r"""(?x) ([+-]?
      (?: [0-9]{1,20} (?= , (?:[0-9]{1,2}|[0-9]{4,20}) \Z)  # 12,50
        | 0 (?= , [0-9]{3} \Z)  # 0,125
        | [1-9][0-9]{0,2} (?: (?:\.[0-9]{3}){1,6} (?= , ) | (?:,[0-9]{3}){1,6} (?= \. ) )  # 1.234,50 and 1,234.50
        | [1-9][0-9]{0,2} (?: (?:\.[0-9]{3}){2,6} | (?:,[0-9]{3}){2,6} ) (?= \Z )  # 1.234.567
        | [1-9][0-9]{0,2} (?:['\u2019\ \u00a0\u202f][0-9]{3}){1,6}  # 1'234, and with a fraction of either kind
      )) (?: [.,] ([0-9]{1,20}) )?"""
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def number_of(text: str) -> Decimal | None:
    """Return the number that a text is, such as `-2.50`; None where it is none, or has more than 20 digits."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def typed_number(text: str) -> Decimal | None:
    """Return the number that somebody typed into a field of text, such as `1.234,50`; None where it is none.

    A currency's sign beside it is left out, and digits of all scripts are read. The last of points and commas begins
    the fraction. Where a comma alone stands before three digits (`1,234`) nobody knows what it is: no number. The text
    is a short one.
    """
    text = text.strip(_BESIDE)
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(sign, sign)) for sign in text)
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    found = _TYPED.fullmatch(text)
    return Decimal(f"{_GROUPING.sub('', found[1])}.{found[2] or 0}") if found else None


def day_of(text: str) -> date | None:
    """Return the day that a text is, such as `2026-11-22`; None where it is none."""
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def is_compared(sign: str, found: Decimal | date | int, asked: Decimal | date | int) -> bool:
    """Return whether a value is what a sign asks for: `>`, `>=`, `<`, `<=`, or nothing for the same."""
    return bool(COMPARISONS[sign](found, asked))
