"""The mail to the owner of a form: whom it goes to, what it says, and whom an answer to it goes to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from notify_service.channels.owner import OwnerChannel
from shared.contracts import Control, Source, SubmissionAccepted
from shared.forms import Field, Form, Owner
from support.composed import bodies
from support.confirmations import MAIL_FROM
from support.events import WRITTEN_AT, an_event
from support.owner_mails import OWNER, an_owner_channel, owner_mail, owner_mails

FIELDS = {
    "name": Field("name", "text", label="Name"),
    "email": Field("email", "email", label="Email"),
    "iban": Field("iban", "text", label="IBAN"),
    "topic": Field("topic", "choice", label="What is it about?"),
    "message": Field("message", "text", label="Message"),
    "news": Field("news", "boolean", label="News by mail"),
    "days": Field("days", "list", label="Days"),
}
FORM = Form("contact", "Contact", fields=FIELDS)


def an_inquiry(**fields: Any) -> SubmissionAccepted:
    given = {"email": "ada@example.org", "name": "Ada Lovelace", "iban": "", **fields}
    event = an_event(form="contact", **given)
    source = Source(ip="203.0.113.7", referer="https://www.example.org/contact", language="de-DE,de;q=0.9,en;q=0.8")
    return replace(event, accepted_at=WRITTEN_AT, source=source)


def owned(**owner: Any) -> Form:
    return replace(FORM, owner=Owner(**owner))


def text(event: SubmissionAccepted, form: Form = FORM, channel: OwnerChannel | None = None) -> str:
    return bodies(owner_mail(event, form, channel))[0].replace("\r\n", "\n")


def test_an_inquiry_reads_so() -> None:
    event = an_inquiry(topic="A fault", message="It broke.\n\nCan you help?", news=False, days=["Monday", "Friday"])
    assert text(event) == (
        "Name: Ada Lovelace\n"
        "Email: ada@example.org\n"
        "What is it about? A fault\n"
        "\n"
        "Message:\n"
        "  It broke.\n"
        "  \n"
        "  Can you help?\n"
        "\n"
        "News by mail: No\n"
        "\n"
        "Days:\n"
        "  \u2022 Monday\n"
        "  \u2022 Friday\n"
        "\n"
        "----\n"
        "If you reply to this mail, your answer goes to Ada Lovelace, ada@example.org.\n"
        "\n"
        "Received 22 November 2026, 17:03 UTC\n"
        "Page https://www.example.org/contact\n"
        "Language de-DE\n"
        f"Reference {event.id}\n"
        "\n"
        "Counterfoil sent this mail because this address is told of what is submitted with the form “Contact”.\n"
    )


def test_it_is_in_the_forms_language_whatever_the_visitors_is() -> None:
    said = text(an_inquiry(news=True), replace(FORM, language="de-AT"))
    assert "News by mail: Ja\n" in said
    assert "geht Ihre Antwort an Ada Lovelace, ada@example.org." in said
    assert "Eingegangen am 22. November 2026, 17:03 UTC\n" in said
    assert "Received" in text(an_inquiry())


def test_in_html_it_says_the_same() -> None:
    page = bodies(owner_mail(an_inquiry(message="It broke.\nHelp", news=True), FORM))[1]
    for said in (
        "Ada Lovelace</p>",
        "It broke.<br>Help</p>",
        ">Yes</p>",
        ">News by mail</p>",
        "22 November 2026, 17:03",
    ):
        assert said in page
    assert "IBAN" not in page
    assert "<a" not in page


def test_the_form_says_whose_time_it_is_else_the_setting() -> None:
    berlin = owned(timezone="Europe/Berlin")
    assert "Received 22 November 2026, 18:03 (Europe/Berlin)\n" in text(an_inquiry(), berlin)
    tokyo = an_owner_channel(timezone="Asia/Tokyo")
    assert "Received 23 November 2026, 02:03 (Asia/Tokyo)\n" in text(an_inquiry(), FORM, tokyo)
    assert "18:03 (Europe/Berlin)" in text(an_inquiry(), berlin, tokyo)


def test_it_comes_from_us_and_an_answer_goes_to_who_submitted() -> None:
    [sent] = owner_mails(an_inquiry(), FORM)
    assert (sent.sender, sent.recipient) == (MAIL_FROM.address, OWNER)
    mail = owner_mail(an_inquiry(), FORM)
    assert mail["From"] == "Counterfoil <counterfoil@example.org>"
    assert mail["To"] == OWNER
    [answer] = mail["Reply-To"].addresses
    assert (answer.display_name, answer.addr_spec) == ("Ada Lovelace", "ada@example.org")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"] == "Contact: Ada Lovelace"
    assert not mail.defects


def test_each_owner_gets_a_mail_of_their_own_and_sees_no_other() -> None:
    addresses = [f"owner-{number}@example.org" for number in range(10)]
    mails = owner_mails(an_inquiry(), owned(to=tuple(addresses)))
    assert [one.recipient for one in mails] == addresses
    for one in mails:
        assert sum(address.encode() in one.content for address in addresses) == 1
    assert len({one.content.split(b"Message-ID: ")[1].split(b"\r\n")[0] for one in mails}) == 10


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        (None, [OWNER]),
        (Owner(), [OWNER]),
        (Owner(to=("a@example.org",)), ["a@example.org"]),
        (Owner(also=("a@example.org", "OWNER@example.org")), ["OWNER@example.org", "a@example.org"]),
        (Owner(to=("a@example.org",), also=("b@example.org",)), ["a@example.org", "b@example.org"]),
        (Owner(to=("a@example.org",), enabled=False), []),
        (Owner(enabled=False), []),
    ],
)
def test_the_form_says_who_is_told_else_the_setting(owner: Owner | None, expected: list[str]) -> None:
    planned = an_owner_channel().plan(an_inquiry(), replace(FORM, owner=owner))
    assert [one.destination for one in planned] == expected


def test_without_form_or_setting_nobody_is_told() -> None:
    assert an_owner_channel().plan(an_inquiry(), None) == []
    assert an_owner_channel(()).plan(an_inquiry(), FORM) == []


def test_what_is_recorded_of_it_shows_no_address_and_counts_against_no_cap() -> None:
    event = an_inquiry()
    [planned] = an_owner_channel().plan(event, FORM)
    assert planned.shown == "o…@example.org"
    assert OWNER not in f"{planned.key} {planned.provider_id}"
    assert planned.provider_id == f"{planned.key.id}.owner"
    assert (planned.counted.recipient, planned.counted.source, planned.counted.form) == (None, None, None)
    assert an_owner_channel().plan(event, FORM) == [planned], "the same whenever it is planned"


@pytest.mark.parametrize(
    ("owner", "page", "fields", "expected"),
    [
        ({}, None, {}, "Contact: Ada Lovelace"),
        ({}, None, {"name": ""}, "Contact: ada@example.org"),
        ({}, None, {"name": "", "email": ""}, "Contact: a new submission"),
        ({}, None, {"name": "boss@bank.example"}, "Contact: ada@example.org"),
        ({"include": ("message",)}, None, {}, "Contact: a new submission"),
        ({}, "My own {name}", {}, "My own {name}"),
        ({}, "  ", {}, "Contact: Ada Lovelace"),
        ({}, "a\r\nBcc: b@example.org", {}, "a Bcc: b@example.org"),
        ({"subject": "New: {topic}, {name}"}, "My own", {"topic": "A fault"}, "New: A fault, Ada Lovelace"),
        ({"subject": "{days} {news}"}, None, {"days": ["Monday", "Friday"], "news": True}, "Monday, Friday"),
        ({"subject": "{email}: {message}"}, None, {"message": "{name}\nx"}, "ada@example.org: {name} x"),
        ({"subject": "{topic}"}, "My own", {}, "Contact: Ada Lovelace"),
        ({"subject": "{message}"}, None, {"message": "x" * 10_000}, "x" * 80),
        ({}, "x" * 10_000, {}, "x" * 200 + "…"),
    ],
)
def test_a_subject_is_the_forms_else_the_pages_else_a_default(
    owner: dict[str, Any], page: str | None, fields: dict[str, Any], expected: str
) -> None:
    event = replace(an_inquiry(**fields), control=Control(subject=page))
    assert owner_mail(event, owned(**owner))["Subject"] == expected


@pytest.mark.parametrize(
    ("reply_to", "fields", "expected"),
    [
        (None, {}, "ada@example.org"),
        (None, {"email": ""}, None),
        (None, {"email": "no address"}, None),
        (None, {"email": "ada@bücher.example"}, "ada@xn--bcher-kva.example"),
        (None, {"email": "adä@example.org"}, None),
        ("work", {"work": " work@example.org "}, "work@example.org"),
        ("work", {"work": "no address"}, None),
        ("work", {"work": ["work@example.org"]}, None),
        ("work", {"work": "a@example.org, b@example.org"}, None),
        ("work", {"work": "x" * 100_000 + "@example.org"}, None),
        ("work", {}, None),
        (False, {}, None),
    ],
)
def test_an_answer_goes_where_the_form_says_if_that_is_an_address(
    reply_to: Any, fields: dict[str, Any], expected: str | None
) -> None:
    event, form = an_inquiry(**fields), owned(reply_to=reply_to)
    mail = owner_mail(event, form)
    found = mail["Reply-To"]
    assert (found and found.addresses[0].addr_spec) == expected
    says_where = f"your answer goes to Ada Lovelace, {expected}." if expected else "your answer does not reach"
    assert says_where in text(event, form)


@pytest.mark.parametrize(
    "name",
    [
        "boss@bank.example",
        "Boss <boss@bank.example>",
        "boss\uff20bank.example",
        "boss\ufe6bbank.example",
        "<boss>",
        "\uff1cboss\uff1e",
    ],
)
def test_a_name_that_looks_like_another_address_is_left_out_beside_the_address(name: str) -> None:
    mail = owner_mail(an_inquiry(name=name), FORM)
    assert mail["Reply-To"] == "ada@example.org"
    assert "your answer goes to ada@example.org." in text(an_inquiry(name=name))


def test_the_owner_is_told_where_the_captcha_was_not_verified() -> None:
    event = replace(an_inquiry(), control=Control(captcha="unverified"))
    assert "Nobody could be asked whether the captcha was solved.\n" in text(event)
    assert "captcha" not in text(an_inquiry())


def test_a_form_may_show_some_fields_or_none() -> None:
    assert text(an_inquiry(message="secret"), owned(include=("name",))).startswith("Name: Ada Lovelace\n\n----\n")
    assert text(an_inquiry(), owned(include=())).startswith("Somebody has submitted this form.\n\n----\n")


@pytest.mark.parametrize(
    ("language", "expected"), [(None, ""), ("*", ""), ("en", "en"), ("de-DE;q=1", "de-DE"), ("x" * 9000, "x" * 80)]
)
def test_a_visitors_first_language_is_shown(language: str | None, expected: str) -> None:
    event = replace(an_inquiry(), source=Source(language=language))
    assert (f"\nLanguage {expected}\n" in text(event)) is bool(expected)
    assert ("\nLanguage " in text(event)) is bool(expected)


def test_owners_who_look_alike_are_told_apart_by_their_place_in_the_file() -> None:
    to = ("info@example.org", "Ian@example.org", "second@example.org", "iris@example.org", "info@example.net")
    shown = [one.shown for one in an_owner_channel().plan(an_inquiry(), owned(to=to))]
    assert shown == [
        "i\u2026@example.org",
        "I\u2026@example.org",
        "s\u2026@example.org",
        "i\u2026@example.org (2)",
        "i\u2026@example.net",
    ]
