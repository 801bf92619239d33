"""`/v1/users` and `/v1/sessions`: who may sign in, by a key with `admin`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from shared.contracts import AccountMail
from shared.database import Outbox
from storage_service.accounts.roles import Grant
from storage_service.accounts.users import User
from storage_service.tables import OUTBOX
from support.console_app import ConsoleApp, a_console
from support.console_places import SOMEBODY
from support.submission_databases import migrated


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path, public_url="https://forms.example.org")


def an_account(console: ConsoleApp, email: str = "ada@example.org", *grants: Grant) -> User:
    return console.parts.accounts.users.add(email, grants or [Grant("owner")], SOMEBODY)


def test_accounts_and_invitations_are_listed_without_what_opens_them(console: ConsoleApp) -> None:
    user = an_account(console)
    answer = console.ask(
        "/v1/users", method="POST", json={"email": "grace@example.org", "roles": [{"role": "viewer", "form": None}]}
    )
    assert answer.status_code == 201
    made = answer.get_json()
    assert made["is_mailed"]
    assert made["link"].startswith("https://forms.example.org/console/invitation/")
    found = console.json("/v1/users")
    [shown], [invited] = found["users"], found["invitations"]
    assert (shown["id"], shown["email"], shown["roles"]) == (
        str(user.id),
        "ada@example.org",
        [{"role": "owner", "form": None}],
    )
    assert (invited["email"], invited["roles"]) == ("grace@example.org", [{"role": "viewer", "form": None}])
    assert made["link"].rpartition("/")[2] not in str(found)
    assert console.json(f"/v1/users/{user.id}") == shown


def test_an_invitation_is_mailed_in_the_same_transaction(console: ConsoleApp, engine: Engine) -> None:
    console.ask("/v1/users", method="POST", json=_invitation())
    with engine.connect() as connection:
        [message] = Outbox(OUTBOX).first(connection).values()
    assert AccountMail.decode(message.body).to == "grace@example.org"


def test_a_second_invitation_ends_the_first(console: ConsoleApp) -> None:
    first = console.ask("/v1/users", method="POST", json=_invitation()).get_json()["link"].rpartition("/")[2]
    second = console.ask("/v1/users", method="POST", json=_invitation()).get_json()["link"].rpartition("/")[2]
    links = console.parts.accounts.links
    assert links.look(first, "invitation") is None
    assert links.look(second, "invitation")
    assert len(console.json("/v1/users")["invitations"]) == 1


def _invitation(**others: object) -> dict[str, object]:
    return {"email": "grace@example.org", "roles": [{"role": "viewer"}], **others}


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (_invitation(email="nobody"), (422, "EMAIL", "email")),
        (_invitation(email="Ada@Example.org"), (409, "TAKEN", "email")),
        (_invitation(roles=[]), (422, "INVALID", "roles")),
        (_invitation(roles=[{"role": "king"}]), (422, "INVALID", "roles.0.role")),
        (_invitation(roles=[{"role": "viewer", "form": "nowhere"}]), (422, "FORM_NOT_FOUND", "roles")),
        (_invitation(roles=[{"role": "viewer", "form": "../x"}]), (422, "ROLES", "roles")),
        (_invitation(roles=[{"role": "owner"}]), (422, "OWNER", "roles")),
        ({"email": "grace@example.org"}, (422, "INVALID", "roles")),
    ],
)
def test_what_is_wrong_with_an_invitation_is_named(
    console: ConsoleApp, body: dict[str, object], refusal: tuple[int, str, str]
) -> None:
    an_account(console)
    assert console.refusal("/v1/users", method="POST", json=body) == refusal
    assert console.json("/v1/users")["invitations"] == []


def test_roles_change_and_no_key_makes_an_owner(console: ConsoleApp) -> None:
    an_account(console)
    user = an_account(console, "grace@example.org", Grant("viewer"))
    at = f"/v1/users/{user.id}"
    changed = console.ask(at, method="PATCH", json={"roles": [{"role": "editor", "form": "contact"}]}).get_json()
    assert changed["roles"] == [{"role": "editor", "form": "contact"}]
    assert console.refusal(at, method="PATCH", json={"roles": [{"role": "owner"}]}) == (422, "OWNER", "roles")
    assert console.parts.accounts.users.one(user.id).grants == (Grant("editor", "contact"),)


def test_a_role_for_a_form_that_is_gone_is_kept_and_not_given_anew(console: ConsoleApp) -> None:
    user = an_account(console, "grace@example.org", Grant("viewer", "gone"))
    roles = [{"role": "viewer", "form": "gone"}, {"role": "viewer", "form": "signup"}]
    at = f"/v1/users/{user.id}"
    assert console.ask(at, method="PATCH", json={"roles": roles}).get_json()["roles"] == roles
    other = [{"role": "editor", "form": "gone"}]
    assert console.refusal(at, method="PATCH", json={"roles": other})[1] == "FORM_NOT_FOUND"


def test_the_last_owner_is_neither_ended_nor_made_less(console: ConsoleApp) -> None:
    user = an_account(console)
    at = f"/v1/users/{user.id}"
    assert console.refusal(at, method="DELETE")[:2] == (409, "LAST_OWNER")
    assert console.refusal(at, method="PATCH", json={"roles": [{"role": "editor"}]})[:2] == (409, "LAST_OWNER")
    an_account(console, "grace@example.org")
    assert console.ask(at, method="DELETE").status_code == 204
    assert console.refusal(at, method="DELETE")[:2] == (404, "NOT_FOUND")
    assert console.json(at)["ended_at"]


def test_an_invitation_is_taken_back(console: ConsoleApp) -> None:
    console.ask("/v1/users", method="POST", json=_invitation())
    [invited] = console.json("/v1/users")["invitations"]
    assert console.ask(f"/v1/users/{invited['id']}", method="DELETE").status_code == 204
    assert console.json("/v1/users")["invitations"] == []
    assert console.refusal(f"/v1/users/{uuid4()}", method="DELETE")[:2] == (404, "NOT_FOUND")


def test_sessions_are_listed_and_ended(console: ConsoleApp) -> None:
    ada, grace = an_account(console), an_account(console, "grace@example.org")
    sessions = console.parts.accounts.sessions
    token = sessions.begin(ada, "192.0.2.7", "Firefox", "password")
    sessions.begin(grace, None, None, "passkey")
    assert len(console.json("/v1/sessions")["sessions"]) == 2
    [shown] = console.json(f"/v1/sessions?user={ada.id}")["sessions"]
    assert (shown["email"], shown["method"], shown["source"], shown["agent"]) == (
        "ada@example.org",
        "password",
        "192.0.2.7",
        "Firefox",
    )
    assert token not in str(shown)
    assert console.ask(f"/v1/sessions/{shown['id']}", method="DELETE").status_code == 204
    assert sessions.of(token) is None
    assert console.refusal(f"/v1/sessions/{shown['id']}", method="DELETE")[:2] == (404, "NOT_FOUND")
    assert console.refusal("/v1/sessions?user=x") == (400, "USER", "user")


def test_what_a_key_did_is_in_the_audit_and_found_by_what_it_was(console: ConsoleApp) -> None:
    user = an_account(console)
    an_account(console, "grace@example.org")
    console.ask("/v1/users", method="POST", json=_invitation(email="mary@example.org"))
    console.ask(f"/v1/users/{user.id}", method="DELETE")
    [made] = console.json("/v1/audit?action=invitation.made")["audit"]
    [ended] = console.json("/v1/audit?action=user.ended")["audit"]
    assert (made["on"], ended["on"]) == ("mary@example.org", "ada@example.org")
    assert made["by"] == ended["by"]
    assert console.json("/v1/audit?action=user")["audit"] == [], "an action is compared whole"
