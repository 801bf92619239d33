"""What a mail with a link into an account says."""

from __future__ import annotations

from urllib.parse import urlsplit

from notify_service.channels.mail.composer import Composer, MailParts
from notify_service.channels.mail.dates import moment_in
from notify_service.channels.mail.languages import asked_for
from notify_service.channels.mail.templates import Templates
from notify_service.transports.smtp.mail import Mail
from shared.contracts import AccountMail
from shared.text import as_shown, one_line

MAILS = ("invitation", "reset")
"""The mails there are: each has templates of its name."""


class AccountMailWording:
    """Makes the bytes of such a mail from its templates. `timezone` is the one in which its end is written."""

    def __init__(self, composer: Composer, templates: Templates, timezone: str) -> None:
        self._composer = composer
        self._templates = templates
        self._timezone = timezone

    def compose(self, asked: AccountMail) -> Mail:
        """Return the mail; raises `Permanent` where there can be none. `asked.purpose` is one of `MAILS`."""
        language = self._templates.language(asked.purpose, asked_for(asked.language or ""))
        sender = self._composer.mail_from
        values = {
            "subject": "",
            "link": asked.link,
            "site": urlsplit(asked.link).hostname or "",
            "by": one_line(as_shown(asked.by or "")),
            "good_until": moment_in(language, asked.expires_at, self._timezone),
            "sender": sender.name or sender.address,
        }
        words = self._templates.render(asked.purpose, language, values)
        return self._composer.compose(
            MailParts(
                to=asked.to,
                subject=words.subject,
                text=words.text,
                html=words.html,
                message_id=f"{asked.id}.{asked.purpose}",
                auto_submitted="auto-generated",
                language=words.language,
            )
        )
