"""Defines the tree of a query.

`str(tree)` writes it as a query again, and that is read as an equal tree. Where a part stood in the text is its
`place`, which does not count when trees are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal, TypeAlias

from shared.query.errors import NOWHERE, Place

QUOTES = '"\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02'
"""What opens and closes a phrase: telephones type the curved ones, French keyboards «», Japanese ones wide ones."""

SIGNS = dict(
    zip(
        map(ord, "\uff08\uff09\uff1a\uff1c\uff1d\uff1e\uff0a\uff0d\u2010\u2011\u2012\u2013\u2014\u2212"),
        "():<=>*" + 7 * "-",
        strict=True,
    )
)
"""What stands for a sign of the grammar: the wide ones of Chinese and Japanese keyboards, and all dashes, since what a
telephone or a word processor makes of `-` must not turn what is excluded into what is asked for."""

RUN = re.compile(rf"[^\s()\uff08\uff09{QUOTES}]+")
"""Characters that belong together: a word, or what stands behind a filter's colon."""

NAME = re.compile(rf"[^\s()\uff08\uff09{QUOTES}:\uff1a]+")
"""A field's name as it may stand without quotes."""

Operator: TypeAlias = Literal["", "=", ">", ">=", "<", "<="]
"""How a field is compared. Nothing between colon and value: the value is in it; `=`: that is all there is."""

Day: TypeAlias = date | Literal["today", "yesterday"]
Unit: TypeAlias = Literal["h", "d", "w"]


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a query."""

    place: Place = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class And(Node):
    """All parts hold. The empty query is `And(())`, and holds for everything; any other has two parts at least."""

    parts: tuple[Query, ...]

    def __str__(self) -> str:
        return " ".join(map(_grouped, self.parts))


@dataclass(frozen=True, slots=True)
class Or(Node):
    """One part holds at least. It has two parts at least."""

    parts: tuple[Query, ...]

    def __str__(self) -> str:
        return " OR ".join(map(_grouped, self.parts))


@dataclass(frozen=True, slots=True)
class Not(Node):
    """The part does not hold."""

    part: Query

    def __str__(self) -> str:
        inner = f"({self.part})" if isinstance(self.part, Not) else _grouped(self.part)
        return f"-{inner}"


@dataclass(frozen=True, slots=True)
class Word(Node):
    """A word as it was typed. If it is cut into several tokens (`example.org`), these stand side by side."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Prefix(Node):
    """The beginning of a word, without its `*`."""

    text: str

    def __str__(self) -> str:
        return f"{self.text}*"


@dataclass(frozen=True, slots=True)
class Phrase(Node):
    """What stood in quotes: its words stand side by side, in this order."""

    text: str

    def __str__(self) -> str:
        return f'"{self.text}"'


Text: TypeAlias = Word | Prefix | Phrase


@dataclass(frozen=True, slots=True)
class Field(Node):
    """A field of the form has or contains a value. `operator` says which types `value` may have.

    A `Text` for `""`, a `Word` or `Phrase` for `=`, a number or a day for the others.
    """

    KEY: ClassVar = "field"
    name: str
    operator: Operator
    value: Text | Decimal | date

    def __str__(self) -> str:
        value = format(self.value, "f") if isinstance(self.value, Decimal) else str(self.value)
        return f"field.{_quoted_unless(NAME, self.name)}:{self.operator}{value}"


@dataclass(frozen=True, slots=True)
class From(Node):
    """The address of who submitted contains the text; it is the address, where the text has an `@` within.

    What begins with `@` is the whole domain.
    """

    KEY: ClassVar = "from"
    value: Text

    def __str__(self) -> str:
        return f"{self.KEY}:{self.value}"


@dataclass(frozen=True, slots=True)
class _Filter(Node):
    KEY: ClassVar[str]
    value: str

    def __str__(self) -> str:
        return f"{self.KEY}:{_quoted_unless(RUN, self.value)}"


class Form(_Filter):
    """Submissions of one form, by its name."""

    KEY = "form"


class Is(_Filter):
    """Submissions in a state: one of `STATES`."""

    KEY = "is"


class Label(_Filter):
    """Submissions with a label."""

    KEY = "label"


class Assigned(_Filter):
    """Submissions that somebody takes care of: an address of mail, `me`, whoever asks, or `none`."""

    KEY = "assigned"


class Has(_Filter):
    """Submissions with a `file` or a `reply`."""

    KEY = "has"


Compared: TypeAlias = Literal["", ">", ">=", "<", "<="]

SCORE_MOST = 100


@dataclass(frozen=True, slots=True)
class Score(Node):
    """Submissions by how much they look like spam, 0 to `SCORE_MOST`. One that has no score is none of them."""

    KEY: ClassVar = "score"
    operator: Compared
    value: int

    def __str__(self) -> str:
        return f"{self.KEY}:{self.operator}{self.value}"


STATES = ("new", "open", "done", "spam", "starred", "held", "failed", "imported", "unconfirmed")
HAD = ("file", "reply")


@dataclass(frozen=True, slots=True)
class _Dated(Node):
    KEY: ClassVar[str]
    day: Day

    def __str__(self) -> str:
        return f"{self.KEY}:{self.day}"


class After(_Dated):
    """Submissions of a day or of a later one."""

    KEY = "after"


class Before(_Dated):
    """Submissions of the days before one."""

    KEY = "before"


class On(_Dated):
    """Submissions of a day."""

    KEY = "on"


@dataclass(frozen=True, slots=True)
class Last(Node):
    """Submissions of the last hours, days or weeks."""

    KEY: ClassVar = "last"
    amount: int
    unit: Unit

    def __str__(self) -> str:
        return f"{self.KEY}:{self.amount}{self.unit}"


Filter: TypeAlias = Field | From | Form | Is | Label | Assigned | Has | Score | After | Before | On | Last
Term: TypeAlias = Text | Filter
Query: TypeAlias = And | Or | Not | Term


def terms(tree: Query) -> Iterator[Term]:
    """Return every word, phrase and filter in a tree, in the order of the text."""
    if isinstance(tree, And | Or):
        for part in tree.parts:
            yield from terms(part)
    elif isinstance(tree, Not):
        yield from terms(tree.part)
    else:
        yield tree


def _grouped(tree: Query) -> str:
    return f"({tree})" if isinstance(tree, And | Or) else str(tree)


def _quoted_unless(plain: re.Pattern[str], text: str) -> str:
    return text if plain.fullmatch(text) else f'"{text}"'
