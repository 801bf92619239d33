"""Sends mails with smtplib on one connection: `python -m bench.limits.smtp_loop PORT COUNT [pipelined]`.

It sends the confirmation that notify would send, composed once, and waits for the answer to each command, as smtplib
does; or with `pipelined` sends commands ahead, as notify does. Prints how many a second were taken.
"""

from __future__ import annotations

import smtplib
import sys
import time
from datetime import UTC, datetime

from bench.events import bodies
from bench.services import FORMS
from notify_service.channels.confirmation import ConfirmationChannel
from notify_service.channels.mail.composer import Composer, MailFrom
from notify_service.channels.mail.templates import Templates
from notify_service.transports.smtp.mail import Mail
from shared import forms
from shared.contracts import SubmissionAccepted, decode


def main(port: int, count: int, *, pipelined: bool) -> None:
    """Send and print; raises `smtplib.SMTPException` where a mail is not taken."""
    mail = _mail()
    with smtplib.SMTP("127.0.0.1", port) as server:
        server.ehlo()
        if pipelined and not server.has_extn("pipelining"):
            raise smtplib.SMTPNotSupportedError("the server does not say PIPELINING")
        began_s = time.monotonic()
        for serial in range(count):
            recipient = f"ada-{serial}@example.org"
            if pipelined:
                _send_ahead(server, mail.sender, recipient, mail.content)
            else:
                server.sendmail(mail.sender, [recipient], mail.content)
        print(count / (time.monotonic() - began_s))


def _mail() -> Mail:
    event = decode(next(bodies(1)), type=SubmissionAccepted.TYPE, types=(SubmissionAccepted,))
    composer = Composer(MailFrom("Counterfoil", "counterfoil@localhost"), lambda: datetime.now(UTC))
    form = forms.load(FORMS).get("signup")
    assert form is not None
    channel = ConfirmationChannel(composer, Templates())
    [planned] = channel.plan(event, form)
    return channel.compose(event, form, planned)


def _send_ahead(server: smtplib.SMTP, sender: str, recipient: str, content: bytes) -> None:
    """Send the commands of one mail in one write, read their answers (RFC 2920), then send the mail itself."""
    server.send(f"MAIL FROM:<{sender}> SIZE={len(content)}\r\nRCPT TO:<{recipient}>\r\nDATA\r\n")
    _expect(server, 250, 250, 354)
    server.send(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    _expect(server, 250)


def _expect(server: smtplib.SMTP, *codes: int) -> None:
    answers = [server.getreply() for _ in codes]
    for code, (given, words) in zip(codes, answers, strict=True):
        if given != code:
            raise smtplib.SMTPResponseException(given, words)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), pipelined=sys.argv[3:] == ["pipelined"])
