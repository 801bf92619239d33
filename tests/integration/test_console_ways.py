"""Signing in on the console's pages without a password: at a real provider of single sign-on, and by passkeys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from storage_service.accounts.accounts import accounts_of
from storage_service.accounts.oidc.groups import parse
from storage_service.accounts.oidc.provider import Provider
from storage_service.accounts.roles import Grant
from storage_service.accounts.ways import DEFAULT, OIDC, ways_of
from support.authenticator import Authenticator
from support.console_app import ConsoleApp, a_console
from support.console_pages import BY, PASSWORD, Reader, reader, stranger, token_of
from support.oidc_provider import CLIENT_ID, CLIENT_SECRET, OidcProvider
from support.submission_databases import migrated

HERE = "http://localhost"
CALLBACK = f"{HERE}/console/sign-in/oidc/callback"
ADA = {"email": "ada@example.org", "email_verified": True, "groups": ["support"]}
ROLES = "admins=owner, support=editor:contact"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with migrated(f"sqlite:///{tmp_path / 'test.db'}") as made:
        yield made


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    with OidcProvider(tmp_path_factory.mktemp("provider"), CALLBACK) as running:
        yield running


def console_at(
    provider: OidcProvider, engine: Engine, place: Path, *, names: frozenset[str] = DEFAULT | {OIDC}, **others: Any
) -> ConsoleApp:
    scopes = "openid email groups"
    known = Provider(provider.issuer, CLIENT_ID, CALLBACK, CLIENT_SECRET, **{"scopes": scopes, **others})
    return a_console(engine, place, ways=ways_of(engine, accounts_of(engine), HERE, names, known))


def local(address: str) -> str:
    assert address.startswith(HERE)
    return address.removeprefix(HERE)


def come_by(provider: OidcProvider, visitor: Reader, subject: str | None = "ada", then: str = "") -> TestResponse:
    """Sign in at the provider, and return what the console answers to whoever comes back."""
    begun = visitor.get(f"/console/sign-in/oidc{then}")
    assert begun.status_code == 303
    return visitor.get(local(provider.pass_through(requests.Session(), begun.headers["Location"], subject)))


def who(visitor: Reader) -> str | None:
    answer = visitor.get("/console/account")
    return (
        None
        if answer.status_code != 200
        else answer.text.partition('class="who"')[2].partition('title="')[2].partition('"')[0]
    )


def test_whoever_is_invited_signs_in_at_the_provider(provider: OidcProvider, engine: Engine, tmp_path: Path) -> None:
    provider.know({"ada": ADA, "bob": {"email": "bob@example.org", "email_verified": False}})
    console = console_at(provider, engine, tmp_path)
    ada = stranger(console)
    assert f"Sign in at {provider.issuer[7:].partition(':')[0]}" in ada.text("/console/sign-in")
    refused = come_by(provider, ada)
    assert refused.status_code == 403
    assert "You have no access here" in refused.text
    assert who(ada) is None
    console.parts.accounts.links.make("invitation", "ada@example.org", [Grant("viewer")], BY)
    answer = come_by(provider, ada, then="?next=/console/forms")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/forms")
    assert who(ada) == "ada@example.org"
    bob = come_by(provider, stranger(console), "bob")
    assert bob.status_code == 403
    assert "verified" in bob.text
    audit = [(noted.by, noted.action, noted.on) for noted in console.parts.audit.page(20)]
    assert ("nobody", "session.refused", "oidc: unverified") in audit
    assert ("ada@example.org", "session.began", "oidc") in audit


def test_groups_are_roles_and_one_that_is_lost_is_noticed(
    provider: OidcProvider, engine: Engine, tmp_path: Path
) -> None:
    console = console_at(provider, engine, tmp_path, roles=parse(ROLES))
    provider.know({"ada": ADA})
    ada = stranger(console)
    assert come_by(provider, ada).status_code == 303
    assert "editor of contact" in ada.text("/console/account")
    provider.know({"ada": {**ADA, "groups": ["others"]}})
    assert "None of your groups has access" in come_by(provider, stranger(console)).text
    assert who(ada) is None, "whoever was in is out"


def test_an_account_whose_roles_come_from_groups_has_no_other_way_in(
    provider: OidcProvider, engine: Engine, tmp_path: Path
) -> None:
    console = console_at(provider, engine, tmp_path, roles=parse(ROLES))
    provider.know({"ada": ADA})
    ada = reader(console, Grant("viewer"), password=PASSWORD)
    device = Authenticator(HERE)
    add_passkey(ada, device)
    typed = {"email": "ada@example.org", "password": PASSWORD}
    assert stranger(console).post("/console/sign-in", typed).status_code == 303, "not linked with the provider yet"
    assert come_by(provider, stranger(console)).status_code == 303
    assert stranger(console).post("/console/sign-in", typed).status_code == 422
    refused = use_passkey(stranger(console), device)
    assert refused.status_code == 422
    assert "at the sign-in provider alone" in refused.text


def test_who_is_in_no_group_any_more_does_not_come_back_by_a_forgotten_password(
    provider: OidcProvider, engine: Engine, tmp_path: Path
) -> None:
    """Whoever leaves has their letter box for a while, and asks there for a link that sets a password and signs in."""
    console = console_at(provider, engine, tmp_path, roles=parse(ROLES))
    provider.know({"ada": ADA})
    assert come_by(provider, stranger(console)).status_code == 303
    provider.know({"ada": {**ADA, "groups": ["others"]}})
    assert come_by(provider, stranger(console)).status_code == 403
    made, ada = console.parts.link_mails.make("reset", "ada@example.org", (), BY), stranger(console)
    for answer in (ada.get(made.path), ada.post(made.path, {"password": PASSWORD})):
        assert answer.status_code == 403
        assert "at the sign-in provider alone" in answer.text
    assert who(ada) is None
    user = console.parts.accounts.users.by_email("ada@example.org")
    assert user is not None
    assert not user.has_password


def test_whoever_cancels_and_whoever_replays(provider: OidcProvider, engine: Engine, tmp_path: Path) -> None:
    provider.know({"ada": ADA})
    console = console_at(provider, engine, tmp_path, roles=parse(ROLES))
    ada, mallory = stranger(console), stranger(console)
    cancelled = come_by(provider, ada, None)
    assert cancelled.status_code == 403
    assert "did not let you in" in cancelled.text
    begun = ada.get("/console/sign-in/oidc").headers["Location"]
    back = local(provider.pass_through(requests.Session(), begun, "ada"))
    stolen = mallory.get(back)
    assert stolen.status_code == 400, "in another browser an answer opens nothing"
    assert who(mallory) is None
    assert ada.get(back).status_code == 400, "and was used up by that"
    begun = ada.get("/console/sign-in/oidc").headers["Location"]
    back = local(provider.pass_through(requests.Session(), begun, "ada"))
    before = ada.client.get_cookie("counterfoil", path="/console")
    assert ada.get(back).status_code == 303
    after = ada.client.get_cookie("counterfoil", path="/console")
    assert before is None
    assert after is not None
    assert after.http_only
    assert ada.get(back).status_code == 400
    assert who(ada) == "ada@example.org"


def test_it_leads_to_our_own_pages_alone(provider: OidcProvider, engine: Engine, tmp_path: Path) -> None:
    provider.know({"ada": ADA})
    console = console_at(provider, engine, tmp_path, roles=parse(ROLES))
    for elsewhere in ("https://evil.example", "//evil.example", "/console/..//evil.example", "/console/%0d%0ax"):
        answer = come_by(provider, stranger(console), then=f"?next={elsewhere}")
        assert answer.headers["Location"] in {"/console/inbox", "/console/%0d%0ax"}


def test_by_single_sign_on_alone(provider: OidcProvider, engine: Engine, tmp_path: Path) -> None:
    provider.know({"ada": ADA})
    console = console_at(provider, engine, tmp_path, names=frozenset({OIDC}))
    token = console.parts.accounts.links.make("invitation", "ada@example.org", [Grant("viewer")], BY)
    page = stranger(console).text("/console/sign-in")
    assert 'type="password"' not in page
    assert "passkey" not in page.replace("passkeys.js", "")
    link = stranger(console).text(f"/console/invitation/{token}")
    assert 'type="password"' not in link
    assert "with this address" in link
    bob = reader(console, email="bob@example.org")  # for the token of a form
    assert bob.post(f"/console/invitation/{token}", {"password": PASSWORD}).status_code == 403
    ada = stranger(console)
    assert come_by(provider, ada).status_code == 303
    account = ada.text("/console/account")
    assert 'type="password"' not in account
    assert "Passkeys" not in account
    passwords, users = console.parts.accounts.passwords, console.parts.accounts.users
    passwords.set(next(one.id for one in users.listed() if one.email == "ada@example.org"), PASSWORD, BY)
    typed = {"email": "ada@example.org", "password": PASSWORD}
    assert bob.post("/console/sign-in", typed).status_code == 422
    assert bob.post("/console/sign-in/passkey/options").status_code == 404


def test_a_provider_that_is_away_blocks_nobody_else(engine: Engine, tmp_path: Path) -> None:
    gone = OidcProvider(tmp_path, CALLBACK)
    console = console_at(gone, engine, tmp_path)
    ada = reader(console, password=PASSWORD)
    answer = stranger(console).get("/console/sign-in/oidc")
    assert answer.status_code == 503
    assert "does not answer just now" in answer.text
    assert who(ada) == "ada@example.org"
    typed = {"email": "ada@example.org", "password": PASSWORD}
    assert stranger(console).post("/console/sign-in", typed).status_code == 303


def test_without_a_provider_its_addresses_are_not_there(engine: Engine, tmp_path: Path) -> None:
    console = a_console(engine, tmp_path)
    assert "Sign in at" not in stranger(console).text("/console/sign-in")
    for path in ("/console/sign-in/oidc", "/console/sign-in/oidc/callback?state=x&code=y"):
        assert stranger(console).get(path).status_code == 404


def test_how_often_strangers_may_begin(provider: OidcProvider, engine: Engine, tmp_path: Path) -> None:
    console = console_at(provider, engine, tmp_path)
    visitor = stranger(console)
    answers = [visitor.get("/console/sign-in/oidc").status_code for _ in range(61)]
    assert (answers[0], answers[59], answers[60]) == (303, 303, 429)
    last = visitor.post("/console/sign-in/passkey/options")
    assert (last.status_code, last.headers["Retry-After"]) == (429, "60")


def asked(visitor: Reader, path: str) -> Mapping[str, str]:
    answer = visitor.post(f"{path}/options")
    assert answer.status_code == 200, answer.text
    found: Mapping[str, str] = answer.get_json()
    return found


def add_passkey(visitor: Reader, device: Authenticator, name: str = "Telephone") -> TestResponse:
    said = asked(visitor, "/console/account/passkeys")
    fields = {"token": said["token"], "credential": device.create(said["options"]), "name": name}
    return visitor.post("/console/account/passkeys", fields)


def use_passkey(visitor: Reader, device: Authenticator, **more: str) -> TestResponse:
    said = asked(visitor, "/console/sign-in/passkey")
    fields = {"token": said["token"], "credential": device.get(said["options"]), **more}
    return visitor.post("/console/sign-in/passkey", fields)


def test_a_passkey_is_added_signs_in_and_is_removed(engine: Engine, tmp_path: Path) -> None:
    console, device = a_console(engine, tmp_path), Authenticator(HERE)
    ada = reader(console, password=PASSWORD)
    assert add_passkey(ada, device, "Ada's <telephone>").headers["Location"] == "/console/account"
    page = ada.text("/console/account")
    assert "The passkey is added" in page
    assert "Ada&#39;s &lt;telephone&gt;" in page
    other = stranger(console)
    answer = use_passkey(other, device, next="/console/forms")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/forms")
    assert who(other) == "ada@example.org"
    assert "by passkey" in other.text("/console/account")
    (kept,) = console.parts.ways.passkeys.listed(ada.user.id)  # type: ignore[union-attr]
    bob = reader(console, email="bob@example.org")
    assert bob.post(f"/console/account/passkeys/{kept.id}/remove").status_code == 404
    assert len(console.parts.ways.passkeys.listed(ada.user.id)) == 1, "nobody else's"  # type: ignore[union-attr]
    ada.post(f"/console/account/passkeys/{kept.id}/remove")
    refused = use_passkey(stranger(console), device)
    assert refused.status_code == 422
    assert "not known here" in refused.text
    actions = [noted.action for noted in console.parts.audit.page(20)]
    assert {"passkey.added", "passkey.removed", "session.refused"} <= set(actions)


def test_the_last_way_in_is_not_removed(engine: Engine, tmp_path: Path) -> None:
    console, device = a_console(engine, tmp_path), Authenticator(HERE)
    ada = reader(console)
    add_passkey(ada, device)
    (kept,) = console.parts.ways.passkeys.listed(ada.user.id)  # type: ignore[union-attr]
    ada.post(f"/console/account/passkeys/{kept.id}/remove")
    assert "your only way to sign in" in ada.text("/console/account")
    assert use_passkey(stranger(console), device).status_code == 303


def test_it_is_added_soon_after_signing_in(engine: Engine, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    console = a_console(engine, tmp_path, clock=lambda: now)
    ada = reader(console, password=PASSWORD)
    now += timedelta(minutes=61)
    answer = ada.post("/console/account/passkeys/options")
    assert answer.status_code == 409
    assert "sign out and in again" in answer.get_json()["problem"]
    ada.post("/console/account/passkeys", {"token": "x", "credential": "{}"})
    assert "sign out and in again" in ada.text("/console/account")


def test_what_is_no_passkey_s_answer_is_said(engine: Engine, tmp_path: Path) -> None:
    console = a_console(engine, tmp_path)
    visitor = stranger(console)
    said = asked(visitor, "/console/sign-in/passkey")
    for fields in ({}, {"token": said["token"]}, {"token": said["token"], "credential": json.dumps([1])}):
        answer = visitor.post("/console/sign-in/passkey", fields)
        assert answer.status_code == 422
        assert "You are not signed in" in answer.text
    without_token = visitor.client.post("/console/sign-in/passkey/options")
    assert without_token.status_code == 400, "another site's page asks for nothing here"


def test_where_browsers_take_no_passkeys_there_are_none(engine: Engine, tmp_path: Path) -> None:
    console = a_console(engine, tmp_path)
    page = console.app.test_client().get("/console/sign-in", base_url="http://127.0.0.1:8080")
    assert page.status_code == 200
    assert "passkey" not in page.text.replace("passkeys.js", "")
    ada = reader(console)
    session = ada.client.get_cookie("counterfoil", path="/console")
    assert session is not None
    ada.client.set_cookie("counterfoil", session.value, domain="127.0.0.1", path="/console")
    account = ada.client.get("/console/account", base_url="http://127.0.0.1:8080")
    assert "Browsers make no passkey for this address" in account.text
    asked_there = ada.client.post(
        "/console/account/passkeys/options",
        data={"csrf_token": token_of(account.text)},
        base_url="http://127.0.0.1:8080",
    )
    assert asked_there.status_code == 404
