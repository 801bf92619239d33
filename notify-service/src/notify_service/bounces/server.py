"""The mailbox's address, as the settings give it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

_EXPECTED = "expected imaps://user:password@host/INBOX, or imap://user:password@host:143/INBOX?starttls=required"
_PORTS = {"imaps": 993, "imap": 143}
_STARTTLS = ("required", "never")


@dataclass(frozen=True, slots=True)
class ImapServer:
    """Where bounces are read. `implicit_tls` is `imaps://`; else `starttls` says that the connection is protected."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    implicit_tls: bool = True
    starttls: bool = False


def parse_imap_url(url: str) -> ImapServer:
    """Read the address of a mailbox; raises ValueError, whose text shows nothing of it.

    User, password and folder are percent-encoded; `INBOX` where none is named. `imap://` asks for STARTTLS, unless it
    says `starttls=never`: then the password is sent in the clear.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):  # of which the text may show a password
        raise ValueError(_EXPECTED) from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    is_plain = parts.scheme == "imap"
    starttls = options.pop("starttls", "required") if is_plain else "never"
    is_whole = parts.hostname and parts.username and parts.password
    if not is_whole or options or parts.fragment or starttls not in _STARTTLS:
        raise ValueError(_EXPECTED)
    return ImapServer(
        host=parts.hostname or "",
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        implicit_tls=not is_plain,
        starttls=starttls == "required",
    )
