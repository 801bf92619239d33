"""Roles, times every page and every post, times the own form and another's: made from the URL map."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint
from sqlalchemy import Engine

from storage_service.accounts.asker import SCOPES
from storage_service.accounts.roles import Grant, scopes_of
from storage_service.console.access import OPEN, PAGES, SIGNED_IN, Unmarked, needed
from storage_service.console.app import create_app
from storage_service.console.openapi import addresses
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.parts import Parts
from support import page_places
from support.console_app import ConsoleApp, a_console
from support.console_pages import Reader, reader, stranger
from support.console_places import MARKER, OWN_FORM, World, a_world
from support.page_places import path_of
from support.submission_databases import migrated

ROLES = [Grant(role, form) for role in ("owner", "editor", "viewer") for form in (None, OWN_FORM)]


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    with migrated(sqlite_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path)


@pytest.fixture
def world(console: ConsoleApp, engine: Engine) -> World:
    return a_world(console, engine)


def guarded(scope: str | None = None) -> list[str]:
    """Return the places that somebody has to be signed in for; of one mark, or of all."""
    return [place for place, said in page_places.PAGES.items() if (said != OPEN if scope is None else said == scope)]


def asked(world: World, who: Reader, place: str, *, others: bool = False) -> Any:
    """Send what a page's form would, for the own form or another's."""
    assert who.user is not None
    method, path = place.partition(" ")[0], path_of(world, place, who.user, others=others)
    return who.get(path) if method == "GET" else who.post(path, page_places.SENT.get(place))


def text_of(answer: Any) -> str:
    """Return what is answered, as far as it is text: an archive is none."""
    body: bytes = answer.get_data()
    return body.decode(errors="replace")


def said(place: str, answer: Any) -> str:
    return f"{place}: {answer.status_code} {text_of(answer)[:300]}"


def test_every_page_is_known_here_with_its_mark(console: ConsoleApp) -> None:
    standing = {place: needed(console.app, endpoint) for place, endpoint in addresses(console.app, pages=True)}
    assert standing == page_places.PAGES, "say in tests/support/page_places.py who may use it"


def test_whoever_is_not_signed_in_sees_nothing(world: World) -> None:
    """Also with a key that may do everything, or with a session that has ended."""
    somebody, key = reader(world.console), world.console.key(*SCOPES)
    assert somebody.user is not None
    ended = stranger(world.console)
    ended.client.set_cookie("counterfoil", "0" * 43, path=PAGES)
    askers = [(stranger(world.console), {}), (stranger(world.console), {"Authorization": f"Bearer {key}"}), (ended, {})]
    wrong = []
    for place in guarded():
        path = path_of(world, place, somebody.user)
        for who, headers in askers:
            if place.startswith("GET"):
                answer = who.get(path, headers=headers)
                is_right = answer.status_code == 303 and answer.location.startswith("/console/sign-in?next=")
            else:
                answer = who.post(path, page_places.SENT.get(place), headers=headers)
                is_right = answer.status_code == 401
            if not is_right or MARKER in text_of(answer):
                wrong.append(said(place, answer))
    assert wrong == []


def test_what_is_open_to_all_needs_no_session_and_shows_nothing(world: World) -> None:
    somebody, wrong = reader(world.console), []
    assert somebody.user is not None
    for place, scope in page_places.PAGES.items():
        if scope == OPEN:
            who, path = stranger(world.console), path_of(world, place, somebody.user)
            answer = who.get(path) if place.startswith("GET") else who.post(path, page_places.SENT.get(place))
            if answer.status_code in (401, 403) or answer.status_code >= 500 or MARKER in text_of(answer):
                wrong.append(said(place, answer))
    assert wrong == []


@pytest.mark.parametrize("grant", ROLES, ids=str)
def test_a_role_opens_what_it_allows_and_nothing_else(world: World, grant: Grant) -> None:
    scopes, wrong = scopes_of([grant]), []
    for number, place in enumerate(guarded()):
        who = reader(world.console, grant, email=f"ada{number}@example.org")
        answer = asked(world, who, place)
        scope = page_places.PAGES[place]
        if scope == SIGNED_IN or scope in scopes:
            is_right = answer.status_code in (200, 202, 204) or _is_sent_on(answer)
        else:
            is_right = answer.status_code == 403
        if not is_right:
            wrong.append(said(place, answer))
    assert wrong == []


def _is_sent_on(answer: Any) -> bool:
    return answer.status_code == 303 and "/sign-in" not in answer.location


@pytest.mark.parametrize("role", ["owner", "editor", "viewer"])
def test_what_is_of_another_form_is_not_there(world: World, role: str) -> None:
    """What has a name in its address is 404; on no page stands anything of the other form."""
    grant, wrong = Grant(role, OWN_FORM), []
    scopes = scopes_of([grant])
    for number, place in enumerate(guarded()):
        scope = page_places.PAGES[place]
        if scope != SIGNED_IN and scope not in scopes:
            continue
        who = reader(world.console, grant, email=f"ada{number}@example.org")
        answer = asked(world, who, place, others=True)
        is_wrong = answer.status_code != 404 if "{" in place else answer.status_code >= 500
        if is_wrong or MARKER in text_of(answer):
            wrong.append(said(place, answer))
    assert wrong == []


def test_a_console_does_not_start_with_a_page_that_says_nothing_of_who_may_see_it(console: ConsoleApp) -> None:
    class Room:
        def routes(self, parts: Parts, pages: Pages) -> Blueprint:
            views = Blueprint("unmarked", __name__)
            views.add_url_rule("/console/unmarked", "view", lambda: "")
            return views

    with pytest.raises(Unmarked, match=r"unmarked\.view"):
        create_app(console.parts, rooms=[Room()])
