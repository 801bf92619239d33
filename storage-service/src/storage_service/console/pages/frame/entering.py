"""Signs a browser in, whatever it was that showed who sits there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Response

from storage_service.accounts.accounts import Accounts
from storage_service.accounts.signing_in import Outcome
from storage_service.console.pages.frame import current
from storage_service.console.pages.frame.renderer import Pages

V = TypeVar("V", bound=Callable[..., Any])


def enter(accounts: Accounts, pages: Pages, outcome: Outcome, then: str | None = None) -> Response:
    """Return the answer that signs the browser in and sends it on, to the inbox or to an address of ours.

    The session that it had ends: nothing that was in the browser before is any good afterwards.
    """
    before = current.signed_in()
    if before is not None:
        accounts.sessions.end(before.session_id, current.whole_asker())
    return pages.browser.let_in(outcome.session, outcome.device, then)


def in_private(pages: Pages) -> Callable[[V], V]:
    """Mark a view that takes passwords or hands out sessions: over a line that others listen to it is refused."""

    def marked(view: V) -> V:
        @wraps(view)
        def guarded(*args: Any, **named: Any) -> Any:
            if pages.browser.reached().is_private:
                return view(*args, **named)
            return pages.page("frame/open_line.html", 403, host=pages.browser.reached().host)

        return cast(V, guarded)

    return marked
