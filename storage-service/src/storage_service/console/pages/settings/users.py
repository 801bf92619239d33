"""`/console/settings/users`: who may sign in, and who is invited; invitations."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from shared.mail_addresses import ADDRESS_MOST
from shared.web.refusals import Refused, refused
from storage_service.accounts.addresses import BadAddress
from storage_service.accounts.mailing import MadeLink
from storage_service.console.access import asker, needs
from storage_service.console.granting import granted
from storage_service.console.pages.frame import going, notices
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.settings import roles
from storage_service.console.parts import Parts

HERE = "/console/settings/users"


def add(views: Blueprint, parts: Parts, pages: Pages) -> None:
    """Add the views."""
    accounts = parts.accounts

    def page(status: int = 200, **content: Any) -> Response:
        shown: dict[str, Any] = {
            "users": accounts.users.listed(),
            "invitations": accounts.links.listed(),
            "made": None,
            "email": "",
            "wrong": None,
            "roles": roles.shown((), parts.forms),
            "origin": pages.browser.reached().origin,
            "for_all": roles.OF_ALL,
            "choices": roles.CHOICES,
            **content,
        }
        return pages.page("settings/users.html", status, **shown)

    @views.get(HERE)
    @needs("admin")
    def users() -> Response:
        return page()

    @views.post(HERE)
    @needs("admin")
    def invite() -> Response:
        email = request.form.get("email", "").strip()[: ADDRESS_MOST + 1]
        try:
            made = _invited(email)
        except Refused as refusal:
            again = roles.typed(request.form, parts.forms)
            return page(refusal.status, wrong=refusal.title, email=email, roles=again)
        return page(made=made)

    def _invited(email: str) -> MadeLink:
        grants = granted(roles.given(request.form), parts.forms)
        try:
            if accounts.users.by_email(email):
                raise refused(409, "TAKEN", "There is an account of this address already.", field="email")
            return parts.link_mails.make("invitation", email, grants, asker(), language=language())
        except BadAddress as error:
            raise refused(422, "EMAIL", "This is no mail address: write one such as ada@example.org.") from error

    @views.post("/console/settings/invitations/<uuid:id>/end")
    @needs("admin")
    def take_back(id: UUID) -> Response:  # noqa: A002 - as the address names it
        ended = accounts.links.end(id, asker())
        notices.tell("The invitation is taken back." if ended else "This invitation was used, or has ended already.")
        return going.to(HERE)


def language() -> str | None:
    """Return what who asks reads, as their browser says it: whom they write to may read it, too."""
    return request.headers.get("Accept-Language")
