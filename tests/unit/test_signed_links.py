"""A token of a link is what was signed, to the letter, for one purpose and by one secret."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.links import signing
from shared.links.opt_in import LINK_GOOD_FOR, OptInLink, OptInLinks, recipient_of
from shared.links.signing import TOKEN_MOST, Signer
from support.events import WRITTEN_AT

SECRET = "a secret of thirty-two characters"
PURPOSES = (signing.OPT_IN, signing.UNSUBSCRIBE, signing.BOUNCE, signing.SUPPRESSION)
LINK = OptInLink(uuid4(), "signup", WRITTEN_AT, WRITTEN_AT + LINK_GOOD_FOR, recipient_of("ada@example.org"))


def test_a_link_is_read_as_it_was_signed() -> None:
    token = OptInLinks(SECRET).sign(LINK)
    assert OptInLinks(SECRET).read(token) == LINK
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
    assert (LINK.expires_at - LINK.accepted_at).days == 7


def test_a_token_is_good_for_its_secret_and_its_purpose_alone() -> None:
    content = OptInLinks(SECRET).sign(LINK).rpartition(".")[0]
    assert OptInLinks("another secret").read(OptInLinks(SECRET).sign(LINK)) is None
    tokens = {Signer(SECRET, purpose).sign(content) for purpose in PURPOSES}
    assert len(tokens) == len(PURPOSES)
    assert [token for token in tokens if Signer(SECRET, signing.OPT_IN).read(token)] == [OptInLinks(SECRET).sign(LINK)]


@pytest.mark.parametrize("token", ["", ".", "x", "x.y", "ü.ü", "\ud800", "a" * (TOKEN_MOST + 1), "\x00.\x00"])
def test_what_is_no_token_is_none(token: str) -> None:
    assert Signer(SECRET, signing.OPT_IN).read(token) is None
    assert OptInLinks(SECRET).read(token) is None


@given(st.integers(0, 200), st.characters())
def test_a_token_with_another_letter_is_none(at: int, letter: str) -> None:
    token = OptInLinks(SECRET).sign(LINK)
    changed = token[:at] + letter + token[at + 1 :]
    assert (OptInLinks(SECRET).read(changed) is None) == (changed != token)


@pytest.mark.parametrize("change", [{"expires_at": datetime(2030, 1, 1, tzinfo=UTC)}, {"recipient": "0" * 16}])
def test_nothing_in_a_token_can_be_changed(change: dict[str, datetime | str]) -> None:
    links = OptInLinks(SECRET)
    signature = links.sign(LINK).rpartition(".")[2]
    content = links.sign(replace(LINK, **change)).rpartition(".")[0]  # type: ignore[arg-type]  # as its name says
    assert links.read(f"{content}.{signature}") is None


def test_an_address_has_one_mark_however_it_is_written() -> None:
    assert recipient_of("Ada@Example.org") == recipient_of("ada@example.org")
    assert recipient_of("ada+news@example.org") != recipient_of("ada@example.org"), "it may be somebody else's"
    assert recipient_of("A.da+news@googlemail.com") == recipient_of("ada@gmail.com")
    assert recipient_of("bob@example.org") != recipient_of("ada@example.org")
    assert len(recipient_of("ada@example.org")) == 16
