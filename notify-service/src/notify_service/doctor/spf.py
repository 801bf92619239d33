"""Reads SPF records (RFC 7208), as far as is needed to say what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

LOOKUPS_MOST = 10
"""How many look-ups a check may take (RFC 7208, section 4.6.4): beyond that a record counts as none."""

_ASKS = re.compile(r"[+?~-]?(include|a|mx|ptr|exists)([:/].*)?", re.IGNORECASE)
_DEPTH_MOST = 10


@dataclass(slots=True)
class Reading:
    """What a domain's record leads to: how many look-ups, which domains it includes, and its `all` (`+`, `-`, `~`,
    `?`; empty where it has none)."""

    lookups: int = 0
    included: list[str] = field(default_factory=list)
    ending: str = ""


def records_in(texts: list[str]) -> list[str]:
    """Return the SPF records among TXT records."""
    return [one for one in texts if one.lower().split(" ")[0] == "v=spf1"]


def read(record: str, texts_of: Callable[[str], list[str]]) -> Reading:
    """Follow a record through all that it includes. `texts_of` returns the TXT records of a name."""
    reading = Reading()
    _follow(record, texts_of, reading, 0)
    return reading


def _follow(record: str, texts_of: Callable[[str], list[str]], reading: Reading, depth: int) -> None:
    for term in record.split()[1:]:
        if depth == 0 and re.fullmatch(r"[+?~-]?all", term, re.IGNORECASE):
            reading.ending = term[0] if term[0] in "+?~-" else "+"
        name, redirects = _target(term)
        if name is None and not _ASKS.fullmatch(term):
            continue
        reading.lookups += 1
        if name is None or depth >= _DEPTH_MOST or reading.lookups > LOOKUPS_MOST:
            continue
        reading.included.append(name.lower())
        for found in records_in(texts_of(name))[:1]:
            _follow(found, texts_of, reading, 0 if redirects and depth == 0 else depth + 1)


def _target(term: str) -> tuple[str | None, bool]:
    """Return the domain whose record counts, too, and whether it takes the place of this one."""
    if found := re.fullmatch(r"[+?~-]?include:(\S{1,253})|redirect=(\S{1,253})", term, re.IGNORECASE):
        return (found[1] or found[2]).rstrip("."), found[2] is not None
    return None, False
