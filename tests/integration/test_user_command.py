"""`python -m storage_service user …`: who locked themselves out comes in again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from shared.terminal import Refused
from storage_service.accounts.audit import Audit
from storage_service.accounts.roles import Grant
from storage_service.accounts.users import Users
from support.accounts import OTHER_PASSWORD, PASSWORD, SOURCE, World
from support.service import run
from support.submission_databases import migrated

PUBLIC = "https://forms.example.org"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def token_in(printed: str, place: str, base: str = PUBLIC) -> str:
    found = re.fullmatch(rf"{re.escape(base)}/console/{place}/([A-Za-z0-9_-]{{43}})\n", printed)
    assert found, printed
    return found[1]


def test_from_an_invitation_to_a_new_password(engine: Engine, database_url: str) -> None:
    settings = {"COUNTERFOIL_DATABASE_URL": database_url, "COUNTERFOIL_PUBLIC_URL": PUBLIC + "/"}

    def user(*arguments: str, exit_code: int = 0) -> str:
        return run("storage_service", "user", *arguments, settings=settings, exit_code=exit_code)

    first = token_in(user("add", "Ada@example.org", "--role", "owner"), "invitation")
    assert user("list").split("\t")[:3] == ["Ada@example.org", "owner", "invited"]
    second = token_in(user("link", "ada@example.org"), "invitation")
    world = World(engine)
    world.clock.now = world.accounts.links.listed()[0].created_at
    accounts = world.accounts
    assert accounts.links.look(first, "invitation") is None
    accounts.joining.by_invitation(second, PASSWORD, SOURCE)
    user("link", "ada@example.org", exit_code=2)
    user("add", "ada@example.org", "--role", "viewer", exit_code=2)
    reset = token_in(user("reset", "ada@example.org"), "reset")
    world.clock.now = accounts.links.listed("reset")[0].created_at
    accounts.joining.by_reset(reset, OTHER_PASSWORD, SOURCE)
    assert accounts.passwords.check("ada@example.org", OTHER_PASSWORD)
    assert user("list").split("\t")[:3] == ["Ada@example.org", "owner", "password"]
    user("end", "ada@example.org", exit_code=2)
    user("role", "ada@example.org", "--role", "viewer", exit_code=2)
    assert Users(engine).has_owner()


def test_roles_and_ends(engine: Engine, database_url: str) -> None:
    settings = {"COUNTERFOIL_DATABASE_URL": database_url}
    world = World(engine)
    world.user()
    bob = world.user("bob@example.org", Grant("viewer"))

    def user(*arguments: str, exit_code: int = 0) -> str:
        return run("storage_service", "user", *arguments, settings=settings, exit_code=exit_code)

    assert user("role", "BOB@example.org", "--role", "editor", "--forms", "contact,gone") == (
        "bob@example.org\teditor:contact,editor:gone\n"
    )
    assert user("end", "bob@example.org") == "bob@example.org has ended\n"
    assert world.accounts.users.one(bob.id).ended_at
    user("end", "bob@example.org", exit_code=2)
    user("reset", "bob@example.org", exit_code=2)
    token_in(user("add", "bob@example.org", "--role", "viewer"), "invitation", base="")
    assert user("end", "bob@example.org") == "bob@example.org is not invited any more\n"
    actions = [(one.action, one.on) for one in Audit(engine).page(4)]
    assert actions[1:] == [
        ("invitation.made", "bob@example.org"),
        ("user.ended", "bob@example.org"),
        ("user.changed", "bob@example.org: editor:contact, editor:gone"),
    ]
    assert all(one.by.startswith("command: ") for one in Audit(engine).page(4))


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["add"],
        ["add", "ada"],
        ["add", "ada@example.org"],
        ["add", "ada@example.org", "--role", "admin"],
        ["add", "a\nb@example.org", "--role", "owner"],
        ["end"],
        ["list", "x"],
    ],
)
def test_what_is_wrong_makes_nobody(wrong: list[str], sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    from storage_service.commands.user import user  # noqa: PLC0415

    with migrated(sqlite_url) as engine, pytest.MonkeyPatch.context() as environment:
        environment.setenv("COUNTERFOIL_DATABASE_URL", sqlite_url)
        with pytest.raises(SystemExit) as ended:
            user(wrong)
        assert ended.value.code == 2
        assert World(engine).accounts.links.listed() == []
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize("forms", ["no form!", "", ",".join(f"form-{number}" for number in range(101))])
def test_what_is_no_form_makes_nobody(forms: str, sqlite_url: str) -> None:
    with migrated(sqlite_url) as engine:
        settings = {"COUNTERFOIL_DATABASE_URL": sqlite_url}
        arguments = ("user", "add", "ada@example.org", "--role", "viewer", "--forms", forms)
        run("storage_service", *arguments, settings=settings, exit_code=2)
        assert World(engine).accounts.links.listed() == []


@pytest.mark.parametrize("asked", [["role", "--role", "viewer"], ["reset"]])
def test_who_has_not_joined_yet_is_no_account_and_it_says_what_helps(asked: list[str], sqlite_url: str) -> None:
    from storage_service.commands.user import user  # noqa: PLC0415

    what, *more = asked
    with migrated(sqlite_url), pytest.MonkeyPatch.context() as environment:
        environment.setenv("COUNTERFOIL_DATABASE_URL", sqlite_url)
        user(["add", "bob@example.org", "--role", "editor"])
        with pytest.raises(Refused, match="is invited and has no account yet: user link"):
            user([what, "bob@example.org", *more])
