"""A forgotten password: a link to its owner's address, and the same answer for everybody who asks."""

from __future__ import annotations

from flask import Blueprint, Response, request

from storage_service.accounts.addresses import BadAddress
from storage_service.accounts.tries import TooMany
from storage_service.accounts.user import asker_of
from storage_service.console.access import open_to_all
from storage_service.console.pages.frame.entering import in_private
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.frame.waiting import too_many, wait_of
from storage_service.console.parts import Parts


def add_views(views: Blueprint, parts: Parts, pages: Pages) -> None:
    """Add the views."""

    def shown(status: int = 200, *, is_asked: bool = False, problem: str | None = None) -> Response:
        is_mailed = parts.link_mails.is_mailing
        return pages.page("entry/reset.html", status, is_asked=is_asked, is_mailed=is_mailed, problem=problem)

    @views.get("/console/reset")
    @open_to_all
    @in_private(pages)
    def reset() -> Response:
        return shown()

    @views.post("/console/reset")
    @open_to_all
    @in_private(pages)
    def ask() -> Response:
        email, browser = request.form.get("email", ""), pages.browser
        try:
            # each link that is asked for counts: nobody's letter box is filled from here
            parts.accounts.tries.check(email, browser.source(), browser.device(), kind="reset")
        except TooMany as error:
            wait = f"This was asked for too often: please wait {wait_of(error.retry_after_s)}."
            return too_many(shown(429, problem=wait), error.retry_after_s)
        if parts.link_mails.is_mailing:
            _make_link(parts, email, browser.source())
        return shown(is_asked=True)


def _make_link(parts: Parts, email: str, source: str | None) -> None:
    """Have a link mailed to whoever has this address; for one that nobody has as much is written, which is forgotten.

    So the time that an answer takes tells nobody which of both it was.
    """
    try:
        user = parts.accounts.users.by_email(email)
    except BadAddress:
        user = None
    if user is None:
        parts.accounts.pending.keep("reset", {}, 1)
    else:
        language = request.headers.get("Accept-Language")
        parts.link_mails.make("reset", user.email, (), asker_of(user, source), language=language)
