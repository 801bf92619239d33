"""Applies the rules that a form has against spam; they need nobody to teach them."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from gateway.spam.links import as_listed, hosts_in, is_below
from gateway.spam.told import Told, texts_of
from gateway.spam.words import Words
from shared.forms import Form
from shared.forms.spam.rules import Networks
from shared.mailboxes import mailbox_of
from shared.sources import without_port


class _Addresses:
    """Mailboxes, and domains with all below them."""

    def __init__(self, entries: Sequence[str]) -> None:
        self._mailboxes = frozenset(one for one in entries if not one.startswith("@"))
        self._domains = frozenset(one[1:] for one in entries if one.startswith("@"))

    def have(self, mailbox: str | None) -> bool:
        return mailbox is not None and (
            mailbox in self._mailboxes or is_below(mailbox.rpartition("@")[2], self._domains)
        )


class Rules:
    """The rules of one form, ready to be applied."""

    def __init__(self, form: Form) -> None:
        rules = form.spam
        self._links = rules.links
        self._min_time_s = rules.min_time.total_seconds() if rules.min_time else None
        self._words = Words(rules.deny_words) if rules.deny_words else None
        self._hosts = frozenset(rules.deny_hosts)
        self._denied, self._allowed = _Addresses(rules.deny_addresses), _Addresses(rules.allow_addresses)
        self._looks_at_address = bool(rules.deny_addresses or rules.allow_addresses)
        self._denied_networks, self._allowed_networks = rules.deny_networks, rules.allow_networks
        self._urls = frozenset(name for name, one in (form.fields or {}).items() if one.type == "url")

    def allow(self, told: Told) -> bool:
        """Say whether it comes from an address or a network that is allowed."""
        return self._allowed.have(self._mailbox(told)) or _is_in(told.ip, self._allowed_networks)

    def broken(self, told: Told) -> str | None:
        """Return the rule that a submission breaks, as `spam` names it: `rule:words`; None for none. What is quickest
        is looked at first."""
        if self._min_time_s is not None and told.open_s is not None and told.open_s < self._min_time_s:
            return "rule:time"
        if _is_in(told.ip, self._denied_networks):
            return "rule:networks"
        if self._denied.have(self._mailbox(told)):
            return "rule:addresses"
        return self._broken_by_text(told)

    def _broken_by_text(self, told: Told) -> str | None:
        if self._links is None and not self._hosts and self._words is None:
            return None
        texts = texts_of(told.fields)
        links = hosts_in(texts) if self._hosts or self._links is not None else []
        if links and any(is_below(host, self._hosts) for host in as_listed(links)):
            return "rule:hosts"
        if self._links is not None and len(links) > self._links and len(self._counted(told, links)) > self._links:
            return "rule:links"
        return "rule:words" if self._words is not None and self._words.are_in(texts) else None

    def _counted(self, told: Told, links: list[str]) -> list[str]:
        """Return the links that count: without those of fields that ask for one."""
        return hosts_in(texts_of(told.fields, self._urls)) if self._urls else links

    def _mailbox(self, told: Told) -> str | None:
        return mailbox_of(told.address) if self._looks_at_address and told.address else None


def rules_of(form: Form) -> Rules | None:
    """Return the rules of a form; None for one without any."""
    return Rules(form) if form.spam.written_rules else None


def _is_in(ip: str | None, networks: Networks) -> bool:
    if not networks or not ip:
        return False
    address = _address_of(ip)
    return address is not None and any(address in one for one in networks)


@lru_cache(maxsize=1024)
def _address_of(ip: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(without_port(ip))
    except ValueError:  # as a proxy may say
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
