"""Finds the links in what somebody typed, and their hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from shared.forms.spam.entries import in_ascii
from shared.spam.folding import INVISIBLE

LINKS_MOST = 2000
"""How many of one submission are looked at."""

_ODD_HOSTS_MOST = 20
"""How many hosts that are not ASCII are put into it: that takes far longer than all else."""

_LINK = re.compile(
    r"(?:(?<=[a-z][a-z0-9+]):[/\\]{2}(?>[^\s/?#\\<>\"'()\[\]]*@)?|\bwww\.)"  # a browser goes where the last @ leads
    r"([^\s\x00-,/:-@\[-^`{-\x7f]{1,253})(?::[0-9]{1,5})?+"
    # its path and query, in which an address may stand after one of /=?&; after anything else it is a link of its own
    r"(?:(?=[/?#\\])[a-z0-9+/=?&]*+(?:[^\s<>\"'a-z0-9+/=?&]++(?![a-z][a-z0-9+]{1,20}:[/\\]{2}|www\.)[a-z0-9+/=?&]*+)*+)?+"
)


def hosts_in(texts: Iterable[str]) -> list[str]:
    """Return the host of each link, `LINKS_MOST` at most, in small letters; one for each time that it stands there."""
    found: list[str] = []
    for text in texts:
        seen = (text if text.isascii() else INVISIBLE.sub("", text)).lower()
        if ":/" in seen or ":\\" in seen or "www." in seen:
            found += [link[1].strip(".") for link in islice(_LINK.finditer(seen), LINKS_MOST - len(found))]
    return found


def as_listed(hosts: Iterable[str]) -> Iterator[str]:
    """Yield each host once, as the forms file has it."""
    odd = 0
    for host in dict.fromkeys(hosts):
        if host.isascii():
            yield host
        elif odd < _ODD_HOSTS_MOST:
            odd += 1
            if made := in_ascii(host):
                yield made


def is_below(host: str, hosts: frozenset[str]) -> bool:
    """Say whether a host is one of these, or below one."""
    while host:
        if host in hosts:
            return True
        host = host.partition(".")[2]
    return False
