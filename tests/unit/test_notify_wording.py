from __future__ import annotations

from dataclasses import replace

import pytest

from notify_service.channels.mail.template_set import MAX_SUBJECT_CHARACTERS, Words
from notify_service.channels.mail.weighing import MAIL_BYTES
from notify_service.channels.mail.wording import Wording
from shared.contracts import Control, JsonValue, SubmissionAccepted
from shared.forms import Form
from support.composed import bodies, composed
from support.confirmations import TEMPLATES, a_form, a_mail
from support.events import WRITTEN_AT, an_event

LEFT_OUT = "… The rest is left out: a mail may not be longer."
RECEIPT = "https://forms.example.org/receipts/x.signup.1.1.y"


def words(event: SubmissionAccepted, form: Form | None = None) -> Words:
    return Wording(TEMPLATES, "Counterfoil").words(event, form or a_form())


def text(event: SubmissionAccepted, form: Form | None = None) -> str:
    return words(event, form).text


def html(event: SubmissionAccepted, form: Form | None = None) -> str:
    return words(event, form).html


def subject_of(event: SubmissionAccepted, form: Form) -> str:
    return words(event, form).subject


def test_a_signup_reads_so() -> None:
    event = replace(an_event(), accepted_at=WRITTEN_AT, receipt_url=RECEIPT)
    assert text(event) == (
        "Thank you. We have received what you sent with the form “Sign up”.\n"
        "\n"
        f"Your receipt: {RECEIPT}\n"
        "\n"
        "Received 22 November 2026, 17:03 UTC\n"
        f"Reference {event.id}\n"
        "\n"
        "----\n"
        "Counterfoil sent this mail because this address was entered in the form “Sign up”.\n"
        "If that was not you, you need not do anything.\n"
    )


def test_a_form_has_its_own_words() -> None:
    form = a_form(text="Dear {name},\n\nwe write to {name}.\nSoon.\n")
    body = text(an_event(), form)
    assert body.startswith("Dear Ada Lovelace,\n\nwe write to Ada Lovelace.\nSoon.\n\nReceived ")
    assert "we write to Ada Lovelace.<br>Soon.</p>" in html(an_event(), form)


def test_in_html_the_receipt_is_a_link_and_every_text_reads_in_its_own_direction() -> None:
    page = html(replace(an_event(), receipt_url=RECEIPT), a_form(text="שלום {name}"))
    assert f'<a href="{RECEIPT}"' in page
    assert '<html lang="en">' in page
    shown = [line for line in page.splitlines() if "<p" in line and "href" not in line]
    assert len(shown) == 3
    assert all('dir="auto"' in line for line in shown)


@pytest.mark.parametrize(
    "url", [None, "", "javascript:alert(1)", "https://x y", "https://x\ny", "https://é.example", "x" * 9]
)
def test_without_the_receipts_address_the_reference_stands_alone(url: str | None) -> None:
    event = replace(an_event(), receipt_url=url)
    assert "receipt" not in text(event).lower()
    assert "href" not in html(event)
    assert str(event.id) in text(event)


HUGE: dict[str, JsonValue] = {"name": "é😀" * 60_000, "list": [[[["x"] * 1000] * 10] * 10], "a": '<"&' * 40_000}


@pytest.mark.parametrize(
    ("template", "is_cut"),
    [
        *((template, False) for template in ("", "\n" * 20_000, "{list}" * 3000, '"' * 20_000, "=" * 20_000)),
        *((template, False) for template in ("{name}" * 3000, "{a}" * 6000, "{name}\n" * 2000)),
        *((template, True) for template in ("😀" * 20_000, "a\n\n" * 6000)),
    ],
    ids=range(10),
)
def test_a_mail_weighs_no_more_than_it_may_and_says_what_is_left_out(template: str, is_cut: bool) -> None:
    form = a_form(text=template[:20_000], subject=(template or "{name}")[:300].replace("\n", " "))
    event = replace(an_event(), fields=HUGE, receipt_url=RECEIPT)
    content = a_mail(event, form).content
    assert len(content) <= MAIL_BYTES
    plain, page = bodies(composed(event, form))
    assert [LEFT_OUT in body for body in (plain, page)] == [is_cut, is_cut]
    for body in (plain, page):
        assert RECEIPT in body, "what is left out is the form's own text, and nothing below it"


def test_the_subject_is_the_forms_or_a_default_and_the_pages_own_where_the_form_allows_it() -> None:
    asked = replace(an_event(), control=Control(subject="My own {name}"))
    assert subject_of(asked, a_form()) == "Sign up: we have your submission"
    assert subject_of(asked, a_form(subject="Welcome")) == "Welcome"
    assert subject_of(asked, a_form(subject="Welcome, {name}")) == "Welcome, Ada Lovelace"
    assert subject_of(asked, a_form(subject="Welcome", subject_from_page=True)) == "My own {name}"
    for nothing in (None, " "):
        event = replace(asked, control=Control(subject=nothing))
        assert subject_of(event, a_form(subject="Welcome", subject_from_page=True)) == "Welcome"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("  {missing}  ", "Sign up: we have your submission"),
        ("a\tb", "a b"),
        ("x" * 300, "x" * MAX_SUBJECT_CHARACTERS + "…"),
        ("{name}\u2028{name}", "Ada Lovelace Ada Lovelace"),
    ],
)
def test_a_subject_is_one_short_line(template: str, expected: str) -> None:
    assert subject_of(an_event(), a_form(subject=template)) == expected


@pytest.mark.parametrize("end", ["\n", "\r\n", "\u2028", "\v"])
def test_a_title_of_several_lines_is_one_in_the_subject(end: str) -> None:
    form = Form("signup", title=f"Sign up{end}for dinner")
    assert subject_of(an_event(), form) == "Sign up for dinner: we have your submission"
