"""Reads the entries of the lists of the section `spam`; each raises ValueError with what is wrong and the mend."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network

import idna

from shared.mail_addresses import DOMAIN, is_address
from shared.mailboxes import mailbox_of
from shared.query.tokens import tokens

ENTRY_MOST = 320
"""Characters: an address may have as many."""

WORD_MOST, WORDS_MOST = 100, 10
HOST_MOST = 253

_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?)*")


def word_of(text: str) -> str:
    """Return a word, or several that stand side by side, as it is written."""
    if len(text) > WORD_MOST:
        raise ValueError(f"expected {WORD_MOST} characters at most, not {len(text)}")
    found = tokens(text)
    if not found:
        raise ValueError("expected a word: there is no letter and no digit in it")
    if len(found) > WORDS_MOST:
        raise ValueError(f"expected {WORDS_MOST} words at most, not {len(found)}")
    return text


def host_of(text: str) -> str:
    """Return a host in small letters and ASCII."""
    host = text.strip().lower().rstrip(".")
    if host.startswith(("*.", ".")):
        raise ValueError(f"leave out what is before {host.lstrip('*.')[:80]}: a host stands for all below it")
    made = in_ascii(host)
    if made is None or len(made) > HOST_MOST or not _HOST.fullmatch(made):
        raise ValueError("expected a host alone, such as casino.example, without https:// and without a path")
    return made


def address_of(text: str) -> str:
    """Return the mailbox of an address, or a domain with its @, in small letters and ASCII."""
    text = text.strip()
    domain = text.removeprefix("@").removeprefix("*@") if text.startswith(("@", "*@")) else None
    if domain is None and is_address(text):
        return mailbox_of(text)
    made = in_ascii(domain.lower()) if domain and DOMAIN.fullmatch(domain) else None
    if made is None or len(made) > HOST_MOST or not _HOST.fullmatch(made):
        raise ValueError("expected an address such as ada@example.org, or @example.org for all of a domain")
    return f"@{made}"


def networks_entry(text: str) -> IPv4Network | IPv6Network:
    """Return a network, or an address as one that has no other in it."""
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        raise ValueError("expected a network or an address, such as 192.0.2.0/24 or 2001:db8::/32") from None
    if network.prefixlen == 0:
        raise ValueError('these are all addresses there are: mode = "off" lets all in, active = false lets none')
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped is not None and network.prefixlen >= 96:
        return ip_network((int(network.network_address.ipv4_mapped), network.prefixlen - 96), strict=False)
    return network


def in_ascii(host: str) -> str | None:
    """Return a host as IDNA writes it in ASCII; None where it cannot be one. It may take long over what is long."""
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except UnicodeError:
        return None
