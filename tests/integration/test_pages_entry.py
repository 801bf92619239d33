"""Getting in and out by the console's pages: the links that work once, a password, and a forgotten one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from shared.contracts import AccountMail
from storage_service.accounts.accounts import accounts_of
from storage_service.accounts.asker import Asker
from storage_service.accounts.joining import SetupToken
from storage_service.accounts.roles import Grant
from storage_service.tables import OUTBOX
from support.console_app import ConsoleApp, a_console
from support.console_pages import BY, PASSWORD, Reader, reader, stranger
from support.submission_databases import migrated

SETUP = "s" * 43
NEW = "four other words of tests"


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    with migrated(sqlite_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    setup = SetupToken(hashlib.sha256(SETUP.encode()).hexdigest(), datetime.now(UTC))
    return a_console(engine, tmp_path, accounts=accounts_of(engine, lambda: setup))


def who_is(reader: Reader) -> str:
    """Return the address that the page of the account names."""
    page = reader.text("/console/account")
    found = [one.email for one in reader.console.parts.accounts.users.listed() if one.email in page]
    assert len(found) == 1
    return found[0]


def test_the_setup_link_makes_the_first_owner_and_signs_in(console: ConsoleApp) -> None:
    who = stranger(console)
    assert "Welcome" in who.text(f"/console/setup/{SETUP}")
    answer = who.post(f"/console/setup/{SETUP}", {"email": "ada@example.org", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/console/inbox")
    assert who_is(who) == "ada@example.org"
    assert console.parts.accounts.users.listed()[0].is_owner
    assert stranger(console).get(f"/console/setup/{SETUP}").status_code == 410
    late = stranger(console).post(f"/console/setup/{SETUP}", {"email": "late@example.org", "password": PASSWORD})
    assert late.status_code == 410
    assert len(console.parts.accounts.users.listed()) == 1


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"email": "no address", "password": PASSWORD}, "Expected a mail address"),
        ({"email": "ada@example.org", "password": "short"}, "at least 12 characters"),
        ({"email": "ada@example.org", "password": "ada@example.org"}, "is your address"),
        ({}, "Expected a mail address"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    console: ConsoleApp, sent: dict[str, str], said: str
) -> None:
    answer = stranger(console).post(f"/console/setup/{SETUP}", sent)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{sent.get("email", "")}"' in answer.text
    assert console.parts.accounts.users.listed() == []
    assert stranger(console).get(f"/console/setup/{SETUP}").status_code == 200


@pytest.mark.parametrize("purpose", ["setup", "invitation", "reset"])
@pytest.mark.parametrize("token", ["x" * 43, "short", "%00", "ü" * 43, "x" * 3000])
def test_a_link_that_nobody_made_opens_nothing(console: ConsoleApp, purpose: str, token: str) -> None:
    assert stranger(console).get(f"/console/{purpose}/{token}").status_code == 410
    assert stranger(console).post(f"/console/{purpose}/{token}", {"password": PASSWORD}).status_code == 410


def test_an_invitation_makes_an_account_with_its_roles_once(console: ConsoleApp) -> None:
    by = Asker("owner@example.org", frozenset())
    token = console.parts.accounts.links.make("invitation", "ada@example.org", [Grant("editor", "signup")], by)
    who = stranger(console)
    page = who.text(f"/console/invitation/{token}")
    assert "owner@example.org" in page
    assert "editor of signup" in page
    answer = who.post(f"/console/invitation/{token}", {"password": PASSWORD, "email": "other@example.org"})
    assert answer.status_code == 303
    assert who_is(who) == "ada@example.org"
    assert console.parts.accounts.users.listed()[0].grants == (Grant("editor", "signup"),)
    assert stranger(console).get(f"/console/invitation/{token}").status_code == 410


def test_a_link_of_one_purpose_opens_no_other(console: ConsoleApp) -> None:
    reader(console)
    token = console.parts.accounts.links.make("reset", "ada@example.org", (), BY)
    for purpose in ("setup", "invitation"):
        assert stranger(console).get(f"/console/{purpose}/{token}").status_code == 410


def test_a_reset_sets_a_new_password_and_ends_all_sessions(console: ConsoleApp) -> None:
    before = reader(console, password=PASSWORD)
    token = console.parts.accounts.links.make("reset", "ada@example.org", (), BY)
    who = stranger(console)
    assert who.post(f"/console/reset/{token}", {"password": NEW}).status_code == 303
    assert who_is(who) == "ada@example.org"
    assert before.get("/console/account").status_code == 303
    assert stranger(console).post("/console/sign-in", _of(PASSWORD)).status_code == 422
    assert stranger(console).post("/console/sign-in", _of(NEW)).status_code == 303
    assert stranger(console).post(f"/console/reset/{token}", {"password": NEW}).status_code == 410


def test_a_forgotten_password_is_answered_alike_and_mailed_to_whoever_has_the_address(
    engine: Engine, tmp_path: Path
) -> None:
    console = a_console(engine, tmp_path, public_url="https://forms.example.org")
    reader(console)
    answers = set()
    for email in ("nobody@example.org", "no address", "ADA@example.org"):
        answer = stranger(console).post("/console/reset", {"email": email}, headers={"Accept-Language": "de"})
        answers.add((answer.status_code, answer.text))
    assert len(answers) == 1
    with engine.connect() as connection:
        rows = connection.execute(select(OUTBOX.c.body)).scalars().all()
    assert len(rows) == 1
    mail = AccountMail.decode(rows[0])
    assert (mail.purpose, mail.to, mail.language) == ("reset", "ada@example.org", "de")
    path = mail.link.removeprefix("https://forms.example.org")
    assert stranger(console).post(path, {"password": NEW}).status_code == 303


def test_nobodys_letter_box_is_filled(engine: Engine, tmp_path: Path) -> None:
    console = a_console(engine, tmp_path, public_url="https://forms.example.org")
    reader(console)
    statuses = [stranger(console).post("/console/reset", {"email": "ada@example.org"}).status_code for _ in range(10)]
    assert statuses[0] == 200
    assert statuses[-1] == 429
    with engine.connect() as connection:
        assert len(connection.execute(select(OUTBOX.c.body)).all()) < 8


def test_where_nothing_is_mailed_the_page_says_whom_to_ask(console: ConsoleApp) -> None:
    page = stranger(console).text("/console/reset")
    assert "Ask an owner" in page
    assert "<form" not in page


def test_whoever_signs_in_comes_to_the_page_that_they_wanted(console: ConsoleApp) -> None:
    reader(console, password=PASSWORD)
    who = stranger(console)
    sent_on = who.get("/console/account?x=%22a%20b%22")
    assert sent_on.status_code == 303
    assert 'name="next" value="/console/account?x=%22a%20b%22"' in who.text(sent_on.location)
    assert who.get("/console").location == "/console/inbox"
    assert who.get("/console/").location == "/console/inbox"


def test_whoever_is_signed_in_is_not_asked_again(console: ConsoleApp) -> None:
    assert reader(console).get("/console/sign-in?next=/console/account").location == "/console/account"


def test_a_wrong_password_leaves_the_address_and_says_nothing_of_which_was_wrong(console: ConsoleApp) -> None:
    reader(console, password=PASSWORD)
    answer = stranger(console).post("/console/sign-in", {"email": "ada@example.org", "password": "wrong"})
    assert answer.status_code == 422
    assert "do not belong together" in answer.text
    assert 'value="ada@example.org"' in answer.text
    assert "Set-Cookie" not in answer.headers or "counterfoil=" not in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("text", ["", "\0", "x" * 100_000, "\ud83d", "<script>alert(1)</script>@b.org", "a\r\nb@c"])
def test_whatever_is_typed_to_sign_in_is_harmless(console: ConsoleApp, text: str) -> None:
    sent = {"email": text.encode("utf-8", "surrogatepass"), "password": text.encode("utf-8", "surrogatepass")}
    answer = stranger(console).post("/console/sign-in", sent)
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text


def _of(password: str) -> dict[str, str]:
    return {"email": "ada@example.org", "password": password}
