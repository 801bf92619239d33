"""What is known of mail providers: how to tell one by its server, and what its records are.

From their own pages, which docs/deliveries.md names.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provider:
    """A mail provider. `servers` are the domains of its SMTP servers; `include` is what it has owners put into SPF,
    None where its mails have a Return-Path of its own; `selectors` are those of its DKIM keys, as far as they are the
    same for everybody. `domains` are those of its free mailboxes.
    """

    name: str
    servers: tuple[str, ...]
    include: str | None = None
    selectors: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


PROVIDERS = (
    Provider("Google", ("gmail.com", "google.com"), "_spf.google.com", ("google",), ("gmail.com", "googlemail.com")),
    Provider(
        "Microsoft",
        ("office365.com", "outlook.com"),
        "spf.protection.outlook.com",
        ("selector1", "selector2"),
        ("outlook.com", "hotmail.com", "live.com", "msn.com"),
    ),
    Provider("Amazon SES", ("amazonaws.com",)),
    Provider("Postmark", ("postmarkapp.com", "mtasv.net")),
    Provider("Mailgun", ("mailgun.org",), "mailgun.org", ("mailo", "pic", "k1", "smtp")),
    Provider("SendGrid", ("sendgrid.net",), None, ("s1", "s2")),
    Provider("Yahoo", ("yahoo.com",), None, (), ("yahoo.com", "ymail.com", "aol.com")),
    Provider("Apple", ("me.com", "icloud.com"), None, (), ("icloud.com", "me.com", "mac.com")),
    Provider("GMX and web.de", ("gmx.net", "gmx.com", "web.de"), None, (), ("gmx.net", "gmx.de", "gmx.com", "web.de")),
)


def of_server(host: str) -> Provider | None:
    """Return whose SMTP server that is, None where it is nobody's whom we know."""
    return next((one for one in PROVIDERS if any(_is_within(host.lower(), each) for each in one.servers)), None)


def of_mailbox(mail_domain: str) -> Provider | None:
    """Return who gives out free mailboxes in that domain."""
    return next((one for one in PROVIDERS if mail_domain.lower() in one.domains), None)


def _is_within(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")
