"""The pages of settings, on both databases: users, keys, hooks and the audit; for owners of the installation alone."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from shared.contracts import AccountMail
from shared.database import Outbox
from shared.messaging.topology import NOTIFY_QUERIES
from storage_service.accounts.roles import Grant
from storage_service.accounts.users import User
from storage_service.tables import OUTBOX
from support.console_app import ConsoleApp, a_console
from support.console_pages import BY, OWNER, Reader, reader
from support.submission_databases import migrated

USERS, KEYS, HOOKS, AUDIT = (f"/console/settings/{name}" for name in ("users", "keys", "hooks", "audit"))
PUBLIC = "https://forms.example.org"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def console(engine: Engine, tmp_path: Path) -> ConsoleApp:
    return a_console(engine, tmp_path, public_url=PUBLIC)


@pytest.fixture
def ada(console: ConsoleApp) -> Reader:
    return reader(console)


def an_account(console: ConsoleApp, *grants: Grant, email: str = "grace@example.org") -> User:
    return console.parts.accounts.users.add(email, grants or [Grant("viewer")], BY)


def shown(answer: TestResponse, element: str) -> str:
    found = re.search(rf'<code id="{element}"[^>]*>([^<]+)</code>', answer.text)
    assert found, answer.text
    return html.unescape(found[1])


def mails(engine: Engine) -> list[AccountMail]:
    with engine.connect() as connection:
        return [AccountMail.decode(one.body) for one in Outbox(OUTBOX).first(connection).values()]


@pytest.mark.parametrize("grant", [Grant("editor"), Grant("viewer"), Grant("owner", "signup")], ids=str)
def test_only_owners_of_the_installation_see_them(console: ConsoleApp, grant: Grant) -> None:
    who = reader(console, grant)
    for path in (USERS, KEYS, HOOKS, AUDIT, "/console/settings"):
        assert who.get(path).status_code == 403
    assert who.post(USERS, {"email": "eve@example.org", "role": "owner"}).status_code == 403
    assert who.post(KEYS, {"name": "eve", "scope": "admin"}).status_code == 403
    assert "Settings" not in who.text("/console/account")


def test_somebody_is_invited_by_mail_and_by_what_is_shown(console: ConsoleApp, ada: Reader, engine: Engine) -> None:
    answer = ada.post(
        USERS,
        {"email": "grace@example.org", "role": "", "role:signup": "editor", "role:contact": ""},
        headers={"Accept-Language": "de-AT,de"},
    )
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    [mail] = mails(engine)
    assert shown(answer, "made-link") == mail.link
    assert (mail.to, mail.by, mail.language) == ("grace@example.org", "ada@example.org", "de-AT,de")
    assert "A mail with this link goes out" in answer.text
    page = ada.text(USERS)
    assert "grace@example.org" in page
    assert mail.link.rpartition("/")[2] not in page, "it is shown once"
    link = console.parts.accounts.links.look(mail.link.rpartition("/")[2], "invitation")
    assert link is not None
    assert link.grants == (Grant("editor", "signup"),)


def test_where_nothing_can_be_mailed_the_link_is_shown(engine: Engine, tmp_path: Path) -> None:
    ada = reader(a_console(engine, tmp_path))
    answer = ada.post(USERS, {"email": "grace@example.org", "role": "viewer"})
    assert shown(answer, "made-link").startswith("http://localhost/console/invitation/")
    assert "no mail is sent" in answer.text
    assert mails(engine) == []


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({"email": "nobody", "role": "viewer"}, 422, "This is no mail address"),
        ({"email": "ada@example.org", "role": "viewer"}, 409, "There is an account of this address already"),
        ({"email": "grace@example.org", "role": "king"}, 422, "is no role"),
        ({"email": "grace@example.org", "role:nowhere": "viewer"}, 422, "There is no form nowhere"),
        ({"email": HOSTILE, "role": "viewer"}, 422, "This is no mail address"),
    ],
)
def test_an_invitation_that_is_wrong_keeps_what_was_typed(
    ada: Reader, engine: Engine, typed: dict[str, str], status: int, said: str
) -> None:
    answer = ada.post(USERS, {**typed, "role:signup": "editor"})
    assert answer.status_code == status
    assert said in answer.text
    assert f'value="{html.escape(typed["email"])}"' in answer.text
    assert HOSTILE not in answer.text
    assert re.search(r'<option value="editor" selected>', answer.text)
    assert mails(engine) == []


def test_whoever_is_invited_gets_a_role(ada: Reader, engine: Engine) -> None:
    answer = ada.post(USERS, {"email": "grace@example.org", "role": "", "role:signup": ""})
    assert answer.status_code == 422
    assert "Expected a role, for all forms or for one." in answer.text
    assert mails(engine) == []


def test_an_invitation_is_taken_back(console: ConsoleApp, ada: Reader) -> None:
    made = ada.post(USERS, {"email": "grace@example.org", "role": "viewer"})
    token = shown(made, "made-link").rpartition("/")[2]
    [link] = console.parts.accounts.links.listed()
    answer = ada.post(f"/console/settings/invitations/{link.id}/end")
    assert (answer.status_code, answer.location) == (303, USERS)
    assert "taken back" in ada.text(USERS)
    assert console.parts.accounts.links.look(token, "invitation") is None


def test_roles_are_changed_and_count_at_once(console: ConsoleApp, ada: Reader) -> None:
    grace = reader(console, Grant("viewer", "contact"), email="grace@example.org")
    assert grace.user is not None
    at = f"{USERS}/{grace.user.id}"
    assert grace.get(USERS).status_code == 403
    answer = ada.post(f"{at}/roles", {"role": "owner", "role:contact": "viewer"})
    assert (answer.status_code, answer.location) == (303, at)
    assert grace.get(USERS).status_code == 200
    assert console.parts.accounts.users.one(grace.user.id).grants == (OWNER,), "what that has already is left out"
    ada.post(f"{at}/roles", {"role": "", "role:contact": "editor"})
    assert grace.get(USERS).status_code == 403


def test_a_role_for_a_form_that_is_gone_stays_until_it_is_taken(console: ConsoleApp, ada: Reader) -> None:
    user = an_account(console, Grant("viewer", "gone"))
    at = f"{USERS}/{user.id}"
    assert "Not in the forms file any more" in ada.text(at)
    ada.post(f"{at}/roles", {"role:gone": "viewer", "role:signup": "viewer"})
    users = console.parts.accounts.users
    assert users.one(user.id).grants == (Grant("viewer", "gone"), Grant("viewer", "signup"))
    ada.post(f"{at}/roles", {"role:gone": "", "role:signup": "viewer"})
    assert users.one(user.id).grants == (Grant("viewer", "signup"),)


def test_the_last_owner_stays(console: ConsoleApp, ada: Reader) -> None:
    assert ada.user is not None
    at = f"{USERS}/{ada.user.id}"
    for path, typed in ((f"{at}/end", {}), (f"{at}/roles", {"role": "editor"})):
        answer = ada.post(path, typed)
        assert answer.status_code == 409
        assert "last owner" in answer.text
    assert console.parts.accounts.users.one(ada.user.id).is_owner


def test_an_account_ends_and_is_signed_out(console: ConsoleApp, ada: Reader) -> None:
    grace = reader(console, email="grace@example.org")
    assert grace.user is not None
    at = f"{USERS}/{grace.user.id}"
    assert ada.post(f"{at}/end").location == USERS
    assert grace.get("/console/account").status_code == 303
    page = ada.text(at)
    assert "ended" in page
    assert '<td data-label="Signs in by">nothing</td>' in ada.text(USERS)
    assert f"{at}/roles" not in page
    assert ada.post(f"{at}/reset").status_code == 409
    assert ada.post(f"{at}/end").status_code == 404


def test_who_has_forgotten_a_password_gets_a_link(console: ConsoleApp, ada: Reader, engine: Engine) -> None:
    user = an_account(console)
    answer = ada.post(f"{USERS}/{user.id}/reset")
    [mail] = mails(engine)
    assert shown(answer, "made-link") == mail.link
    assert (mail.purpose, mail.to, mail.by) == ("reset", "grace@example.org", "ada@example.org")
    assert console.parts.accounts.links.look(mail.link.rpartition("/")[2], "reset")


def test_browsers_of_others_are_signed_out(console: ConsoleApp, ada: Reader) -> None:
    grace = reader(console, Grant("viewer"), email="grace@example.org")
    assert grace.user is not None
    sessions, at = console.parts.accounts.sessions, f"{USERS}/{grace.user.id}"
    [session] = sessions.listed(grace.user.id)
    assert "a test" in ada.text(at)
    assert ada.user is not None
    other = sessions.listed(ada.user.id)[0].id
    ada.post(f"{at}/sessions/{other}/end")
    assert ada.get(USERS).status_code == 200, "it is not of this account"
    ada.post(f"{at}/sessions/{session.id}/end")
    assert grace.get("/console/account").status_code == 303
    grace.enter(grace.user)
    ada.post(f"{at}/sessions/end")
    assert sessions.listed(grace.user.id) == []


def test_what_is_not_there_is_404(ada: Reader) -> None:
    for path in (f"{USERS}/{uuid4()}", f"{USERS}/x"):
        assert ada.get(path).status_code == 404
    assert ada.post(f"{USERS}/{uuid4()}/end").status_code == 404


def test_a_key_is_made_shown_once_and_ended(console: ConsoleApp, ada: Reader) -> None:
    fields = {"name": "reports 1", "scope": ["read", "export"], "form": "signup", "days": "90"}
    answer = ada.post(KEYS, fields)
    key = shown(answer, "made-key")
    asker = console.parts.keys.asker(key)
    assert asker is not None
    assert (asker.scopes, asker.forms) == (frozenset({"read", "export"}), frozenset({"signup"}))
    assert key not in ada.text(KEYS)
    [kept] = console.parts.keys.listed()
    assert kept.expires_at is not None
    assert (kept.expires_at - kept.created_at).days == 90
    assert ada.post(f"{KEYS}/reports%201/end").location == KEYS
    assert console.parts.keys.asker(key) is None
    assert "has ended" in ada.text(KEYS)
    assert "opens nothing already" in ada.get(ada.post(f"{KEYS}/reports%201/end").location).text


def test_a_key_from_before_that_is_called_like_an_account_can_be_ended(console: ConsoleApp, ada: Reader) -> None:
    key = console.parts.keys.add("grace@example.org", ["read"], None, None)
    assert f"{KEYS}/grace%40example.org/end" in ada.text(KEYS)
    ada.post(f"{KEYS}/grace%40example.org/end")
    assert console.parts.keys.asker(key) is None


def test_an_owner_makes_a_key_with_admin_for_thirty_days_at_most(console: ConsoleApp, ada: Reader) -> None:
    ada.post(KEYS, {"name": "people", "scope": "admin", "days": "90"})
    [kept] = console.parts.keys.listed()
    assert kept.expires_at is not None
    assert (kept.scopes, (kept.expires_at - kept.created_at).days) == (("admin",), 30)


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({"name": "", "scope": "read"}, 422, "This name cannot be taken"),
        ({"name": "eve@example.org", "scope": "read"}, 422, "This name cannot be taken"),
        ({"name": HOSTILE, "scope": "read"}, 422, "This name cannot be taken"),
        ({"name": "reports", "scope": []}, 422, "tick one at least"),
        ({"name": "reports", "scope": "king"}, 422, "tick one at least"),
        ({"name": "reports", "scope": "read", "form": "nowhere"}, 422, "not in the forms file any more"),
        ({"name": "reports", "scope": "operate", "form": "signup"}, 422, "is for all forms"),
        ({"name": "reports", "scope": "read", "days": "0"}, 422, "Days are a number"),
        ({"name": "reports", "scope": "read", "days": "٣"}, 422, "Days are a number"),
        ({"name": "reports", "scope": "read", "days": "9999"}, 422, "Days are a number"),
        ({"name": "taken", "scope": "read"}, 409, "There is a key of this name already"),
    ],
)
def test_a_key_that_is_wrong_is_not_made_and_keeps_what_was_typed(
    console: ConsoleApp, ada: Reader, typed: dict[str, object], status: int, said: str
) -> None:
    console.parts.keys.add("taken", ["read"], None, None)
    answer = ada.post(KEYS, typed)
    assert answer.status_code == status
    assert said in answer.text
    assert f'value="{html.escape(str(typed["name"]))}"' in answer.text
    assert HOSTILE not in answer.text
    assert len(console.parts.keys.listed()) == 1


def test_the_audit_is_filtered_and_paged(console: ConsoleApp, ada: Reader) -> None:
    for number in range(103):
        console.parts.audit.note(BY, "submission.read", f"00000000-0000-0000-0000-{number:012}")
    console.parts.audit.note(BY, HOSTILE, HOSTILE)
    page = ada.text(AUDIT)
    assert HOSTILE not in page
    assert html.escape(HOSTILE) in page
    assert "/console/submissions/00000000-0000-0000-0000-000000000102" in page
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older
    second = ada.text(html.unescape(older[1]))
    assert "00000000-0000-0000-0000-000000000000" in second
    assert "Newest" in second
    read = ada.text(f"{AUDIT}?action=submission.read&by=the+tests")
    assert read.count("<tr>") == 101
    assert "session.began" not in read.replace('value="session.began"', "")
    one = ada.text(f"{AUDIT}?on=00000000-0000-0000-0000-000000000007")
    assert one.count("<tr>") == 2
    assert "Nobody did this" in ada.text(f"{AUDIT}?by=nobody")


@pytest.mark.parametrize("query", ["cursor=x", "cursor=0", "by=a&by=b", f"on={'x' * 201}", "more=1", "by=%00"])
def test_a_wrong_filter_is_said_on_a_page(ada: Reader, query: str) -> None:
    answer = ada.get(f"{AUDIT}?{query}")
    assert answer.status_code == 400
    assert answer.mimetype == "text/html"


def test_what_is_done_here_is_in_the_audit(console: ConsoleApp, ada: Reader) -> None:
    user = an_account(console)
    ada.post(USERS, {"email": "mary@example.org", "role": "viewer"})
    ada.post(f"{USERS}/{user.id}/roles", {"role": "editor"})
    ada.post(f"{USERS}/{user.id}/reset")
    ada.post(f"{USERS}/{user.id}/end")
    key = shown(ada.post(KEYS, {"name": "reports", "scope": "read"}), "made-key")
    ada.post(f"{KEYS}/reports/end")
    noted = console.parts.audit.page(50, by="ada@example.org")
    actions = [one.action for one in noted]
    for action in (*("invitation.made", "user.changed", "reset.made", "user.ended", "key.added", "key.ended"),):
        assert actions.count(action) == 1, action
    assert all(one.source == "127.0.0.1" for one in noted)
    assert key not in str(noted)


def a_hook(console: ConsoleApp, url: str = "https://hooks.example.org/catch/17") -> tuple[str, str]:
    """Return the id of a hook and the name of its key."""
    name = f"zapier {uuid4()}"
    who = console.parts.keys.asker(console.parts.keys.add(name, ["export"], None, None))
    assert who is not None
    return str(console.parts.hooks.add(url, [], "signup", who)[0].id), name


def test_owners_see_who_is_called_and_remove_one(console: ConsoleApp, ada: Reader, engine: Engine) -> None:
    assert "No hooks yet" in ada.text(HOOKS)
    key, name = a_hook(console)
    quiet, _ = a_hook(console, "https://quiet.example.org/")
    told = {"is_known": True, "sent_at": "2026-11-29T12:00:00Z", "failed_at": "2026-11-30T12:00:00Z", "why": HOSTILE}
    silent = {"is_known": False, "sent_at": None, "failed_at": None, "why": None}
    console.broker.serve(NOTIFY_QUERIES, {"hooks": lambda _: {"hooks": {key: told, quiet: silent}}})
    page = ada.text(HOOKS)
    assert name in page
    assert "hooks.example.org" in page
    assert "catch/17" not in page, "an address may be a secret"
    assert "whsec_" not in page
    assert HOSTILE not in page
    assert html.escape(HOSTILE) in page
    assert "notify does not know it yet" in page
    answer = ada.post(f"{HOOKS}/{key}/end")
    assert answer.status_code == 303
    assert "removed" in ada.text(HOOKS)
    assert ada.post(f"{HOOKS}/{key}/end").status_code == 303
    assert ada.post(f"{HOOKS}/{uuid4()}/end").status_code == 303
    assert [one.action for one in console.parts.audit.page(9, by="ada@example.org")].count("hook.ended") == 1
    assert [one.is_good(console.parts.clock()) for one in console.parts.hooks.all() if str(one.id) == key] == [False]


def test_the_hooks_stand_there_while_notify_is_away(console: ConsoleApp, ada: Reader) -> None:
    a_hook(console)
    page = ada.text(HOOKS)
    assert "Notify does not answer now" in page
    assert "hooks.example.org" in page
