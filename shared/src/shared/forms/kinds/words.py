"""Reads the words in a form's `types`: families, endings and MIME types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from shared.forms.kinds import dangers, table

ENCRYPTED = "encrypted"
"""Lets archives and Office files with a password pass where their types do: nothing can look into them."""

MOST = 50
"""How many words `types` may have."""

_ENDING = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")
_WORD_OF_FAMILY = {
    "image": "picture",
    "audio": "recording",
    "pdf": "PDF",
    "text": "text file",
    "video": "video",
}


def flaw_of(word: str) -> str | None:
    """Return what is wrong with a word, and the mend; None where it can be read."""
    if "/" in word:
        known = word in table.BY_MIME or word in dangers.BY_MIME or _family_of(word) is not None
        return None if known else f"no file is known to be {word!r}: name its ending instead, such as 'dwg'"
    if word.startswith("."):
        return f"write {word[1:]!r}, without the dot"
    if word in table.FAMILIES or word == ENCRYPTED or _ENDING.fullmatch(word):
        return None
    return f"expected one of {', '.join(table.FAMILIES)}, {ENCRYPTED}, an ending such as 'docx', or a MIME type"


def endings_of(types: Iterable[str]) -> frozenset[str]:
    """Return the endings of all that these words name, those of families too."""
    return frozenset(ending for word in types for ending in _endings(word))


def named_in(types: Iterable[str]) -> frozenset[str]:
    """Return the endings that stand in `types` as such, or by a MIME type: what is dangerous has to be named so."""
    return frozenset(ending for word in types if not _is_family(word) for ending in _endings(word))


def accept(types: Iterable[str]) -> str:
    """Return the value of the attribute `accept` of a file input: MIME types and endings, "" where all is taken."""
    named: dict[str, None] = {}
    for word in types:
        for ending in _endings(word):
            if ending in table.BY_ENDING:
                named[table.BY_ENDING[ending].mime] = None
            named[f".{ending}"] = None
    return ",".join(named)


def in_words(types: Iterable[str]) -> str:
    """Return the types as a person says them, such as "PDF, picture or .dwg file"; "" where all is taken."""
    words = list(dict.fromkeys(_said(word) for word in types if word != ENCRYPTED))
    return " or ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _said(word: str) -> str:
    family = _family_of(word) or word
    if family in table.FAMILIES:
        return _WORD_OF_FAMILY.get(family, family)
    ending = next(iter(_endings(word)), word)
    known = table.BY_ENDING.get(ending)
    return known.word if known else f".{ending} file"


def _is_family(word: str) -> bool:
    return word in table.FAMILIES or word == ENCRYPTED or _family_of(word) is not None


def _family_of(mime: str) -> str | None:
    family = mime.removesuffix("/*")
    return family if family != mime and family in table.FAMILIES else None


def _endings(word: str) -> Iterator[str]:
    family = word if word in table.FAMILIES else _family_of(word)
    if family is not None:
        yield from (ending for kind in table.FAMILIES[family] for ending in kind.endings)
    elif word in table.BY_MIME:
        yield from table.BY_MIME[word].endings
    elif "/" in word:
        yield from dangers.BY_MIME.get(word, ())
    elif word != ENCRYPTED:
        yield word
