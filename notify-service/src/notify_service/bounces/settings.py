"""The settings of what comes back."""

from __future__ import annotations

from dataclasses import dataclass

from environs import FileAwareEnv

from notify_service.bounces.server import ImapServer, parse_imap_url
from notify_service.transports.smtp.marks import PROVIDERS, Provider
from shared.links.bounce import BounceAddress


@dataclass(frozen=True, slots=True)
class BounceSettings:
    """Where mails come back to, which mailbox that is, and which provider's header tells it what a mail is.

    None, each, where nothing is said: then the return path is the address of the sender, and nobody reads it.
    """

    address: BounceAddress | None = None
    mailbox: ImapServer | None = None
    provider: Provider | None = None

    @property
    def are_marked(self) -> bool:
        """Whether mails carry a token."""
        return self.address is not None or self.provider is not None


def bounce_settings(env: FileAwareEnv, secret: str | None, problems: list[str]) -> BounceSettings:
    """Read `BOUNCE_ADDRESS`, `BOUNCE_MAILBOX` and `MAIL_PROVIDER`; add what is wrong with them to the problems."""
    address = (env.str("BOUNCE_ADDRESS", "") or "").strip()
    mailbox = (env.str("BOUNCE_MAILBOX", "") or "").strip()
    provider = (env.str("MAIL_PROVIDER", "") or "").strip()
    if mailbox and not address:
        problems.append("COUNTERFOIL_BOUNCE_MAILBOX: COUNTERFOIL_BOUNCE_ADDRESS is needed, too: whose mailbox is it?")
    if (address or provider) and not secret:
        name = "BOUNCE_ADDRESS" if address else "MAIL_PROVIDER"
        problems.append(f"COUNTERFOIL_{name}: COUNTERFOIL_SECRET is needed, too, the gateways' own")
    return BounceSettings(_address(address, problems), _mailbox(mailbox, problems), _provider(provider, problems))


def _address(text: str, problems: list[str]) -> BounceAddress | None:
    try:
        return BounceAddress(text) if text else None
    except ValueError as error:
        problems.append(f"COUNTERFOIL_BOUNCE_ADDRESS: {error}")
        return None


def _mailbox(url: str, problems: list[str]) -> ImapServer | None:
    try:
        return parse_imap_url(url) if url else None
    except ValueError as error:
        problems.append(f"COUNTERFOIL_BOUNCE_MAILBOX: {error}")
        return None


def _provider(name: str, problems: list[str]) -> Provider | None:
    found = next((one for one in PROVIDERS if one == name.lower()), None)
    if name and found is None:
        problems.append(f"COUNTERFOIL_MAIL_PROVIDER: expected one of {', '.join(PROVIDERS)}, or nothing")
    return found
