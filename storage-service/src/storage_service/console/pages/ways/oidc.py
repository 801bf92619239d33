"""Single sign-on: to the provider, and back."""

from __future__ import annotations

from secrets import token_urlsafe

import structlog
from flask import Blueprint, Response, redirect, request, session

from shared.web.refusals import refused
from storage_service.accounts.oidc.person import NotAdmitted
from storage_service.accounts.tries import TooMany
from storage_service.accounts.ways import OIDC, SignOn
from storage_service.console.access import open_to_all
from storage_service.console.pages.frame import going
from storage_service.console.pages.frame.entering import enter, in_private
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.ways.refusing import not_in, too_soon
from storage_service.console.parts import Parts

_BROWSER = "browser"
"""Under which a browser's own secret is kept in the pages' cookie: an answer of the provider is for one browser."""

_STATUS = {"away": 503, "misconfigured": 503, "expired": 400, "not believed": 400}
_NOT_AUDITED = frozenset({"expired", "away", "misconfigured"})
"""What anybody may bring about as often as they like, and what is nobody's doing."""

_log = structlog.get_logger()


def add_views(views: Blueprint, parts: Parts, pages: Pages) -> None:
    """Add the views."""

    def refuse(error: NotAdmitted) -> Response:
        kind = error.reason.partition(":")[0]
        _log.warning("single sign-on failed", reason=error.reason)
        if kind not in _NOT_AUDITED:
            parts.accounts.signing_in.refused(None, pages.browser.source(), f"{OIDC}: {error.reason}")
        return not_in(pages, str(error), _STATUS.get(kind, 403))

    @views.get("/console/sign-in/oidc")
    @open_to_all
    @in_private(pages)
    def oidc() -> Response:
        sign_on = _sign_on(parts)
        try:
            parts.ways.begins.check(pages.browser.source())
            then = going.own(request.args.get("next")) or going.HOME
            return _away_to(sign_on.single_sign_on.begin(_browser(), then))
        except NotAdmitted as error:
            return refuse(error)
        except TooMany as error:
            return too_soon(pages, error)

    @views.get("/console/sign-in/oidc/callback")
    @open_to_all
    @in_private(pages)
    def oidc_callback() -> Response:
        sign_on, browser = _sign_on(parts), pages.browser
        try:
            person, then = sign_on.single_sign_on.finish(_browser(), request.args.to_dict())
            user = sign_on.admission.admit(person, browser.source())
        except NotAdmitted as error:
            return refuse(error)
        outcome = parts.accounts.signing_in.begin(user, OIDC, browser.source(), browser.device(), browser.agent())
        return enter(parts.accounts, pages, outcome, going.own(then))


def _sign_on(parts: Parts) -> SignOn:
    if parts.ways.sign_on is None:
        raise refused(404, "NOT_FOUND", "There is no single sign-on here.")
    return parts.ways.sign_on


def _browser() -> str:
    if _BROWSER not in session:
        session[_BROWSER] = token_urlsafe(32)
    return str(session[_BROWSER])


def _away_to(url: str) -> Response:
    answer: Response = redirect(url, 303)  # type: ignore[assignment]
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
