"""`counterfoil change`, and words of their own for what is wanted most: `done`, `open`, `spam`, `not-spam`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from counterfoil_cli.exits import Wrong
from counterfoil_cli.options import command
from counterfoil_cli.session import Session
from counterfoil_cli.working import Which, work

_MANY = """
IDs are those of `counterfoil inbox`. --matching takes all that a query finds: it says how many, and asks. What was
changed can be set back: `counterfoil jobs --undo`."""


def which(function: Callable[..., None]) -> Callable[..., None]:
    """Let a command say which submissions are meant; the function takes `ids`, `matching` and `yes`."""
    function = click.option("--yes", is_flag=True, help="Do not ask.")(function)
    function = click.option("--matching", metavar="QUERY", help="All that a query finds.")(function)
    return click.argument("ids", nargs=-1, metavar="[ID]…")(function)


@command(
    "change",
    f"Change the status, star, labels or assignee of submissions.\n{_MANY}",
    "counterfoil change 9b2f61c0 --status done --label answered",
    "counterfoil change --matching 'form:contact last:1d' --assign ada@example.org",
)
@which
@click.option("--status", type=click.Choice(["new", "open", "done"]))
@click.option("--star/--no-star", default=None)
@click.option("--label", "add", multiple=True, metavar="LABEL", help="Add a label; several times for several.")
@click.option("--no-label", "remove", multiple=True, metavar="LABEL", help="Remove a label.")
@click.option("--assign", metavar="ADDRESS", help="Whoever takes care of it.")
@click.option("--nobody", is_flag=True, help="Nobody takes care of it.")
def change(
    session: Session,
    *,
    ids: Sequence[str],
    matching: str | None,
    yes: bool,
    status: str | None,
    star: bool | None,
    add: Sequence[str],
    remove: Sequence[str],
    assign: str | None,
    nobody: bool,
) -> None:
    """Change what was named."""
    if assign and nobody:
        raise Wrong("give --assign or --nobody, and not both")
    action: dict[str, Any] = {}
    action |= {"status": status} if status else {}
    action |= {} if star is None else {"starred": star}
    action |= {"labels": {"add": [*add], "remove": [*remove]}} if add or remove else {}
    action |= {"assignee": assign} if assign else {"assignee": None} if nobody else {}
    if not action:
        raise Wrong("say what to change: --status, --star, --label, --assign; `counterfoil change --help`")
    work(session, Which(ids, matching, yes), action, "Change {}")


def _changing(name: str, words: str, action: Mapping[str, Any], question: str) -> click.Command:
    @which
    def run(session: Session, *, ids: Sequence[str], matching: str | None, yes: bool) -> None:
        work(session, Which(ids, matching, yes), action, question)

    examples = (f"counterfoil {name} 9b2f61c0", f"counterfoil {name} --matching 'form:contact last:1d'")
    return command(name, f"{words}\n{_MANY}", *examples)(run)


def changes() -> Sequence[click.Command]:
    """Return the commands that change one thing."""
    return (
        _changing("done", "Mark submissions as done.", {"status": "done"}, "Mark {} as done"),
        _changing("open", "Mark submissions as open: somebody is at work.", {"status": "open"}, "Mark {} as open"),
        _changing("spam", "Mark submissions as spam: nothing more of them is sent.", {"spam": True}, "Mark {} as spam"),
        _changing(
            "not-spam",
            "Release submissions: what was withheld is delivered.",
            {"spam": False},
            "Release and deliver {}",
        ),
    )
