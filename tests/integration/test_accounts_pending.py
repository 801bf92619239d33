"""What must come back once, and the secrets that all consoles have in common; on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, func, select

from storage_service.accounts.pending import Pending
from storage_service.accounts.secrets import one_secret
from storage_service.accounts.tokens import new_token
from storage_service.tables import ACCOUNTS
from support.accounts import Clock, both_at_once
from support.submission_databases import migrated


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as made:
        yield made


def test_it_comes_back_once_and_to_its_kind(engine: Engine) -> None:
    pending = Pending(engine)
    token = pending.keep("oidc", {"state": "é\u2028", "nested": {"n": 1}}, 60)
    assert pending.take("passkey", token) is None
    assert pending.take("oidc", new_token()) is None
    assert pending.take("oidc", "x" * 100_000) is None
    assert pending.take("oidc", token) == {"state": "é\u2028", "nested": {"n": 1}}
    assert pending.take("oidc", token) is None


def test_of_two_who_take_it_at_once_one_does(engine: Engine) -> None:
    pending = Pending(engine)
    token = pending.keep("oidc", {"state": 1}, 60)
    assert sorted(map(str, both_at_once(*(lambda: pending.take("oidc", token) for _ in range(2))))) == [
        "None",
        "{'state': 1}",
    ]


def test_it_is_too_late_after_its_time(engine: Engine) -> None:
    clock = Clock()
    pending = Pending(engine, clock=clock)
    first, second = (pending.keep("oidc", {}, 60) for _ in range(2))
    clock.forward(seconds=59)
    assert pending.take("oidc", first) == {}
    clock.forward(seconds=1)
    assert pending.take("oidc", second) is None


def test_there_are_so_many_and_what_ends_first_makes_room(engine: Engine) -> None:
    clock = Clock()
    pending = Pending(engine, clock=clock, most=3)
    tokens = list[str]()
    for number in range(5):
        clock.forward(seconds=1)
        tokens.append(pending.keep("oidc", {"n": number}, 60))
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(ACCOUNTS.pending)) == 3
    assert [pending.take("oidc", token) for token in tokens] == [None, None, {"n": 2}, {"n": 3}, {"n": 4}]


def test_many_at_once_make_room_without_hindering_each_other(engine: Engine) -> None:
    clock = Clock()
    pending = Pending(engine, clock=clock, most=5)

    def one(number: int) -> str:
        clock.forward(seconds=1)
        return pending.keep("oidc", {"n": number}, 5 + number % 7)

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(one, range(90)))) == 90


def test_too_much_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="8192"):
        Pending(engine).keep("oidc", {"x": "x" * 9000}, 60)


def test_a_secret_is_made_once_for_all(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: one_secret(engine, "pages"), range(8)))
    assert len(found) == 1
    assert one_secret(engine, "other") not in found
    assert all(len(one) == 32 for one in found)
