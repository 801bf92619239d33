"""Says that somebody is not let in, and what to do next."""

from __future__ import annotations

from flask import Response

from storage_service.accounts.tries import TooMany
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.frame.waiting import too_many, wait_of


def not_in(pages: Pages, why: str, status: int) -> Response:
    """Return a page that says why, and leads back to where one signs in."""
    return pages.page("ways/not_in.html", status, why=why)


def too_soon(pages: Pages, error: TooMany) -> Response:
    """Return a page that says when to try again."""
    wait = f"Too many tries from where you are: please wait {wait_of(error.retry_after_s)}."
    return too_many(not_in(pages, wait, 429), error.retry_after_s)
