"""Finds words that a form's owner does not want."""

from __future__ import annotations

from collections.abc import Iterable

from shared.query.tokens import needle_of, words_apart
from shared.spam.folding import folded

_BETWEEN = " \0 "
"""Stands between two texts, and in no word: a phrase is not found across."""


class Words:
    """Words and phrases, found wherever they stand as whole words: as queries compare, and look-alikes are alike.

    Each is looked for as it is, so the time is in proportion to the text and to the list, whatever they are.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._needles = tuple(dict.fromkeys(_needle(word) for word in words))

    def are_in(self, texts: Iterable[str]) -> bool:
        """Say whether one of them is in one of the texts: these are joined, so that many are looked through once."""
        looked_at = f" {_BETWEEN.join(map(_plain, texts))} "
        return any(needle in looked_at for needle in self._needles)


def _plain(text: str) -> str:
    return words_apart(folded(text))


def _needle(word: str) -> str:
    """Return a word with a space where a word begins or ends; scripts that part words by no space need none."""
    plain = _plain(word)
    first, last = plain[:1], plain[-1:]
    return f"{'' if needle_of(first).is_prefix else ' '}{plain}{'' if needle_of(last).is_prefix else ' '}"
