"""A mail and its envelope, as a mail server gets them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail and its envelope. `needs_utf8` asks the server for SMTPUTF8: the address itself is not ASCII."""

    sender: str
    recipient: str
    content: bytes
    needs_utf8: bool = False
