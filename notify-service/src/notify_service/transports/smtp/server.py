"""The mail server's address, as the settings give it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast, get_args
from urllib.parse import parse_qsl, unquote, urlsplit

StartTls: TypeAlias = Literal["required", "if-offered", "never"]

_EXPECTED = "expected smtp://user:password@host:port?starttls=required, or smtps://user:password@host:port"

_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes. `implicit_tls` is `smtps://`; else `starttls` says how a plain connection is protected."""

    host: str
    port: int
    implicit_tls: bool = False
    starttls: StartTls = "if-offered"
    user: str = ""
    password: str = field(default="", repr=False)


def parse_smtp_url(url: str) -> SmtpServer:
    """Read `smtp://user:password@host:port?starttls=required|if-offered|never` or `smtps://…`; raises ValueError.

    Without `starttls`: required where there is a user, else if-offered. A password is never offered in the clear
    unless the address says `never`. User and password are percent-encoded.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):  # of which the text may show a password
        raise ValueError(_EXPECTED) from None
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    starttls = options.pop("starttls", "required" if parts.username else "if-offered")
    if not parts.hostname or parts.path not in {"", "/"} or options or starttls not in get_args(StartTls):
        raise ValueError(_EXPECTED)
    if parts.username and starttls == "if-offered":
        raise ValueError("with a user, starttls is required or never: if-offered would let anyone read the password")
    return SmtpServer(
        host=parts.hostname,
        port=port,
        implicit_tls=parts.scheme == "smtps",
        starttls=cast("StartTls", starttls),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
