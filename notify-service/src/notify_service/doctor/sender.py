"""Looks at the sender's domain: would a receiver believe that the mail comes from there?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from notify_service.doctor import spf
from notify_service.doctor.alignment import alignment, policy_of, tags_of
from notify_service.doctor.findings import Finding, bad, good, note
from notify_service.doctor.lookup import Lookup, NoAnswer
from notify_service.doctor.providers import Provider, of_mailbox, of_server

_WHERE = "at whoever hosts the domain's DNS"


def look_at_sender(
    mail_domain: str, server_host: str, lookup: Lookup, selectors: Sequence[str], bounce_domain: str | None = None
) -> Iterator[Finding]:
    """Yield what is found, each as soon as it is. `selectors` are names of DKIM keys that the owner knows of.

    `bounce_domain` is that of COUNTERFOIL_BOUNCE_ADDRESS, which is the envelope's sender where it is set.
    """
    provider, envelope = of_server(server_host), bounce_domain or mail_domain
    if "." not in mail_domain:
        yield bad(
            "sender",
            f"COUNTERFOIL_MAIL_FROM has the domain {mail_domain!r}, which is nobody's",
            "use an address of a domain of yours, such as Counterfoil <forms@example.org>",
        )
        return
    yield from _free_mailbox(mail_domain, provider)
    looks: dict[str, Callable[[], Finding]] = {
        "Return-Path": lambda: _return_path(envelope, lookup, of=_setting(bounce_domain)),
        "SPF": lambda: _spf(envelope, lookup, provider),
        "DKIM": lambda: _dkim(mail_domain, lookup, provider, selectors),
        "DMARC": lambda: _dmarc(mail_domain, lookup),
    }
    if bounce_domain is not None:
        looks["alignment"] = lambda: alignment(mail_domain, bounce_domain, lookup)
    for check, look in looks.items():
        try:
            yield look()
        except NoAnswer as error:
            yield note(check, f"not looked at: {error}")


def _free_mailbox(mail_domain: str, provider: Provider | None) -> Iterator[Finding]:
    """Yield that an address of a free mailbox goes by its own provider's server alone."""
    owner = of_mailbox(mail_domain)
    if owner is not None and owner != provider:
        yield bad(
            "sender",
            f"{mail_domain} is {owner.name}'s: mail from there by another server fails SPF, DKIM and DMARC",
            f"send by {owner.name}'s own server, or use an address of a domain of yours in COUNTERFOIL_MAIL_FROM",
        )


def _setting(bounce_domain: str | None) -> str:
    return "COUNTERFOIL_MAIL_FROM" if bounce_domain is None else "COUNTERFOIL_BOUNCE_ADDRESS"


def _return_path(mail_domain: str, lookup: Lookup, *, of: str) -> Finding:
    """What cannot be delivered comes back to the envelope's sender, which the setting `of` names."""
    servers = lookup.servers(mail_domain)
    if [one for one in servers if one]:
        return good("Return-Path", f"what bounces comes back to {mail_domain}, to {servers[0]}")
    if not servers and lookup.has_address(mail_domain):
        return note("Return-Path", f"{mail_domain} has no MX record; its address takes what bounces, if anything does")
    return bad(
        "Return-Path",
        f"no server takes mail for {mail_domain}: nobody hears of what bounces, and some receivers refuse such mail",
        f"add an MX record {_WHERE}, or use another domain in {of}",
    )


def _spf(mail_domain: str, lookup: Lookup, provider: Provider | None) -> Finding:
    records = spf.records_in(lookup.texts(mail_domain))
    wanted = f"include:{provider.include}" if provider and provider.include else "ip4:ADDRESS-OF-YOUR-MAIL-SERVER"
    if provider and provider.include is None and not records:
        return note(
            "SPF",
            f"{mail_domain} has no record. {provider.name} sends by a Return-Path of its own, which has one: then DKIM"
            " counts",
        )
    if not records:
        return bad("SPF", f"{mail_domain} has no record", f'add the TXT record "v=spf1 {wanted} ~all" {_WHERE}')
    if len(records) > 1:
        return bad("SPF", f"{mail_domain} has {len(records)} records: then none counts", "make one of them")
    found = spf.read(records[0], lookup.texts)
    if found.lookups > spf.LOOKUPS_MOST:
        return bad(
            "SPF",
            f"the record takes more than {spf.LOOKUPS_MOST} look-ups: then it does not count",
            "take out what you do not send by any more",
        )
    if found.ending == "+":
        return bad("SPF", "the record ends in +all: anybody may send as you", "end it in ~all")
    if provider and provider.include and provider.include not in found.included:
        return bad(
            "SPF", f"{provider.name} is not among those who may send for {mail_domain}", f"put {wanted} into the record"
        )
    known = f"{provider.name} is in it" if provider and provider.include else "whether your server is in it, it knows"
    words = f"one record, {found.lookups} look-ups, ends in {found.ending or 'no '}all; {known}"
    return good("SPF", words)


def _dkim(mail_domain: str, lookup: Lookup, provider: Provider | None, selectors: Sequence[str]) -> Finding:
    """Keys stand under names that only the mails tell: the known ones are tried."""
    tried = list(selectors) or list(provider.selectors if provider else ())
    held = [one for one in tried if _is_key(lookup.texts(f"{one}._domainkey.{mail_domain}"))]
    if held:
        return good("DKIM", f"there is a key under {', '.join(held)}; that mails are signed by it, a test mail shows")
    if selectors:
        return bad(
            "DKIM",
            f"there is no key under {', '.join(selectors)}",
            f"add what your mail provider shows as {selectors[0]}._domainkey.{mail_domain} {_WHERE}",
        )
    return note(
        "DKIM",
        "a key's name stands in the mails alone, and is not known here"
        + (f"; none is under {', '.join(tried)}" if tried else ""),
        "send yourself a mail by `test confirmation --to …`, look for s= and d= in its header DKIM-Signature (d= should"
        f" be {mail_domain}), and say s= as --selector. Without that header: switch DKIM on at your mail provider",
    )


def _is_key(texts: Sequence[str]) -> bool:
    """Say whether there is a key; an empty `p=` is one that was withdrawn (RFC 6376, section 3.6.1)."""
    tags = [dict(part.strip().partition("=")[::2] for part in text.split(";")) for text in texts]
    return any(one.get("p", "").strip() for one in tags)


def _dmarc(mail_domain: str, lookup: Lookup) -> Finding:
    name, records = policy_of(mail_domain, lookup)
    if len(records) > 1:
        return bad("DMARC", f"_dmarc.{name} has {len(records)} records: then none counts", "make one of them")
    if records:
        policy = tags_of(records[0]).get("p", "")
        if policy.lower() in {"none", "quarantine", "reject"}:
            return good("DMARC", f"_dmarc.{name} says p={policy}")
        return bad("DMARC", f"_dmarc.{name} has no policy", "p= has to be none, quarantine or reject")
    return bad(
        "DMARC",
        f"{mail_domain} has no record: Gmail, Yahoo and Outlook ask for one of whoever sends them much",
        f'add the TXT record "v=DMARC1; p=none" as _dmarc.{mail_domain} {_WHERE}',
    )
