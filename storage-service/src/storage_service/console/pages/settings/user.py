"""`/console/settings/users/<id>`: what one account may do, where it is signed in, and its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request

from shared.web.refusals import Refused, refused
from storage_service.accounts.users import LastOwner, NotFound, User
from storage_service.console.access import asker, needs
from storage_service.console.granting import granted
from storage_service.console.pages.frame import going, notices
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.settings import roles
from storage_service.console.pages.settings.users import HERE, language
from storage_service.console.parts import Parts

_ONE = f"{HERE}/<uuid:id>"
_LAST = "This is the last owner: nobody could give anybody a role any more. Make another owner first."


def add(views: Blueprint, parts: Parts, pages: Pages) -> None:
    """Add the views."""
    accounts = parts.accounts

    def page(user: User, status: int = 200, **content: Any) -> Response:
        shown: dict[str, Any] = {
            "user": user,
            "sessions": [] if user.ended_at else accounts.sessions.listed(user.id),
            "roles": roles.shown(user.grants, parts.forms),
            "origin": pages.browser.reached().origin,
            "for_all": roles.OF_ALL,
            "choices": roles.CHOICES,
            "made": None,
            "wrong": None,
            **content,
        }
        return pages.page("settings/user.html", status, **shown)

    @views.get(_ONE)
    @needs("admin")
    def user(id: UUID) -> Response:  # noqa: A002 - as the address names it
        return page(_found(parts, id))

    @views.post(f"{_ONE}/roles")
    @needs("admin")
    def change(id: UUID) -> Response:  # noqa: A002
        before = _found(parts, id)
        try:
            with _told():
                grants = granted(roles.given(request.form), parts.forms, before.grants)
                accounts.users.change_grants(id, grants, asker())
        except Refused as refusal:
            return page(before, refusal.status, wrong=refusal.title, roles=roles.typed(request.form, parts.forms))
        notices.tell("The roles are changed. They count from the next page on.")
        return going.to(f"{HERE}/{id}")

    @views.post(f"{_ONE}/reset")
    @needs("admin")
    def reset(id: UUID) -> Response:  # noqa: A002
        found = _found(parts, id)
        if found.ended_at:
            raise refused(409, "ENDED", "This account has ended.")
        return page(found, made=parts.link_mails.make("reset", found.email, (), asker(), language=language()))

    _add_end(views, parts, page)
    _add_sessions(views, parts)


def _add_end(views: Blueprint, parts: Parts, page: Callable[..., Response]) -> None:
    @views.post(f"{_ONE}/end")
    @needs("admin")
    def end_user(id: UUID) -> Response:  # noqa: A002
        found = _found(parts, id)
        try:
            with _told():
                parts.accounts.users.end(id, asker())
        except Refused as refusal:
            return page(found, refusal.status, wrong=refusal.title)
        notices.tell("The account has ended. What it did stays in the audit.")
        return going.to(HERE)


def _add_sessions(views: Blueprint, parts: Parts) -> None:
    sessions = parts.accounts.sessions

    @views.post(f"{_ONE}/sessions/<uuid:session>/end")
    @needs("admin")
    def sign_out(id: UUID, session: UUID) -> Response:  # noqa: A002
        ended = sessions.end(session, asker(), of=id)
        notices.tell("This browser is signed out." if ended else "This browser was signed out already.")
        return going.to(f"{HERE}/{id}")

    @views.post(f"{_ONE}/sessions/end")
    @needs("admin")
    def sign_out_everywhere(id: UUID) -> Response:  # noqa: A002
        sessions.end_all(_found(parts, id).id, asker())
        notices.tell("All browsers are signed out.")
        return going.to(f"{HERE}/{id}")


def _found(parts: Parts, key: UUID) -> User:
    with _told():
        return parts.accounts.users.one(key)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        raise refused(404, "NOT_FOUND", "There is no such account, or it has ended.") from error
    except LastOwner as error:
        raise refused(409, "LAST_OWNER", _LAST) from error
