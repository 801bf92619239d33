"""The link that opens a mail program: one address, one subject, a quote, and no header that a stranger wrote."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import pytest

from shared.contracts import JsonValue
from shared.forms import Form, Owner
from storage_service.console.pages.submission.reply import LINK_MOST, address_of, mailto
from storage_service.records import Record
from support.events import WRITTEN_AT

FORM = Form("contact", "Contact & more", None)
WHEN = "22 November 2026, 17:03:44 UTC"
PLAIN = re.compile(r"mailto:[A-Za-z0-9@%._~-]+\?subject=[A-Za-z0-9%._~-]*&body=[A-Za-z0-9%._~-]*", re.ASCII)


def a_record(fields: dict[str, JsonValue], **control: str) -> Record:
    return Record(
        id=uuid4(),
        form="contact",
        accepted_at=WRITTEN_AT,
        stored_at=WRITTEN_AT,
        fields=fields,
        fingerprint="f" * 64,
        source={},
        control=control,
        spam=None,
        receipt_url=None,
    )


def parts(link: str) -> tuple[str, str, str]:
    """Return address, subject and body, as a mail program reads them."""
    assert PLAIN.fullmatch(link), link
    said = urlsplit(link)
    given = parse_qs(said.query, keep_blank_values=True)
    assert list(given) == ["subject", "body"]
    return unquote(said.path), given["subject"][0], given["body"][0]


def link_of(fields: dict[str, JsonValue], form: Form | None = FORM, **control: str) -> str:
    link = mailto(a_record(fields, **control), form, WHEN)
    assert link is not None
    assert len(link) <= LINK_MOST
    return link


def test_it_has_whom_it_goes_to_what_it_is_about_and_a_quote() -> None:
    address, subject, body = parts(link_of({"email": "ada@example.org", "text": "One\nTwo & three", "note": ""}))
    assert address == "ada@example.org"
    assert subject == "Re: Contact & more"
    assert body.split("\r\n") == [
        "",
        "",
        f"On {WHEN}, you wrote:",
        "",
        "> Email: ada@example.org",
        "> Text:",
        "> One",
        "> Two & three",
        "",
    ]


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.org\r\nBcc: eve@example.net",
        "ada@example.org%0ABcc:eve@example.net",
        "ada@example.org,eve@example.net",
        "ada@example.org;eve@example.net",
        "Ada <ada@example.org>",
        "ada@example.org?bcc=eve@example.net",
        "ada@example.org&cc=eve@example.net",
        "javascript:alert(1)",
        "a" * 400 + "@example.org",
        "",
    ],
)
def test_what_is_no_single_address_gets_no_link(address: str) -> None:
    assert mailto(a_record({"email": address}), FORM, WHEN) is None


@pytest.mark.parametrize("local", ["a?b=c&d", "50%off", "o'hara+x", "ä"])
def test_an_odd_address_stays_one_address(local: str) -> None:
    assert parts(link_of({"email": f"{local}@example.org"}))[0] == f"{local}@example.org"


def test_a_title_and_a_value_begin_no_header() -> None:
    hostile = "x\r\nBcc: eve@example.net\r\n&bcc=eve@example.net?#<script>\u202e"
    _, subject, body = parts(link_of({"email": "ada@example.org", hostile: hostile}, Form("c", hostile, None)))
    assert "\n" not in subject
    assert "\r" not in subject
    assert all(line.startswith("> ") for line in body.split("\r\n")[4:-1])


@pytest.mark.parametrize("text", ["x" * 100_000, "字" * 100_000, "line\n" * 10_000, "\U0001f39f" * 5000])
def test_the_link_has_an_end(text: str) -> None:
    *_, body = parts(link_of({"email": "ada@example.org", "text": text}))
    assert body.endswith("> …\r\n")
    assert "�" not in body


def test_whom_it_goes_to_is_what_the_form_says() -> None:
    fields: dict[str, Any] = {"email": "ada@example.org", "work": "bea@example.org"}
    named = Form("contact", "Contact", None, owner=Owner(reply_to="work"))
    assert address_of(a_record(fields), named) == "bea@example.org"
    assert address_of(a_record(fields, reply_to="cy@example.org"), FORM) == "cy@example.org"
    assert address_of(a_record(fields), None) == "ada@example.org"
    assert address_of(a_record({"email": ["ada@example.org"]}), FORM) is None


def test_a_form_that_is_gone_is_called_by_its_name() -> None:
    assert parts(link_of({"email": "ada@example.org"}, None))[1] == "Re: contact"
