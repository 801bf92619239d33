"""Runs an SMTP server that delivers nothing: it keeps each mail as a .eml file, and can show them."""

from __future__ import annotations

import argparse
import itertools
import signal
import threading
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType

from aiosmtpd.smtp import SMTP, Envelope, Session

from dev.mail_page import MailPage
from dev.processes import free_port
from dev.smtp_controller import OffersPipelining, PromptController


class MailSink:
    """Receives every mail that is sent to it. What was received before in `directory` is kept and listed too."""

    def __init__(self, directory: Path, smtp_port: int = 0, web_port: int | None = None) -> None:
        self.directory = directory
        self.smtp_port = smtp_port or free_port()
        self.web_port = web_port
        self._controller: PromptController | None = None
        self._page: MailPage | None = None

    @property
    def url(self) -> str:
        """What to give as COUNTERFOIL_SMTP_URL."""
        return f"smtp://127.0.0.1:{self.smtp_port}?starttls=never"

    def start(self) -> None:
        """Start listening, on loopback."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._controller = PromptController(
            Keep(self.directory), hostname="127.0.0.1", port=self.smtp_port, enable_SMTPUTF8=True, ready_timeout=30
        )
        self._controller.start()
        if self.web_port is not None:
            self._page = MailPage(self.directory, self.web_port)
            self._page.start()

    def stop(self) -> None:
        """Stop listening; the mails stay."""
        if self._controller:
            self._controller.stop()
        if self._page:
            self._page.stop()
        self._controller = self._page = None

    def messages(self) -> list[EmailMessage]:
        """Return all mails, oldest first; the envelope is in `X-Envelope-From` and `X-Envelope-To`."""
        return [read_mail(path) for path in mails(self.directory)]

    def __enter__(self) -> MailSink:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


class Keep(OffersPipelining):
    """aiosmtpd's handler: it takes every mail, and writes it into the directory, its envelope on top."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._number = itertools.count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        received = (
            f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n".encode()
        )
        name = f"{time.time_ns():020d}-{next(self._number):06d}"
        unfinished = self._directory / f"{name}.part"
        unfinished.write_bytes(received + content)
        unfinished.rename(self._directory / f"{name}.eml")
        return "250 OK"


def mails(directory: Path) -> list[Path]:
    """Return the files of all mails kept there, oldest first."""
    return sorted(directory.glob("*.eml"))


def read_mail(path: Path) -> EmailMessage:
    """Read one kept mail."""
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def main() -> None:
    """Run until SIGINT or SIGTERM."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("directory", type=Path)
    arguments.add_argument("--smtp-port", type=int, default=1025)
    arguments.add_argument("--web-port", type=int)
    given = arguments.parse_args()
    over = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: over.set())
    with MailSink(given.directory, given.smtp_port, given.web_port) as sink:
        print(f"keeping mail from {sink.url} in {sink.directory}", flush=True)
        over.wait()


if __name__ == "__main__":
    main()
