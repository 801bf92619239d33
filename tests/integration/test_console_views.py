"""Saved views: one's own and those that are shared, checked when they are saved."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, update

from storage_service.tables import views
from storage_service.views import VIEWS_MOST
from support.console_client import Client, client, console_app
from support.submission_databases import migrated

VIEWS = "/v1/views"
URGENT = {"name": "Urgent", "query": "is:open label:urgent", "columns": ["form", "name"], "zone": "Europe/Berlin"}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def app(engine: Engine) -> Iterator[Flask]:
    with console_app(engine) as made:
        yield made


@pytest.fixture
def ada(app: Flask, engine: Engine) -> Client:
    return client(app, engine, "ada", "read", "write")


def names(who: Client) -> list[str]:
    return [one["name"] for one in who.get(VIEWS).json["views"]]


def test_a_view_is_saved_changed_and_removed(ada: Client) -> None:
    saved = ada.post(VIEWS, URGENT)
    assert saved.status_code == 201, saved.text
    place = saved.headers["Location"]
    assert ada.get(place).json == saved.json
    assert {name: saved.json[name] for name in URGENT} == URGENT
    assert (saved.json["shared"], saved.json["owner"], saved.json["is_yours"]) == (False, "ada", True)
    changed = ada.ask("PATCH", place, json={"query": "", "name": " Alles "})
    assert (changed.json["name"], changed.json["query"], changed.json["columns"]) == ("Alles", "", ["form", "name"])
    assert names(ada) == ["Alles"]
    assert ada.ask("DELETE", place).status_code == 204
    assert (names(ada), ada.get(place).status_code) == ([], 404)


def test_two_who_change_other_members_at_once_lose_nothing(ada: Client) -> None:
    place = ada.post(VIEWS, URGENT).headers["Location"]
    with ThreadPoolExecutor(2) as both:
        for number in range(10):
            ada.ask("PATCH", place, json={"query": "", "shared": False})
            changes = ({"query": f"label:a{number}"}, {"shared": True})
            answers = both.map(lambda change: ada.ask("PATCH", place, json=change), changes)
            assert [answer.status_code for answer in answers] == [200, 200]
            view = ada.get(place).json
            assert (view["query"], view["shared"]) == (f"label:a{number}", True)


def test_others_see_what_is_shared_and_change_nothing(app: Flask, ada: Client, engine: Engine) -> None:
    mine = ada.post(VIEWS, URGENT).headers["Location"]
    ours = ada.post(VIEWS, URGENT | {"name": "Ours", "shared": True}).headers["Location"]
    bob = client(app, engine, "bob", "read", "write")
    assert names(bob) == ["Ours"]
    assert bob.get(ours).json["is_yours"] is False
    for place in (mine, ours):
        assert bob.ask("PATCH", place, json={"name": "x"}).status_code == 404
        assert bob.ask("DELETE", place).status_code == 404
    assert bob.get(mine).status_code == 404
    admin = client(app, engine, "root", "read", "write", "admin")
    assert admin.ask("DELETE", mine).status_code == 404
    assert admin.ask("PATCH", ours, json={"shared": False}).status_code == 200
    assert (names(admin), names(ada)) == ([], ["Ours", "Urgent"])


def test_a_shared_view_of_a_form_is_for_those_who_may_see_it(app: Flask, ada: Client, engine: Engine) -> None:
    ada.post(VIEWS, {"name": "All", "shared": True})
    ada.post(VIEWS, {"name": "Secret", "query": "ada OR -form:secret", "shared": True})
    bob = client(app, engine, "bob", "read", forms=["contact"])
    assert names(bob) == ["All"]
    with engine.begin() as connection:
        connection.execute(update(views).where(views.c.name == "All").values(query="older:grammar"))
    assert (names(bob), names(ada)) == ([], ["All", "Secret"])


def test_a_name_is_there_once_for_each(app: Flask, ada: Client, engine: Engine) -> None:
    ada.post(VIEWS, URGENT)
    other = ada.post(VIEWS, URGENT | {"name": "Other"}).headers["Location"]
    for refused in (ada.post(VIEWS, URGENT), ada.ask("PATCH", other, json={"name": "Urgent"})):
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (409, "name")
    assert client(app, engine, "bob", "read", "write").post(VIEWS, URGENT).status_code == 201


def test_there_are_a_hundred_at_most(ada: Client) -> None:
    for number in range(VIEWS_MOST):
        assert ada.post(VIEWS, {"name": f"{number}"}).status_code == 201
    refused = ada.post(VIEWS, URGENT)
    assert (refused.status_code, refused.json["errors"][0]["code"]) == (409, "TOO_MANY_VIEWS")


def test_a_wrong_query_is_refused_with_its_place(ada: Client) -> None:
    refused = ada.post(VIEWS, URGENT | {"query": "form:contact is:nwe"})
    assert (refused.status_code, refused.json["place"]) == (422, {"offset": 16, "length": 3})
    assert refused.json["expected"].startswith("expected one of new")
    assert refused.json["errors"][0]["field"] == "query"
    assert refused.json["detail"].startswith("The query is wrong at character 17: expected one of new")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 65),
        ("name", "a\nb"),
        ("name", "\x1b[31m"),
        ("name", 7),
        ("columns", ["a", "a"]),
        ("columns", ["x" * 201]),
        ("columns", [f"{number}" for number in range(101)]),
        ("columns", "form"),
        ("zone", "Nowhere/At"),
        ("zone", "../../etc/passwd"),
        ("zone", ""),
        ("zone", "x" * 5000),
        ("shared", "yes"),
        ("query", "x" * 1001),
        ("query", "(" * 200),
        ("color", "red"),
    ],
)
def test_what_is_wrong_is_named(ada: Client, member: str, value: Any) -> None:
    refused = ada.post(VIEWS, URGENT | {member: value})
    assert refused.status_code == 422, refused.text
    assert refused.json["errors"][0]["field"].split(".")[0] == member
    assert names(ada) == []


def test_who_may_only_read_saves_nothing(app: Flask, engine: Engine) -> None:
    reader = client(app, engine, "reader", "read")
    assert reader.post(VIEWS, URGENT).status_code == 403
    assert reader.get(f"{VIEWS}/{uuid4()}").status_code == 404
    assert reader.get(f"{VIEWS}?shared=true").status_code == 400
