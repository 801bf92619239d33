"""Accounts for tests: quick hashes that are counted, a clock that goes on as told, and people."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Literal, TypeVar

from argon2 import PasswordHasher
from sqlalchemy import Engine

from storage_service.accounts.accounts import Accounts, accounts_of
from storage_service.accounts.asker import SCOPES, Asker
from storage_service.accounts.joining import SetupToken
from storage_service.accounts.passwords import Hashing
from storage_service.accounts.roles import Grant
from storage_service.accounts.user import User

PASSWORD = "three words of ada"
OTHER_PASSWORD = "four other words now"
ADMIN = Asker("command: root", frozenset(SCOPES))
SOURCE = "192.0.2.7"
AGENT = "Mozilla/5.0 (X11; Linux x86_64)"

R = TypeVar("R")


class CountedHasher(PasswordHasher):
    """Hashes quickly, and counts each call of argon2."""

    def __init__(self, time_cost: int = 1) -> None:
        super().__init__(time_cost=time_cost, memory_cost=8, parallelism=1)
        self.calls = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.calls += 1
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - its name
        self.calls += 1
        return super().verify(hash, password)


@dataclass
class Clock:
    """A clock that goes on as told."""

    now: datetime = datetime(2026, 11, 29, 18, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        """Let so much time pass: `hours=12`."""
        self.now += timedelta(**time)


class World:
    """The accounts of a database, with what tests look at."""

    def __init__(self, engine: Engine, setup: SetupToken | None = None) -> None:
        self.engine = engine
        self.clock = Clock()
        self.hasher = CountedHasher()
        hashing = Hashing(hasher=self.hasher)
        self.accounts: Accounts = accounts_of(engine, lambda: setup, hashing=hashing, clock=self.clock)

    def user(self, email: str = "ada@example.org", *grants: Grant, password: str | None = PASSWORD) -> User:
        """Make an account, of an owner where nothing else is said."""
        kept = None if password is None else self.hasher.hash(password)
        return self.accounts.users.add(email, grants or (Grant("owner"),), ADMIN, password=kept)

    def signed_in(self, user: User, method: str = "password") -> str:
        """Sign somebody in, and return the session's token."""
        return self.accounts.sessions.begin(user, SOURCE, AGENT, method)


def both_at_once(first: Callable[[], R], second: Callable[[], R]) -> list[R | Exception]:
    """Do two things at the same time, and return what came of each."""
    ready = Barrier(2)

    def one(do: Callable[[], R]) -> R | Exception:
        ready.wait(10)
        try:
            return do()
        except Exception as error:  # noqa: BLE001 - which one is what a test asks
            return error

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, (first, second)))
