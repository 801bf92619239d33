"""What one field of a submission holds, ready to be compared: each value is looked at once, however many ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Generic, TypeAlias, TypeVar

from shared.contracts import JsonValue
from shared.query.tokens import Needle, needle_of, tokens
from shared.query.tree import Field, Phrase, Prefix, Text, Word
from shared.query.values import day_of, is_compared, number_of, typed_number

Leaf: TypeAlias = str | int | float | bool | None
_T = TypeVar("_T")

YES, NO = frozenset({"true", "on", "yes", "1"}), frozenset({"false", "off", "no", "0"})
"""What a query calls a checkbox that is ticked, or is not."""

_BOXES = {"yes": frozenset({"on", "true"}), "no": frozenset({"off", "false"})}
"""What a page sends for a checkbox where the form's definition does not say that it is one."""

_SHORT = 100
"""Characters of a text that may be a day, a number or a tick."""


class _Once(Generic[_T]):
    """A property that is made once, as `functools.cached_property`, whose lock costs more than most of what it guards
    here; Python 3.12 has taken it away. Two threads at most make the same value twice.
    """

    def __init__(self, make: Callable[[Any], _T]) -> None:
        self._make, self._name, self.__doc__ = make, make.__name__, make.__doc__

    def __get__(self, owner: Any, _of: type) -> _T:
        value = owner.__dict__[self._name] = self._make(owner)
        return value


class Submitted:
    """The value of a field; a list or an object is all that is in it."""

    def __init__(self, value: JsonValue) -> None:
        self._leaves = list(_leaves(value))

    @_Once
    def words(self) -> str:
        """The tokens of texts and numbers; see `searchable`."""
        return self.text_words + self.figure_words

    def holds(self, field: Field) -> bool:
        """Return whether it is what a query asks of the field."""
        asked = field.value
        if isinstance(asked, Decimal):
            return _is_beyond(field.operator, asked, self.number_range)
        if isinstance(asked, date):
            return _is_beyond(field.operator, asked, self.day_range)
        return self._says(asked, is_whole=field.operator == "=")

    def _says(self, asked: Word | Phrase | Prefix, *, is_whole: bool) -> bool:
        if isinstance(asked, Prefix):
            return is_in(needle(asked), self.words)
        said = asked.text.casefold()
        if (said in YES and True in self.truths) or (said in NO and False in self.truths):
            return True
        if said in self.boxes:
            return True
        if self.numbers and number_of(asked.text) in self.numbers:
            return True
        return is_in(needle(asked), self.text_words, is_whole=is_whole)

    @_Once
    def _texts(self) -> list[str]:
        return [leaf for leaf in self._leaves if isinstance(leaf, str)]

    @_Once
    def _figures(self) -> list[int | float]:
        return [leaf for leaf in self._leaves if isinstance(leaf, int | float) and not isinstance(leaf, bool)]

    @_Once
    def text_words(self) -> str:
        """The tokens of texts alone; see `searchable`."""
        return searchable(self._texts)

    @_Once
    def figure_words(self) -> str:
        """The tokens of numbers alone; see `searchable`."""
        return searchable(map(str, self._figures))

    @_Once
    def boxes(self) -> frozenset[str]:
        """`yes`, `no` or both: what a text says of a checkbox that the form's definition does not know as one."""
        return frozenset([said for said, texts in _BOXES.items() if not texts.isdisjoint(self._short_texts)])

    @_Once
    def _short_texts(self) -> list[str]:
        return [text.strip().lower() for text in self._texts if len(text) <= _SHORT]

    @_Once
    def truths(self) -> frozenset[bool]:
        """Whether a checkbox of the form is ticked."""
        return frozenset([leaf for leaf in self._leaves if isinstance(leaf, bool)])

    @_Once
    def numbers(self) -> frozenset[Decimal]:
        """What came as numbers."""
        return frozenset([Decimal(str(figure)) for figure in self._figures])

    @_Once
    def number_range(self) -> tuple[Decimal, Decimal] | None:
        """The least and the greatest number, also of those that were typed into a text; None without one."""
        typed = map(typed_number, self._short_texts)
        return _range([*self.numbers, *(number for number in typed if number is not None)])

    @_Once
    def day_range(self) -> tuple[date, date] | None:
        """The first and the last day; None without one."""
        days = (day_of(text.partition("t")[0]) for text in self._short_texts)
        return _range([day for day in days if day is not None])


def searchable(texts: Iterable[str]) -> str:
    """Return the tokens of texts, a space between them, and two around those of each: what follows is no neighbour."""
    return "".join([f"  {' '.join(tokens(text))}  " for text in texts])


def needle(text: Text) -> Needle:
    """Return what a word, a beginning or a phrase is looked for by."""
    return needle_of(text.text, is_prefix=isinstance(text, Prefix))


def is_in(needle: Needle, words: str, *, is_whole: bool = False) -> bool:
    """Return whether `searchable` texts have the tokens side by side; `is_whole`, whether one has them and no other."""
    wanted = " ".join(needle.tokens)
    if is_whole:
        return f"  {wanted}  " in words
    return (f" {wanted}" if needle.is_prefix else f" {wanted} ") in words


def _leaves(value: JsonValue) -> Iterator[Leaf]:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        yield value
        return
    for inner in value:
        yield from _leaves(inner)


def _range(found: list[Any]) -> tuple[Any, Any] | None:
    return (min(found), max(found)) if found else None


def _is_beyond(sign: str, asked: Decimal | date, found: tuple[Any, Any] | None) -> bool:
    """Return whether one of all that is found is more, or less: the greatest is, or the least."""
    return found is not None and is_compared(sign, found[1] if sign[0] == ">" else found[0], asked)
