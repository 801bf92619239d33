"""`counterfoil note`: write something beside a submission."""

from __future__ import annotations

from collections.abc import Sequence

import click

from counterfoil_cli.exits import Wrong
from counterfoil_cli.finding import found_id
from counterfoil_cli.options import command
from counterfoil_cli.session import Session

TEXT_MOST = 100_000


@command(
    "note",
    "Write a note on a submission.\n\nWhoever sent it does not see it. Without TEXT it is read from standard input.",
    "counterfoil note 9b2f61c0 called back, wants the blue one",
)
@click.argument("id")
@click.argument("text", nargs=-1)
def note(session: Session, *, id: str, text: Sequence[str]) -> None:  # noqa: A002 - click's name for it
    """Write it."""
    said = " ".join(text) if text else session.world.stdin.read(TEXT_MOST + 1)
    if not said.strip():
        raise Wrong("expected some text")
    made = session.api().send("POST", f"/submissions/{found_id(session.api(), id)}/notes", {"text": said})
    if session.as_json:
        session.output.json(made)
    else:
        session.output.line("noted")
