"""The notify service's settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.utils import getaddresses
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args
from urllib.parse import parse_qsl, unquote, urlsplit

from environs import FileAwareEnv, validate

from notify_service.caps import Cap, Caps, parse_cap
from shared import settings
from shared.database import database_url
from shared.forms import FormSecrets
from shared.forms import settings as form_settings
from shared.public_addresses import Network

StartTls: TypeAlias = Literal["required", "if-offered", "never"]

_DATABASE_URL = "sqlite:///notify.db"
_EXPECTED = "expected smtp://user:password@host:port?starttls=required, or smtps://user:password@host:port"
_ADDRESS = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)*", re.ASCII | re.IGNORECASE)
"""Enough to stand in a header; unlike a submitter's, its domain may be `localhost`."""

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


@dataclass(frozen=True, slots=True)
class MailFrom:
    """Who the mail comes from: a name, which may be empty, and an address in ASCII."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """The address's domain, which names our Message-IDs too."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from `COUNTERFOIL_…` by `load`. The addresses of broker and database may hold passwords: not shown."""

    broker_url: str = field(repr=False)
    database_url: str = field(repr=False)
    smtp: SmtpServer
    smtp_connections: int
    smtp_timeout_s: int
    mail_from: MailFrom
    caps: Caps
    webhook_connections: int
    webhook_timeout_s: int
    webhook_allow: tuple[Network, ...]
    forms: Path
    form_secrets: FormSecrets
    metrics_bind: str | None
    log_level: str
    log_format: str


@dataclass(frozen=True, slots=True)
class CommandSettings:
    """What `load_for_command` reads."""

    broker_url: str = field(repr=False)
    database_url: str = field(repr=False)
    log_level: str
    log_format: str


def load() -> Settings:
    """Read the environment; raises `SettingsError` with all that is wrong."""
    env = settings.reader()
    problems: list[str] = []
    loaded = Settings(
        broker_url=settings.broker_url(env),
        database_url=database_url(env, _DATABASE_URL),
        smtp=_smtp_server(env.str("SMTP_URL"), problems),
        smtp_connections=env.int("SMTP_CONNECTIONS", 4, validate=validate.Range(1, 64)) or 0,
        smtp_timeout_s=env.int("SMTP_TIMEOUT_S", 60, validate=validate.Range(1, 600)) or 0,
        mail_from=_mail_from(env.str("MAIL_FROM", "Counterfoil <counterfoil@localhost>"), problems),
        caps=_caps(env, problems),
        webhook_connections=env.int("WEBHOOK_CONNECTIONS", 3, validate=validate.Range(1, 64)) or 0,
        webhook_timeout_s=env.int("WEBHOOK_TIMEOUT_S", 15, validate=validate.Range(1, 60)) or 0,
        webhook_allow=form_settings.networks(env, "WEBHOOK_ALLOW"),
        forms=form_settings.forms_file(env),
        form_secrets=form_settings.form_secrets(env),
        metrics_bind=settings.metrics_bind(env),
        log_level=settings.log_level(env),
        log_format=settings.log_format(env),
    )
    settings.sealed(env, *problems)
    return loaded


def load_for_command(*, with_broker: bool = False) -> CommandSettings:
    """Read what a migration needs, or an operator's command: no mail server; raises `SettingsError`."""
    env = settings.reader()
    loaded = CommandSettings(
        broker_url=settings.broker_url(env) if with_broker else "",
        database_url=database_url(env, _DATABASE_URL),
        log_level=settings.log_level(env),
        log_format=settings.log_format(env),
    )
    settings.sealed(env)
    return loaded


def _smtp_server(url: str | None, problems: list[str]) -> SmtpServer:
    try:
        return parse_smtp_url(url) if url else SmtpServer("", 0)  # one that is not set is reported by the reader
    except ValueError as error:
        problems.append(f"COUNTERFOIL_SMTP_URL: {error}")
        return SmtpServer("", 0)


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


def _caps(env: FileAwareEnv, problems: list[str]) -> Caps:
    found: dict[str, Cap | None] = {}
    for name, default in (("RECIPIENT", "20/day"), ("SOURCE", "20/hour"), ("FORM", "1000/hour")):
        try:
            found[name] = parse_cap((env.str(f"CONFIRMATIONS_PER_{name}", default) or "").strip())
        except ValueError as error:
            problems.append(f"COUNTERFOIL_CONFIRMATIONS_PER_{name}: {error}")
    return Caps(found.get("RECIPIENT"), found.get("SOURCE"), found.get("FORM"))


def _mail_from(text: str | None, problems: list[str]) -> MailFrom:
    found = getaddresses([text]) if text and text.isprintable() else []
    if len(found) != 1 or not _ADDRESS.fullmatch(found[0][1]):
        problems.append("COUNTERFOIL_MAIL_FROM: expected a name and one address: Counterfoil <mail@example.org>")
        return MailFrom("", "")
    return MailFrom(*found[0])
