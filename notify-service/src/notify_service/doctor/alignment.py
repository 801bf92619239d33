"""Looks at whether what a receiver checks of a mail belongs to the domain that its reader sees.

DMARC (RFC 7489, section 3.1) takes SPF's word only where the envelope's domain, to which bounces come back, is aligned
with that of the From header: the same where the policy says `aspf=s`, else of the same organization. Which domain that
is we take from where the policy stands, and not from a list of public suffixes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from notify_service.doctor.findings import Finding, bad, good, note
from notify_service.doctor.lookup import Lookup


def policy_of(mail_domain: str, lookup: Lookup) -> tuple[str, list[str]]:
    """Return where the policy of a domain stands, its own name or one above it (RFC 7489, section 6.6.3), and the
    records there; none, and the domain itself, where there is none. Raises `NoAnswer`."""
    labels = mail_domain.split(".")
    for name in (".".join(labels[at:]) for at in range(max(1, min(len(labels) - 1, 8)))):
        records = [one for one in lookup.texts(f"_dmarc.{name}") if one.lower().startswith("v=dmarc1")]
        if records:
            return name, records
    return mail_domain, []


def tags_of(record: str) -> Mapping[str, str]:
    """Return what a policy says, by its tags."""
    parts = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in parts}


def alignment(mail_domain: str, bounce_domain: str, lookup: Lookup) -> Finding:
    """Say whether SPF counts for DMARC where mails come back to another domain; raises `NoAnswer`."""
    place, records = policy_of(mail_domain, lookup)
    is_strict = len(records) == 1 and tags_of(records[0]).get("aspf", "r").lower() == "s"
    own = mail_domain.lower() if is_strict else place.lower()
    if bounce_domain.lower() == mail_domain.lower() or (not is_strict and _is_within(bounce_domain.lower(), own)):
        return good("alignment", f"SPF of {bounce_domain}, where mails come back to, counts for DMARC of {mail_domain}")
    why = "its policy says aspf=s, which takes the very same domain" if is_strict else "it is another domain"
    return bad(
        "alignment",
        f"SPF of {bounce_domain} (COUNTERFOIL_BOUNCE_ADDRESS) does not count for DMARC of {mail_domain}: {why}",
        f"use an address of {mail_domain} there; else DKIM alone decides, and has to sign as {mail_domain}",
    )


def unsubscribing(public_url: str | None, *, has_secret: bool) -> Iterator[Finding]:
    """Say whether mails that answer nothing have a one-click link (RFC 8058), which Gmail and Yahoo ask for."""
    if not has_secret:
        yield note(
            "List-Unsubscribe",
            "digests have none: nobody can sign the link without COUNTERFOIL_SECRET",
            "give notify the gateways' COUNTERFOIL_SECRET",
        )
    elif public_url is not None and not public_url.startswith("https://"):
        yield bad(
            "List-Unsubscribe",
            f"the link leads to {public_url}: mail programs take one click by HTTPS alone (RFC 8058)",
            "serve the forms over HTTPS, and say so in COUNTERFOIL_PUBLIC_URL",
        )
    else:
        yield good("List-Unsubscribe", "digests have it, with one click")


def _is_within(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")
