"""Marks each mail, so that whatever is told of it later says which one it was.

Its return path holds a token (`shared.links.bounce`). A provider that has a return path of its own, and tells of
bounces by calls, hands back what a header of its own says: SES its message tags, Postmark metadata, SendGrid
`unique_args`, Mailgun variables (each provider's documentation of sending by SMTP).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args
from uuid import UUID

from notify_service.transports.smtp.mail import Mail
from shared.links.bounce import MARK, BounceAddress, BounceTokens

Provider: TypeAlias = Literal["ses", "postmark", "sendgrid", "mailgun"]
PROVIDERS: tuple[Provider, ...] = get_args(Provider)

_HEADERS: Mapping[Provider, str] = {
    "ses": f"X-SES-MESSAGE-TAGS: {MARK}=%s",
    "postmark": f"X-PM-Metadata-{MARK}: %s",
    "sendgrid": f'X-SMTPAPI: {{"unique_args": {{"{MARK}": "%s"}}}}',
    "mailgun": f'X-Mailgun-Variables: {{"{MARK}": "%s"}}',
}

Mark: TypeAlias = Callable[[Mail, UUID], Mail]
"""Returns a mail as it is to leave; the id is that of its delivery, or its own."""


def unmarked(mail: Mail, _: UUID) -> Mail:
    """Return a mail as it is."""
    return mail


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks mails by a return path, by the header of a provider, or by both."""

    tokens: BounceTokens
    address: BounceAddress | None = None
    provider: Provider | None = None

    def __call__(self, mail: Mail, mail_id: UUID) -> Mail:
        """Return a mail with its marks. The address that it is from stays in its header."""
        token = self.tokens.sign(mail_id)
        sender = self.address.of(token) if self.address else mail.sender
        header = f"{_HEADERS[self.provider] % token}\r\n".encode("ascii") if self.provider else b""
        return replace(mail, sender=sender, content=header + mail.content)
