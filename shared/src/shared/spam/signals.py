"""Finds in a submission what is no word: links, hosts, scripts, the address, how it was typed."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from shared.spam.folding import INVISIBLE, folded
from shared.spam.scripts import scripts_of
from shared.spam.texts import SpamText

_HOSTS_MOST = 5
_UPPER, _LETTERS = string.ascii_uppercase.encode(), string.ascii_letters.encode()
_SHORT = 100
"""Characters of a field that is one line: a name, a subject."""
_ODD_CAPITALS = re.compile(r"[a-z][A-Z][A-Za-z]*[a-z][A-Z]")
_MARKUP = re.compile(r"</?a\b|<br|\[/?url|\[link", re.IGNORECASE)


class Signal(NamedTuple):
    """One thing seen: `key` has a weight, `code` says it to people with its numbers (`links:3:2`)."""

    key: str
    code: str


def signals_of(
    text: SpamText, values: Mapping[str, str], hosts: Sequence[str], usual: frozenset[str], *, is_spaced: bool
) -> list[Signal]:
    """Return what is seen of a submission beside its words; `values` are its fields, cut, `hosts` of their links."""
    whole = "\n".join(values.values())
    found = [*_of_links(hosts, values, whole), *_of_address(text), *_of_looks(whole), *_of_typing(text, whole)]
    if not whole.isascii():
        found += _of_scripts(whole, usual, text.language)
    if is_spaced:
        found.append(Signal("spaced", "spaced"))
    return found


def _of_links(hosts: Sequence[str], values: Mapping[str, str], whole: str) -> Iterator[Signal]:
    distinct = list(dict.fromkeys(host.strip(".") for host in hosts))
    count = len(hosts)
    yield Signal(f"links:{min(count, 6)}", f"links:{count}:{len(distinct)}" if count else "no-links")
    if len(distinct) > 1:
        yield Signal(f"hosts:{min(len(distinct), 4)}", f"links:{count}:{len(distinct)}")
    for host in distinct[:_HOSTS_MOST]:
        labels = host.split(".")
        yield Signal(f"host:{'.'.join(labels[-2:])[:60]}", f"host:{host[:60]}")
        numeric = labels[-1].isdigit()
        yield Signal("host-number" if numeric else f"tld:{labels[-1][:20]}", f"host:{host[:60]}")
    if count and any("://" in value and len(value) <= _SHORT for value in values.values()):
        yield Signal("short-link", "short-link")
    if ("<" in whole or "[" in whole) and _MARKUP.search(whole):
        yield Signal("markup", "markup")


def _of_address(text: SpamText) -> Iterator[Signal]:
    if text.is_throwaway:
        yield Signal("throwaway", "throwaway")
    if not text.address:
        yield Signal("no-address", "no-address")
        return
    local, _, domain = folded(text.address[:320]).rpartition("@")
    yield Signal(f"address:{domain[:60]}", f"address:{domain[:60]}")
    yield Signal(f"address-tld:{domain.rpartition('.')[2][:20]}", f"address:{domain[:60]}")
    digits = sum(map(str.isdigit, local[:64]))
    yield Signal(f"address-digits:{min(digits, 4)}", f"address-digits:{digits}")


def _of_looks(whole: str) -> Iterator[Signal]:
    raw = whole.encode("ascii", "ignore")
    letters = len(raw) - len(raw.translate(None, _LETTERS))
    capitals = len(raw) - len(raw.translate(None, _UPPER))
    share = 10 * capitals // letters if letters else 0
    yield Signal(f"capitals:{min(share, 6)}", f"capitals:{10 * share}")
    loud, money = raw.count(b"!"), raw.count(b"$") + whole.count("€") + whole.count("£")
    yield Signal(f"loud:{min(loud, 6)}", f"loud:{loud}")
    yield Signal(f"money:{min(money, 4)}", f"money:{money}")
    yield Signal(f"questions:{min(raw.count(b'?'), 3)}", f"questions:{raw.count(b'?')}")
    yield Signal(f"length:{len(whole).bit_length()}", f"length:{len(whole)}")


def _of_typing(text: SpamText, whole: str) -> Iterator[Signal]:
    if text.typed_s is not None:
        seconds = max(0, min(int(text.typed_s), 86_400))
        yield Signal(f"typed:{min(seconds.bit_length(), 8)}", f"typed:{seconds}")
        a_second = len(whole) / max(text.typed_s, 0.5)
        yield Signal(f"speed:{min(int(a_second).bit_length(), 8)}", f"typed:{seconds}")
    short = [value for value in text.fields.values() if len(value) <= _SHORT]
    if any(_ODD_CAPITALS.search(value) for value in short if " " not in value and "@" not in value):
        yield Signal("odd-capitals", "odd-capitals")
    if len(short) > len(set(short)):
        yield Signal("same-fields", "same-fields")


def _of_scripts(whole: str, usual: frozenset[str], language: str | None) -> Iterator[Signal]:
    found, is_mixed = scripts_of(whole)
    for script in found:
        yield Signal(f"script:{script}", f"script:{script}")
        if usual and script not in usual:
            yield Signal("unusual-script", f"unusual-script:{script}")
    if found and language:
        said = language[:2].lower()
        yield Signal(f"language:{said}:{found[0]}", f"language:{said}:{found[0]}")
    if is_mixed:
        yield Signal("look-alikes", "look-alikes")
    if INVISIBLE.search(whole):
        yield Signal("invisible", "invisible")
