"""The links that work once: the setup link, an invitation, a new password."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, request

from storage_service.accounts.addresses import BadAddress
from storage_service.accounts.links import Spent
from storage_service.accounts.passwords import BadPassword, Busy
from storage_service.accounts.user import User
from storage_service.accounts.users import AddressTaken
from storage_service.accounts.ways import ELSEWHERE, PASSWORD
from storage_service.console.access import open_to_all
from storage_service.console.pages.entry.links import Opened, opened
from storage_service.console.pages.frame.entering import enter, in_private
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.frame.waiting import too_many
from storage_service.console.parts import Parts

_MISTAKES = (BadAddress, BadPassword, AddressTaken, Busy)


def add_views(views: Blueprint, parts: Parts, pages: Pages) -> None:
    """Add the views: each link has a page that asks for a password, and a post that takes it and signs in."""
    joining, browser = parts.accounts.joining, pages.browser

    def by_setup(token: str) -> User:
        return joining.by_setup(token, _given("email"), _given("password"), browser.source())

    def by_invitation(token: str) -> User:
        return joining.by_invitation(token, _given("password"), browser.source())

    def by_reset(token: str) -> User:
        return joining.by_reset(token, _given("password"), browser.source())

    ways: Mapping[str, Callable[[str], User]] = {"setup": by_setup, "invitation": by_invitation, "reset": by_reset}

    def shown(link: Opened, status: int = 200, **problems: str) -> Response:
        return _elsewhere(pages) if _is_elsewhere(parts, link) else _asking(pages, link, status, problems)

    @views.get("/console/<any(setup, invitation, reset):purpose>/<token>")
    @open_to_all
    @in_private(pages)
    def link(purpose: str, token: str) -> Response:
        found = opened(parts.accounts, purpose, token)
        return _spent(pages, purpose) if found is None else shown(found)

    @views.post("/console/<any(setup, invitation, reset):purpose>/<token>")
    @open_to_all
    @in_private(pages)
    def join(purpose: str, token: str) -> Response:
        found = opened(parts.accounts, purpose, token)
        if found is None or not _takes_password(parts, found):
            return _spent(pages, purpose) if found is None else shown(found, 403)
        try:
            user = ways[purpose](token)
        except Spent:
            return _spent(pages, purpose)
        except _MISTAKES as error:
            return _mended(shown, found, error)
        outcome = parts.accounts.signing_in.begin(user, "password", browser.source(), browser.device(), browser.agent())
        return enter(parts.accounts, pages, outcome)


def _asking(pages: Pages, link: Opened, status: int, problems: Mapping[str, str]) -> Response:
    email = link.email or _given("email")
    return pages.page("entry/join.html", status, link=link, email=email, problems=problems)


def _elsewhere(pages: Pages) -> Response:
    return pages.page("ways/not_in.html", 403, why=ELSEWHERE)


def _takes_password(parts: Parts, link: Opened) -> bool:
    return PASSWORD in parts.ways.names and not _is_elsewhere(parts, link)


def _is_elsewhere(parts: Parts, link: Opened) -> bool:
    """Return whether a new password would be for somebody whom none lets in: who has left would come back by it."""
    user = parts.accounts.users.by_email(link.email) if link.purpose == "reset" and link.email else None
    return PASSWORD in parts.ways.names and user is not None and not parts.ways.may_take(user, PASSWORD)


def _given(name: str) -> str:
    return request.form.get(name, "")


def _mended(shown: Callable[..., Response], link: Opened, error: Exception) -> Response:
    if isinstance(error, Busy):
        busy = "Too much goes on just now: please try again."
        return too_many(shown(link, 429, password=busy), error.retry_after_s)
    if isinstance(error, AddressTaken):
        return shown(link, 409, email="There is an account of this address: sign in, or take another.")
    text = f"{str(error)[:1].upper()}{str(error)[1:]}"
    return shown(link, 422, **{"email" if isinstance(error, BadAddress) else "password": text})


def _spent(pages: Pages, purpose: str) -> Response:
    return pages.page("entry/spent.html", 410, purpose=purpose)
