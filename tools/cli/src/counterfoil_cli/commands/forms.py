"""`counterfoil forms`: the forms, and how much came by each."""

from __future__ import annotations

from counterfoil_cli.harmless import line
from counterfoil_cli.moments import when
from counterfoil_cli.options import command
from counterfoil_cli.output import Column
from counterfoil_cli.session import Session

_COLUMNS = (
    Column("FORM"),
    Column("TITLE", gives=True),
    Column("NEW", right=True),
    Column("ALL", right=True),
    Column("SPAM", right=True),
    Column("LAST"),
    Column("ADDRESS", gives=True),
)


@command("forms", "List the forms: how much came, and when the last.", "counterfoil forms")
def forms(session: Session) -> None:
    """List them."""
    document = session.api().get("/forms")
    if session.as_json:
        session.output.json(document)
        return
    now = session.world.clock()
    rows = [
        (
            line(one.get("name", "")),
            line(one.get("title") or ""),
            *(line(_counted(one, name)) for name in ("new", "all", "spam")),
            when(one.get("last_at"), now),
            line(one.get("url") or ""),
        )
        for one in document["forms"]
    ]
    session.output.table(_COLUMNS, rows)


def _counted(form: dict[str, object], name: str) -> object:
    counts = form.get("counts")
    found = counts.get(name, "") if isinstance(counts, dict) else form.get(name, "")
    return found if not isinstance(found, dict) else f"{found.get('n')}{'' if found.get('exact', True) else '+'}"
