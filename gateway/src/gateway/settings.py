"""Reads the gateway's settings, once at start: environment variables `COUNTERFOIL_…`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from environs import FileAwareEnv, validate
from marshmallow import ValidationError

from gateway.bounces.settings import BounceHooks, bounce_hooks
from gateway.bounces.settings import problems as problems_of_bounces
from gateway.console.bounds import Bounds, bounds
from gateway.http.site import host_of, is_beyond_loopback
from gateway.receipts.watchers import SOURCE_MOST, WATCHERS_MOST
from gateway.uploads.bounds import UploadBounds, upload_bounds
from gateway.uploads.bounds import problems as problems_of_uploads
from shared import settings as shared_settings
from shared.files.checking import problems as problems_of_files
from shared.files.settings import FilesSettings, files_settings
from shared.forms import FormSecrets
from shared.forms import settings as form_settings
from shared.forms.rates import is_rate
from shared.messaging.rabbitmq import addresses
from shared.public_addresses import Network
from shared.sealing import SealingKey
from shared.sealing.settings import sealing_key
from shared.settings import is_bind

SECRET_LENGTH = 32
"""Characters a secret has at least where anything listens beyond loopback."""

BODY_BYTES = 128 * 1024
"""What a submission may have by default: no files are taken, and a batch of the largest fits the storage service."""

BODY_BYTES_MOST = 2 * 1024 * 1024
"""The most that may be allowed. An event is up to six times larger than its body (JSON writes a control character as
six), and RabbitMQ 4 closes the channel on a message above 16 MiB."""

RATE_LIMIT = "600/minute"
"""How often one address may submit to one form that says nothing else: more than people do who share an address."""

Index: TypeAlias = Literal["forms", "plain", "console"]
INDEXES: tuple[Index, ...] = get_args(Index)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a gateway is told. `public_url` has no slash at its end; None where nothing is said
    (`gateway.http.site`).

    `console_url` is where the console is, without a slash at its end; None where there is none. `passed` bounds what is
    passed on to it. `sealing_key` is what sensitive fields are sealed to, None where none can be. `files` says where
    files are kept, None where none are taken; `uploads` bounds what comes with them. `index` says what strangers are
    shown at `/` and `/openapi`: every form, or none; with `console` none, and `/` leads to the console. Its repr shows
    no credentials.
    """

    secret: str = field(repr=False)
    broker_url: str = field(default="", repr=False)
    bind: str = "127.0.0.1:8080"
    workers: int = 1
    forms: Path = Path("forms.toml")
    form_secrets: FormSecrets = field(default_factory=FormSecrets)
    sealing_key: SealingKey | None = None
    files: FilesSettings | None = None
    captcha_allow: tuple[Network, ...] = ()
    public_url: str | None = None
    index: Index = "forms"
    max_body_bytes: int = BODY_BYTES
    trusted_hops: int = 0
    rate_limit: str = RATE_LIMIT
    rate_limit_url: str | None = field(default=None, repr=False)
    watchers_per_source: int = SOURCE_MOST
    console_url: str | None = None
    passed: Bounds = field(default_factory=Bounds)
    uploads: UploadBounds = field(default_factory=UploadBounds)
    bounces: BounceHooks = field(default_factory=BounceHooks)
    metrics_bind: str | None = None
    log_level: str = "info"
    log_format: str = "auto"


def load() -> Settings:
    """Read and check the settings; raises `shared.settings.SettingsError` with everything that is wrong."""
    env = shared_settings.reader()
    bind = env.str("BIND", "127.0.0.1:8080", validate=is_bind) or "127.0.0.1:8080"
    public_url = shared_settings.public_url(env)
    hops = _whole(env, "TRUSTED_HOPS", 0, least=0, most=10)
    settings = Settings(
        secret=(env.str("SECRET", validate=validate.Length(min=1)) or "").strip(),
        broker_url=shared_settings.broker_url(env).strip(),
        bind=bind,
        workers=_whole(env, "WORKERS", min(4, os.cpu_count() or 1), least=1, most=64),
        forms=form_settings.forms_file(env),
        form_secrets=form_settings.form_secrets(env),
        sealing_key=sealing_key(env),
        files=files_settings(env),
        captcha_allow=form_settings.networks(env, "CAPTCHA_ALLOW"),
        public_url=public_url,
        index=_index(env, bind, public_url, hops),
        max_body_bytes=_whole(env, "MAX_BODY_BYTES", BODY_BYTES, least=1024, most=BODY_BYTES_MOST),
        trusted_hops=hops,
        rate_limit=env.str("RATE_LIMIT", RATE_LIMIT, validate=is_rate) or RATE_LIMIT,
        rate_limit_url=env.str("RATE_LIMIT_URL", "", validate=_is_redis_url) or None,
        watchers_per_source=_whole(env, "WATCHERS_PER_SOURCE", SOURCE_MOST, least=1, most=WATCHERS_MOST),
        console_url=shared_settings.origin(env, "CONSOLE_URL"),
        passed=bounds(env),
        uploads=upload_bounds(env),
        bounces=bounce_hooks(env),
        metrics_bind=shared_settings.metrics_bind(env),
        log_level=shared_settings.log_level(env),
        log_format=shared_settings.log_format(env),
    )
    shared_settings.sealed(env, *_problems(settings))
    return settings


def _problems(settings: Settings) -> list[str | None]:
    problems: list[str | None] = [
        *problems_of_files(settings.files),
        *problems_of_uploads(settings.uploads, settings.files),
        *problems_of_bounces(settings.bounces),
    ]
    if is_beyond_loopback(host_of(settings.bind)):
        reason = f"while COUNTERFOIL_BIND is {settings.bind}, beyond loopback"
        if settings.secret and len(settings.secret) < SECRET_LENGTH:
            problems.append(f"COUNTERFOIL_SECRET: at least {SECRET_LENGTH} random characters are needed {reason}")
        if settings.broker_url and addresses.users(settings.broker_url) & {None, "guest"}:
            problems.append(f"COUNTERFOIL_BROKER_URL: a user other than guest is needed {reason}")
    return problems


def _whole(env: FileAwareEnv, name: str, default: int, *, least: int, most: int) -> int:
    value = env.int(name, default, validate=validate.Range(min=least, max=most))
    return default if value is None else value


def _is_redis_url(value: str) -> None:
    if not value:
        return
    import redis  # noqa: PLC0415 - it brings OpenTelemetry with it: only where it is used

    try:
        redis.Redis.from_url(value)
    except (ValueError, redis.RedisError) as error:
        raise ValidationError("expected a URL such as redis://:password@host:6379/0, or rediss://…") from error


def _index(env: FileAwareEnv, bind: str, public_url: str | None, hops: int) -> Index:
    """Read what is shown; unless it is said, the forms where nobody but this machine can ask for them."""
    said: str | None = env.str("INDEX", "", validate=validate.OneOf(["", *INDEXES]))
    given: Index | None = next((one for one in INDEXES if one == said), None)
    hosts = [host_of(bind), *([urlsplit(public_url).hostname or ""] if public_url else [])]
    is_local = hops == 0 and not any(map(is_beyond_loopback, hosts))
    return given or ("forms" if is_local else "plain")
