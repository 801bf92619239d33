"""Adding a passkey to one's account, and removing one."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from shared.web.refusals import refused
from storage_service.accounts.passkeys.passkey import NotAccepted
from storage_service.console.access import signed_in
from storage_service.console.answers import json_answer
from storage_service.console.pages.frame import current, going
from storage_service.console.pages.frame.notices import tell
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.ways.using import asked, party
from storage_service.console.parts import Parts

ACCOUNT = "/console/account"

_NOT_RECENT = "You signed in more than an hour ago: sign out and in again, then add the passkey."


def add_views(views: Blueprint, parts: Parts, pages: Pages) -> None:
    """Add the views."""

    def check_recent() -> None:
        if not current.is_recent(parts.clock()):
            raise NotAccepted("not_recent", _NOT_RECENT)

    @views.post("/console/account/passkeys/options")
    @signed_in
    def make_options() -> Response:
        site = party(parts, pages)
        try:
            check_recent()
            return asked(parts.ways.passkeys.ask_to_make(current.me(), site))
        except NotAccepted as error:
            return json_answer({"problem": str(error)}, 409)

    @views.post("/console/account/passkeys")
    @signed_in
    def make() -> Response:
        given, who = request.form.get, current.whole_asker()
        try:
            check_recent()
            site = party(parts, pages)
            parts.ways.passkeys.make(
                current.me(), site, given("token", ""), given("credential", ""), given("name", ""), by=who
            )
            tell("The passkey is added: sign in by it from now on.")
        except NotAccepted as error:
            tell(str(error), kind="wrong")
        return going.to(ACCOUNT)

    @views.post("/console/account/passkeys/<uuid:key>/remove")
    @signed_in
    def remove(key: UUID) -> Response:
        me, who = current.me(), current.whole_asker()
        try:
            is_removed = parts.ways.passkeys.remove(me, key, by=who, is_last_kept=not parts.ways.has_others(me))
        except NotAccepted as error:
            tell(str(error), kind="wrong")
            return going.to(ACCOUNT)
        if not is_removed:
            raise refused(404, "NOT_FOUND", "There is no such passkey: it may have been removed.")
        tell("The passkey is removed. Remove it from your device too.")
        return going.to(ACCOUNT)
