"""Finds in a submission what a model weighs: words in their order, and signals.

Of 2,000 characters in all, so that the work is bounded whatever was sent. A model and its training see the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from shared.spam.folding import folded
from shared.spam.signals import Signal, signals_of
from shared.spam.texts import SpamText

LOOKED_AT = 2_000
"""Characters of all fields together."""
_LINK = re.compile(
    r"(?:https?://(?:www\.)?|www\.)([a-z0-9.-]{1,253})"
    # the rest, to another link that is no part of it: a part of it stands after one of /=?&
    r"[a-z0-9+/=?&]*+(?:[^\s<>\"'a-z0-9+/=?&]++(?!https?://|www\.)[a-z0-9+/=?&]*+)*+"
)
_WORD = re.compile(r"[^\W_]{1,32}")
_WORD_MOST = 32
_SPACED_OUT = bytes(code if chr(code).isalnum() else 32 for code in range(256))
"""Makes a space of each byte of an ASCII text that is in no word."""

_SPACED_LEAST = 4
_APART = bytes([1] * _SPACED_LEAST)
"""The lengths of so many letters that stand apart."""


class Features(NamedTuple):
    """What a model weighs: `words` of each field, folded, in their order, and `signals`."""

    words: tuple[list[str], ...]
    signals: list[Signal]


def features_of(text: SpamText, usual_scripts: frozenset[str] = frozenset()) -> Features:
    """Return what is weighed of a submission. `usual_scripts` are those of its form, where they are known."""
    values = _cut(text.fields)
    hosts: list[str] = []
    words = []
    is_spaced = False
    for value in values.values():
        if value == text.address:
            continue
        plain = folded(value)
        if "://" in plain or "www." in plain:
            found = _LINK.split(plain)
            hosts += found[1::2]
            plain = " ".join(found[::2])
        there, is_joined = _words(plain)
        is_spaced |= is_joined
        words.append(there)
    return Features(tuple(words), signals_of(text, values, hosts, usual_scripts, is_spaced=is_spaced))


def _cut(fields: Mapping[str, str]) -> Mapping[str, str]:
    """Return the fields with `LOOKED_AT` characters in all: long ones give way to short ones."""
    if sum(map(len, fields.values())) <= LOOKED_AT:
        return fields
    room, left, most = LOOKED_AT, len(fields), 0
    for length in sorted(map(len, fields.values())):
        most = room // left
        if length > most:
            break
        room, left = room - length, left - 1
    return {name: value[:most] for name, value in fields.items()}


def _words(plain: str) -> tuple[list[str], bool]:
    """Return the words of a folded text, and whether letters that stand apart were put together in it."""
    # Most texts are ASCII, and `split` takes a quarter of the time.
    found = plain.encode().translate(_SPACED_OUT).decode().split() if plain.isascii() else _WORD.findall(plain)
    if len(plain) <= _WORD_MOST and len(found) < _SPACED_LEAST:
        return found, False
    lengths = [*map(len, found)]
    if max(lengths, default=0) > _WORD_MOST:
        found = _WORD.findall(plain)
        lengths = [*map(len, found)]
    return (_joined(found), True) if _APART in bytes(lengths) else (found, False)


def _joined(words: list[str]) -> list[str]:
    """Return the words with letters that stand apart (`v i a g r a`) put together."""
    done: list[str] = []
    run: list[str] = []
    for word in [*words, ""]:
        if len(word) == 1:
            run.append(word)
            continue
        if len(run) >= _SPACED_LEAST:
            run = ["".join(run)[:32]]
        done += run
        run = []
        if word:
            done.append(word)
    return done
