"""`counterfoil tail`: what comes in, as it comes."""

from __future__ import annotations

from typing import Any

import click

from counterfoil_cli.commands.inbox import NO_SPAM, PAGE_MOST
from counterfoil_cli.exits import Unreachable
from counterfoil_cli.options import command, line_of, query
from counterfoil_cli.session import Session
from counterfoil_cli.submissions import row

WAIT_MOST_S = 30.0

_HELP = """Show what comes in, as it comes, until Ctrl-C.

A submission is shown about five seconds after it was stored. While the installation is away it waits, and goes on
where it was: nothing is missed, and nothing is shown twice."""


@command("tail", _HELP, "counterfoil tail", "counterfoil tail --json form:contact >> contact.ndjson")
@query
@click.option("--from-start", is_flag=True, help="Begin with all that is stored, oldest first.")
@click.option("--cursor", help="Begin behind this place: the last `next_cursor` of another run.")
@click.option("--every", type=click.FloatRange(0.5, 3600), default=2.0, show_default=True, help="Ask every … seconds.")
@click.option("--once", is_flag=True, help="End when there is no more for now, and say the cursor.")
@click.option("--exact", is_flag=True, help="Moments as they are, and whole ids.")
def tail(
    session: Session,
    *,
    query: tuple[str, ...],
    from_start: bool,
    cursor: str | None,
    every: float,
    once: bool,
    exact: bool,
) -> None:
    """Poll, and show."""
    place = cursor or ("start" if from_start else "now")
    asked = {"q": line_of(query) or NO_SPAM, "tz": session.zone(), "limit": PAGE_MOST}
    asking = Asking(session)
    while True:
        page = asking.page({**asked, "after": place})
        place = str(page.get("next_cursor") or place)
        for submission in page["submissions"]:
            _show(session, submission, exact=exact)
        if page.get("is_last"):
            if once:
                session.output.note(f"--cursor {place} goes on here")
                return
            session.world.sleep(every)


class Asking:
    """Asks for pages, and says when the installation goes away and when it is back."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._has_asked = False

    def page(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Return the next page, however long that takes; raises `Failure` for what waiting does not mend."""
        failures = 0
        while True:
            try:
                page = self._session.api().get("/submissions", asked)
            except Unreachable as error:
                if not self._has_asked:
                    raise
                failures += 1
                if failures == 1:
                    self._session.output.complain(f"{error}; waiting for it", "yellow")
                self._session.world.sleep(max(error.after_s, min(2.0 ** min(failures, 8) / 2, WAIT_MOST_S)))
                continue
            if failures:
                self._session.output.complain("it answers again", "green")
            if not self._has_asked:
                self._session.output.note("waiting for what comes in; Ctrl-C ends it")
            self._has_asked = True
            return page


def _show(session: Session, submission: dict[str, Any], *, exact: bool) -> None:
    if session.as_json:
        session.output.json(submission)
        return
    cells = row(submission, session.world.clock(), exact=True, whole_ids=exact)
    session.output.line("  ".join(cells))
