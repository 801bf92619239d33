"""Completes a query that somebody is typing: what may stand where the cursor is, of what is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.query.errors import Place
from shared.query.parser import LENGTH_MOST
from shared.query.tree import HAD, NAME, QUOTES, RUN, SIGNS, STATES, Assigned, Form, Has, Is, Label

SUGGESTED_MOST = 10

KEYS: Mapping[str, str] = {
    "is:": "new, open, done, starred, spam, failed, held, imported or unconfirmed",
    "form:": "of a form",
    "from:": "sent by an address, or @a-domain",
    "label:": "with a label",
    "assigned:": "somebody takes care of it",
    "field.": "what a field says",
    "has:": "with a reply or a file",
    "score:": "how much it looks like spam, 0 to 100",
    "last:": "of the last hours, days or weeks",
    "on:": "of a day",
    "after:": "of a day or later",
    "before:": "before a day",
}
"""The filters, and what each finds; `filters.py` reads them."""

_STATES = {
    "new": "nobody has begun",
    "open": "somebody has begun",
    "done": "finished",
    "starred": "with a star",
    "spam": "taken for spam",
    "failed": "something could not be delivered",
    "held": "a limit holds something back",
    "imported": "taken over from elsewhere",
    "unconfirmed": "its address is not confirmed yet",
}
_DAYS = {"today": "", "yesterday": ""}
_SPANS = {"24h": "the last 24 hours", "7d": "the last 7 days", "30d": "the last 30 days", "12w": "the last 12 weeks"}

_SCORES = {">=80": "looks like spam", ">50": "may be spam", "<=50": "looks like none"}

_ENDS = rf"\s(){QUOTES}"
_PART = re.compile(rf"(?:[{QUOTES}][^{QUOTES}]*(?:[{QUOTES}]|\Z)|[^{_ENDS}])+")
_REST = re.compile(rf"[^{_ENDS}]*")
_FORMS_NAMED = re.compile(rf"(?<![^\s(])form:([^{_ENDS}]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class KnownField:
    """A field by what people call it, and the values that it may have, where there are few."""

    label: str = ""
    values: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What there is to complete with; each is asked only where the query is about it.

    `forms` are names with titles. `fields` are those of the forms that the query names, of all where it names none.
    """

    forms: Callable[[], Mapping[str, str]]
    labels: Callable[[], Sequence[str]]
    people: Callable[[], Sequence[str]]
    fields: Callable[[frozenset[str]], Mapping[str, KnownField]]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What may stand there, and what it is. One that is not `is_whole` wants something behind it."""

    text: str
    about: str = ""
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Completion:
    """Suggestions, each for the characters at `place` of the query's text."""

    place: Place
    suggestions: tuple[Suggestion, ...]


def completed(text: str, at: int, known: Known) -> Completion:
    """Return what may stand at the cursor, `at` characters (code points) from the beginning.

    The text may have mistakes, as texts have while they are typed. Nothing is found in one that is too long.
    """
    at = max(0, min(at, len(text)))
    if len(text) > LENGTH_MOST:
        return Completion(Place(at, 0), ())
    signs = text.translate(SIGNS)
    place = _place(signs, at)
    said = signs[place.offset : at]
    found = dict.fromkeys(_suggested(said, signs, known))
    return Completion(place, tuple(found)[:SUGGESTED_MOST])


def _place(signs: str, at: int) -> Place:
    """Return the place of the word or filter that the cursor is in, without the - before it."""
    start = next((one.start() for one in _PART.finditer(signs) if one.start() < at <= one.end()), at)
    if signs[start:at].startswith("-"):
        start += 1
    if start == at:
        return Place(at, 0)
    rest = _REST.match(signs, at)
    end = rest.end() if rest else at
    is_in_quotes = sum(sign in QUOTES for sign in signs[start:at]) % 2 == 1
    if is_in_quotes and signs[end : end + 1] and signs[end] in QUOTES:
        end += 1
    return Place(start, end - start)


def _suggested(said: str, signs: str, known: Known) -> Iterator[Suggestion]:
    key, colon, value = said.partition(":")
    key = key.lower()
    if key.startswith("field."):
        yield from _of_fields(said[len("field.") :], signs, known)
    elif colon:
        yield from _of_key(key, value.lstrip(QUOTES), known)
    elif not said or said[0] not in QUOTES:
        yield from _begun(said, known)


def _begun(said: str, known: Known) -> Iterator[Suggestion]:
    """Return what begins with a word that has no colon yet: filters, and what may stand in them."""
    for key, about in KEYS.items():
        if key.startswith(said.lower()):
            yield Suggestion(key, about, is_whole=False)
    if said:
        yield from _of_key("is", said, known)
        yield from _of_key("form", said, known)
        yield from _of_key("label", said, known)


def _of_key(key: str, said: str, known: Known) -> Iterator[Suggestion]:
    match key:
        case "is":
            yield from (Suggestion(str(Is(one)), _STATES[one]) for one in _fitting(said, STATES))
        case "has":
            yield from (Suggestion(str(Has(one))) for one in _fitting(said, HAD))
        case "form":
            titles = known.forms()
            fitting = (name for name, title in titles.items() if _fits(said, name, title))
            yield from (Suggestion(str(Form(name)), titles[name]) for name in fitting)
        case "label":
            yield from (Suggestion(str(Label(one))) for one in _fitting(said, known.labels()))
        case "assigned":
            found = _fitting(said, ("me", "none", *known.people()))
            yield from (Suggestion(str(Assigned(one)), _ASSIGNED.get(one, "")) for one in found)
        case "on" | "after" | "before":
            yield from (Suggestion(f"{key}:{one}") for one in _fitting(said, _DAYS))
        case "score":
            yield from (Suggestion(f"score:{one}", about) for one, about in _SCORES.items() if one.startswith(said))
        case "last":
            yield from (Suggestion(f"last:{one}", _SPANS[one]) for one in _fitting(said, _SPANS))


_ASSIGNED = {"me": "to you", "none": "to nobody"}


def _of_fields(said: str, signs: str, known: Known) -> Iterator[Suggestion]:
    named = frozenset(_FORMS_NAMED.findall(signs))
    fields = {name: field for name, field in known.fields(named).items() if not any(sign in QUOTES for sign in name)}
    name, colon, value = _cut(said)
    if not colon:
        found = (one for one, field in fields.items() if _fits(name, one, field.label))
        yield from (Suggestion(f"field.{_named(one)}:", fields[one].label, is_whole=False) for one in found)
    elif name in fields:
        operator = "=" if value.startswith("=") else ""
        begun = value.removeprefix("=").lstrip(QUOTES)
        for one in _fitting(begun, fields[name].values):
            yield Suggestion(f"field.{_named(name)}:{operator}{_quoted(one)}")


def _cut(said: str) -> tuple[str, str, str]:
    """Return the name of a field that is begun, its colon, and what stands behind that."""
    if said[:1] and said[0] in QUOTES:
        inner = re.split(f"[{QUOTES}]", said[1:], maxsplit=1)
        rest = inner[1] if len(inner) > 1 else ""
        return inner[0], rest[:1], rest[1:]
    return said.partition(":")


def _named(name: str) -> str:
    return name if NAME.fullmatch(name) else f'"{name}"'


def _quoted(value: str) -> str:
    return value if RUN.fullmatch(value) and "*" not in value else f'"{value}"'


def _fitting(said: str, choices: Iterable[str]) -> list[str]:
    return [one for one in choices if _fits(said, one)]


def _fits(said: str, *texts: str) -> bool:
    """Return whether a text, or a word in it, begins with what was said."""
    begun = said.casefold()
    return any(f" {text.casefold()}".find(f" {begun}") >= 0 for text in texts)
