"""`counterfoil inbox`: what came in, newest first."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import click

from counterfoil_cli.options import command, line_of, query
from counterfoil_cli.session import Session
from counterfoil_cli.submissions import COLUMNS, row

PAGE_MOST = 200
NO_SPAM = "-is:spam"
"""What is shown where nobody asks for anything: all but spam."""

_HELP = """List what came in, newest first.

Without a query that is all but spam. QUERY is a line as docs/queries.md explains it. Put phrases in quotes
twice: '"exact words"'."""


@command(
    "inbox",
    _HELP,
    "counterfoil inbox",
    "counterfoil inbox form:contact is:new last:7d",
    "counterfoil inbox --json is:failed | jq -r '.submissions[].id'",
    "counterfoil inbox lovelace -newsletter -is:spam",
)
@query
@click.option("--limit", type=click.IntRange(1, PAGE_MOST), default=25, show_default=True, help="How many on a page.")
@click.option("--cursor", help="Go on where another page ended.")
@click.option("--all", "everything", is_flag=True, help="All pages; with --json a line for each submission.")
@click.option("--count", is_flag=True, help="Say how many there are.")
@click.option("--exact", is_flag=True, help="Moments as they are, and whole ids.")
def inbox(
    session: Session,
    *,
    query: tuple[str, ...],
    limit: int,
    cursor: str | None,
    everything: bool,
    count: bool,
    exact: bool,
) -> None:
    """Show a page, or all."""
    asked = {"q": line_of(query) or NO_SPAM, "tz": session.zone()}
    if everything:
        for number, page in enumerate(_pages(session, {**asked, "limit": PAGE_MOST, "cursor": cursor})):
            _show_part(session, page, exact=exact, is_first=number == 0)
        return
    page = session.api().get(
        "/submissions", {**asked, "limit": limit, "cursor": cursor, "count": "all" if count else None}
    )
    if session.as_json:
        session.output.json(page)
        return
    _show(session, page["submissions"], exact=exact)
    if count:
        session.output.note(f"{page['count']['n']:,} in all")
    if page.get("next_cursor"):
        _say_more(session, query, str(page["next_cursor"]))


def _pages(session: Session, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    while True:
        page = session.api().get("/submissions", asked)
        yield page
        asked["cursor"] = page.get("next_cursor")
        if not asked["cursor"]:
            return


def _show_part(session: Session, page: dict[str, Any], *, exact: bool, is_first: bool) -> None:
    if session.as_json:
        for submission in page["submissions"]:
            session.output.json(submission)
    elif page["submissions"] or is_first:
        _show(session, page["submissions"], exact=exact)


def _show(session: Session, submissions: list[dict[str, Any]], *, exact: bool) -> None:
    if not submissions:
        session.output.note("nothing")
        return
    now = session.world.clock()
    session.output.table(COLUMNS, [row(one, now, exact=exact, whole_ids=exact) for one in submissions])


def _say_more(session: Session, query: tuple[str, ...], cursor: str) -> None:
    session.output.note(
        f"more: --all, or counterfoil inbox {shlex.join(['--cursor', cursor, *(['--', *query] if query else [])])}"
    )
