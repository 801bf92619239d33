"""Sessions: whose one is, how long it goes on, and what ends it; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select

from storage_service.accounts.audit import Audit
from storage_service.accounts.roles import Grant
from storage_service.accounts.sessions import SESSIONS_MOST, Sessions
from storage_service.tables import ACCOUNTS
from support.accounts import ADMIN, AGENT, SOURCE, World
from support.submission_databases import migrated


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def sessions(world: World) -> Sessions:
    return world.accounts.sessions


def test_a_session_is_known_by_its_token_of_which_a_hash_is_kept(sessions: Sessions, world: World) -> None:
    ada = world.user()
    token = sessions.begin(ada, SOURCE, AGENT, "password")
    found = sessions.of(token, SOURCE)
    assert found is not None
    assert (found.user.id, found.method, found.began_at) == (ada.id, "password", world.clock.now)
    assert len(token) == 43
    with world.engine.connect() as connection:
        assert token not in str(connection.execute(select(ACCOUNTS.sessions)).all())
    for wrong in ("", token[:-1], token + "x", token.swapcase(), "é" * 43, "x" * 1_000_000, "\x00"):
        assert sessions.of(wrong) is None


def test_each_sign_in_has_a_token_of_its_own(sessions: Sessions, world: World) -> None:
    ada = world.user()
    tokens = {world.signed_in(ada) for _ in range(5)}
    assert len(tokens) == 5
    assert all(sessions.of(token) for token in tokens)


def test_it_ends_twelve_hours_after_it_was_seen(sessions: Sessions, world: World) -> None:
    token = world.signed_in(world.user())
    for _ in range(3):
        world.clock.forward(hours=12, seconds=-1)
        assert sessions.of(token)
    world.clock.forward(hours=12)
    assert sessions.of(token) is None
    assert sessions.listed() == []


def test_it_ends_fourteen_days_after_it_began(sessions: Sessions, world: World) -> None:
    token = world.signed_in(world.user())
    for _ in range(14 * 4 - 1):
        world.clock.forward(hours=6)
        assert sessions.of(token)
    world.clock.forward(hours=6)
    assert sessions.of(token) is None


def test_that_it_was_seen_is_written_once_a_minute(sessions: Sessions, world: World) -> None:
    ada = world.user()
    token = world.signed_in(ada)
    began = world.clock.now
    world.clock.forward(seconds=59)
    sessions.of(token, "192.0.2.8")
    assert sessions.listed()[0].seen_at == began
    world.clock.forward(seconds=1)
    sessions.of(token, "192.0.2.9")
    seen = sessions.listed()[0]
    assert (seen.seen_at, seen.source, seen.began_at) == (world.clock.now, "192.0.2.9", began)
    assert world.accounts.users.one(ada.id).last_seen_at == world.clock.now


def test_roles_count_from_the_next_request_on(sessions: Sessions, world: World) -> None:
    world.user()
    bob = world.user("bob@example.org", Grant("editor"))
    token = world.signed_in(bob)
    world.accounts.users.change_grants(bob.id, [Grant("viewer")], ADMIN)
    found = sessions.of(token)
    assert found is not None
    assert found.user.grants == (Grant("viewer"),)


def test_one_is_ended_and_the_others_go_on(sessions: Sessions, world: World) -> None:
    ada, bob = world.user(), world.user("bob@example.org")
    first, second, his = (world.signed_in(user) for user in (ada, ada, bob))
    key = sessions.of(first)
    assert key is not None
    assert not sessions.end(key.session_id, ADMIN, of=bob.id), "not his"
    assert sessions.end(key.session_id, ADMIN, of=ada.id)
    assert not sessions.end(key.session_id, ADMIN)
    assert not sessions.end(uuid4(), ADMIN)
    assert [bool(sessions.of(token)) for token in (first, second, his)] == [False, True, True]
    assert [one.user_id for one in sessions.listed(ada.id)] == [ada.id]


def test_all_but_one_are_ended(sessions: Sessions, world: World) -> None:
    ada, bob = world.user(), world.user("bob@example.org")
    mine, *others = (world.signed_in(ada) for _ in range(3))
    his, kept = world.signed_in(bob), sessions.of(mine)
    assert kept is not None
    assert sessions.end_all(ada.id, ADMIN, but=kept.session_id) == 2
    assert [bool(sessions.of(token)) for token in (mine, *others, his)] == [True, False, False, True]
    assert sessions.end_all(ada.id, ADMIN) == 1
    assert sessions.of(mine) is None


def test_they_are_listed_with_what_tells_them_apart(sessions: Sessions, world: World) -> None:
    ada = world.user()
    world.signed_in(ada, "passkey")
    world.clock.forward(minutes=5)
    sessions.begin(ada, "2001:db8::7", "x" * 9999 + "\n", "oidc")
    newest, oldest = sessions.listed(ada.id)
    assert (newest.method, newest.source, newest.agent) == ("oidc", "2001:db8::7", "x" * 200)
    assert (oldest.method, oldest.source, oldest.agent) == ("passkey", SOURCE, AGENT)


def test_an_account_has_so_many_and_the_oldest_makes_room(sessions: Sessions, world: World) -> None:
    ada, bob = world.user(), world.user("bob@example.org")
    his, first = world.signed_in(bob), world.signed_in(ada)
    for _ in range(SESSIONS_MOST):
        world.clock.forward(seconds=1)
        world.signed_in(ada)
    assert sessions.of(first) is None
    assert sessions.of(his)
    assert len(sessions.listed(ada.id)) == SESSIONS_MOST


def test_what_has_ended_by_itself_is_swept_away(sessions: Sessions, world: World) -> None:
    ada, bob = world.user(), world.user("bob@example.org")
    world.signed_in(ada)
    world.clock.forward(days=15)
    world.signed_in(bob)
    with world.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(ACCOUNTS.sessions)) == 1


def test_what_begins_and_ends_is_in_the_audit_without_its_token(sessions: Sessions, world: World) -> None:
    ada = world.user()
    token = world.signed_in(ada)
    key = sessions.of(token)
    assert key is not None
    sessions.end(key.session_id, ADMIN)
    ended, began, *_ = Audit(world.engine).page(9)
    assert (began.by, began.action, began.on, began.source) == (ada.email, "session.began", "password", SOURCE)
    assert (ended.by, ended.action, ended.on) == (ADMIN.name, "session.ended", f"session {key.session_id}")
    assert token not in str(Audit(world.engine).page(9))


def test_many_who_sign_in_at_once_do_not_hinder_each_other(sessions: Sessions, world: World) -> None:
    people = [world.user(f"ada{number}@example.org") for number in range(3)]
    for _ in range(8):
        for one in people:
            world.signed_in(one)
    world.clock.forward(days=15)  # what all of these left is swept away by whoever comes first
    with ThreadPoolExecutor(6) as pool:
        tokens = list(pool.map(lambda number: world.signed_in(people[number % 3]), range(60)))
    assert all(sessions.of(token) for token in tokens)
