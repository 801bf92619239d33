"""The name that we say in EHLO."""

from __future__ import annotations

import re
import socket

FALLBACK = "[127.0.0.1]"
"""An address literal, as smtplib says it: some servers refuse it, Google's relay for one."""

NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+", re.ASCII | re.IGNORECASE
)
_OF_NO_PUBLIC_NAME = frozenset({"arpa", "corp", "home", "internal", "intranet", "lan", "local", "localdomain"})


def hello_name(mail_domain: str, own_name: str | None = None) -> str:
    """Return the name for EHLO: this host's, where it is a public one, else the domain that our mail comes from.

    A container's own name is known to nobody (`3f2a1c`, `notify-0.notify.default.svc.cluster.local`).
    """
    name = socket.getfqdn() if own_name is None else own_name
    return next((one for one in (name, mail_domain) if _is_public(one)), FALLBACK)


def _is_public(name: str) -> bool:
    ending = name.rpartition(".")[2].lower()
    return bool(NAME.fullmatch(name)) and not ending.isdecimal() and ending not in _OF_NO_PUBLIC_NAME
