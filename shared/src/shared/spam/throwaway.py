"""Knows the domains of mail addresses that are made to be thrown away, as `disposable-email-domains` lists them."""

from __future__ import annotations

from functools import lru_cache

from disposable_email_domains import blocklist

from shared.mail_addresses import ADDRESS_MOST

_LABELS_MOST = 4


def is_throwaway(address: str | None) -> bool:
    """Return whether an address is at a listed domain, or below one."""
    if address is None or len(address) > ADDRESS_MOST:
        return False
    return _is_listed(address.rpartition("@")[2])


@lru_cache(maxsize=4096)
def _is_listed(domain: str) -> bool:
    labels = domain.lower().rstrip(".").split(".")[-_LABELS_MOST:]
    return any(".".join(labels[at:]) in blocklist for at in range(len(labels) - 1))
