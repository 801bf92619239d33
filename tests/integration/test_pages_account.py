"""The page of one's own account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from support.console_app import ConsoleApp, a_console
from support.console_pages import BY, PASSWORD, reader, stranger
from support.submission_databases import migrated

NEW = "four other words of tests"


@pytest.fixture
def engine(sqlite_url: str) -> Iterator[Engine]:
    with migrated(sqlite_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path)


def test_a_new_password_needs_the_old_one_and_ends_all_other_sessions(console: ConsoleApp) -> None:
    who = reader(console, password=PASSWORD)
    assert who.user
    other = stranger(console)
    other.enter(who.user)
    wrong = who.post("/console/account/password", {"password": "wrong", "new_password": NEW})
    assert wrong.status_code == 422
    assert "This is not your password." in wrong.text
    weak = who.post("/console/account/password", {"password": PASSWORD, "new_password": "short"})
    assert weak.status_code == 422
    assert "at least 12 characters" in weak.text
    assert other.get("/console/account").status_code == 200
    assert who.post("/console/account/password", {"password": PASSWORD, "new_password": NEW}).status_code == 303
    assert "The password is changed" in who.text("/console/account")
    assert "The password is changed" not in who.text("/console/account")
    assert other.get("/console/account").status_code == 303
    sent = {"email": "ada@example.org", "password": NEW}
    assert stranger(console).post("/console/sign-in", sent).status_code == 303


def test_the_old_password_is_not_tried_out_by_who_sits_at_an_open_browser(engine: Engine, tmp_path: Path) -> None:
    now = datetime.now(UTC)  # it stands still: no wait is over
    who = reader(a_console(engine, tmp_path, clock=lambda: now), password=PASSWORD)
    statuses = [
        who.post("/console/account/password", {"password": f"wrong {n}", "new_password": NEW}).status_code
        for n in range(15)
    ]
    assert statuses[0] == 422
    assert statuses[-1] == 429


def test_whoever_sits_down_at_an_open_browser_makes_no_password_where_there_is_none(
    engine: Engine, tmp_path: Path
) -> None:
    """Who signs in by a passkey or elsewhere has none: the session of an open screen is to become no way in."""
    now = [datetime.now(UTC)]
    console = a_console(engine, tmp_path, clock=lambda: now[0])
    who = reader(console)
    now[0] += timedelta(minutes=61)
    late = who.post("/console/account/password", {"new_password": NEW})
    assert (late.status_code, "sign out and in again" in late.text) == (409, True)
    assert who.user
    assert not console.parts.accounts.users.one(who.user.id).has_password
    who.enter(who.user)
    assert who.post("/console/account/password", {"new_password": NEW}).status_code == 303


def test_a_new_password_ends_the_link_that_was_mailed_for_another(console: ConsoleApp) -> None:
    who = reader(console, password=PASSWORD)
    assert who.user
    made = console.parts.link_mails.make("reset", who.user.email, (), BY)
    assert stranger(console).get(made.path).status_code == 200
    assert who.post("/console/account/password", {"password": PASSWORD, "new_password": NEW}).status_code == 303
    assert stranger(console).get(made.path).status_code == 410


def test_sessions_are_listed_and_each_can_be_ended(console: ConsoleApp) -> None:
    who = reader(console)
    assert who.user
    others = [stranger(console) for _ in range(2)]
    for other in others:
        other.enter(who.user)
    page = who.text("/console/account")
    assert page.count("/console/account/sessions/") == 2 + 1  # each other one, and all of them
    assert page.count("this one") == 2  # the badge, and the button for all but it
    session = next(
        one.id for one in console.parts.accounts.sessions.listed(who.user.id) if f"sessions/{one.id}/end" in page
    )
    assert who.post(f"/console/account/sessions/{session}/end").status_code == 303
    assert sum(other.get("/console/account").status_code == 200 for other in others) == 1
    assert who.post(f"/console/account/sessions/{session}/end").status_code == 404
    assert who.post("/console/account/sessions/end").status_code == 303
    assert "1 other session has ended" in who.text("/console/account")
    assert all(other.get("/console/account").status_code == 303 for other in others)


def test_the_session_of_somebody_else_is_not_there(console: ConsoleApp) -> None:
    other, who = reader(console, email="grace@example.org"), reader(console)
    assert other.user
    session = console.parts.accounts.sessions.listed(other.user.id)[0].id
    assert who.post(f"/console/account/sessions/{session}/end").status_code == 404
    assert other.get("/console/account").status_code == 200


def test_moments_are_shown_in_the_zone_of_the_account_else_in_that_of_the_browser(console: ConsoleApp) -> None:
    who = reader(console)
    assert " UTC" in who.text("/console/account")
    who.client.set_cookie("counterfoil-zone", "Asia%2FTokyo", path="/console")
    assert " JST" in who.text("/console/account")
    assert who.post("/console/account/zone", {"zone": "America/Argentina/Buenos_Aires"}).status_code == 303
    assert " -03" in who.text("/console/account")
    wrong = who.post("/console/account/zone", {"zone": "Nowhere/Atall"})
    assert wrong.status_code == 422
    assert "Europe/Berlin" in wrong.text
    assert who.post("/console/account/zone", {"zone": ""}).status_code == 303
    assert " JST" in who.text("/console/account")


@pytest.mark.parametrize("zone", ["../../etc/passwd", "%00", "x" * 500, "%FF%FE", "Europe/Berlin; x"])
def test_a_zone_that_a_browser_makes_up_is_harmless(console: ConsoleApp, zone: str) -> None:
    who = reader(console)
    who.client.set_cookie("counterfoil-zone", zone, path="/console")
    assert " UTC" in who.text("/console/account")
