"""Signing in by a passkey."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, request

from shared.web.refusals import refused
from storage_service.accounts.passkeys.party import Party
from storage_service.accounts.passkeys.passkey import NotAccepted
from storage_service.accounts.passkeys.passkeys import Asked
from storage_service.accounts.tries import TooMany
from storage_service.accounts.user import User
from storage_service.accounts.users import NotFound
from storage_service.accounts.ways import ELSEWHERE, PASSKEY
from storage_service.console.access import open_to_all
from storage_service.console.answers import json_answer
from storage_service.console.pages.frame import going
from storage_service.console.pages.frame.entering import enter, in_private
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.frame.waiting import too_many, wait_of
from storage_service.console.pages.ways.refusing import not_in
from storage_service.console.parts import Parts

_SOON = "Too many tries from where you are: please wait"

_log = structlog.get_logger()


def party(parts: Parts, pages: Pages) -> Party:
    """Return the site that the browser is at; raises `Refused` where there are no passkeys."""
    found = parts.ways.party(pages.browser.reached().origin)
    if found is None:
        raise refused(404, "NOT_FOUND", "There are no passkeys here.")
    return found


def asked(found: Asked) -> Response:
    """Return what a script asks the browser's passkeys for."""
    return json_answer({"options": found.options, "token": found.token})


def add_views(views: Blueprint, parts: Parts, pages: Pages) -> None:
    """Add the views: a script asks for a challenge, and posts what the browser's passkey answers."""

    def whose(site: Party) -> User:
        key = parts.ways.passkeys.user_of(site, request.form.get("token", ""), request.form.get("credential", ""))
        user = parts.accounts.users.one(key)
        if user.ended_at is not None:
            raise NotFound
        if not parts.ways.may_take(user, PASSKEY):
            raise NotAccepted("elsewhere", ELSEWHERE)
        return user

    @views.post("/console/sign-in/passkey/options")
    @open_to_all
    @in_private(pages)
    def use_options() -> Response:
        site = party(parts, pages)
        try:
            parts.ways.begins.check(pages.browser.source())
        except TooMany as error:
            problem = f"{_SOON} {wait_of(error.retry_after_s)}."
            return too_many(json_answer({"problem": problem}, 429), error.retry_after_s)
        return asked(parts.ways.passkeys.ask_to_use(site))

    @views.post("/console/sign-in/passkey")
    @open_to_all
    @in_private(pages)
    def use() -> Response:
        browser = pages.browser
        try:
            user = whose(party(parts, pages))
        except (NotAccepted, NotFound) as error:
            reason = error.reason if isinstance(error, NotAccepted) else "unknown"
            _log.info("passkey refused", reason=reason)
            if reason != "expired":
                parts.accounts.signing_in.refused(None, browser.source(), f"{PASSKEY}: {reason}")
            return not_in(pages, str(error) or "There is no such account any more.", 422)
        outcome = parts.accounts.signing_in.begin(user, PASSKEY, browser.source(), browser.device(), browser.agent())
        return enter(parts.accounts, pages, outcome, going.own(request.form.get("next")))
