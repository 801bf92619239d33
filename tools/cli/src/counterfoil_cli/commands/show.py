"""`counterfoil show`: one submission."""

from __future__ import annotations

import click

from counterfoil_cli.finding import found_id
from counterfoil_cli.options import command
from counterfoil_cli.page import lines_of
from counterfoil_cli.session import Session
from counterfoil_cli.submissions import locked, unsealed


@command(
    "show",
    "Show one submission.\n\n"
    "Its fields, deliveries and notes, and what was done with it. "
    "Of the newest 200 the end of an id is enough, as inbox shows it.",
    "counterfoil show 9b2f61c0",
    "counterfoil show --json 9b2f61c0-8c1e-5a5b-9d1b-2f6a3e9d4f10",
)
@click.argument("id")
@click.option("--exact", is_flag=True, help="Moments as they are.")
@click.option("--unseal", is_flag=True, help="Sealed fields in the clear: the key needs the scope unseal.")
def show(session: Session, *, id: str, exact: bool, unseal: bool) -> None:  # noqa: A002 - click's name for it
    """Show it."""
    address = f"/submissions/{found_id(session.api(), id)}"
    submission = session.api().get(address)
    if unseal:
        opened = session.api().get(f"{address}/sealed")
        submission |= unsealed(submission, opened)
        for reason in locked(opened):
            session.output.complain(reason)
    if session.as_json:
        session.output.json(submission)
        return
    for one in lines_of(submission, session.world.clock(), exact=exact):
        session.output.line(one)
