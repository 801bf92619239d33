"""Which mailboxes a text names."""

from __future__ import annotations

from typing import Any

import pytest

from shared.mailboxes import NAMED_MOST, addresses_in, exact_mailbox_of, mailbox_of, mailboxes_in


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("Ada+news@Example.ORG", "ada@example.org"),
        ("a.d.a@googlemail.com", "ada@gmail.com"),
        ("ada@Bücher.example.", "ada@xn--bcher-kva.example"),
        ("+x@example.org", "+x@example.org"),
    ],
)
def test_a_mailbox_has_one_name(address: str, mailbox: str) -> None:
    assert mailbox_of(address) == mailbox
    assert mailbox_of(mailbox) == mailbox


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("ada@example.org", ["ada@example.org"]),
        ("Write to Ada <Ada@Example.org>, please", ["ada@example.org"]),
        ("mailto:ada@example.org?subject=x", ["ada@example.org"]),
        ("It's 'ada@example.org'. Or ada.b@example.org...", ["ada@example.org", "ada.b@example.org"]),
        ("(ada@example.org;bob@example.org)", ["ada@example.org", "bob@example.org"]),
        ("o'neil@example.org", ["o'neil@example.org"]),
        ("ada.@example.org and b..b@example.org", ["ada.@example.org", "b..b@example.org"]),
        ("ada@例え.jp", ["ada@xn--r8jz45g.jp"]),
        ("https://example.org/?for=ada@example.org&x=1", ["//example.org/?for=ada@example.org", "ada@example.org"]),
        ("no address @ all, not @ada, not ada@", []),
    ],
)
def test_a_text_names_mailboxes(text: str, named: list[str]) -> None:
    assert mailboxes_in(text) == named


@pytest.mark.parametrize(
    "text", ["連絡先はada@example.orgです", "ada@example.org、bob@example.org", "ada@example.org。"]
)
def test_an_address_ends_where_another_script_begins(text: str) -> None:
    assert "ada@example.org" in mailboxes_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "„ada@example.org“",
        "“ada@example.org”",
        "\u2018ada@example.org\u2019",
        "»ada@example.org«",
        "«ada@example.org»",
        "Ada—ada@example.org—called",
        "ada@example.org…",
        "•ada@example.org•",
        "→ada@example.org",
        "¿ada@example.org?",
        "*ada@example.org*",
        "`ada@example.org`",
        "{ada@example.org}",
    ],
)
def test_an_address_stands_between_the_signs_that_people_write(text: str) -> None:
    assert "ada@example.org" in mailboxes_in(text)


def test_another_letter_before_an_address_makes_it_another_one() -> None:
    assert mailboxes_in("müller@example.org") == ["müller@example.org"]


@pytest.mark.parametrize(
    "text",
    ["ada%40example.org", "https://example.org/?for=ada%40example.org&x=1", "ada @ example.org", "Ada  @ Example.org!"],
)
def test_an_address_may_be_written_for_a_page_or_with_spaces(text: str) -> None:
    assert "ada@example.org" in mailboxes_in(text)


@pytest.mark.parametrize("text", ["Meet me @ Paris", "thanks @example.org", "ada @example.org"])
def test_an_at_among_words_is_no_address(text: str) -> None:
    assert mailboxes_in(text) == []


def test_all_that_a_document_holds_is_looked_into() -> None:
    document: Any = {"a": [1, None, {"b": "x ada+1@example.org"}], "c": {"d": "Bob@Example.org"}, "e": True}
    assert addresses_in(document) == ["ada+1@example.org", "Bob@Example.org"]
    assert mailboxes_in(document, "ada@example.org") == ["ada@example.org", "bob@example.org"]
    assert mailboxes_in({"guests": {"ada@example.org": "comes"}}) == ["ada@example.org"], "names, too"


def test_a_document_of_very_many_addresses_is_looked_into_as_far_as_is_sensible() -> None:
    assert len(addresses_in([f"a{number}@example.org" for number in range(2 * NAMED_MOST)])) == NAMED_MOST
    assert addresses_in("@" * 1_000_000) == []


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("Ada+News@Example.org", "ada+news@example.org"),
        ("Ada@Example.org", "ada@example.org"),
        ("A.da+news@googlemail.com", "ada@gmail.com"),
        ("+@example.org", "+@example.org"),
        ("ada+x@b\u00fccher.example", "ada+x@xn--bcher-kva.example"),
    ],
)
def test_the_exact_mailbox_of_an_address_keeps_what_only_its_server_understands(address: str, mailbox: str) -> None:
    assert exact_mailbox_of(address) == mailbox
    assert exact_mailbox_of(mailbox) == mailbox
    assert mailbox_of(mailbox) == mailbox_of(address)
