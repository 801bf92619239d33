"""Which passwords are taken, and how they are hashed: always once, and two at once."""

from __future__ import annotations

import threading
from typing import Literal

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from storage_service.accounts.passwords import Busy, Hashing
from storage_service.accounts.passwords.hashing import NOBODYS
from storage_service.accounts.passwords.quality import LENGTH_MOST, Quality
from support.accounts import CountedHasher

EMAIL = "ada.lovelace@example.org"


@pytest.fixture(scope="module")
def quality() -> Quality:
    return Quality()


@pytest.mark.parametrize(
    "text",
    [
        "correct horse battery",
        "three words of ada",
        "пароль из трёх слов",
        "密码密码我们去公园玩吧今天",
        "x" * 8 + "\N{GRINNING FACE}abc",
        " leading and trailing ",
        "a" * 500 + "bcd",
        "7f3c9a1e5b2d8c40",
    ],
)
def test_what_is_taken(quality: Quality, text: str) -> None:
    assert quality.problem_with(text, EMAIL) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "at least 12"),
        ("eleven char", "at least 12"),
        ("x" * (LENGTH_MOST + 1), "at most"),
        ("x" * 10_000_000, "at most"),
        ("nul\x00 is no text at all", "no text"),
        ("half of a pair \ud800", "no text"),
        ("password1234", "many people"),
        ("PASSWORD1234", "many people"),
        ("liverpool2026!", "many people"),
        ("123456789012", "many people"),
        ("1qaz2wsx3edc", "many people"),
        ("aaaaaaaaaaaa", "many people"),
        ("abababababab", "many people"),
        ("ada.lovelace@example.org", "your address"),
        ("ADA.LOVELACE@EXAMPLE.ORG", "your address"),
        ("ada.lovelace2026", "your address"),
    ],
)
def test_what_is_not_and_why(quality: Quality, text: str, why: str) -> None:
    problem = quality.problem_with(text, EMAIL)
    assert problem is not None
    assert why in problem
    assert not text or len(text) > 40 or text not in problem


def test_it_is_hashed_as_owasp_has_it() -> None:
    kept = Hashing().hash("three words of ada")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert Hashing().is_right("three words of ada", kept)
    assert not Hashing().is_right("three words of Ada", kept)


def test_what_nobody_has_is_compared_by_a_whole_hash() -> None:
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(NOBODYS, "x")
    assert not PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).check_needs_rehash(NOBODYS)


def test_another_keyboard_sends_the_same_password() -> None:
    hashing = Hashing(hasher=CountedHasher())
    kept = hashing.hash("drei Wo\u0308rter von mir")
    assert hashing.is_right("drei Wörter von mir", kept)


@pytest.mark.parametrize("kept", [None, "", "no hash", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"])
def test_it_is_one_hash_whatever_is_kept(kept: str | None) -> None:
    hasher = CountedHasher()
    assert not Hashing(hasher=hasher).is_right("three words of ada", kept)
    assert hasher.calls == 1


def test_what_is_no_text_is_wrong_and_no_failure() -> None:
    assert not Hashing(hasher=CountedHasher()).is_right("\ud800", None)


class Held(CountedHasher):
    """Hashes once it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may_go_on = threading.Semaphore(0), threading.Event()

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - its name
        self.begun.release()
        self.may_go_on.wait(10)
        return super().verify(hash, password)


def test_strangers_wait_for_each_other_and_never_hold_up_who_is_known() -> None:
    hasher = Held()
    hashing = Hashing(wait_s=0.05, hasher=hasher)
    stranger = threading.Thread(target=hashing.is_right, args=("x", None))
    stranger.start()
    assert hasher.begun.acquire(timeout=10)
    with pytest.raises(Busy) as refused:
        hashing.is_right("x", None)
    assert refused.value.retry_after_s >= 1
    known = threading.Thread(target=hashing.is_right, args=("x", None), kwargs={"known": True})
    known.start()
    assert hasher.begun.acquire(timeout=10), "whoever is known has a turn of their own"
    with pytest.raises(Busy):
        hashing.hash("x")
    hasher.may_go_on.set()
    stranger.join(10)
    known.join(10)
    assert not hashing.is_right("x", None), "and then it goes on"
    assert hasher.calls == 3
