"""The account of whoever is signed in: password, sessions, time zone."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from shared.web.refusals import refused
from storage_service.accounts.passwords import BadPassword, Busy
from storage_service.accounts.tries import TooMany
from storage_service.accounts.user import User
from storage_service.accounts.users import BadZone
from storage_service.console.access import signed_in
from storage_service.console.pages.account.showing import content
from storage_service.console.pages.frame import current, going
from storage_service.console.pages.frame.notices import tell
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.frame.waiting import too_many, wait_of
from storage_service.console.parts import Parts

HERE = "/console/account"

_NOT_RECENT = "You signed in more than an hour ago: sign out and in again, then set a password."

_ENDED = {0: "There was no other session.", 1: "1 other session has ended."}


def routes(parts: Parts, pages: Pages) -> Blueprint:
    """Return the views."""
    views = Blueprint("account", __name__)
    _add_password(views, parts, pages)
    _add_sessions(views, parts)

    @views.get("/console/account")
    @signed_in
    def account() -> Response:
        return pages.page("account/account.html", **content(parts))

    @views.post("/console/account/zone")
    @signed_in
    def zone() -> Response:
        try:
            parts.accounts.users.set_time_zone(current.me().id, request.form.get("zone") or None)
        except BadZone as error:
            return pages.page("account/account.html", 422, **content(parts, zone=f"{str(error).capitalize()}."))
        tell("The time zone is kept.")
        return going.to(HERE)

    return views


def _add_password(views: Blueprint, parts: Parts, pages: Pages) -> None:
    def wrong(status: int, **problems: str) -> Response:
        return pages.page("account/account.html", status, **content(parts, **problems))

    @views.post("/console/account/password")
    @signed_in
    def password() -> Response:
        user, given = current.me(), request.form.get("password", "")
        if not user.has_password and not current.is_recent(parts.clock()):
            return wrong(409, new_password=_NOT_RECENT)
        try:
            if user.has_password and not _is_theirs(parts, pages, user, given):
                return wrong(422, password="This is not your password.")  # noqa: S106 - a message
            parts.accounts.passwords.set(
                user.id, request.form.get("new_password", ""), current.whole_asker(), but=current.session_id()
            )
        except BadPassword as error:
            return wrong(422, new_password=str(error))
        except (TooMany, Busy) as error:
            wait = f"Too many tries: please wait {wait_of(error.retry_after_s)}."
            return too_many(wrong(429, password=wait), error.retry_after_s)
        tell("The password is changed. All your other sessions have ended.")
        return going.to(HERE)


def _is_theirs(parts: Parts, pages: Pages, user: User, given: str) -> bool:
    """Return whether it is their password. Tries count: an open browser is not for trying them out."""
    tried = parts.accounts.tries.check(user.email, pages.browser.source(), pages.browser.device(), kind="own")
    if not parts.accounts.passwords.is_of(user.id, given):
        return False
    parts.accounts.tries.succeeded(tried)
    return True


def _add_sessions(views: Blueprint, parts: Parts) -> None:
    @views.post("/console/account/sessions/<uuid:id>/end")
    @signed_in
    def end(id: UUID) -> Response:  # noqa: A002
        if not parts.accounts.sessions.end(id, current.whole_asker(), of=current.me().id):
            raise refused(404, "NOT_FOUND", "There is no such session: it may have ended.")
        tell("The session has ended.")
        return going.to(HERE)

    @views.post("/console/account/sessions/end")
    @signed_in
    def end_others() -> Response:
        count = parts.accounts.sessions.end_all(current.me().id, current.whole_asker(), but=current.session_id())
        tell(_ENDED.get(count, f"{count} other sessions have ended."))
        return going.to(HERE)
