from __future__ import annotations

import pytest

from notify_service.channels.mail.mailboxes import destination_hash
from shared.mailboxes import recipient_hash
from support.events import an_event


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@example.org", "Ada@Example.org"),
        ("ada@example.org", " ada@example.org "),
        ("ada@example.org", "ada+list@example.org"),
        ("ada@example.org", "ada+a+b@EXAMPLE.ORG"),
        ("ada@example.org", "ada@example.org."),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@bücher.example", "ada@BÜCHER.example"),
        ("ada@bücher.example", "ada@bu\u0308cher.example"),
        ("ada@straße.de", "ada@xn--strae-oqa.de"),
        ("ada@例え.jp", "ada@例え。jp"),
        ("adalovelace@gmail.com", "a.d.a.lovelace@gmail.com"),
        ("adalovelace@gmail.com", "Ada.Lovelace+x@GoogleMail.com"),
        ("adalovelace@gmail.com", "adalovelace@googlemail.com"),
    ],
)
def test_the_addresses_of_one_mailbox_are_one_recipient(one: str, other: str) -> None:
    assert recipient_hash(one) == recipient_hash(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@example.org", "bob@example.org"),
        ("ada@example.org", "ada@example.com"),
        ("ada@example.org", "+ada@example.org"),
        ("ada@example.org", "a.da@example.org"),
        ("ada@straße.de", "ada@strasse.de"),
        ("ada@faß.de", "ada@fass.de"),
        ("straße@example.org", "strasse@example.org"),
        ("a.da@mail.gmail.com", "ada@mail.gmail.com"),
    ],
)
def test_other_mailboxes_are_other_recipients(one: str, other: str) -> None:
    assert recipient_hash(one) != recipient_hash(other)
    event = an_event()
    assert destination_hash(event.id, one) != destination_hash(event.id, other)


@pytest.mark.parametrize(
    "odd",
    [
        *(
            "",
            "@",
            "ada",
            "ada@" + "x" * 70 + ".org",
            "ada@exa mple..org",
            "\ud800@example.org",
            "ada@ü..x",
            "ada@\ud800",
        ),
        "ada@" + "a\u0301\u0316" * 40_000,
    ],
    ids=range(9),
)
def test_what_is_no_address_is_a_recipient_all_the_same(odd: str) -> None:
    assert len(recipient_hash(odd)) == 64
