"""This module takes only JSON that every part of the system can hold, the databases included.

RFC 8259 lets a document carry NUL characters, lone surrogates and numbers of any size; PostgreSQL's
`jsonb` refuses the first two, and no two languages agree on the third. So they are refused at the door.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import NoReturn, TypeAlias

from shared.text import flaw_of

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

MAX_DEPTH = 32
"""How deep objects and lists may nest, the outermost counted as 1."""

_STEP_MOST = 500

INTEGER_LIMIT = 2**63
"""Integers are refused from here on, and below its negative: what a 64-bit column or client can hold."""


class Unacceptable(ValueError):
    """A value that could not be stored as it is.

    `place` names where it stands, as a path such as `fields.tags[2]`; empty for the document itself.
    `malformed` is true where the bytes are no JSON at all.
    """

    def __init__(self, place: str, reason: str, *, malformed: bool = False) -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.place = place
        self.reason = reason
        self.malformed = malformed

    def inside(self, step: str) -> Unacceptable:
        """Return the same of what stands at a step: a name, or an index in brackets."""
        step = step[:_STEP_MOST]
        between = "." if step and self.place and not self.place.startswith("[") else ""
        return Unacceptable(f"{step}{between}{self.place}", self.reason, malformed=self.malformed)


def parse(document: bytes, *, most_depth: int = MAX_DEPTH) -> JsonValue:
    """Parse a JSON document in UTF-8 and check all of it; `most_depth` is how deep it may nest.

    Raises `Unacceptable` for malformed JSON, duplicate keys, NaN and Infinity, and whatever `check` refuses.
    """
    try:
        text = document.decode("utf-8")
        return _parsed(text, most_depth)
    except Unacceptable:
        raise
    except UnicodeDecodeError as error:
        raise Unacceptable("", f"not UTF-8 at byte {error.start}", malformed=True) from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Unacceptable("", f"not JSON: {error.msg} at {where}", malformed=True) from error
    except RecursionError as error:
        raise Unacceptable("", f"nested deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:  # an integer of more digits than Python converts
        raise Unacceptable("", "a number is too large: 64-bit integers are the limit") from error


def _parsed(text: str, most_depth: int) -> JsonValue:
    """Parse and check. Most documents can hold nothing to refuse, and then the walk through the values is spared.

    NUL and surrogates come into a document only by an escape, depth only by brackets, and the numbers' own hooks see
    every number.
    """
    try:
        value: JsonValue = _QUICK.decode(text)
    except _OddNumber:
        value = _PLAIN.decode(text)
        check(value, most_depth=most_depth)
    else:
        if "\\u" in text or text.count("{") + text.count("[") > most_depth:
            check(value, most_depth=most_depth)
    return value


def check(value: object, place: str = "", *, most_depth: int = MAX_DEPTH) -> None:
    """Raise `Unacceptable`, naming the place, unless `value` can be stored and encoded as JSON."""
    try:
        _check(value, most_depth)
    except Unacceptable as error:
        raise error.inside(place) from None


def _check(value: object, most_depth: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        if not -INTEGER_LIMIT <= value < INTEGER_LIMIT:
            raise Unacceptable("", "a number is too large: 64-bit integers are the limit")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise Unacceptable("", "a number is not finite")
    elif isinstance(value, dict | list):
        if most_depth < 1:
            raise Unacceptable("", f"nested deeper than {MAX_DEPTH} levels")
        _check_container(value, most_depth - 1)
    else:
        raise Unacceptable("", f"{type(value).__name__} is no JSON value")


def _check_container(value: dict[object, object] | list[object], most_depth: int) -> None:
    """Check what is inside. Places are put together for what is refused alone: a path may be long, its ends many."""
    items: Iterable[tuple[object, object]] = enumerate(value) if isinstance(value, list) else value.items()
    for step, item in items:
        if isinstance(step, str):
            _check_text(step)
        elif not isinstance(value, list):
            raise Unacceptable("", "a name is not text")
        try:
            _check(item, most_depth)
        except Unacceptable as error:
            raise error.inside(step if isinstance(step, str) else f"[{step}]") from None


def _check_text(text: str) -> None:
    if flaw := flaw_of(text):
        raise Unacceptable("", flaw)


def _refuse_constant(name: str) -> NoReturn:
    raise Unacceptable("", f"{name} is not JSON", malformed=True)


def _unique_keys(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen = set[str]()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise Unacceptable("", f"the name {twice[:80]!r} stands twice in one object")
    return found


class _OddNumber(ValueError):
    """A number that may have to be refused: only a walk through the values tells its place."""


def _integer(digits: str) -> int:
    if len(digits) > _SURE_DIGITS:
        raise _OddNumber
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise _OddNumber
    return value


_SURE_DIGITS = 18  # any integer this short, its sign included, is within 64 bits
_PLAIN = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)
_QUICK = json.JSONDecoder(
    parse_constant=_refuse_constant, object_pairs_hook=_unique_keys, parse_int=_integer, parse_float=_number
)
