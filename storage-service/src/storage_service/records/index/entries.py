"""Makes of a submission what is kept in the index: its tokens, and what each of its fields says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from shared.contracts import JsonValue
from shared.query.submitted import Submitted, searchable
from storage_service.records.index.facts import SENDER_KEY, fact, key_of, names, sender_facts, sender_word
from storage_service.records.index.numbers import sortable

TOKENS_BYTES_MOST = 1_000_000
"""How much of a submission's different tokens is kept: PostgreSQL's tsvector takes a little more."""


_CHARACTER_BYTES_MOST = 4


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """What a field says, compared as `shared.query.submitted` compares it.

    `words` are `searchable` texts, `figures` numbers. `least` and `greatest` are `sortable`; days are ISO dates.
    """

    field: str
    words: str = ""
    figures: str = ""
    least: str | None = None
    greatest: str | None = None
    first_day: str | None = None
    last_day: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of a submission. `tokens` are different ones."""

    tokens: Collection[str]
    fields: Collection[FieldEntry]


def entry_of(
    fields: Mapping[str, JsonValue], address: str, *, without: Collection[str] = (), mailboxes: Iterable[str] = ()
) -> Entry:
    """Return the entry of a submission and its submitter's address. `without` names fields that are not to be found.

    The address is left out too where one of these fields has it. `mailboxes` are all that the submission names: by
    these a person's data is found, so they come before all words.
    """
    shown = {name: Submitted(value) for name, value in fields.items() if name not in without}
    if any(fields.get(name) == address for name in without):
        address = ""
    of_sender = FieldEntry(SENDER_KEY, searchable([address]))
    entries = [_field_entry(name, one) for name, one in shown.items()]
    words = chain.from_iterable((one.words + one.figures).split() for one in entries)
    facts = chain.from_iterable(_facts(name, one) for name, one in shown.items())
    tokens = chain(map(names, mailboxes), words, _of_sender(of_sender, address), facts)
    return Entry(_different(tokens), [one for one in (*entries, of_sender) if one != FieldEntry(one.field)])


def _field_entry(name: str, found: Submitted) -> FieldEntry:
    least, greatest = map(sortable, found.number_range) if found.number_range else (None, None)
    first, last = (day.isoformat() for day in found.day_range) if found.day_range else (None, None)
    return FieldEntry(key_of(name), found.text_words, found.figure_words, least, greatest, first, last)


def _facts(name: str, found: Submitted) -> Iterator[str]:
    yield from (fact(name, "true" if truth else "false") for truth in found.truths)
    yield from (fact(name, box) for box in found.boxes)
    yield from (fact(name, "number", sortable(number)) for number in found.numbers)


def _of_sender(found: FieldEntry, address: str) -> Iterator[str]:
    if address:
        yield from map(sender_word, found.words.split())
        yield from sender_facts(address)


def _different(tokens: Iterator[str]) -> Collection[str]:
    """Return each token once, in their order, as many as may be kept."""
    found, size = dict.fromkeys(tokens), 0
    if sum(map(len, found)) * _CHARACTER_BYTES_MOST <= TOKENS_BYTES_MOST:
        return found.keys()
    kept = list[str]()
    for token in found:
        size += len(token.encode())
        if size > TOKENS_BYTES_MOST:
            break
        kept.append(token)
    return kept
