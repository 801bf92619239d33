"""`counterfoil suppressions`: addresses that are sent no mail: list them, look one up, add one, take one back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from counterfoil_cli.exits import Refused, Wrong
from counterfoil_cli.harmless import line
from counterfoil_cli.moments import when
from counterfoil_cli.options import command
from counterfoil_cli.output import Column
from counterfoil_cli.session import Session

PAGE = 200
_COLUMNS = (
    Column("SINCE"),
    Column("ADDRESS"),
    Column("WHY"),
    Column("NOT SENT"),
    Column("BY"),
    Column("SAID", gives=True),
)


@click.group("suppressions", short_help="Addresses that are sent no mail: list, find, add, remove.")
def suppressions() -> None:
    """Say which addresses are sent no mail, and change that."""


def _one(name: str, words: str, *examples: str) -> Callable[[Callable[..., None]], click.Command]:
    def decorate(function: Callable[..., None]) -> click.Command:
        made = command(name, words, *examples)(function)
        suppressions.add_command(made)
        return made

    return decorate


@_one(
    "list",
    "List the addresses that are sent no mail, newest first.\n\nOnly the first character of each is known, and its "
    "domain: `find` looks one up.",
    "counterfoil suppressions list --limit 500",
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many to list.")
def listed(session: Session, *, limit: int) -> None:
    """List them, page by page."""
    found, cursor = list[dict[str, Any]](), None
    while len(found) < limit:
        asked = {"limit": min(PAGE, limit - len(found)), "cursor": cursor}
        page = session.api().get("/suppressions", asked)
        found += page["suppressions"]
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    if session.as_json:
        session.output.json({"suppressions": found, "next_cursor": cursor})
    else:
        _say(session, found)


@_one(
    "find",
    "Say whether an address is sent mail, and why not.\n\nCapitals, what follows a plus, and Gmail's dots make no "
    "difference. It exits with 1 where nothing stands there.",
    "counterfoil suppressions find ada@example.org",
)
@click.argument("email")
def find(session: Session, *, email: str) -> None:
    """Look one up."""
    page = _found(session, email)
    if session.as_json:
        session.output.json(page)
    else:
        _say(session, page["suppressions"])
    if not page["suppressions"]:
        raise Refused("nothing stands there: this address is sent mail")


@_one(
    "add",
    "Have an address sent no mail.\n\nWith --form only the mails of that form stop.",
    'counterfoil suppressions add ada@example.org --note "asked on the phone"',
)
@click.argument("email")
@click.option("--form", metavar="FORM", help="Of this form alone.")
@click.option("--note", metavar="TEXT", help="Why, for who looks later.")
def add(session: Session, *, email: str, form: str | None, note: str | None) -> None:
    """Add one."""
    made = session.api().send("POST", "/suppressions", {"address": email, "form": form, "note": note})
    if session.as_json:
        session.output.json(made)
    else:
        of = f" of {line(made['form'])}" if made.get("form") else ""
        session.output.line(f"{line(made.get('address', ''))} is sent no mail{of}: {line(made.get('reason', ''))}")


@_one(
    "remove",
    "Take an address back: it is sent mail again.\n\nWHICH is the address, or an id that `list --json` shows. With "
    "--form only what stands there for that form goes. What was not sent meanwhile is sent again by "
    "`counterfoil resend`.",
    "counterfoil suppressions remove ada@example.org",
)
@click.argument("which")
@click.option("--form", metavar="FORM", help="Of this form alone.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(session: Session, *, which: str, form: str | None, yes: bool) -> None:
    """Take one back, or all that stands there of an address."""
    ids = [which] if "@" not in which else [one["id"] for one in _of_form(_found(session, which), form)]
    if any("/" in one or not one.isprintable() for one in ids):
        raise Wrong(f"{line(which, 64)!r} is no id: `counterfoil suppressions list --json` shows them")
    if not ids:
        raise Refused("nothing stands there: this address is sent mail")
    if not session.confirm(f"Send mail to {line(which, 80)} again?", yes=yes):
        raise Refused("nothing was done")
    for one in ids:
        session.api().send("DELETE", f"/suppressions/{one}")
    if session.as_json:
        session.output.json({"removed": ids})
    else:
        session.output.line("it is sent mail again")


def _found(session: Session, email: str) -> dict[str, Any]:
    return session.api().send("POST", "/suppressions/find", {"address": email})


def _of_form(page: Mapping[str, Any], form: str | None) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = page["suppressions"]
    return [one for one in found if form is None or one.get("form") == form]


def _say(session: Session, found: Sequence[Mapping[str, Any]]) -> None:
    now = session.world.clock()
    session.output.table(_COLUMNS, [_row(one, when(one.get("at"), now)) for one in found])


def _row(one: Mapping[str, Any], since: str) -> tuple[str, ...]:
    what = "digests" if one.get("stops") == "digests" else "mail"
    stops = f"{what} of {line(one['form'])}" if one.get("form") else f"all {what}"
    told = (line(one.get(name) or "") for name in ("address", "reason"))
    return (since, *told, stops, line(one.get("by") or ""), line(one.get("said") or ""))
