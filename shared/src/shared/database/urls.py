"""Reads database addresses: `sqlite:///path` or `postgresql://user:password@host:port/name`, for psycopg 3."""

from __future__ import annotations

from environs import FileAwareEnv
from marshmallow import ValidationError
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def database_url(env: FileAwareEnv, default: str) -> str:
    """Read `DATABASE_URL`, checked."""
    return env.str("DATABASE_URL", default, validate=_check) or default


def parsed(url: str) -> URL:
    """Return the address with the driver that serves it; raises ValueError, which never quotes the address."""
    expected = "expected sqlite:///path/to/file.db or postgresql://user:password@host:port/name"
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError(expected) from None
    driver = _DRIVERS.get(address.drivername)
    if driver is None or not address.database or address.database == ":memory:":
        raise ValueError(expected)
    return address.set(drivername=driver)


def _check(value: str) -> None:
    try:
        parsed(value)
    except ValueError as error:
        raise ValidationError(str(error)) from error
