"""`counterfoil resend`: send again what failed or is held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from counterfoil_cli.commands.change import which
from counterfoil_cli.exits import Wrong
from counterfoil_cli.finding import found_id
from counterfoil_cli.harmless import line
from counterfoil_cli.options import command
from counterfoil_cli.session import Session
from counterfoil_cli.working import Which, work

_HELP = """Send again what failed, or what a cap on mails holds.

Of the submissions that are meant it asks for all deliveries that failed or are held, or for those of one channel; with
an ID and a --channel where nothing failed, for all that this channel has. With --matching it says of how many, and
asks. What was sent cannot be taken back."""


@command(
    "resend",
    _HELP,
    "counterfoil resend 9b2f61c0",
    "counterfoil resend --matching 'is:failed last:2d' --failed --channel owner",
)
@which
@click.option("--channel", metavar="NAME", help="Only these: confirmation (or email), owner, webhook, slack, …")
@click.option("--failed", is_flag=True, help="Only what failed.")
@click.option("--held", is_flag=True, help="Only what is held.")
def resend(
    session: Session,
    *,
    ids: Sequence[str],
    matching: str | None,
    yes: bool,
    channel: str | None,
    failed: bool,
    held: bool,
) -> None:
    """Ask for it."""
    if ids and not matching:
        if failed or held:
            raise Wrong("--failed and --held go with --matching: of an ID it is both")
        _of_each(session, ids, channel)
        return
    asked: dict[str, Any] = {"channel": channel} if channel else {}
    if failed != held:
        asked["states"] = ["failed" if failed else "held"]
    work(session, Which(ids, matching, yes), {"resend": asked}, "Send again what failed or is held of {}")


def _of_each(session: Session, ids: Sequence[str], channel: str | None) -> None:
    for key in [found_id(session.api(), one) for one in dict.fromkeys(ids)]:
        answer = session.api().send("POST", f"/submissions/{key}/deliveries", {"channel": channel} if channel else {})
        if session.as_json:
            session.output.json({"id": key, **answer})
        else:
            count = answer.get("requested")
            session.output.line(f"{key}: {line(count)} will be sent again" if count else f"{key}: {_NOTHING}")


_NOTHING = "nothing to send again; what was asked for before is on its way"
