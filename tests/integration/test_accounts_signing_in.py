"""Signing in by password: one hash for everybody, tries that are limited, and what of it is in the audit."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select

from storage_service.accounts.accounts import accounts_of
from storage_service.accounts.audit import Audit
from storage_service.accounts.passwords import BadPassword, Busy, Hashing
from storage_service.accounts.roles import Grant
from storage_service.accounts.sessions import SESSIONS_MOST
from storage_service.accounts.signing_in import NOBODY, Outcome, SigningIn
from storage_service.accounts.tokens import new_token
from storage_service.accounts.tries import FREE, WAIT_MOST_S, TooMany
from storage_service.tables import ACCOUNTS
from support.accounts import ADMIN, AGENT, OTHER_PASSWORD, PASSWORD, SOURCE, CountedHasher, World, both_at_once
from support.submission_databases import migrated

ADA = "ada@example.org"


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


@pytest.fixture
def signing_in(world: World) -> SigningIn:
    return world.accounts.signing_in


def sign_in(
    world: World, password: str = PASSWORD, email: str = ADA, source: str = SOURCE, device: str | None = None
) -> Outcome | None:
    return world.accounts.signing_in.by_password(email, password, source, device, AGENT)


def signed_in(world: World, **others: str | None) -> Outcome:
    found = sign_in(world, **others)  # type: ignore[arg-type]
    assert found is not None
    return found


def signing_in_while_another_is_set(world: World, key: UUID, old: str, new: str) -> list[Outcome | Exception | None]:
    return both_at_once(lambda: sign_in(world, old), lambda: world.accounts.passwords.set(key, new, ADMIN))


def held_up_s(world: World, **others: str | None) -> int | None:
    """Try with a wrong password, and return for how long one is held up; None where one is not."""
    try:
        assert sign_in(world, "wrong", **others) is None  # type: ignore[arg-type]
    except TooMany as error:
        return error.retry_after_s
    return None


def test_who_has_the_password_is_signed_in(world: World) -> None:
    ada = world.user()
    found = signed_in(world, email=" ADA@example.org")
    assert found.user.id == ada.id
    session = world.accounts.sessions.of(found.session)
    assert session is not None
    assert (session.user.id, session.method) == (ada.id, "password")
    assert world.accounts.devices.knows(found.device, ada.folded)


@pytest.mark.parametrize("email", [ADA, "nobody@example.org", "ended@example.org", "sso@example.org", "no address", ""])
def test_who_is_not_let_in_takes_one_hash_whoever_it_is(world: World, email: str) -> None:
    world.user()
    world.user("sso@example.org", password=None)
    world.accounts.users.end(world.user("ended@example.org").id, ADMIN)
    before = world.hasher.calls
    assert sign_in(world, "no password of anybody", email=email) is None
    assert world.hasher.calls == before + 1


def test_the_password_of_one_is_not_that_of_another(world: World) -> None:
    world.user()
    world.user("bob@example.org", password=OTHER_PASSWORD)
    assert sign_in(world, OTHER_PASSWORD) is None
    assert sign_in(world, "") is None
    assert sign_in(world, PASSWORD + "x" * 1_000_000) is None
    assert sign_in(world, PASSWORD[:-1]) is None


def test_a_password_is_set_and_all_other_sessions_end(world: World) -> None:
    ada = world.user()
    mine, other = world.signed_in(ada), world.signed_in(ada)
    kept = world.accounts.sessions.of(mine)
    assert kept is not None
    with pytest.raises(BadPassword, match="12"):
        world.accounts.passwords.set(ada.id, "short", ADMIN, but=kept.session_id)
    assert world.accounts.sessions.of(other)
    world.accounts.passwords.set(ada.id, OTHER_PASSWORD, ADMIN, but=kept.session_id)
    assert (bool(world.accounts.sessions.of(mine)), bool(world.accounts.sessions.of(other))) == (True, False)
    assert sign_in(world) is None
    assert sign_in(world, OTHER_PASSWORD)
    assert world.accounts.passwords.is_of(ada.id, OTHER_PASSWORD)
    assert not world.accounts.passwords.is_of(ada.id, PASSWORD)
    assert [one.on for one in Audit(world.engine).page(99) if one.action == "password.set"] == [ADA]


def test_who_signs_in_while_a_new_password_is_set_does_not_stay_signed_in(world: World) -> None:
    ada, passwords = world.user(), world.accounts.passwords
    right = passwords.right(ADA, PASSWORD)
    assert right is not None
    passwords.set(ada.id, OTHER_PASSWORD, ADMIN)
    with world.engine.begin() as connection:
        assert not passwords.is_still(connection, right)
    for number in range(5):
        old, new = f"three words of ada {number}", f"three words of ada {number + 1}"
        passwords.set(ada.id, old, ADMIN)
        came = signing_in_while_another_is_set(world, ada.id, old, new)
        assert not [one for one in came if isinstance(one, Exception)], came
        assert world.accounts.sessions.listed(ada.id) == []


def test_many_who_sign_in_to_one_account_at_once_all_do(world: World) -> None:
    ada = world.user()
    first = [signed_in(world) for _ in range(3)]
    world.clock.forward(minutes=2)

    def one(number: int) -> bool:
        if number % 3 == 0:
            return world.accounts.sessions.of(first[number % 9 // 3].session) is not None
        return sign_in(world, source=f"192.0.2.{number}") is not None

    with ThreadPoolExecutor(FREE["account"] - 1) as pool:
        assert all(pool.map(one, range(90)))
    assert len(world.accounts.sessions.listed(ada.id)) == SESSIONS_MOST


def test_one_without_a_password_signs_in_by_none(world: World) -> None:
    ada = world.user()
    world.accounts.passwords.remove(ada.id, ADMIN)
    assert not world.accounts.users.one(ada.id).has_password
    assert sign_in(world) is None
    assert sign_in(world, "") is None


def test_a_password_is_renewed_when_the_parameters_change(world: World) -> None:
    ada = world.user()
    hasher = CountedHasher(time_cost=2)
    newer = accounts_of(world.engine, hashing=Hashing(hasher=hasher), clock=world.clock)

    def kept() -> str:
        with world.engine.connect() as connection:
            found = connection.scalar(select(ACCOUNTS.users.c.password).where(ACCOUNTS.users.c.id == ada.id))
            return str(found)

    before = kept()
    assert newer.signing_in.by_password(ADA, "wrong", SOURCE, None) is None
    assert kept() == before
    assert newer.signing_in.by_password(ADA, PASSWORD, SOURCE, None)
    after = kept()
    assert after != before
    assert not hasher.check_needs_rehash(after)
    assert newer.signing_in.by_password(ADA, PASSWORD, SOURCE, None)
    assert (kept(), hasher.calls) == (after, 4)


def test_tries_are_limited_by_account_with_waits_that_grow(world: World) -> None:
    world.user()
    sources = [f"192.0.2.{number}" for number in range(200)]
    assert [held_up_s(world, source=sources.pop()) for _ in range(FREE["account"])] == [None] * FREE["account"]
    waits = []
    for _ in range(12):
        waits.append(held_up_s(world, source=sources.pop()) or 0)
        world.clock.forward(seconds=waits[-1])
        assert held_up_s(world, source=sources.pop()) is None
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, WAIT_MOST_S, WAIT_MOST_S, WAIT_MOST_S]
    with pytest.raises(TooMany):
        sign_in(world)  # the right one, too: nothing is looked at
    world.clock.forward(days=1)
    assert sign_in(world)


@pytest.mark.parametrize("ahead", [{"seconds": 40}, {"minutes": 20}, {"days": 365}])
def test_a_clock_that_was_ahead_locks_nobody_out(world: World, ahead: dict[str, int]) -> None:
    """Of two consoles one may be ahead, and a machine may begin with a clock that is a year off."""
    world.user()
    for _ in range(FREE["account"] - 1):
        held_up_s(world)
    world.clock.forward(**ahead)
    signed_in(world)
    held_up_s(world, email="nobody@example.org")
    held_up_s(world)
    world.clock.now -= timedelta(**ahead)
    assert held_up_s(world) is None
    assert signed_in(world)


def test_a_clock_that_was_ahead_makes_no_wait_longer(world: World) -> None:
    world.user()
    world.clock.forward(minutes=10)
    for _ in range(FREE["account"]):
        held_up_s(world)
    world.clock.now -= timedelta(minutes=10)
    assert held_up_s(world) == 2


def test_one_who_does_not_exist_is_held_up_alike(world: World) -> None:
    world.user()
    for number in range(FREE["account"] + 2):
        of_ada = held_up_s(world, email=ADA, source=f"192.0.2.{number}")
        of_nobody = held_up_s(world, email="nobody@example.org", source=f"198.51.100.{number}")
        assert of_ada == of_nobody


def test_other_spellings_are_the_same_account(world: World) -> None:
    for number in range(FREE["account"]):
        held_up_s(world, email="a" + "dD"[number % 2] + "a@EXAMPLE.org", source=f"192.0.2.{number}")
    assert held_up_s(world, email=ADA, source="192.0.2.99")


def test_tries_are_limited_by_source(world: World) -> None:
    world.user()
    for number in range(FREE["source"]):
        assert held_up_s(world, email=f"somebody-{number}@example.org", source="2001:db8::7") is None
    assert held_up_s(world, email="one-more@example.org", source="2001:db8:0:0:ffff::1") == 2, "the same network"
    assert held_up_s(world, email="one-more@example.org", source="2001:db8:0:1::1") is None
    assert sign_in(world, source="2001:db8:0:1::1")


def test_a_stranger_does_not_lock_out_a_browser_that_is_known(world: World) -> None:
    world.user()
    device = signed_in(world).device
    for number in range(100):
        held_up_s(world, source=SOURCE if number % 2 else f"198.51.100.{number}")
    assert held_up_s(world) is not None
    again = signed_in(world, device=device)
    assert again.device == device
    assert held_up_s(world) is not None, "and who is not known is still held up"


def test_a_known_browser_has_its_own_limit(world: World) -> None:
    world.user()
    device = signed_in(world).device
    for _ in range(FREE["device"]):
        assert held_up_s(world, device=device) is None
    assert held_up_s(world, device=device) == 2
    world.clock.forward(seconds=2)
    assert sign_in(world, device=device)
    assert held_up_s(world, device=device) is None, "forgiven"


def test_a_browser_is_known_for_its_account_alone(world: World) -> None:
    ada, bob = world.user(), world.user("bob@example.org")
    device = signed_in(world).device
    assert not world.accounts.devices.knows(device, bob.folded)
    his = signed_in(world, email=bob.email, device=device).device
    assert his != device
    for wrong in (None, "", "x", new_token(), device[:-1], device.swapcase()):
        assert not world.accounts.devices.knows(wrong, ada.folded)
    brought = new_token()
    assert signed_in(world, device=brought).device != brought, "nobody brings one of their own"
    world.clock.forward(days=366)
    assert not world.accounts.devices.knows(device, ada.folded)


def test_success_forgives_the_account_but_not_the_other_tries_of_a_source(world: World) -> None:
    world.user()
    for _ in range(FREE["account"] - 1):
        assert held_up_s(world) is None
    assert sign_in(world)
    for _ in range(FREE["account"]):
        assert held_up_s(world) is None
    for number in range(FREE["source"]):
        held_up_s(world, email=f"somebody-{number}@example.org")
    assert held_up_s(world, email="one-more@example.org"), "a success between does not begin anew"


def test_success_counts_for_no_source(world: World) -> None:
    world.user()
    for _ in range(FREE["source"] * 2):
        assert sign_in(world)


def test_of_many_tries_at_once_no_more_get_through(world: World) -> None:
    world.user()

    def one(number: int) -> bool:
        return held_up_s(world, source=f"192.0.2.{number}") is None

    with ThreadPoolExecutor(8) as pool:
        came = list(pool.map(one, range(24)))
    assert came.count(True) <= FREE["account"]


class NoTurn(Hashing):
    """Has no turn for anybody."""

    def is_right(self, password: str, kept: str | None, *, known: bool = False) -> bool:
        raise Busy


def test_a_try_that_was_not_looked_at_is_none(world: World) -> None:
    world.user()
    busy = accounts_of(world.engine, hashing=NoTurn(), clock=world.clock).signing_in
    for _ in range(FREE["source"] + 1):
        with pytest.raises(Busy):
            busy.by_password(ADA, PASSWORD, SOURCE, None)
    assert sign_in(world)


def test_what_was_tried_is_forgotten_and_swept_away(world: World) -> None:
    for number in range(30):
        held_up_s(world, email=f"somebody-{number}@example.org", source=f"192.0.2.{number}")
    world.clock.forward(days=1)
    held_up_s(world)
    with world.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(ACCOUNTS.tries)) == 2


def test_the_audit_says_who_failed_and_never_what_was_typed(world: World) -> None:
    world.user()
    assert sign_in(world, "my secret words") is None
    assert sign_in(world, "x", email="a-password-in-the-wrong-box") is None
    assert sign_in(world)
    began, typed, wrong, *_ = Audit(world.engine).page(9)
    assert (wrong.by, wrong.action, wrong.on, wrong.source) == (ADA, "session.refused", "password", SOURCE)
    assert (typed.by, typed.action) == (NOBODY, "session.refused")
    assert (began.by, began.action) == (ADA, "session.began")
    told = str(Audit(world.engine).page(99))
    assert not [secret for secret in ("my secret words", "wrong-box", PASSWORD) if secret in told]
    with world.engine.connect() as connection:
        assert "wrong-box" not in str(connection.execute(select(ACCOUNTS.tries)).all())


def test_other_ways_are_limited_apart(world: World) -> None:
    for _ in range(FREE["account"]):
        world.accounts.tries.check(ADA, SOURCE, kind="reset")
    with pytest.raises(TooMany):
        world.accounts.tries.check(ADA, SOURCE, kind="reset")
    world.user()
    assert sign_in(world)


def test_roles_are_those_of_the_moment(world: World) -> None:
    world.user("root@example.org")
    world.user(ADA, Grant("viewer"))
    assert signed_in(world).user.grants == (Grant("viewer"),)
