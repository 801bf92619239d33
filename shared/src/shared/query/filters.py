"""Reads one word, phrase or filter of a query."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

from shared.query.cursor import Cursor
from shared.query.errors import Place, QueryError
from shared.query.tokens import needle_of
from shared.query.tree import (
    HAD,
    SCORE_MOST,
    STATES,
    After,
    Assigned,
    Before,
    Compared,
    Day,
    Field,
    Filter,
    Form,
    From,
    Has,
    Is,
    Label,
    Last,
    On,
    Operator,
    Phrase,
    Prefix,
    Score,
    Text,
    Unit,
    Word,
)
from shared.query.values import day_of, number_of

DAYS = (date(1970, 1, 1), date(2999, 12, 31))
"""The first and the last day that a query may name: the day before and the one after exist in every time zone."""

FORM_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""What a form may be called, as `shared.forms` has it: that package will ask this one about its routes."""

WIDE_STAR = "\N{FULLWIDTH ASTERISK}"

_SPAN = re.compile(r"([1-9][0-9]{0,3})([hdw])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Value:
    """What stands behind a filter's colon. `whole` is the place of all of the filter, `place` that of the value."""

    text: str
    is_quoted: bool
    place: Place
    whole: Place

    def refused(self, expected: str) -> QueryError:
        """Return the error of a value that is not what was expected."""
        return QueryError(f"expected {expected}", self.place)


def read_filter(key: str, cursor: Cursor, start: Place) -> Filter:
    """Read what follows a key; raises `QueryError`."""
    if key == "field.":
        return _read_field(cursor, start)
    if key == Score.KEY:
        return _read_score(cursor, start)
    if key not in _READERS:
        raise QueryError(f'expected {_KEYS}, or quotes around all of it: "…:…"', start.until(cursor.at))
    return _READERS[key](_take_value(cursor, start, f"a value right after {key}:"))


def read_text(cursor: Cursor) -> Text:
    """Read a word, the beginning of one, or a phrase; raises `QueryError`."""
    return _text_in(_take_value(cursor, cursor.here(), "a word"))


def _take_value(cursor: Cursor, start: Place, expected: str) -> Value:
    here = cursor.here()
    quoted = cursor.take_quoted()
    text = cursor.take_run() if quoted is None else quoted
    if cursor.at == here.offset:
        raise QueryError(f"expected {expected}", here)
    return Value(text, quoted is not None, here.until(cursor.at), start.until(cursor.at))


def _text_in(value: Value) -> Text:
    text = value.text if value.is_quoted else value.text.replace(WIDE_STAR, "*")
    is_prefix = not value.is_quoted and text.endswith("*")
    if is_prefix:
        text = text[:-1]
    if not value.is_quoted and "*" in text:
        star = value.place.offset + text.index("*")
        raise QueryError("expected * only at the end of a word, such as exam*", Place(star, 1))
    if not needle_of(text).tokens:
        raise value.refused("a letter or a digit: nothing else is searched for")
    kind = Phrase if value.is_quoted else Prefix if is_prefix else Word
    return kind(text, place=value.whole)


def _read_field(cursor: Cursor, start: Place) -> Field:
    here = cursor.here()
    name = cursor.take_quoted()
    if name is None:
        name = cursor.take_name()
    if not name:
        raise QueryError("expected a field's name right after field. such as field.topic:", here.until(cursor.at))
    if not cursor.take(":"):
        raise QueryError("expected : and a value right after the field's name", cursor.here())
    operator = cast("Operator", cursor.take_operator())
    value = _take_value(cursor, start, "a value right after the : of a field")
    return Field(name, operator, _operand(operator, value), place=value.whole)


def _operand(operator: Operator, value: Value) -> Text | date | Decimal:
    if operator in ("", "="):
        text = _text_in(value)
        if operator == "=" and isinstance(text, Prefix):
            raise value.refused("no * here: = asks for the whole value")
        return text
    found = number_of(value.text)
    found_day = day_of(value.text) if found is None else found
    if found_day is None:
        raise value.refused("a number such as 2 or 2.5, or a day such as 2026-11-22")
    return found_day


_SCORE = re.compile("[0-9]{1,3}")


def _read_score(cursor: Cursor, start: Place) -> Score:
    operator = cursor.take_operator()
    value = _take_value(cursor, start, f"a number from 0 to {SCORE_MOST} right after {Score.KEY}:{operator}")
    if not _SCORE.fullmatch(value.text) or int(value.text) > SCORE_MOST:
        raise value.refused(f"a number from 0 to {SCORE_MOST}, such as score:80 or score:>60")
    compared = cast("Compared", "" if operator == "=" else operator)
    return Score(compared, int(value.text), place=value.whole)


def _form(value: Value) -> Form:
    if not FORM_NAME.fullmatch(value.text):
        raise value.refused("a form's name: letters, digits, - and _")
    return Form(value.text, place=value.whole)


def _from(value: Value) -> From:
    return From(_text_in(value), place=value.whole)


def _one_of(kind: type[Is | Has], choices: tuple[str, ...]) -> Callable[[Value], Is | Has]:
    def read(value: Value) -> Is | Has:
        chosen = value.text.lower()
        if chosen not in choices:
            raise value.refused(f"one of {', '.join(choices)}")
        return kind(chosen, place=value.whole)

    return read


def _named(kind: type[Label | Assigned], what: str) -> Callable[[Value], Label | Assigned]:
    def read(value: Value) -> Label | Assigned:
        if not value.text.strip():
            raise value.refused(what)
        return kind(value.text, place=value.whole)

    return read


def _dated(kind: type[After | Before | On]) -> Callable[[Value], After | Before | On]:
    def read(value: Value) -> After | Before | On:
        return kind(_day(value), place=value.whole)

    return read


def _day(value: Value) -> Day:
    if (word := value.text.lower()) in ("today", "yesterday"):
        return cast("Day", word)
    day = day_of(value.text)
    if day is None or not DAYS[0] <= day <= DAYS[1]:
        raise value.refused(f"today, yesterday, or a day such as 2026-11-22, from {DAYS[0]} to {DAYS[1]}")
    return day


def _last(value: Value) -> Last:
    found = _SPAN.fullmatch(value.text)
    if found is None:
        raise value.refused("a time such as 24h, 7d or 2w: hours, days or weeks, 9999 at most")
    return Last(int(found[1]), cast("Unit", found[2].lower()), place=value.whole)


_READERS: dict[str, Callable[[Value], Filter]] = {
    "form": _form,
    "from": _from,
    "is": _one_of(Is, STATES),
    "label": _named(Label, "a label"),
    "assigned": _named(Assigned, "me, none, or the address of whom it is assigned to"),
    "has": _one_of(Has, HAD),
    "after": _dated(After),
    "before": _dated(Before),
    "on": _dated(On),
    "last": _last,
}
_KEYS = ", ".join(f"{key}:" for key in (*_READERS, Score.KEY)) + " or field.NAME:"
