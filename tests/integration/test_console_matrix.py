"""Scopes, times every address, times the own form and another's: made from the URL map and the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint
from sqlalchemy import Engine

from shared.web.schemas import Schema
from storage_service.accounts.asker import SCOPES
from storage_service.console.access import Unmarked, needs
from storage_service.console.app import create_app
from storage_service.console.openapi import NotAsDescribed, addresses
from storage_service.console.parts import Parts
from support.console_app import ConsoleApp, a_console
from support.console_places import MARKER, OWN_FORM, SOMEBODY, World, a_world, path_of
from support.submission_databases import migrated

OUTSIDE = frozenset({"GET /livez", "GET /readyz", "GET /v1/openapi.json"})
"""Addresses for everybody, which describe themselves, or are no part of the API."""

OF_ALL_FORMS = frozenset({"operate", "admin"})
"""Scopes that a key of some forms cannot use: what they open may be of any form."""


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


def operations(console: ConsoleApp) -> dict[str, dict[str, Any]]:
    """Return each operation of the document, as `GET /v1/forms`."""
    paths: dict[str, dict[str, Any]] = console.json("/v1/openapi.json")["paths"]
    return {f"{method.upper()} {path}": one for path, methods in paths.items() for method, one in methods.items()}


def asked(world: World, place: str, operation: Mapping[str, Any], key: str | None, *, others: bool = False) -> Any:
    """Send what the document says, for the own form or another's."""
    method, path = place.split(" ", 1)
    who = (world.console.parts.keys.asker(key) if key else None) or SOMEBODY
    path = path_of(world, path, who, others=others)
    for one in operation.get("parameters", []):
        if one["in"] == "query" and one.get("required"):
            path += f"{'&' if '?' in path else '?'}{one['name']}={one['example']}"
    body = operation.get("requestBody")
    if body is None:
        return world.console.ask(path, key, method)
    assert "example" in body["content"]["application/json"], f"{place}: its body needs an example"
    return world.console.ask(path, key, method, json=body["content"]["application/json"]["example"])


def text_of(answer: Any) -> str:
    """Return what is answered, as far as it is text: an archive is none."""
    body: bytes = answer.get_data()
    return body.decode(errors="replace")


def said(place: str, answer: Any) -> str:
    return f"{place}: {answer.status_code} {text_of(answer)[:200]}"


def test_every_address_is_described_or_known_here(console: ConsoleApp) -> None:
    standing = {place for place, _ in addresses(console.app)}
    assert standing == operations(console).keys() | OUTSIDE


def test_every_address_says_who_may_use_it(console: ConsoleApp) -> None:
    unsaid = [place for place, one in operations(console).items() if one.get("x-scope") not in SCOPES]
    assert unsaid == []


def test_without_a_good_key_nothing_is_answered(world: World) -> None:
    ended = world.console.key(*SCOPES)
    world.console.parts.keys.end(world.console.parts.keys.listed()[0].name)
    wrong = [
        f"{place} with {key}: {answer.status_code}"
        for place, operation in operations(world.console).items()
        for key in (None, "", "cf_wrong", ended)
        if (answer := asked(world, place, operation, key)).status_code != 401
        or "WWW-Authenticate" not in answer.headers
    ]
    assert wrong == []


def test_a_scope_opens_its_own_addresses_and_no_other(world: World) -> None:
    keys = {scope: world.console.key(scope) for scope in SCOPES}
    wrong = []
    for place, operation in operations(world.console).items():
        for scope, key in keys.items():
            answer = asked(world, place, operation, key)
            is_refused = answer.status_code == 403 and answer.get_json()["errors"][0]["code"] == "SCOPE"
            if is_refused is (scope == operation["x-scope"]) or answer.status_code in (401, 500):
                wrong.append(said(f"{place} with {scope}", answer))
    assert wrong == []


def test_what_is_of_another_form_is_not_there(world: World) -> None:
    """What has a name in its address is 404; in whatever else is answered stands nothing of the other form.

    A parked message, a key or a line of the audit may be of any form: a key of some forms is told that it sees none.
    """
    wrong = []
    for place, operation in operations(world.console).items():
        scope = operation["x-scope"]
        answer = asked(world, place, operation, world.console.key(scope, forms=[OWN_FORM]), others=True)
        expected = 403 if scope in OF_ALL_FORMS else 404 if "{" in place else None
        is_wrong = answer.status_code >= 500 if expected is None else answer.status_code != expected
        if is_wrong or MARKER in text_of(answer):
            wrong.append(said(place, answer))
    assert wrong == []


def test_the_own_form_is_there(world: World) -> None:
    gone = []
    for place, operation in operations(world.console).items():
        scope = operation["x-scope"]
        key = world.console.key(scope, forms=None if scope in OF_ALL_FORMS else [OWN_FORM])
        answer = asked(world, place, operation, key)
        if answer.status_code in (400, 401, 403, 404, 405, 422) or answer.status_code >= 500:
            gone.append(said(place, answer))
    assert gone == []


class Unlisted:
    """A resource whose address is not described, or that says nothing of who may use it."""

    def __init__(self, *, marked: bool, described: bool) -> None:
        self._marked = marked
        self._described = described

    def routes(self, parts: Parts) -> Blueprint:
        views = Blueprint("unlisted", __name__)

        def view() -> str:
            return ""

        views.add_url_rule("/v1/unlisted", "view", needs("read")(view) if self._marked else view)
        return views

    def described(self) -> Mapping[str, Any]:
        return {"GET /v1/unlisted": {"summary": "", "responses": {}}} if self._described else {}

    def schemas(self) -> Mapping[str, Schema]:
        return {}


def test_a_console_does_not_start_with_an_address_that_nobody_listed(console: ConsoleApp) -> None:
    with pytest.raises(NotAsDescribed, match="GET /v1/unlisted"):
        create_app(console.parts, resources=[Unlisted(marked=True, described=False)])
    with pytest.raises(Unmarked, match=r"unlisted\.view"):
        create_app(console.parts, resources=[Unlisted(marked=False, described=True)])
