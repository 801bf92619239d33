from __future__ import annotations

from datetime import timedelta

import pytest

from notify_service.recipients import Cap, parse_cap, recipient_hash


@pytest.mark.parametrize(
    ("text", "cap"),
    [
        ("20/day", Cap(20, timedelta(days=1))),
        ("5/hour", Cap(5, timedelta(hours=1))),
        ("1/minute", Cap(1, timedelta(minutes=1))),
        ("none", None),
    ],
)
def test_a_cap_is_a_number_and_a_period_or_none(text: str, cap: Cap | None) -> None:
    assert parse_cap(text) == cap


@pytest.mark.parametrize("text", ["", "20", "0/day", "-1/day", "20/week", "20 / day", "20/DAY", "1.5/day", "٣/day"])
def test_what_is_no_cap_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 20/day"):
        parse_cap(text)


@pytest.mark.parametrize(
    "other",
    ["Ada@Example.org", " ada@example.org ", "ada+list@example.org", "ada+a+b@EXAMPLE.ORG"],
)
def test_the_addresses_of_one_mailbox_are_one_recipient(other: str) -> None:
    assert recipient_hash(other) == recipient_hash("ada@example.org")


def test_a_domain_in_either_spelling_is_one_recipient() -> None:
    assert recipient_hash("ada@bücher.example") == recipient_hash("ada@xn--bcher-kva.example")


@pytest.mark.parametrize("other", ["bob@example.org", "ada@example.com", "+ada@example.org", "a.da@example.org"])
def test_other_mailboxes_are_other_recipients(other: str) -> None:
    assert recipient_hash(other) != recipient_hash("ada@example.org")


@pytest.mark.parametrize("odd", ["", "@", "ada", "ada@" + "x" * 70 + ".org", "ada@exa mple..org", "\ud800@example.org"])
def test_what_is_no_address_is_a_recipient_all_the_same(odd: str) -> None:
    assert len(recipient_hash(odd)) == 64
