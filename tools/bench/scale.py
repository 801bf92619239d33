"""Defines how much is measured: everything, or a little of it to see that it works."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Scale:
    """How often and how long. `limit_s` ends a slow consumer's round; what it has done by then counts."""

    rounds: int = 3
    warm_up_s: int = 2
    load_s: int = 8
    events: int = 40_000
    limit_s: float = 8.0
    mails: int = 2_500
    paced_s: int = 10
    backlog: int = 1_000_000
    streams: int = 1_000
    rows: int = 1_000_000
    upload_bytes: int = 25_000_000
    is_quick: bool = False


QUICK = Scale(
    rounds=1,
    warm_up_s=1,
    load_s=2,
    events=3_000,
    limit_s=3.0,
    mails=200,
    paced_s=2,
    backlog=20_000,
    streams=50,
    rows=5_000,
    upload_bytes=2_000_000,
    is_quick=True,
)


def scaled(*, quick: bool, rounds: int | None, backlog: int | None, rows: int | None = None) -> Scale:
    """Return the scale that the command line asks for."""
    chosen = QUICK if quick else Scale()
    return replace(chosen, rounds=rounds or chosen.rounds, backlog=backlog or chosen.backlog, rows=rows or chosen.rows)
