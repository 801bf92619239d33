"""Writes the rows of a sheet as XlsxWriter does, but for what it takes from a text: there a cell is never markup.

In its mode for long tables XlsxWriter writes a text that begins with `<r>` and ends with `</r>` as it is, whoever wrote
it. A test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import TypeAlias

from storage_service.records.export.formulas import is_risky

CHARACTERS_MOST = 32_767
"""Characters of a cell, as UTF-16 counts them; Excel calls a file with more broken."""

DIGITS_MOST = 10**15
"""A whole number from here on is written as a text: a spreadsheet keeps 15 digits of a number."""

Cell: TypeAlias = "str | int | float | datetime | date | None"
"""A text, a number, a moment, a day, or nothing. Texts are texts, whatever they look like."""

_DAY_0 = datetime(1899, 12, 30)  # noqa: DTZ001 - spreadsheets know no time zones
_FIRST_DAY = date(1900, 3, 1)
"""Before it spreadsheets do not agree on the day."""

_FIRST_YEAR, _LAST_YEAR = 1901, 9998
"""Years that moments may have in any zone."""

_ISO_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LITERAL = re.compile("(_x[0-9a-fA-F]{4}_)")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")
_MARKUP = re.compile("[&<>]")
_SPECIAL = re.compile("[&<>\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]|_x")
_DAY = timedelta(days=1)


class Styles:
    """The numbers of the styles of a workbook."""

    def __init__(self, title: str, moment: str, day: str, text: str) -> None:
        self.title, self.moment, self.day, self.text = title, moment, day, text


class SheetRows:
    """Writes rows for so many columns, in this style."""

    def __init__(self, columns: int, styles: Styles, zone: tzinfo) -> None:
        self._letters = [_letters(number) for number in range(columns)]
        self._styles = styles
        self._zone = zone

    def titles(self, titles: Sequence[str]) -> str:
        """Return the first row."""
        cells = (
            _text(f"{letters}1", one, self._styles.title) for letters, one in zip(self._letters, titles, strict=True)
        )
        return f'<row r="1">{"".join(cells)}</row>'

    def row(self, number: int, cells: Sequence[Cell]) -> str:
        """Return one of the others."""
        found = [
            self._cell(f"{letters}{number}", one)
            for letters, one in zip(self._letters, cells, strict=True)
            if one not in ("", None)
        ]
        return f'<row r="{number}">{"".join(found)}</row>'

    def _cell(self, place: str, value: Cell) -> str:
        if isinstance(value, str):
            return _text(place, value, self._styles.text if is_risky(value) else None)
        if isinstance(value, datetime):
            if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
                return _text(place, value.isoformat(), None)
            days = (value.astimezone(self._zone).replace(tzinfo=None) - _DAY_0) / _DAY
            return f'<c r="{place}" s="{self._styles.moment}"><v>{days:.16G}</v></c>'
        if isinstance(value, date):
            return f'<c r="{place}" s="{self._styles.day}"><v>{value.toordinal() - _DAY_0.toordinal()}</v></c>'
        return f'<c r="{place}"><v>{value!r}</v></c>'


def number_or_text(value: int | float) -> int | float | str:
    """Return a number as a cell can hold it: as a text where digits would be lost."""
    is_small = -DIGITS_MOST < value < DIGITS_MOST if isinstance(value, int) else abs(value) < 1e300
    return value if is_small else repr(value)


def day_or_text(value: str) -> date | str:
    """Return the day that a text is (`2026-11-22`), or the text."""
    if not _ISO_DAY.fullmatch(value):
        return value
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value
    return day if day >= _FIRST_DAY else value


def _text(place: str, text: str, style: str | None) -> str:
    styled = "" if style is None else f' s="{style}"'
    if len(text) > CHARACTERS_MOST // 2:
        text = shortened(text)
    if _SPECIAL.search(text):
        text = _escaped(text)
    kept = ' xml:space="preserve"' if text[:1].isspace() or text[-1:].isspace() else ""
    return f'<c r="{place}"{styled} t="inlineStr"><is><t{kept}>{text}</t></is></c>'


def shortened(text: str) -> str:
    """Return what fits into a cell; where that is not all, its end says how long it was."""
    if _units(text) <= CHARACTERS_MOST:
        return text
    end = f" … [cut: {len(text):,} characters in all]"
    kept = text.encode("utf-16-le", "surrogatepass")[: 2 * (CHARACTERS_MOST - len(end))]
    return kept.decode("utf-16-le", "ignore") + end


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _escaped(text: str) -> str:
    """Return a text as XML has it: what XML has no sign for as spreadsheets write it, `_x000D_`."""
    text = _LITERAL.sub(r"_x005F\1", text)
    text = _CONTROL.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") if _MARKUP.search(text) else text


def _letters(number: int) -> str:
    """Return the name of a column from its number, from 0: A, B, …, Z, AA."""
    letters = ""
    while number >= 0:
        number, one = divmod(number, 26)
        letters = chr(ord("A") + one) + letters
        number -= 1
    return letters
