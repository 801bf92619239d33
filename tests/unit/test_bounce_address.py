"""The address that a mail comes back to says which delivery it was, and nobody else can make one."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.links.bounce import LOCAL_MOST, BounceAddress, BounceTokens

TOKENS = BounceTokens("a secret")
ID = UUID("5b1f0e0e-3c5c-5a56-9f3e-8d2f1a7c4b60")


@given(st.uuids())
def test_a_token_is_read_back_in_whatever_case(delivery: UUID) -> None:
    token = TOKENS.sign(delivery)
    assert TOKENS.read(token) == TOKENS.read(token.upper()) == TOKENS.read(token.title()) == delivery
    assert len(token) == 40


@given(st.integers(0, 39), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_token_that_was_changed_is_none(at: int, letter: str) -> None:
    token = TOKENS.sign(ID)
    changed = token[:at] + letter + token[at + 1 :]
    assert TOKENS.read(changed) == (ID if changed == token else None)


@pytest.mark.parametrize("token", ["", "a", "1" * 40, "ä" * 40, "\u212a" * 40, "a" * 41, " " * 40])
def test_what_is_no_token_is_none(token: str) -> None:
    assert TOKENS.read(token) is None


def test_another_installations_token_is_none() -> None:
    assert BounceTokens("another secret").read(TOKENS.sign(ID)) is None


def test_the_address_of_a_delivery_fits_and_is_found_in_a_text() -> None:
    address = BounceAddress(f"{'B' * LOCAL_MOST}@Forms.example.org")
    made = address.of(TOKENS.sign(ID))
    assert len(made.rpartition("@")[0]) == 64
    assert list(address.tokens_in(f"<{made}>, {made.upper()}; x{made} {made}.net")) == [
        TOKENS.sign(ID),
        TOKENS.sign(ID).upper(),
    ]


@pytest.mark.parametrize(
    "address",
    [
        *("", "bounces", "@example.org", "bounces@", "a+b@example.org", "a b@example.org", "a@b@example.org"),
        *(
            "bounces@exa mple.org",
            "bounces@example..org",
            f"{'b' * (LOCAL_MOST + 1)}@example.org",
            "b@example.org\r\n.x",
        ),
        *("bölk@example.org", "bounces@exämple.org", "B <bounces@example.org>"),
    ],
)
def test_an_address_that_no_token_fits_into_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"expected an address such as bounces@example\.org"):
        BounceAddress(address)


def test_two_deliveries_have_two_addresses() -> None:
    assert TOKENS.sign(uuid4()) != TOKENS.sign(uuid4())
