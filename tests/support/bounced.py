"""Mails that came back, after the documented shapes of many mail servers: files of `bounce_mails`."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from notify_service.bounces.reading import BounceMails
from shared.links.bounce import BounceAddress, BounceTokens

ADDRESS = BounceAddress("bounces@forms.example.org")
TOKENS = BounceTokens("a secret of 32 characters, or so")
MAILS = BounceMails(ADDRESS, TOKENS)
DELIVERY = UUID("5b1f0e0e-3c5c-5a56-9f3e-8d2f1a7c4b60")

_FOLDER = Path(__file__).with_name("bounce_mails")
SHAPES = sorted(one.stem for one in _FOLDER.glob("*.eml"))


def a_bounce(shape: str, token: str | None = None) -> bytes:
    """Return a mail of this shape about the delivery of this token, `DELIVERY`'s unless another is given."""
    made = token or TOKENS.sign(DELIVERY)
    return (_FOLDER / f"{shape}.eml").read_bytes().replace(b"@TOKEN@", made.encode()).replace(b"\n", b"\r\n")
