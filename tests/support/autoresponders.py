"""Runs a mail server whose mailboxes answer by themselves, as those of people do who are away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import TypeAlias

from aiosmtpd.smtp import SMTP, Envelope, Session

from dev.processes import free_port
from dev.smtp_controller import PromptController


@dataclass(frozen=True)
class Arrived:
    """One mail as it came to a mailbox. `sender` is that of the envelope, empty for one that nobody is to answer."""

    sender: str
    mailbox: str
    mail: EmailMessage

    @property
    def is_answer(self) -> bool:
        """Whether a mailbox here wrote it."""
        return str(self.mail["Subject"]).startswith("Away: ")


Responder: TypeAlias = Callable[[Arrived], Arrived | None]
"""Returns what a mailbox answers to a mail; None for nothing."""


def by_the_rules(came: Arrived) -> Arrived | None:
    """Answer as RFC 3834 (2) and RFC 5230 (4.6) have it: to the envelope's sender, and never a mail of a program's."""
    mail = came.mail
    is_automatic = (mail["Auto-Submitted"] or "no").lower() != "no" or mail["Precedence"] in {"bulk", "list", "junk"}
    is_named = came.mailbox in [one.addr_spec for one in mail["To"].addresses]
    if not came.sender or is_automatic or not is_named or any(name.startswith("List-") for name, _ in mail.items()):
        return None
    return _answer(came, came.sender, sender="", **{"Auto-Submitted": "auto-replied"})


def as_exchange_does(came: Arrived) -> Arrived | None:
    """Answer whoever the mail says it is from, unless it asks for none in Exchange's own words (MS-OXCMAIL)."""
    suppressed = (came.mail["X-Auto-Response-Suppress"] or "").replace(" ", "").split(",")
    if {"OOF", "All"} & set(suppressed) or not came.sender:
        return None
    return _answer(came, came.mail["From"].addresses[0].addr_spec, sender="")


def without_manners(came: Arrived) -> Arrived | None:
    """Answer every mail to where a person's answer would go, with nothing that says it is a program's."""
    to = (came.mail["Reply-To"] or came.mail["From"]).addresses[0].addr_spec
    return _answer(came, to, sender=came.mailbox)


def _answer(came: Arrived, to: str, *, sender: str, **headers: str) -> Arrived:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = came.mailbox, to, f"Away: {came.mail['Subject']}"[:150]
    mail["In-Reply-To"] = came.mail["Message-ID"]
    for name, value in headers.items():
        mail[name] = value
    mail.set_content("I am away.")
    return Arrived(sender, to, mail)


@dataclass
class AnsweringServer:
    """Takes every mail, and delivers what mailboxes answer. `responders` are those of mailboxes: each answers a
    correspondent once, as `vacation` does."""

    responders: dict[str, Responder] = field(default_factory=dict)
    arrived: list[Arrived] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    _answered: set[tuple[str, str]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """What to give as COUNTERFOIL_SMTP_URL."""
        return f"smtp://127.0.0.1:{self.port}?starttls=never"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        for mailbox in envelope.rcpt_tos:
            self._deliver(
                Arrived(envelope.mail_from or "", mailbox, message_from_bytes(content, policy=policy.default))
            )
        return "250 OK"

    def _deliver(self, came: Arrived) -> None:
        waiting = [came]
        while waiting:
            one = waiting.pop()
            self.arrived.append(one)
            responder = self.responders.get(one.mailbox)
            answer = responder(one) if responder else None
            if answer and (one.mailbox, answer.mailbox) not in self._answered:
                self._answered.add((one.mailbox, answer.mailbox))
                waiting.append(answer)

    def __enter__(self) -> AnsweringServer:
        self._controller = PromptController(self, hostname="127.0.0.1", port=self.port, ready_timeout=30)
        self._controller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._controller.stop()
