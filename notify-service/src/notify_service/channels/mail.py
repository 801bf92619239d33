"""Composes confirmations as bytes (RFC 5322, MIME of RFC 2045 to 2047), into whose header nothing can be injected.

Written out here rather than through `email.message.EmailMessage`, whose folding took twenty times as long when
measured, and which in Python 3.11 does not refuse every character that some server takes for the end of a line.
"""

from __future__ import annotations

from binascii import b2a_qp
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from notify_service.channels.wording import Wording, subject_of
from notify_service.transports.failures import Permanent
from notify_service.transports.smtp.mail import Mail
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from shared.mail_addresses import is_plain, is_within, split
from shared.text import is_line

_PLAIN_SUBJECT_MOST = 66
"""What fits beside `Subject: ` in a line of the 76 characters that RFC 2047 allows."""


@dataclass(frozen=True, slots=True)
class MailFrom:
    """Who the mail comes from: a name, which may be empty, and an address in ASCII."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """The address's domain, which names our Message-IDs too."""
        return self.address.rpartition("@")[2]


class Composer:
    """Composes confirmations from one sender. `clock` gives the Date."""

    def __init__(self, mail_from: MailFrom, clock: Callable[[], datetime]) -> None:
        self._from = mail_from
        self._from_header = formataddr((mail_from.name, mail_from.address), "utf-8")
        self._wording = Wording(mail_from.name or mail_from.address)
        self._clock = clock

    def compose(self, event: SubmissionAccepted, form: Form, address: str) -> Mail:
        """Return the confirmation of a submission to an address; raises `Permanent` where there can be none."""
        recipient = _checked_address(address, form.mail_domains)
        subject = subject_of(event, form)
        if not is_line(subject):
            raise Permanent("control character in the subject")
        words = self._wording.words(event, form, subject)
        headers = (
            f"From: {self._from_header}",
            f"To: {recipient}",
            f"Subject: {_encoded_subject(subject)}",
            f"Date: {format_datetime(self._clock())}",
            f"Message-ID: {message_id(event.id, 'email', self._from.domain)}",
            "Auto-Submitted: auto-replied",
            "MIME-Version: 1.0",
        )
        content = _multipart("\r\n".join(headers).encode(), words.text, words.html, boundary=f"=_{event.id.hex}")
        return Mail(self._from.address, recipient, content, needs_utf8=not recipient.isascii())


def message_id(submission_id: UUID, channel: str, mail_domain: str) -> str:
    """Return the Message-ID (RFC 5322, section 3.6.4): the same for every attempt at one submission's mail."""
    return f"<{submission_id}.{channel}@{mail_domain}>"


def _checked_address(address: str, mail_domains: Sequence[str]) -> str:
    """Return the address as it stands in envelope and header: its domain in ASCII, as RFC 5890 writes it.

    A local part with dots that RFC 5321 has in quotes alone stands in quotes.
    """
    if is_plain(address):
        return address
    if not is_line(address):
        raise Permanent("control character in the address")
    plain, local, given_domain = split(address, mail_domains)
    try:
        checked = validate_email(plain, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise Permanent("no valid address") from None
    mail_domain = given_domain if is_within(given_domain, mail_domains) else checked.ascii_domain
    if not mail_domain.isascii():
        raise Permanent("a domain that is not public has to be written in ASCII")
    return f"{checked.local_part}@{mail_domain}" if plain.startswith(f"{local}@") else f'"{local}"@{mail_domain}'


def _encoded_subject(subject: str) -> str:
    """Return the subject in ASCII; one that looks encoded is encoded, so that nobody decodes what a person typed."""
    if subject.isascii() and len(subject) <= _PLAIN_SUBJECT_MOST and "=?" not in subject:
        return subject
    return Header(subject, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _multipart(headers: bytes, text: str, html: str, *, boundary: str) -> bytes:
    """Return headers and both bodies. In quoted-printable `=_` cannot occur (RFC 2045, section 6.7), so neither
    can the boundary, and no line is longer than 76."""
    mark = boundary.encode()
    kind = b'\r\nContent-Type: multipart/alternative; boundary="' + mark + b'"\r\n\r\n'
    parts = (b"--" + mark + _part(kind_, body) for kind_, body in ((b"plain", text), (b"html", html)))
    return headers + kind + b"".join(parts) + b"--" + mark + b"--\r\n"


def _part(kind: bytes, body: str) -> bytes:
    encoded = b2a_qp(body.replace("\n", "\r\n").encode(), istext=True)
    about = b"\r\nContent-Type: text/" + kind + b'; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n'
    return about + b"\r\n" + encoded + b"\r\n"
