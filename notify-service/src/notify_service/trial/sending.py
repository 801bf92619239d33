"""Sends one delivery by itself, over a connection of its own that tells each step."""

from __future__ import annotations

import ssl
import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

from notify_service.bounces.building import mark
from notify_service.channels.channel import Channel, TransportName
from notify_service.channels.planned import Planned
from notify_service.settings import Settings
from notify_service.transports.breaker import Breaker
from notify_service.transports.http.connection import GuardedCaller, tls_context
from notify_service.transports.http.sender import HttpSender, Request
from notify_service.transports.smtp.hints import hint
from notify_service.transports.smtp.mail import Mail
from notify_service.transports.smtp.sender import SmtpSender
from notify_service.trial.hints import hint_http
from notify_service.trial.telling import Tell, TellingCaller, TellingSession
from shared.contracts import SubmissionAccepted
from shared.forms import Form
from shared.forms.examples import MARK

_LAST_GOOD = 399
_SUBJECT = b"\r\nSubject: "


@dataclass(slots=True)
class Trial:
    """Tries one channel by the settings as they are. Nothing is recorded, and nothing counts."""

    chosen: Settings
    channel: Channel
    transport: TransportName
    tell: Tell
    _refusal: list[str] = field(default_factory=list)

    def send(self, event: SubmissionAccepted, form: Form, planned: Planned) -> str:
        """Send a delivery, and return what the other side said to it; raises `SendFailure`."""
        letter = self.channel.compose(event, form, planned)
        return self._mail(self._marked(letter, planned)) if self.transport == "smtp" else self._post(letter)

    def _marked(self, letter: Mail, planned: Planned) -> Mail:
        """Return a mail that says that it is a test, and has the marks of every mail: what leaves then is tried."""
        return mark(self.chosen.bounces, self.chosen.secret)(marked(letter), planned.key.id)

    def hint(self, reason: str) -> str | None:
        """Return what to do about a failure: None where nobody knows."""
        if self.transport == "smtp":
            return hint("\n".join(self._refusal) or reason)
        return hint_http(reason)

    def _mail(self, letter: Mail) -> str:
        chosen = self.chosen
        session = partial(TellingSession, tell=self._noted)
        tls = ssl.create_default_context()
        sender = SmtpSender(chosen.smtp, Breaker(time.monotonic), hello=chosen.smtp_hello, tls=tls, session=session)
        with closing(sender):
            return sender.send(letter, timeout_s=chosen.smtp_timeout_s)

    def _post(self, letter: Request) -> str:
        caller = TellingCaller(GuardedCaller(tls_context(), self.chosen.webhook_allow), self.tell)
        return HttpSender(caller, lambda: datetime.now(UTC)).send(letter, timeout_s=self.chosen.webhook_timeout_s)

    def _noted(self, line: str) -> None:
        """Tell a line, and keep the last refusal: the lines of one reply have one code."""
        code = line[2:5]
        if line.startswith("< ") and code.isdecimal() and int(code) > _LAST_GOOD:
            if self._refusal and not self._refusal[-1].startswith(code):
                self._refusal.clear()
            self._refusal.append(line[2:])
        self.tell(line)


def marked(mail: Mail) -> Mail:
    """Return a mail whose subject begins with the word TEST."""
    return replace(mail, content=mail.content.replace(_SUBJECT, _SUBJECT + f"{MARK}: ".encode(), 1))
