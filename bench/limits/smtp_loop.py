"""A bare loop over smtplib on one connection: `python -m bench.limits.smtp_loop PORT COUNT`.

It sends the confirmation that notify would send, composed once; prints how many a second were taken.
"""

from __future__ import annotations

import smtplib
import sys
import time
from datetime import UTC, datetime

from bench.events import bodies
from bench.services import FORMS
from notify_service.mail import Composer
from notify_service.settings import MailFrom
from shared import forms
from shared.contracts import SubmissionAccepted, decode


def main(port: int, count: int) -> None:
    """Send and print."""
    event = decode(next(bodies(1)), type=SubmissionAccepted.TYPE)
    composer = Composer(MailFrom("Counterfoil", "counterfoil@localhost"), lambda: datetime.now(UTC))
    form = forms.load(FORMS).get("signup")
    assert form is not None
    mail = composer.compose(event, form, "ada-0@example.org")
    with smtplib.SMTP("127.0.0.1", port) as server:
        server.ehlo()
        began_s = time.monotonic()
        for serial in range(count):
            server.sendmail(mail.sender, [f"ada-{serial}@example.org"], mail.content)
        print(count / (time.monotonic() - began_s))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
