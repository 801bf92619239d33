"""Writes moments for people: how long ago, or exactly, in the time of whoever reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from counterfoil_cli.harmless import line

_UNITS = (
    (timedelta(days=1), "d"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "min"),
    (timedelta(seconds=1), "s"),
)
_LONG_AGO = timedelta(days=7)


def when(value: object, now: datetime, *, exact: bool = False) -> str:
    """Return a moment of the API as people read it; what is none as it is."""
    moment = moment_of(value)
    if moment is None:
        return "" if value is None else line(value)
    return exactly(moment) if exact else ago(moment, now)


def ago(moment: datetime, now: datetime) -> str:
    """Return `3 h` for what was three hours ago, and the day from a week on."""
    passed = now - moment
    if passed > _LONG_AGO:
        local, this_year = moment.astimezone(), now.astimezone().year
        return f"{local:%d %b}" if local.year == this_year else f"{local:%Y-%m-%d}"
    size, unit = next((one for one in _UNITS if passed >= one[0]), _UNITS[-1])
    return f"{max(passed // size, 0)} {unit}"


def exactly(moment: datetime) -> str:
    """Return `2026-11-29 18:04:05 +0100`."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S %z}"


def moment_of(value: object) -> datetime | None:
    """Return a moment that the API wrote (RFC 3339); None for anything else."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
