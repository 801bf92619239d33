"""Signing in by a password, and signing out."""

from __future__ import annotations

from flask import Blueprint, Response, request

from storage_service.accounts.passwords import Busy
from storage_service.accounts.tries import TooMany
from storage_service.console.access import open_to_all
from storage_service.console.pages.frame import current, going
from storage_service.console.pages.frame.entering import enter, in_private
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.frame.waiting import too_many, wait_of
from storage_service.console.parts import Parts

WRONG = "This address and this password do not belong together."


def add_views(views: Blueprint, parts: Parts, pages: Pages) -> None:
    """Add the views."""
    _add_others(views, parts, pages)

    def shown(status: int = 200, problem: str | None = None) -> Response:
        email, then = request.form.get("email", ""), going.own(request.values.get("next"))
        return pages.page("entry/sign_in.html", status, problem=problem, email=email, then=then)

    @views.get("/console/sign-in")
    @open_to_all
    @in_private(pages)
    def sign_in() -> Response:
        if current.signed_in() is not None:
            return going.to(going.own(request.args.get("next")) or going.HOME)
        return shown()

    @views.post("/console/sign-in")
    @open_to_all
    @in_private(pages)
    def by_password() -> Response:
        email, password, browser = request.form.get("email", ""), request.form.get("password", ""), pages.browser
        try:
            outcome = parts.accounts.signing_in.by_password(
                email, password, browser.source(), browser.device(), browser.agent(), may_take=parts.ways.may_take
            )
        except (TooMany, Busy) as error:
            wait = f"Too many tries: please wait {wait_of(error.retry_after_s)}."
            return too_many(shown(429, wait), error.retry_after_s)
        if outcome is None:
            return shown(422, WRONG)
        return enter(parts.accounts, pages, outcome, going.own(request.form.get("next")))


def _add_others(views: Blueprint, parts: Parts, pages: Pages) -> None:
    """Add the views of the way there and back."""

    @views.get("/console")
    @open_to_all
    def console() -> Response:
        return going.to(going.HOME)

    @views.get("/console/sign-in/done")
    @open_to_all
    def done() -> Response:
        return pages.page("entry/done.html")

    @views.post("/console/sign-out")
    @open_to_all
    def sign_out() -> Response:
        found = current.signed_in()
        if found is not None:
            parts.accounts.sessions.end(found.session_id, current.whole_asker())
        return pages.browser.let_out()
