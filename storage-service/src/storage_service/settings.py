"""Reads the storage service's settings."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from environs import FileAwareEnv, validate
from marshmallow import ValidationError

from shared import settings
from shared.database import database_url
from shared.files.checking import problems as problems_of_files
from shared.files.settings import FilesSettings, files_settings


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from `COUNTERFOIL_…` by `load`. The addresses may hold passwords and so are not shown."""

    broker_url: str = field(repr=False)
    database_url: str = field(repr=False)
    has_database: bool
    """Whether a database was named; without, it is a file in the folder where the process was started."""
    erasures: Path | None
    batch_size: int
    batch_age_ms: int
    metrics_bind: str | None
    log_level: str
    log_format: str
    files: FilesSettings | None = None


def load(*, with_broker: bool = True) -> Settings:
    """Read the environment; raises `SettingsError` with all that is wrong. A migration needs no broker."""
    env = settings.reader()
    loaded = Settings(
        broker_url=settings.broker_url(env) if with_broker else "",
        database_url=database_url(env, "sqlite:///storage.db"),
        has_database=bool(env.str("DATABASE_URL", "")),
        erasures=erasures_file(env),
        batch_size=env.int("BATCH_SIZE", 500, validate=validate.Range(1, 5000)) or 0,
        batch_age_ms=env.int("BATCH_AGE_MS", 20, validate=validate.Range(0, 10_000)) or 0,
        metrics_bind=settings.metrics_bind(env),
        log_level=settings.log_level(env),
        log_format=settings.log_format(env),
        files=files_settings(env),
    )
    settings.sealed(env, *problems_of_files(loaded.files))
    return loaded


def erasures_file(env: FileAwareEnv) -> Path | None:
    """Read `ERASURES`, the file in which each erasure is noted beside the database; None for nowhere, the default."""
    text = env.str("ERASURES", "", validate=_can_be_added_to) or ""
    return Path(text) if text else None


def _can_be_added_to(text: str) -> None:
    path = Path(text)
    if not text:
        return
    if path.is_dir() or not path.parent.is_dir():
        raise ValidationError(f"expected a file in a folder that there is, got {text!r}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ValidationError(f"{text!r} cannot be written by this process: see who owns its folder")
