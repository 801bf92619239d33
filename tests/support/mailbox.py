"""Runs a mail server that keeps the mails it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Mailbox(Protocol):
    """`dev.mail_sink.MailSink`, or one that misbehaves as it is told."""

    directory: Path
    """Where each mail is a file, its envelope noted in it."""

    @property
    def url(self) -> str:
        """What to give as COUNTERFOIL_SMTP_URL."""
