"""`counterfoil erase`: submissions are erased, and cannot be brought back."""

from __future__ import annotations

from collections.abc import Sequence

from counterfoil_cli.commands.change import which
from counterfoil_cli.options import command
from counterfoil_cli.session import Session
from counterfoil_cli.working import Which, work

_HELP = """Erase submissions, for ever.

They go from everywhere they can be, and it cannot be undone. IDs are those of `counterfoil inbox`. --matching takes all
that a query finds. It says how many, and asks. What is left of each is its id, its form, and when it was accepted and
erased. The key needs the scopes read, write and erase."""


@command(
    "erase",
    _HELP,
    "counterfoil erase 9b2f61c0",
    "counterfoil erase --matching 'form:contact is:spam before:2026-01-01'",
)
@which
def erase(session: Session, *, ids: Sequence[str], matching: str | None, yes: bool) -> None:
    """Erase them."""
    work(session, Which(ids, matching, yes, is_final=True), {"erase": True}, "Erase {}, for ever")
