"""Gives words and signals their places among a model's weights: the same in every process, of every version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from zlib import crc32

WORD_BITS, SIGNAL_BITS = 16, 12
_WORDS, _SIGNALS = (1 << WORD_BITS) - 1, (1 << SIGNAL_BITS) - 1

_MIX_ONE, _MIX_BOTH, _MIXED_BITS = 0x9E3779B1, 0x85EBCA6B, 15
_LOW = (1 << (_MIXED_BITS + WORD_BITS)) - 1
"""The bits of a pair's hash that its place depends on."""

_GRAM = 4
_LONGEST = 32
"""Characters of a word that are looked at."""
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
"""Scripts that put no spaces between words, or whose syllables are single characters: there two make a part."""


def places_of(word: str) -> tuple[int, ...]:
    """Return the places of a folded word: its own first, then of its parts of 4 characters, with its ends.

    A number counts by its length alone, so that each amount and each telephone number is not a word of its own.
    """
    if word.isdigit():
        return (crc32(b"#" * len(word), 1) & _WORDS,)
    word = word[:_LONGEST]
    if word.isascii():
        raw = word.encode()
        whole = crc32(raw, 1) & _WORDS
        if len(raw) < _GRAM:
            return (whole,)
        ended = b"_%b_" % raw
        return (whole, *[crc32(ended[at : at + _GRAM], 2) & _WORDS for at in range(len(raw) - 1)])
    whole = crc32(word.encode(errors="replace"), 1) & _WORDS
    if _UNSPACED.search(word):
        return (whole, *_parts(word, 2))
    return (whole, *_parts(f"_{word}_", _GRAM)) if len(word) >= _GRAM else (whole,)


def _parts(word: str, length: int) -> Iterator[int]:
    for at in range(len(word) - length + 1):
        yield crc32(word[at : at + length].encode(errors="replace"), 2) & _WORDS


def place_of_pair(one: int, other: int) -> int:
    """Return the place of two words side by side, from their own places."""
    return places_of_halves([halves_of(one)[0] + halves_of(other)[1]])[0]


def halves_of(place: int) -> tuple[int, int]:
    """Return what a word adds to the hash of a pair as the first of it, and as the second, by its own place."""
    return place * _MIX_ONE * _MIX_BOTH & _LOW, place * _MIX_BOTH & _LOW


def places_of_halves(sums: Iterable[int]) -> list[int]:
    """Return the places of pairs, from the halves of their words, added up."""
    return [one >> _MIXED_BITS & _WORDS for one in sums]


@lru_cache(maxsize=4096)
def place_of_signal(key: str) -> int:
    """Return the place of a signal among those of signals."""
    return crc32(key.encode(errors="replace")) & _SIGNALS
