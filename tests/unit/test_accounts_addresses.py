"""Mail addresses of accounts, and when two are the same."""

from __future__ import annotations

import pytest

from storage_service.accounts.addresses import BadAddress, address_of, folded_or_not


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@example.org", "Ada@EXAMPLE.org"),
        ("ada@example.org", " ada@example.org\n"),
        ("ada@bücher.example", "ADA@xn--bcher-kva.example"),
        ("straße@example.org", "STRASSE@example.org"),
        ("ada\u0301@example.org", "adá@example.org"),
    ],
)
def test_two_spellings_are_one_address(one: str, other: str) -> None:
    assert address_of(one).folded == address_of(other).folded == folded_or_not(other)


def test_it_is_shown_as_it_was_written() -> None:
    assert address_of("Ada.Lovelace@Example.org").shown == "Ada.Lovelace@example.org"
    assert address_of("ada@intranet").shown == "ada@intranet"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "ada@@example.org",
        "ada@example.org\nbcc: x@example.org",
        "ada@example.org\x00",
        "ada@exa mple.org",
        "Ada <ada@example.org>",
        '"ada lovelace"@example.org',
        "ada\ud800@example.org",
        "a" * 400 + "@example.org",
        "x" * 1_000_000,
    ],
)
def test_what_is_no_address_is_refused_and_compared_all_the_same(wrong: str) -> None:
    with pytest.raises(BadAddress, match="expected a mail address"):
        address_of(wrong)
    assert len(folded_or_not(wrong)) <= 1000
