"""Looks up DNS records, within a time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import dns.exception
import dns.resolver

LOOKUP_S = 4.0
ALL_S = 20.0
"""How long one look-up may take, and all of them together."""


class NoAnswer(Exception):
    """Nobody could say what a name has; the text says why."""


class Lookup:
    """Asks the machine's own resolver, or a name server that is named as `host`, or `host:port`."""

    def __init__(self, nameserver: str | None = None, *, each_s: float = LOOKUP_S) -> None:
        """Raises `NoAnswer` where there is no resolver."""
        self._each_s, self._deadline_s = each_s, time.monotonic() + ALL_S
        try:
            self._resolver = dns.resolver.Resolver(configure=nameserver is None)
            if nameserver is not None:
                host, _, port = nameserver.partition(":") if nameserver.count(":") == 1 else (nameserver, "", "")
                self._resolver.nameservers = [host]
                self._resolver.port = int(port or 53)
        except (dns.exception.DNSException, ValueError, OSError) as error:
            raise NoAnswer(f"there is no resolver ({type(error).__name__})") from error

    def texts(self, name: str) -> list[str]:
        """Return the TXT records of a name, each in one piece; raises `NoAnswer`."""
        return [b"".join(one.strings).decode("utf-8", "replace") for one in self._asked(name, "TXT")]

    def servers(self, mail_domain: str) -> list[str]:
        """Return the hosts that take mail for a domain, the first choice first; raises `NoAnswer`."""
        found = sorted((one.preference, str(one.exchange)) for one in self._asked(mail_domain, "MX"))
        return [name.rstrip(".") for _, name in found]

    def has_address(self, name: str) -> bool:
        """Say whether a name has an address; raises `NoAnswer`."""
        return any(self._asked(name, kind) for kind in ("A", "AAAA"))

    def _asked(self, name: str, kind: str) -> Sequence[Any]:  # the members of a record depend on `kind`
        left_s = min(self._each_s, self._deadline_s - time.monotonic())
        if left_s <= 0:
            raise NoAnswer("the time for look-ups is over")
        try:
            found = self._resolver.resolve(f"{name}.", kind, lifetime=left_s, raise_on_no_answer=False, search=False)
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.exception.DNSException, ValueError, OSError) as error:
            raise NoAnswer(f"the resolver does not answer ({type(error).__name__})") from error
        return list(found.rrset or ())
