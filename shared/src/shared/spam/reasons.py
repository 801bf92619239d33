"""Turns codes of reasons into words.

A code is `kind` or `kind:detail`, 80 characters at most; one that begins with `-` speaks for a person. A code that
this version does not know is shown as it is.
"""

from __future__ import annotations

CODE_MOST = 80

_PLAIN = {
    "no-links": "no link",
    "short-link": "a link in a short field",
    "markup": "links written as HTML or BBCode",
    "throwaway": "a throw-away mail address",
    "no-address": "no mail address",
    "odd-capitals": "a name like random letters",
    "same-fields": "the same text in several fields",
    "look-alikes": "letters of two scripts in one word",
    "invisible": "invisible characters",
    "spaced": "words with spaces between their letters",
}
_WITH = {
    "word": "the word “{}”",
    "words": "the words “{}”",
    "host": "a link to {}",
    "address": "an address at {}",
    "capitals": "{} % capital letters",
    "typed": "typed in {} s",
    "script": "text in {} letters",
    "unusual-script": "text in {} letters, which people do not use on this form",
    "repeat": "the same text {} times within a day",
}
_COUNTED = {
    "address-digits": "{} digit{s} in the address",
    "loud": "{} exclamation mark{s}",
    "money": "{} sign{s} of money",
    "questions": "{} question mark{s}",
    "length": "{} character{s} of text",
    "network": "its network sent {} submission{s} that {were} marked as spam lately",
}


def words_of(code: str) -> str:
    """Return a reason in words: `3 links to 2 hosts` of `links:3:2`. They may be a stranger's: escape them."""
    if code.startswith("-"):
        return f"{words_of(code[1:])} (speaks for a person)"
    kind, _, detail = code.partition(":")
    if not detail:
        return _PLAIN.get(code, code)
    if kind == "links":
        return _links(*detail.partition(":")[::2])
    if kind == "language":
        language, _, script = detail.partition(":")
        return f"text in {script} letters from a browser that asks for “{language}”"
    if kind in _COUNTED:
        return _COUNTED[kind].format(detail, s="s" * (detail != "1"), were="was" if detail == "1" else "were")
    return _WITH[kind].format(detail) if kind in _WITH else code


def _links(count: str, hosts: str) -> str:
    return f"{count} link{'s' * (count != '1')} to {hosts} host{'s' * (hosts != '1')}"
