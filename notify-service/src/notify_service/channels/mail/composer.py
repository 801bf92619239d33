"""Composes mails as bytes (RFC 5322, MIME of RFC 2045 to 2047), into whose header nothing can be injected.

Written out here rather than through `email.message.EmailMessage`, whose folding took twenty times as long when
measured, and which in Python 3.11 does not refuse every character that some server takes for the end of a line.
"""

from __future__ import annotations

import hashlib
from binascii import b2a_qp
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr, quote
from typing import Literal, TypeAlias

from notify_service.channels.mail.addresses import checked_address
from notify_service.channels.mail.attachments import Attachment, part_of
from notify_service.channels.mail.repeating import repeated
from notify_service.transports.failures import Permanent
from notify_service.transports.smtp.mail import Mail
from shared.text import is_line

AutoSubmitted: TypeAlias = Literal["auto-replied", "auto-generated"]
"""What no program may answer (RFC 3834): a mail because of one that came, or one by itself."""

_NO_ANSWER_OF_EXCHANGE = "X-Auto-Response-Suppress: OOF, AutoReply"
"""The same for Exchange, which goes by a header of its own (MS-OXCMAIL, 2.1.3.2.20). What fails it still reports."""

_PLAIN_MOST = 66
"""What fits beside `Subject: ` or `Reply-To: ` in a line of the 76 characters that RFC 2047 allows."""

_NAME_MOST = 80
"""Characters of the name of whom an answer goes to."""


@dataclass(frozen=True, slots=True)
class MailFrom:
    """Who the mail comes from: a name, which may be empty, and an address in ASCII."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """The address's domain, which names our Message-IDs too."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """Whom an answer goes to, as they gave it: a name, which may be empty, and an address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class MailParts:
    """What one mail is made of.

    `message_id` is what stands before the domain in the Message-ID (`Planned.provider_id`): the same for every attempt.
    `language` is that of the words, as a tag of RFC 5646. `mail_domains` are private domains that addresses may have.
    `unsubscribe_url` is where one click has no more such mails sent (RFC 8058), for mails that answer nothing.
    """

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    auto_submitted: AutoSubmitted
    language: str
    reply_to: ReplyTo | None = None
    mail_domains: Sequence[str] = ()
    attachments: Sequence[Attachment] = ()
    unsubscribe_url: str | None = None


class Composer:
    """Composes mails from one sender. `clock` gives the Date."""

    def __init__(self, mail_from: MailFrom, clock: Callable[[], datetime]) -> None:
        self.mail_from = mail_from
        self._from_header = formataddr((mail_from.name, mail_from.address), "utf-8")
        self.clock = clock

    def compose(self, parts: MailParts) -> Mail:
        """Return the mail; raises `Permanent` where there can be none."""
        recipient = checked_address(parts.to, parts.mail_domains)
        if not is_line(parts.subject):
            raise Permanent("control character in the subject")
        headers = (
            f"From: {self._from_header}",
            f"To: {recipient}",
            *_reply_to(parts),
            f"Subject: {_encoded_subject(parts.subject)}",
            f"Date: {format_datetime(self.clock())}",
            f"Message-ID: {message_id(parts.message_id, self.mail_from.domain)}",
            f"Auto-Submitted: {parts.auto_submitted}",
            _NO_ANSWER_OF_EXCHANGE,
            f"Content-Language: {parts.language}",
            *_unsubscribe(parts.unsubscribe_url),
            "MIME-Version: 1.0",
        )
        bodies, boundary = _bodies(parts.text, parts.html, boundary=_boundary(parts)), f"=_files{_boundary(parts)[2:]}"
        both = _mixed(bodies, parts.attachments, boundary=boundary) if parts.attachments else bodies
        content = "\r\n".join(headers).encode() + b"\r\n" + both
        return Mail(self.mail_from.address, recipient, content, needs_utf8=not recipient.isascii())


def message_id(provider_id: str, mail_domain: str) -> str:
    """Return the Message-ID (RFC 5322, section 3.6.4): the same for every attempt at one delivery."""
    return f"<{provider_id}@{mail_domain}>"


def _encoded_subject(subject: str) -> str:
    """Return the subject in ASCII; one that looks encoded is encoded, so that nobody decodes what a person typed."""
    if subject.isascii() and len(subject) <= _PLAIN_MOST and "=?" not in subject:
        return subject
    return Header(subject, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _reply_to(parts: MailParts) -> Sequence[str]:
    """Return the header, if any. Without it an answer goes to the sender of the mail.

    An address that needs SMTPUTF8 is left out: not every server of those who get the mail takes it in a header.
    """
    if parts.reply_to is None:
        return ()
    try:
        address = checked_address(parts.reply_to.address, parts.mail_domains)
    except Permanent:
        return ()
    name = " ".join(repeated(parts.reply_to.name, _NAME_MOST).split())
    if not address.isascii():
        return ()
    return (f"Reply-To: {_phrase(name)}\r\n <{address}>" if name else f"Reply-To: {address}",)


def _unsubscribe(url: str | None) -> Sequence[str]:
    """Return both headers of RFC 8058, if any. A mail program takes them for true where DKIM signs them."""
    if url is None:
        return ()
    return (f"List-Unsubscribe:\r\n <{url}>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click")


def _phrase(name: str) -> str:
    """Return a name as it stands before an address (RFC 5322, section 3.2.5): quoted, or encoded as a subject is."""
    quoted = f'"{quote(name)}"'
    if name.isascii() and len(quoted) <= _PLAIN_MOST and "=?" not in name:
        return quoted
    return Header(name, "utf-8", header_name="Reply-To").encode(linesep="\r\n")


def _boundary(parts: MailParts) -> str:
    return f"=_{hashlib.sha256(parts.message_id.encode()).hexdigest()[:32]}"


def _bodies(text: str, html: str, *, boundary: str) -> bytes:
    """Return both bodies as one part. In quoted-printable `=_` cannot occur (RFC 2045, section 6.7), so neither
    can the boundary, and no line is longer than 76."""
    mark = boundary.encode()
    kind = b'Content-Type: multipart/alternative; boundary="' + mark + b'"\r\n\r\n'
    parts = (b"--" + mark + _part(kind_, body) for kind_, body in ((b"plain", text), (b"html", html)))
    return kind + b"".join(parts) + b"--" + mark + b"--\r\n"


def _mixed(bodies: bytes, attachments: Sequence[Attachment], *, boundary: str) -> bytes:
    """Return the bodies with files behind them."""
    mark = b"--" + boundary.encode()
    kind = b'Content-Type: multipart/mixed; boundary="' + boundary.encode() + b'"\r\n\r\n'
    parts = (mark + b"\r\n" + one for one in (bodies, *map(part_of, attachments)))
    return kind + b"".join(parts) + mark + b"--\r\n"


def _part(kind: bytes, body: str) -> bytes:
    encoded = b2a_qp(body.replace("\n", "\r\n").encode(), istext=True)
    about = b"\r\nContent-Type: text/" + kind + b'; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n'
    return about + b"\r\n" + encoded + b"\r\n"
