"""Reads settings from the environment once at start, checks all, and reports all errors together.

Each service's `settings.py` declares its own with the reader made here. `COUNTERFOIL_X_FILE` names a file that
holds the value of `COUNTERFOIL_X`, as Docker and Kubernetes hand over secrets.
"""

from __future__ import annotations

import os
import re
from typing import Any

from environs import EnvError, FileAwareEnv, validate
from marshmallow import ValidationError, missing

from shared.messaging.rabbitmq import addresses
from shared.tracing import settings as tracing

PREFIX = "COUNTERFOIL_"

_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?/?")


class SettingsError(Exception):
    """One or more settings are wrong; the text names each and says how to mend it."""


class _Reader(FileAwareEnv):
    def _get_value(self, env_key: str, default: Any) -> Any:
        try:
            return super()._get_value(env_key, default)
        except ValueError as error:  # a secret's file that cannot be read is one error among the others
            self._errors[env_key].append(str(error))
            return missing


def reader() -> FileAwareEnv:
    """Return a reader of `COUNTERFOIL_…` variables that collects its errors until `sealed`."""
    return _Reader(prefix=PREFIX, eager=False, strip_whitespace=True)


def sealed(env: FileAwareEnv, *further: str | None) -> None:
    """Raise one `SettingsError` with all that `env` collected and all of `further` that is not None.

    It includes the problems of OpenTelemetry's own variables.
    """
    problems = [problem for problem in (*further, *tracing.problems(os.environ)) if problem]
    try:
        env.seal()
    except EnvError as error:
        found = getattr(error, "error_messages", None) or {"settings": [str(error)]}
        problems = [f"{name}: {' '.join(map(str, texts))}" for name, texts in found.items()] + problems
    if problems:
        raise SettingsError("these settings are wrong:\n" + "\n".join(f"  - {problem}" for problem in problems))


def broker_url(env: FileAwareEnv) -> str:
    """Read `BROKER_URL`: `amqp://user:password@host:port/vhost`, or `amqps://…`; several with commas between."""
    return env.str("BROKER_URL", validate=_is_broker) or ""


def metrics_bind(env: FileAwareEnv) -> str | None:
    """Read `METRICS_BIND`: the `host:port` where metrics and health are served; None for nowhere, the default."""
    return env.str("METRICS_BIND", "", validate=lambda value: is_bind(value) if value else None) or None


def public_url(env: FileAwareEnv) -> str | None:
    """Read `PUBLIC_URL`, where the gateway is reached, without a slash at its end; None where nothing is said."""
    return origin(env, "PUBLIC_URL")


def console_public_url(env: FileAwareEnv) -> str | None:
    """Read `CONSOLE_PUBLIC_URL`, where owners reach the console, if it has another name than the forms."""
    return origin(env, "CONSOLE_PUBLIC_URL")


def console_url(env: FileAwareEnv) -> str | None:
    """Read where owners reach the console: `CONSOLE_PUBLIC_URL`, else `PUBLIC_URL`; both are checked."""
    own, shared = console_public_url(env), public_url(env)
    return own or shared


def origin(env: FileAwareEnv, name: str) -> str | None:
    """Read where somebody is reached, as `https://forms.example.org`, without a slash at its end; None for nothing."""
    return (env.str(name, "", validate=_is_origin) or "").rstrip("/") or None


def host_and_port(bind: str) -> tuple[str, int]:
    """Return the two halves of `host:port`; an IPv6 host stands in brackets. Raises ValueError."""
    host, _, port = bind.rpartition(":")
    if not host or not 0 <= int(port) <= 65535:
        raise ValueError(bind)
    host.encode("idna")  # raises UnicodeError, a ValueError, for what no socket takes, as "0.0.0.0.."
    return host.strip("[]"), int(port)


def is_bind(value: str) -> None:
    """Raise marshmallow's `ValidationError` where a value is no `host:port`."""
    try:
        host_and_port(value)
    except ValueError as error:
        raise ValidationError("expected host:port, such as 127.0.0.1:8080") from error


def log_level(env: FileAwareEnv) -> str:
    """Read `LOG_LEVEL`: debug, info, warning or error; info by default."""
    return env.str("LOG_LEVEL", "info", validate=validate.OneOf(["debug", "info", "warning", "error"])) or "info"


def log_format(env: FileAwareEnv) -> str:
    """Read `LOG_FORMAT`: json, console, or auto (console on a terminal, else json; the default)."""
    return env.str("LOG_FORMAT", "auto", validate=validate.OneOf(["auto", "json", "console"])) or "auto"


def _is_broker(value: str) -> None:
    try:
        addresses.check(value)
    except addresses.WrongAddress as error:
        raise ValidationError(str(error)) from error


def _is_origin(value: str) -> None:
    if value and not ((found := _ORIGIN.fullmatch(value)) and int(found[1] or 0) <= 65535):
        raise ValidationError("expected scheme://host[:port] without a path, such as https://forms.example.org")
