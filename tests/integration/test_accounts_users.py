"""Accounts: made, found by their address, changed and ended; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select

from storage_service.accounts.asker import Asker
from storage_service.accounts.audit import Audit
from storage_service.accounts.keys import Keys
from storage_service.accounts.roles import BadGrants, Grant
from storage_service.accounts.user import asker_of
from storage_service.accounts.users import AddressTaken, BadZone, LastOwner, NotFound, Users
from storage_service.tables import ACCOUNTS
from support.accounts import ADMIN, World, both_at_once
from support.submission_databases import migrated


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def users(world: World) -> Users:
    return world.accounts.users


def noted(engine: Engine) -> list[tuple[str, str | None]]:
    return [(one.action, one.on) for one in reversed(Audit(engine).page(99))]


def test_an_account_is_found_by_any_spelling_of_its_address(users: Users, world: World) -> None:
    assert not users.has_owner()
    made = users.add("Ada@Example.org", [Grant("owner"), Grant("viewer", "gone-from-the-file")], ADMIN)
    assert users.has_owner()
    assert users.by_email(" ADA@example.ORG ") == users.one(made.id) == made
    assert (made.email, made.folded) == ("Ada@example.org", "ada@example.org")
    assert (made.created_at, made.has_password, made.passkeys) == (world.clock.now, False, 0)
    assert users.by_email("nobody@example.org") is None
    with pytest.raises(NotFound):
        users.one(uuid4())


def test_there_is_one_account_of_an_address(users: Users, engine: Engine) -> None:
    users.add("ada@example.org", [Grant("viewer")], ADMIN)
    with pytest.raises(AddressTaken):
        users.add("ADA@example.org", [Grant("owner")], ADMIN)
    assert [one.grants for one in users.listed()] == [(Grant("viewer"),)]
    assert noted(engine) == [("user.added", "ada@example.org: viewer")]


def test_of_two_who_add_one_address_at_once_one_does(users: Users) -> None:
    came = both_at_once(*(lambda: users.add("ada@example.org", [Grant("viewer")], ADMIN) for _ in range(2)))
    assert [type(one) for one in came].count(AddressTaken) == 1
    assert len(users.listed()) == 1


def test_nobody_is_called_as_a_key_that_opens_something(users: Users, engine: Engine) -> None:
    keys = Keys(engine)
    keys.add("Ada@example.org", ["read"], None, None)  # as it could be called before there were accounts
    with pytest.raises(AddressTaken):
        users.add("ada@example.org", [Grant("owner")], ADMIN)
    keys.end("Ada@example.org")
    users.add("ada@example.org", [Grant("owner")], ADMIN)


def test_roles_change_and_it_is_noted_once(users: Users, engine: Engine, world: World) -> None:
    world.user()
    bob = world.user("bob@example.org", Grant("viewer"))
    changed = users.change_grants(bob.id, [Grant("editor", "contact")], ADMIN)
    assert changed.grants == users.one(bob.id).grants == (Grant("editor", "contact"),)
    users.change_grants(bob.id, [Grant("editor", "contact")], ADMIN)
    assert noted(engine)[2:] == [("user.changed", "bob@example.org: editor:contact")]
    for wrong in ([], [Grant("viewer", f"f{number}") for number in range(101)]):
        with pytest.raises(BadGrants):
            users.change_grants(bob.id, wrong, ADMIN)


def test_the_last_owner_is_neither_ended_nor_made_less(users: Users, world: World) -> None:
    ada, bob = world.user(), world.user("bob@example.org", Grant("owner", "contact"))
    for _ in range(2):
        with pytest.raises(LastOwner):
            users.end(ada.id, ADMIN)
        with pytest.raises(LastOwner):
            users.change_grants(ada.id, [Grant("owner", "contact"), Grant("editor")], ADMIN)
        users.change_grants(ada.id, [Grant("owner"), Grant("viewer", "contact")], ADMIN)
    users.change_grants(bob.id, [Grant("owner")], ADMIN)
    users.end(ada.id, ADMIN)
    with pytest.raises(LastOwner):
        users.end(bob.id, ADMIN)


def test_whom_an_ended_owner_has_invited_is_not_let_in(users: Users, world: World) -> None:
    ada, bob, links = world.user(), world.user("bob@example.org"), world.accounts.links
    theirs = links.make("invitation", "eve@example.org", [Grant("owner")], asker_of(bob, None))
    others = links.make("invitation", "mallory@example.org", [Grant("viewer")], asker_of(ada, None))
    users.end(bob.id, asker_of(ada, None))
    assert links.look(theirs, "invitation") is None
    assert links.look(others, "invitation") is not None


def test_two_owners_who_end_each_other_at_once_leave_one(users: Users, world: World) -> None:
    ada, bob = world.user(), world.user("bob@example.org")
    came = both_at_once(lambda: users.end(ada.id, ADMIN), lambda: users.end(bob.id, ADMIN))
    assert sorted(type(one).__name__ for one in came) == ["LastOwner", "NoneType"]
    assert users.has_owner()


def test_two_owners_who_make_each_other_less_at_once_leave_one(users: Users, world: World) -> None:
    ada, bob = world.user(), world.user("bob@example.org")
    came = both_at_once(
        lambda: users.change_grants(ada.id, [Grant("viewer")], ADMIN),
        lambda: users.change_grants(bob.id, [Grant("viewer")], ADMIN),
    )
    assert [type(one) for one in came].count(LastOwner) == 1
    assert users.has_owner()


def test_an_account_that_has_ended_signs_in_by_nothing_and_stays_for_the_trails(users: Users, world: World) -> None:
    world.user()
    bob = world.user("bob@example.org", Grant("viewer"))
    session = world.signed_in(bob)
    reset = world.accounts.links.make("reset", bob.email, (), ADMIN)
    users.end(bob.id, ADMIN)
    assert world.accounts.sessions.of(session) is None
    assert world.accounts.links.look(reset, "reset") is None
    assert users.by_email(bob.email) is None
    assert users.one(bob.id).ended_at == world.clock.now
    assert [one.email for one in users.listed()] == ["ada@example.org", "bob@example.org"]
    for change in (
        lambda: users.end(bob.id, ADMIN),
        lambda: users.change_grants(bob.id, [Grant("owner")], ADMIN),
        lambda: users.set_time_zone(bob.id, "UTC"),
    ):
        with pytest.raises(NotFound):
            change()
    again = world.user("BOB@example.org", Grant("editor"))
    assert again.id != bob.id
    assert len(users.listed()) == 3


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", None])
def test_a_time_zone_is_kept(users: Users, world: World, zone: str | None) -> None:
    ada = world.user()
    users.set_time_zone(ada.id, zone)
    assert users.one(ada.id).time_zone == zone


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "x" * 10_000, "a\x00b"])
def test_what_is_no_time_zone_is_refused(users: Users, world: World, zone: str) -> None:
    ada = world.user()
    with pytest.raises(BadZone, match="expected a time zone"):
        users.set_time_zone(ada.id, zone)


def test_what_is_not_noted_is_not_done(users: Users, engine: Engine) -> None:
    with pytest.raises(Exception, match="database"):
        users.add("ada@example.org", [Grant("owner")], Asker("x", frozenset(), source=object()))  # type: ignore[arg-type]
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(ACCOUNTS.users)) == 0
