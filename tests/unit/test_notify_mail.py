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

from notify_service.channels.mail import Composer, MailFrom
from shared.contracts import Control, JsonValue, SubmissionAccepted
from shared.forms import Form
from support.composed import bodies
from support.confirmations import MAIL_FROM, NOON, a_form
from support.events import an_event
from support.texts import TEXTS

HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
ENDS_OF_LINES = ["\r", "\n", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\0"]
INJECTION = "Ada{}Bcc: eve@example.org"

texts = st.text(max_size=300) | st.text(st.sampled_from('=?utf-8qb_ \t\r\nBcc:,;<>@"\\é\u2028😀'), max_size=120)
values = st.recursive(
    texts | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def content(event: SubmissionAccepted, form: Form | None = None, address: str = "ada@example.org") -> bytes:
    return Composer(MAIL_FROM, lambda: NOON).compose(event, form or a_form(), address).content


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


@given(words=st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=9), max_size=8))
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
    composer = Composer(MailFrom('Bücher, "Inc"', "mail@example.org"), lambda: NOON)
    mail = read(composer.compose(an_event(), a_form(), "ada@example.org").content)
    [sender] = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ('Bücher, "Inc"', "mail@example.org")


def test_an_address_beyond_ascii_needs_smtputf8_and_its_domain_alone_does_not() -> None:
    composer = Composer(MAIL_FROM, lambda: NOON)
    assert composer.compose(an_event(), a_form(), "adä@example.org").needs_utf8
    mail = composer.compose(an_event(), a_form(), "ada@bücher.example")
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
