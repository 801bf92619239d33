"""The notify service's settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.utils import getaddresses
from pathlib import Path

from environs import FileAwareEnv, validate

from notify_service.bounces.settings import BounceSettings, bounce_settings
from notify_service.channels.mail.composer import MailFrom
from notify_service.deliveries.caps import Cap, Caps, parse_cap
from notify_service.transports.smtp.hello import NAME, hello_name
from notify_service.transports.smtp.server import SmtpServer, parse_smtp_url
from shared import settings
from shared.database import database_url
from shared.files.checking import problems as problems_of_files
from shared.files.settings import FilesSettings, files_settings
from shared.forms import FormSecrets
from shared.forms import settings as form_settings
from shared.forms.digest import check_timezone
from shared.forms.owner import parse_addresses
from shared.public_addresses import Network

_DATABASE_URL = "sqlite:///notify.db"
_MAIL_FROM = "Counterfoil <counterfoil@localhost>"
_ADDRESS = re.compile(r"[\w!#$%&'*+/=?^`{|}~.-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)*", re.ASCII | re.IGNORECASE)
"""Enough to stand in a header; unlike a submitter's, its domain may be `localhost`."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from `COUNTERFOIL_…` by `load`. The addresses of broker and database may hold passwords: not shown.

    `console_url` is where owners reach the console, and `public_url` where everybody reaches the forms, without a slash
    at its end; None where nothing is said. `secret` is
    the installation's, which signs the links in mails; None where there is none, and no such mail.
    """

    broker_url: str = field(repr=False)
    database_url: str = field(repr=False)
    smtp: SmtpServer
    smtp_connections: int
    smtp_timeout_s: int
    smtp_hello: str
    mail_from: MailFrom
    owner_mail: tuple[str, ...] = field(repr=False)
    timezone: str
    digest_most: int
    owner_mails_most: int
    caps: Caps
    webhook_connections: int
    webhook_timeout_s: int
    webhook_allow: tuple[Network, ...]
    templates: Path | None
    forms: Path
    form_secrets: FormSecrets
    metrics_bind: str | None
    log_level: str
    log_format: str
    console_url: str | None = None
    files: FilesSettings | None = None
    secret: str | None = field(default=None, repr=False)
    public_url: str | None = None
    bounces: BounceSettings = field(default_factory=BounceSettings)


@dataclass(frozen=True, slots=True)
class PreviewSettings:
    """What `load_for_preview` reads."""

    mail_from: MailFrom
    timezone: str
    templates: Path | None
    forms: Path
    form_secrets: FormSecrets
    console_url: str | None = None


@dataclass(frozen=True, slots=True)
class CommandSettings:
    """What `load_for_command` reads."""

    broker_url: str = field(repr=False)
    database_url: str = field(repr=False)
    log_level: str
    log_format: str


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """What `load_for_plan` reads."""

    owner_mail: tuple[str, ...] = field(repr=False)
    forms: Path
    form_secrets: FormSecrets


def load(*, with_broker: bool = True) -> Settings:
    """Read the environment; raises `SettingsError` with all that is wrong. What sends by itself needs no broker."""
    env = settings.reader()
    problems: list[str] = []
    mail_from, secret = _mail_from(env.str("MAIL_FROM", _MAIL_FROM), problems), _secret(env)
    loaded = Settings(
        broker_url=settings.broker_url(env) if with_broker else "",
        database_url=database_url(env, _DATABASE_URL),
        smtp=_smtp_server(env.str("SMTP_URL"), problems),
        smtp_connections=env.int("SMTP_CONNECTIONS", 4, validate=validate.Range(1, 64)) or 0,
        smtp_timeout_s=env.int("SMTP_TIMEOUT_S", 60, validate=validate.Range(1, 600)) or 0,
        smtp_hello=_hello(env.str("SMTP_HELLO", ""), mail_from, problems),
        mail_from=mail_from,
        owner_mail=_owner_mail(env.str("OWNER_MAIL", ""), problems),
        timezone=_timezone(env.str("TIMEZONE", "UTC"), problems),
        digest_most=env.int("DIGEST_MOST", 100, validate=validate.Range(1, 500)) or 0,
        owner_mails_most=env.int("OWNER_MAILS_MOST", 50, validate=validate.Range(1, 1_000_000)) or 0,
        caps=_caps(env, problems),
        webhook_connections=env.int("WEBHOOK_CONNECTIONS", 3, validate=validate.Range(1, 64)) or 0,
        webhook_timeout_s=env.int("WEBHOOK_TIMEOUT_S", 15, validate=validate.Range(1, 60)) or 0,
        webhook_allow=form_settings.networks(env, "WEBHOOK_ALLOW"),
        templates=_templates(env),
        forms=form_settings.forms_file(env),
        form_secrets=form_settings.form_secrets(env),
        metrics_bind=settings.metrics_bind(env),
        log_level=settings.log_level(env),
        log_format=settings.log_format(env),
        console_url=settings.console_url(env),
        public_url=settings.public_url(env),
        files=files_settings(env),
        secret=secret,
        bounces=bounce_settings(env, secret, problems),
    )
    settings.sealed(env, *problems, *problems_of_files(loaded.files))
    return loaded


def load_for_plan() -> PlanSettings:
    """Read what says who is told, and no more; raises `SettingsError`."""
    env = settings.reader()
    problems: list[str] = []
    loaded = PlanSettings(
        owner_mail=_owner_mail(env.str("OWNER_MAIL", ""), problems),
        forms=form_settings.forms_file(env),
        form_secrets=form_settings.form_secrets(env),
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


def load_for_preview() -> PreviewSettings:
    """Read what makes the words of a mail, and no more; raises `SettingsError`."""
    env = settings.reader()
    problems: list[str] = []
    loaded = PreviewSettings(
        mail_from=_mail_from(env.str("MAIL_FROM", _MAIL_FROM), problems),
        timezone=_timezone(env.str("TIMEZONE", "UTC"), problems),
        templates=_templates(env),
        forms=form_settings.forms_file(env),
        form_secrets=form_settings.form_secrets(env),
        console_url=settings.console_url(env),
    )
    settings.sealed(env, *problems)
    return loaded


def _secret(env: FileAwareEnv) -> str | None:
    """Read `SECRET`, the one that gateways have, too; none by default."""
    return (env.str("SECRET", "") or "").strip() or None


def _templates(env: FileAwareEnv) -> Path | None:
    """Read `TEMPLATES`: the folder of an operator's own templates of mails; none by default."""
    folder = env.str("TEMPLATES", "")
    return Path(folder) if folder else None


def _smtp_server(url: str | None, problems: list[str]) -> SmtpServer:
    try:
        return parse_smtp_url(url) if url else SmtpServer("", 0)  # one that is not set is reported by the reader
    except ValueError as error:
        problems.append(f"COUNTERFOIL_SMTP_URL: {error}")
        return SmtpServer("", 0)


def _hello(name: str | None, mail_from: MailFrom, problems: list[str]) -> str:
    if name and not NAME.fullmatch(name):
        problems.append("COUNTERFOIL_SMTP_HELLO: expected this machine's public name, such as forms.example.org")
    return name or hello_name(mail_from.domain)


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


def _owner_mail(text: str | None, problems: list[str]) -> tuple[str, ...]:
    """Return who is told by mail of what comes in with forms that do not say who; none by default."""
    try:
        return parse_addresses(text or "")
    except ValueError as error:
        problems.append(f"COUNTERFOIL_OWNER_MAIL: {error}")
        return ()


def _timezone(text: str | None, problems: list[str]) -> str:
    """Return the time zone of owners whose form names none."""
    name = text or "UTC"
    try:
        check_timezone(name)
    except ValueError as error:
        problems.append(f"COUNTERFOIL_TIMEZONE: {error}")
    return name
