"""Keys over the API: made, listed, ended; never one that could make others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from storage_service.accounts.audit import Audit
from storage_service.accounts.keys import Keys
from support.console_client import Client, client, console_app
from support.submission_databases import migrated

KEYS = "/v1/keys"
READER = {"name": "My reader", "scopes": ["read", "export", "read"], "forms": ["signup"], "days": 2}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def app(engine: Engine) -> Iterator[Flask]:
    with console_app(engine) as made:
        yield made


@pytest.fixture
def root(app: Flask, engine: Engine) -> Client:
    return client(app, engine, "root", "admin")


def test_a_key_is_made_listed_used_and_ended(app: Flask, root: Client, engine: Engine) -> None:
    made = root.post(KEYS, READER)
    assert made.status_code == 201, made.text
    assert (made.json["scopes"], made.json["forms"], made.json["is_good"]) == (["read", "export"], ["signup"], True)
    reader = Client(app, made.json["key"])
    assert reader.get("/v1/forms/signup/submissions").status_code == 200
    assert reader.get("/v1/forms/contact/submissions").status_code == 404
    assert reader.get(KEYS).status_code == 403

    listed = root.get(KEYS).json["keys"]
    assert [one["name"] for one in listed] == ["My reader", "root"]
    assert made.json["key"] not in root.get(KEYS).text

    assert root.ask("DELETE", f"{KEYS}/My%20reader").status_code == 204
    assert root.ask("DELETE", f"{KEYS}/My%20reader").status_code == 404
    assert reader.get("/v1/forms/signup/submissions").status_code == 401
    assert root.get(KEYS).json["keys"][0]["is_good"] is False
    told = [(one.by, one.action, one.on) for one in Audit(engine).page(9)]
    assert told[:2] == [("root", "key.ended", "My reader"), ("root", "key.added", "My reader")]


@pytest.mark.parametrize(
    ("wrong", "member"),
    [
        ({"scopes": ["admin"]}, "scopes.0"),
        ({"scopes": ["reads"]}, "scopes.0"),
        ({"scopes": []}, "scopes"),
        ({"name": "key 12345678"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "ada@example.org"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"forms": []}, "forms"),
        ({"forms": ["no form"]}, "forms.0"),
        ({"days": 0}, "days"),
        ({"days": 3651}, "days"),
        ({"days": "2"}, "days"),
        ({"hash": "0" * 64}, "hash"),
    ],
)
def test_what_is_wrong_makes_no_key(root: Client, wrong: dict[str, Any], member: str) -> None:
    answer = root.post(KEYS, READER | wrong)
    assert (answer.status_code, [one["field"] for one in answer.json["errors"]]) == (422, [member])
    assert [one["name"] for one in root.get(KEYS).json["keys"]] == ["root"]


def test_a_name_is_given_once(root: Client) -> None:
    assert root.post(KEYS, READER).status_code == 201
    root.ask("DELETE", f"{KEYS}/My%20reader")
    answer = root.post(KEYS, READER)
    assert (answer.status_code, answer.json["errors"][0]["code"]) == (409, "NAME")


def test_one_from_before_that_is_called_like_an_account_is_ended(root: Client, engine: Engine) -> None:
    Keys(engine).add("ada@example.org", ["read"], None, None)
    assert root.ask("DELETE", f"{KEYS}/ada@example.org").status_code == 204


def test_an_admin_of_some_forms_makes_none(app: Flask, engine: Engine) -> None:
    limited = client(app, engine, "limited", "admin", forms=["signup"])
    for answer in (limited.get(KEYS), limited.post(KEYS, READER), limited.ask("DELETE", f"{KEYS}/limited")):
        assert (answer.status_code, answer.json["errors"][0]["code"]) == (403, "FORMS")
