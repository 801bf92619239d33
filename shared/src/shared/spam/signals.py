"""Finds in a submission what is no word: links, hosts, scripts, the address, how it was typed."""

from __future__ import annotations

import re
import string
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

from shared.spam.folding import INVISIBLE, folded
from shared.spam.scripts import scripts_of
from shared.spam.texts import SpamText

Signal: TypeAlias = tuple[str, str, object]
"""One thing seen: a key that has a weight, and what says it to people (`code_of`): a kind, and its detail or None.

It is told in words only where it weighs much, so nothing is put together before.
"""

_HOSTS_MOST = 5
_UPPER, _LETTERS = string.ascii_uppercase.encode(), string.ascii_letters.encode()
_SHORT = 100
"""Characters of a field that is one line: a name, a subject."""
_ODD_CAPITALS = re.compile(r"[a-z][A-Z][A-Za-z]*[a-z][A-Z]")
_MARKUP = re.compile(r"</?a\b|<br|\[/?url|\[link", re.IGNORECASE)


def _steps(kind: str, most: int) -> tuple[str, ...]:
    """Return the keys of what is counted up to a number."""
    return tuple(f"{kind}:{number}" for number in range(most + 1))


_LINKS, _LINK_HOSTS, _DIGITS = _steps("links", 6), _steps("hosts", 4), _steps("address-digits", 4)
_CAPITALS, _LOUD, _MONEY = _steps("capitals", 6), _steps("loud", 6), _steps("money", 4)
_QUESTIONS, _LENGTH = _steps("questions", 3), _steps("length", 24)
_TYPED, _SPEED = _steps("typed", 8), _steps("speed", 8)


def code_of(signal: Signal) -> str:
    """Return what says a signal to people, with its numbers: `links:3:2`."""
    _, kind, detail = signal
    return kind if detail is None else f"{kind}:{detail}"


def signals_of(
    text: SpamText, values: Mapping[str, str], hosts: Sequence[str], usual: frozenset[str], *, is_spaced: bool
) -> list[Signal]:
    """Return what is seen of a submission beside its words; `values` are its fields, cut, `hosts` of their links."""
    whole = "\n".join(values.values())
    found = _of_links(hosts, values.values())
    if ("<" in whole or "[" in whole) and _MARKUP.search(whole):
        found.append(("markup", "markup", None))
    found += _of_address(text)
    found += _of_looks(whole)
    found += _of_typing(text, whole)
    if not whole.isascii():
        found += _of_scripts(whole, usual, text.language)
    if is_spaced:
        found.append(("spaced", "spaced", None))
    return found


def _of_links(hosts: Sequence[str], values: Collection[str]) -> list[Signal]:
    if not hosts:
        return [(_LINKS[0], "no-links", None)]
    distinct = list(dict.fromkeys(host.strip(".") for host in hosts))
    count, said = len(hosts), f"{len(hosts)}:{len(distinct)}"
    found: list[Signal] = [(_LINKS[min(count, 6)], "links", said)]
    if len(distinct) > 1:
        found.append((_LINK_HOSTS[min(len(distinct), 4)], "links", said))
    for host in distinct[:_HOSTS_MOST]:
        found += _of_host(host)
    if any("://" in value and len(value) <= _SHORT for value in values):
        found.append(("short-link", "short-link", None))
    return found


@lru_cache(maxsize=1024)
def _of_host(host: str) -> tuple[Signal, Signal]:
    labels = host.split(".")
    top = "host-number" if labels[-1].isdigit() else f"tld:{labels[-1][:20]}"
    return (f"host:{'.'.join(labels[-2:])[:60]}", "host", host[:60]), (top, "host", host[:60])


def _of_address(text: SpamText) -> list[Signal]:
    found: list[Signal] = [("throwaway", "throwaway", None)] if text.is_throwaway else []
    if not text.address:
        return [*found, ("no-address", "no-address", None)]
    local, _, domain = folded(text.address[:320]).rpartition("@")
    digits = 0 if local.isalpha() else sum(map(str.isdigit, local[:64]))
    return [*found, *_of_domain(domain), (_DIGITS[min(digits, 4)], "address-digits", digits)]


@lru_cache(maxsize=4096)
def _of_domain(domain: str) -> tuple[Signal, Signal]:
    said = domain[:60]
    return (f"address:{said}", "address", said), (f"address-tld:{domain.rpartition('.')[2][:20]}", "address", said)


def _of_looks(whole: str) -> list[Signal]:
    raw = whole.encode("ascii", "ignore")
    letters = len(raw) - len(raw.translate(None, _LETTERS))
    share = 10 * (len(raw) - len(raw.translate(None, _UPPER))) // letters if letters else 0
    loud, money, questions = raw.count(b"!"), raw.count(b"$"), raw.count(b"?")
    if len(raw) < len(whole):
        money += whole.count("€") + whole.count("£")
    return [
        (_CAPITALS[min(share, 6)], "capitals", 10 * share),
        (_LOUD[min(loud, 6)], "loud", loud),
        (_MONEY[min(money, 4)], "money", money),
        (_QUESTIONS[min(questions, 3)], "questions", questions),
        (_LENGTH[len(whole).bit_length()], "length", len(whole)),
    ]


def _of_typing(text: SpamText, whole: str) -> list[Signal]:
    found: list[Signal] = []
    if text.typed_s is not None:
        seconds = max(0, min(int(text.typed_s), 86_400))
        a_second = int(len(whole) / max(text.typed_s, 0.5))
        found.append((_TYPED[min(seconds.bit_length(), 8)], "typed", seconds))
        found.append((_SPEED[min(a_second.bit_length(), 8)], "typed", seconds))
    short = [value for value in text.fields.values() if len(value) <= _SHORT]
    for value in short:
        if " " not in value and "@" not in value and _ODD_CAPITALS.search(value):
            found.append(("odd-capitals", "odd-capitals", None))
            break
    if len(short) > len(set(short)):
        found.append(("same-fields", "same-fields", None))
    return found


def _of_scripts(whole: str, usual: frozenset[str], language: str | None) -> Iterator[Signal]:
    found, is_mixed = scripts_of(whole)
    for script in found:
        yield f"script:{script}", "script", script
        if usual and script not in usual:
            yield "unusual-script", "unusual-script", script
    if found and language:
        said = f"{language[:2].lower()}:{found[0]}"
        yield f"language:{said}", "language", said
    if is_mixed:
        yield "look-alikes", "look-alikes", None
    if INVISIBLE.search(whole):
        yield "invisible", "invisible", None
