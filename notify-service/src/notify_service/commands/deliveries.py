"""`python -m notify_service deliveries` shows what was sent and what was not, and why. It changes nothing."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from notify_service import settings
from notify_service.commands.terminal import PROGRAM, Refused, parser, say
from notify_service.history.printing import document, table
from notify_service.history.selecting import Which, moment_of, selected
from notify_service.tables import MIGRATIONS
from shared import database, logs
from shared.database import iso

LIMIT_DEFAULT = 50
LIMIT_MOST = 10_000

_HELP = """Show deliveries: mails, webhooks and messages in chats, newest first, and why one was not sent.

It only shows. To send again: python -m storage_service resend"""
_STATES = ("failed", "held", "retrying", "pending", "sending", "sent", "cancelled", "suppressed", "bounced")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_AGE = re.compile(r"([1-9][0-9]{0,5})([mhd])")


def deliveries(arguments: Sequence[str]) -> int:
    """Show what was sent and what was not, and why."""
    given = _parser().parse_args(arguments)
    which = Which(given.state, given.form, given.submission, given.since, given.after)
    if given.state in {"held", "waiting"}:
        which = replace(which, state="held", is_gathered=given.state == "waiting")
    chosen = settings.load_for_command()
    logs.configure("notify", level="warning", format=chosen.log_format)
    engine = database.create(chosen.database_url)
    try:
        if MIGRATIONS.pending(engine):
            raise Refused(MIGRATIONS.advice(engine, PROGRAM))
        rows = list(selected(engine, which, given.limit + 1))
    finally:
        engine.dispose()
    shown = rows[: given.limit]
    for line in (json.dumps(document(row)) for row in shown) if given.json else table(shown):
        say(line)
    if len(rows) > given.limit and not given.json:
        say(f"\nThere are more: --after {iso(moment_of(which, shown[-1]))}/{shown[-1].id}")
    return 0


def _parser() -> argparse.ArgumentParser:
    made = parser("deliveries", _HELP)
    states = made.add_mutually_exclusive_group()
    for state in _STATES:
        states.add_argument(f"--{state}", dest="state", action="store_const", const=state, help=f"only what is {state}")
    waiting = "only what waits to be told of along with others: in a digest, or because there are too many"
    states.add_argument("--waiting", dest="state", action="store_const", const="waiting", help=waiting)
    made.add_argument("--form", metavar="NAME", help="only of this form")
    made.add_argument("--submission", metavar="ID", type=UUID, help="only of this submission")
    made.add_argument("--since", metavar="AGE", type=_since, help="only since then: 30m, 2h, 7d")
    made.add_argument("--limit", metavar="N", type=_limit, default=LIMIT_DEFAULT, help=f"how many; {LIMIT_DEFAULT}")
    made.add_argument("--after", metavar="WHERE", type=_position, help="the next page, as the one before says it")
    made.add_argument("--json", action="store_true", help="one JSON object a line, with what the other side said")
    return made


def _since(text: str) -> datetime:
    found = _AGE.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError("expected a number and a unit, such as 30m, 2h or 7d")
    return datetime.now(UTC) - timedelta(**{_UNITS[found[2]]: int(found[1])})


def _limit(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= LIMIT_MOST:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {LIMIT_MOST}")
    return int(text)


def _position(text: str) -> tuple[datetime, UUID]:
    moment, _, last = text.partition("/")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), UUID(last)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError("expected what the page before says behind --after") from None
