"""Makes the mail of a digest."""

from __future__ import annotations

from uuid import UUID

from notify_service.channels.mail.composer import Composer, MailParts
from notify_service.digests.wording import Digested, DigestWording
from notify_service.transports.smtp.mail import Mail
from shared.forms import Form


def mail_of(
    digest: UUID, digested: Digested, form: Form, address: str, wording: DigestWording, composer: Composer
) -> Mail:
    """Return the mail of a digest to an address of its form's owner; raises `Permanent` where there can be none."""
    words = wording.words(digested, form)
    parts = MailParts(
        to=address,
        subject=words.subject,
        text=words.text,
        html=words.html,
        message_id=provider_id(digest),
        auto_submitted="auto-generated",
        language=words.language,
        mail_domains=form.mail_domains,
        unsubscribe_url=digested.unsubscribe_url,
    )
    return composer.compose(parts)


def provider_id(digest: UUID) -> str:
    """Return what its Message-ID begins with: the same for every attempt."""
    return f"{digest}.digest"
