from __future__ import annotations

import html
import unicodedata
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notify_service.channels.mail.composer import Composer, MailFrom, MailParts, ReplyTo
from shared.contracts import Control, JsonValue, SubmissionAccepted
from shared.forms import Form
from support.composed import bodies
from support.confirmations import MAIL_FROM, NOON, a_channel, a_form, a_mail
from support.events import an_event
from support.texts import TEXTS

HEADERS = [
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
    *("Content-Language", "MIME-Version", "Content-Type"),
]
ENDS_OF_LINES = ["\r", "\n", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\0"]
INJECTION = "Ada{}Bcc: eve@example.org"

texts = st.text(max_size=300) | st.text(st.sampled_from('=?utf-8qb_ \t\r\nBcc:,;<>@"\\é\u2028😀'), max_size=120)
values = st.recursive(
    texts | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def content(event: SubmissionAccepted, form: Form | None = None, address: str = "ada@example.org") -> bytes:
    return a_mail(event, form, address).content


def read(mail: bytes) -> EmailMessage:
    return message_from_bytes(mail, policy=policy.default)


def assert_sound(mail: bytes) -> EmailMessage:
    """Assert what must hold whatever was submitted: our headers and no others, two bodies, short lines in ASCII."""
    assert mail.isascii()
    lines = mail.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    parsed = read(mail)
    assert parsed.keys() == HEADERS
    assert parsed["To"] == "ada@example.org"
    assert len(parsed["To"].addresses) == len(parsed["From"].addresses) == 1
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    assert not parsed.defects
    return parsed


def test_a_confirmation_has_the_headers_of_an_automatic_mail() -> None:
    event = an_event()
    mail = assert_sound(content(event, a_form(subject="Welcome, {name}")))
    assert mail["From"] == "Counterfoil <counterfoil@example.org>"
    assert mail["Subject"] == "Welcome, Ada Lovelace"
    assert mail["Message-ID"] == f"<{event.id}.email@example.org>"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["Content-Language"] == "en"
    assert parsedate_to_datetime(mail["Date"]) == NOON


def test_both_bodies_say_why_it_came_and_who_sent_it() -> None:
    for body in bodies(assert_sound(content(an_event()))):
        for said in ("Thank you", "Counterfoil sent this mail", "Sign up"):
            assert said in body


@given(fields=st.dictionaries(texts, values, max_size=5), subject=st.none() | texts)
@example(fields={"name": "x" * 5000}, subject=None)
@example(fields={"name": "é" * 5000}, subject=None)
@example(fields={"name": "=?utf-8?q?=0D=0ABcc:_eve@example.org?="}, subject=None)
@example(fields={"name": "--=_0\r\nContent-Type: text/html\r\n\r\n"}, subject=None)
def test_no_submission_makes_an_unsound_mail(fields: dict[str, JsonValue], subject: str | None) -> None:
    event = replace(an_event(), fields=fields, control=Control(subject=subject))
    form = a_form(subject="For {name}: {a}", text="Dear {name},\n\n{note}", subject_from_page=subject is not None)
    assert_sound(content(event, form))


@given(words=st.lists(st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=9), max_size=8))
def test_a_subject_arrives_as_it_was_written(words: list[str]) -> None:
    subject = " ".join(words)[:80].strip()
    event = replace(an_event(), control=Control(subject=subject))
    expected = subject or "Sign up: we have your submission"
    assert read(content(event, a_form(subject_from_page=True)))["Subject"] == expected


def test_a_subject_that_looks_encoded_arrives_as_it_was_typed() -> None:
    typed = "=?utf-8?q?=0D=0ABcc?="
    event = replace(an_event(), control=Control(subject=typed))
    assert read(content(event, a_form(subject_from_page=True)))["Subject"] == typed


@pytest.mark.parametrize("end", ENDS_OF_LINES[:-1], ids=ascii)
def test_in_the_body_any_character_is_harmless(end: str) -> None:
    mail = assert_sound(content(an_event(note=INJECTION.format(end)), a_form(text="{note}", subject="{note}")))
    assert "Bcc" not in mail


def test_every_letter_arrives() -> None:
    typed = "Ada Løvelace 爱达 😀 é"
    mail = assert_sound(content(an_event(name=typed), a_form(subject="{name}", text="{name}")))
    assert mail["Subject"] == typed
    for body in bodies(mail):
        assert typed in body


def test_the_sender_may_have_any_name() -> None:
    mail = read(a_mail(channel=a_channel(MailFrom('Bücher, "Inc"', "mail@example.org"))).content)
    [sender] = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ('Bücher, "Inc"', "mail@example.org")


PARTS = MailParts(
    to="owner@example.org",
    subject="Contact: Ada",
    text="text",
    html="<p>html</p>",
    message_id="0b0c7f9e.owner.1",
    auto_submitted="auto-generated",
    language="de",
)


def owner_mail(name: str, address: str = "ada@example.org") -> EmailMessage:
    parts = replace(PARTS, reply_to=ReplyTo(name, address))
    content = Composer(MAIL_FROM, lambda: NOON).compose(parts).content
    assert content.isascii()
    assert max(map(len, content.split(b"Subject")[0].split(b"\r\n"))) <= 78
    mail = read(content)
    assert mail.keys() == [*HEADERS[:2], *(["Reply-To"] if mail["Reply-To"] else []), *HEADERS[2:]]
    assert not mail.defects
    return mail


def test_any_mail_is_made_of_its_parts() -> None:
    mail = read(Composer(MAIL_FROM, lambda: NOON).compose(PARTS).content)
    assert mail.keys() == HEADERS
    assert mail["To"] == "owner@example.org"
    assert mail["Message-ID"] == "<0b0c7f9e.owner.1@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "de"
    assert bodies(mail) == ("text", "<p>html</p>")


@pytest.mark.parametrize(
    "name",
    [
        *("Ada Lovelace", "Lovelace, Ada", 'Ada "the" \\ Countess', "Ada Løvelace", "爱达" * 20, "a" * 60, ""),
        *("=?utf-8?q?=0D=0ABcc:_eve@example.org?=", "ada@example.org <eve@example.org>,", "x;y:z()"),
    ],
)
def test_an_answer_goes_to_whom_it_is_said_to_and_to_nobody_else(name: str) -> None:
    [answered] = owner_mail(name)["Reply-To"].addresses
    assert answered.addr_spec == "ada@example.org"
    # Python reads a space between two encoded words of a name (RFC 2047, section 6.2, knows none there)
    assert answered.display_name.replace(" ", "") == name.replace(" ", "")


@given(name=texts)
@example(name="a" * 300)
@example(name="é" * 300)
@example(name="Ada\r\nBcc: eve@example.org")
def test_no_name_makes_another_header_or_another_address(name: str) -> None:
    [answered] = owner_mail(name)["Reply-To"].addresses
    assert answered.addr_spec == "ada@example.org"
    assert len(answered.display_name.replace(" ", "")) <= 81


@pytest.mark.parametrize(
    "address", ["", "ada", "a b@example.org", "adä@example.org", "ada@example.org\r\nBcc: eve@x.org"]
)
def test_without_an_address_that_every_server_takes_nothing_is_said_of_answers(address: str) -> None:
    assert owner_mail("Ada", address)["Reply-To"] is None


def test_an_address_beyond_ascii_needs_smtputf8_and_its_domain_alone_does_not() -> None:
    assert a_mail(address="adä@example.org").needs_utf8
    mail = a_mail(address="ada@bücher.example")
    assert (mail.recipient, mail.needs_utf8) == ("ada@xn--bcher-kva.example", False)


@pytest.mark.parametrize("kind", [kind for kind, case in TEXTS.items() if case.is_stored])
def test_a_text_of_any_kind_is_mailed(kind: str) -> None:
    """It is repeated without what is not seen, in the subject and in the body."""
    case = TEXTS[kind]
    mail = assert_sound(content(an_event(name=case.text), a_form(subject="<{name}>", text="({name})")))
    plain, page = bodies(mail)
    for shown in (mail["Subject"], plain, html.unescape(page)):
        assert seen(case.line or case.shown) in seen(shown)


def seen(text: str) -> str:
    return "".join(one for one in text if unicodedata.category(one)[0] not in "CZ")


def test_a_mail_that_answers_nothing_has_one_click_to_have_no_more_of_them() -> None:
    url = f"https://forms.example.org/unsubscribe/{'a' * 300}"
    content = Composer(MAIL_FROM, lambda: NOON).compose(replace(PARTS, unsubscribe_url=url)).content
    mail = read(content)
    assert mail["List-Unsubscribe"].strip() == f"<{url}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert not mail.defects
