"""Turns database errors into the failures that a handler knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from shared.messaging.failures import DependencyUnavailable, PermanentFailure

_LIMIT_EXCEEDED = "54"
"""PostgreSQL's class of errors for a value beyond a limit: psycopg calls it operational, yet the row is at fault.
(https://www.postgresql.org/docs/current/errcodes-appendix.html)"""


@contextmanager
def classified() -> Iterator[None]:
    """Turn database errors into `PermanentFailure` (the data is at fault) or `DependencyUnavailable` (all else).

    All else: away, locked, read-only, full, too many connections, deadlock, a
    table that is missing, no connection of the pool free in time, and this process without a descriptor or memory
    for one: a driver's `OSError` is not always wrapped. Neither text
    holds a value of the row: a database's own message may, so of the first only its kind is kept.
    """
    try:
        yield
    except NoConnectionFree as error:
        raise DependencyUnavailable("the database cannot be used now: every connection is in use") from error
    except (OSError, MemoryError) as error:
        raise DependencyUnavailable(f"the database cannot be used now: {type(error).__name__}: {error}") from error
    except DBAPIError as error:
        if _is_of_the_data(error):
            raise PermanentFailure(f"the database refuses it: {_kind(error)}") from None
        raise DependencyUnavailable(f"the database cannot be used now: {_first_line(error)}") from error


def _is_of_the_data(error: DBAPIError) -> bool:
    if isinstance(error, DataError | IntegrityError):
        return True
    return (getattr(error.orig, "sqlstate", None) or "").startswith(_LIMIT_EXCEEDED)


def _kind(error: DBAPIError) -> str:
    """Return `CheckViolation (submissions_form_length)` from PostgreSQL, `SQLITE_CONSTRAINT_CHECK` from SQLite."""
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    kind = getattr(error.orig, "sqlite_errorname", None) or type(error.orig).__name__
    return f"{kind} ({constraint})" if constraint else kind


def _first_line(error: DBAPIError) -> str:
    lines = str(error.orig).splitlines()
    return f"{type(error.orig).__name__}: {lines[0][:400]}" if lines else type(error.orig).__name__
