"""Reads the console's settings, once at start: environment variables `COUNTERFOIL_…`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from environs import FileAwareEnv, validate
from marshmallow import ValidationError

from shared import settings
from shared.api_keys import key_hashes
from shared.database import database_url
from shared.files.checking import problems as problems_of_files
from shared.files.settings import FilesSettings, files_settings
from shared.forms import settings as form_settings
from shared.forms.schemas.windows import kept_for
from shared.public_addresses import Network, parse_networks
from shared.sealing import OpeningKey
from shared.sealing.settings import keys_that_open
from shared.settings import is_bind
from storage_service.accounts.joining import EXPECTED, Told, setup_token
from storage_service.accounts.ways.settings import SignIn, problems, sign_in
from storage_service.settings import erasures_file

BIND = "127.0.0.1:8090"
PROXIES = "127.0.0.0/8, ::1/128"
"""Where the gateway is that is believed: on this machine."""

REQUESTS_MOST = 300
"""How many requests are worked on at once: 32 and 200 streams of one gateway's worker, and some that come past it."""

AUDIT_KEPT_FOR = timedelta(days=730)
AUDIT_KEPT_LEAST = timedelta(days=31)
"""How long a line of the audit is kept, unless it is said; the database itself keeps each for 30 days."""

EXPORTS_MOST = 4
"""How many exports are written at once: each keeps a good part of a core busy."""

DOWNLOADS_MOST = 48
"""How many files are downloaded at once: each has a thread until whoever gets it has it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the console is told. `proxies` are the networks whose `X-Forwarded-For` is believed.

    `public_url` is where the gateway is reached, `console_public_url` where owners reach the pages, where that is
    another name, `gateway_url` where the console itself reaches a gateway, without a slash at their ends; None where
    nothing is said. `audit_kept_for` is None for ever. `opening_keys` open sealed fields; without any they stay sealed.
    The addresses may hold passwords, and the hashes lead to keys: neither is shown.
    """

    broker_url: str = field(repr=False)
    database_url: str = field(repr=False)
    erasures: Path | None = None
    bind: str = BIND
    forms: Path = Path("forms.toml")
    api_key_hashes: tuple[str, ...] = field(default=(), repr=False)
    operator_key_hashes: tuple[str, ...] = field(default=(), repr=False)
    opening_keys: tuple[OpeningKey, ...] = field(default=(), repr=False)
    setup: Told = field(default_factory=Told)
    public_url: str | None = None
    console_public_url: str | None = None
    gateway_url: str | None = None
    sign_in: SignIn = field(default_factory=SignIn)
    proxies: tuple[Network, ...] = parse_networks(PROXIES)
    audit_kept_for: timedelta | None = AUDIT_KEPT_FOR
    requests_most: int = REQUESTS_MOST
    exports_most: int = EXPORTS_MOST
    downloads_most: int = DOWNLOADS_MOST
    webhook_allow: tuple[Network, ...] = ()
    files: FilesSettings | None = None
    metrics_bind: str | None = None
    log_level: str = "info"
    log_format: str = "auto"

    @property
    def pages_url(self) -> str | None:
        """Where owners reach the pages: links in mails, and what single sign-on comes back to, begin with it."""
        return self.console_public_url or self.public_url


def load() -> Settings:
    """Read and check the settings; raises `shared.settings.SettingsError` with everything that is wrong."""
    env = settings.reader()
    public_url, console_public_url = settings.public_url(env), settings.console_public_url(env)
    loaded = Settings(
        broker_url=settings.broker_url(env),
        database_url=database_url(env, "sqlite:///storage.db"),
        erasures=erasures_file(env),
        bind=env.str("CONSOLE_BIND", BIND, validate=is_bind) or BIND,
        forms=form_settings.forms_file(env),
        api_key_hashes=key_hashes(env, "API_KEY_HASHES"),
        operator_key_hashes=key_hashes(env, "OPERATOR_KEY_HASHES"),
        opening_keys=keys_that_open(env),
        setup=_setup(env),
        public_url=public_url,
        console_public_url=console_public_url,
        gateway_url=settings.origin(env, "GATEWAY_URL"),
        sign_in=sign_in(env, console_public_url or public_url),
        proxies=_proxies(env),
        audit_kept_for=_audit_kept_for(env),
        requests_most=env.int("CONSOLE_REQUESTS", REQUESTS_MOST, validate=validate.Range(16, 2000)) or REQUESTS_MOST,
        exports_most=env.int("CONSOLE_EXPORTS", EXPORTS_MOST, validate=validate.Range(1, 64)) or EXPORTS_MOST,
        downloads_most=_downloads_most(env),
        webhook_allow=form_settings.networks(env, "WEBHOOK_ALLOW"),
        files=files_settings(env),
        metrics_bind=settings.metrics_bind(env),
        log_level=settings.log_level(env),
        log_format=settings.log_format(env),
    )
    settings.sealed(env, *problems(loaded.sign_in, loaded.pages_url), *problems_of_files(loaded.files))
    return loaded


def _downloads_most(env: FileAwareEnv) -> int:
    return env.int("CONSOLE_DOWNLOADS", DOWNLOADS_MOST, validate=validate.Range(1, 1000)) or DOWNLOADS_MOST


def _proxies(env: FileAwareEnv) -> tuple[Network, ...]:
    """Read `CONSOLE_PROXIES`: networks with commas between, or `none`; this machine by default."""
    return _networks(env.str("CONSOLE_PROXIES", PROXIES, validate=_are_networks) or PROXIES)


def _audit_kept_for(env: FileAwareEnv) -> timedelta | None:
    """Read `AUDIT_RETENTION`: days or weeks, or `forever`; two years by default."""
    text = env.str("AUDIT_RETENTION", "", validate=_is_audit_retention) or ""
    try:
        return AUDIT_KEPT_FOR if text == "" else _kept_for(text)
    except ValueError:  # said when the settings are sealed
        return AUDIT_KEPT_FOR


def _kept_for(text: str) -> timedelta | None:
    if text == "forever":
        return None
    found = kept_for(text)
    if found < AUDIT_KEPT_LEAST:
        raise ValueError(f"expected {AUDIT_KEPT_LEAST.days} days at least: each line is kept for a month")
    return found


def _is_audit_retention(text: str) -> None:
    try:
        if text:
            _kept_for(text)
    except ValueError as error:
        raise ValidationError(f"{error}; or forever") from error


def _setup(env: FileAwareEnv) -> Told:
    """Read `SETUP_TOKEN`, what is known of the token of the setup link; none by default."""
    text = env.str("SETUP_TOKEN", "", validate=_is_setup_token) or ""
    file = env.str("SETUP_TOKEN_FILE", "") or None
    try:
        return Told(setup_token(text) if text else None, None if file is None else Path(file))
    except ValueError:  # said when the settings are sealed
        return Told()


def _is_setup_token(text: str) -> None:
    try:
        if text:
            setup_token(text)
    except ValueError:
        raise ValidationError(EXPECTED) from None


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return () if text.strip() == "none" else parse_networks(text)
    except ValueError:  # said when the settings are sealed
        return ()


def _are_networks(text: str) -> None:
    try:
        if text.strip() != "none":
            parse_networks(text)
    except ValueError as error:
        raise ValidationError(str(error)) from error
