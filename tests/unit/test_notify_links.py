# ruff: noqa: RUF001 - what looks like a dot is meant
"""Whatever a stranger types, a mail leads nowhere that the form's owner did not say."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notify_service.channels.mail import repeating
from notify_service.channels.mail.wording import IN_SUBJECT, IN_TEXT
from shared.contracts import Control, JsonValue
from shared.forms import Form
from support.composed import bodies, composed
from support.confirmations import a_form
from support.events import an_event
from support.links import Shown, links_in

RECEIPT = "https://forms.example.org/receipts/x.signup.1.1.y"
LINKS = [
    *("http://evil.example/x", "https://evil.example", "HTTPS://EVIL.EXAMPLE", "www.evil.example", "//evil.example/x"),
    *("evil.example/x", "evil.example", "a.evil.zip", "ada@evil.example", "mailto:ada@evil.example", "tel:+15551234"),
    *("1.2.3.4", "http://2130706433/", "[2001:db8::1]", "http://[::1]/", "hxxp://evil.example", "ftp://evil.example"),
    *(
        "evil。example",
        "evil．example",
        "evil｡example",
        "evil․example",
        "evil﹒example",
        "ｈｔｔｐ：／／ｅｖｉｌ．ｅｘａｍｐｌｅ",
    ),
    *(
        "evil\u200b.example",
        "evil.\u200bexample",
        "evil\u00ad.exa\u00admple",
        "e\u2060vil.example",
        "\u202eelpmaxe.live",
    ),
    *("http:\u200b//evil.example", "ada＠evil.example", "ada﹫evil．example", r"\\evil.example\share", "file:///etc/x"),
    *("javascript:alert(1)", "data:text/html,x", "<https://evil.example>", "[x](https://evil.example)", "magnet:?xt=1"),
    *("evil.\u0301example", "evil.\u034fexample", "xn--evil-0ra.example", "дети.дети", "3.evil.example", "1.2.3.4.5"),
]
TEMPLATES = [
    *(
        "{a}",
        "Dear {a},\n\n{b}.\nSoon.",
        "{a}{b}",
        "{a}.{b}",
        "{a}@{b}",
        "{a}://{b}",
        "www.{a}",
        "{a}.example",
        "({a})",
    ),
    *(
        "https://{a}",
        "https://www.example.org/{a}",
        "{a}/{b}",
        "“{a}”",
        "{a}:{b}",
        "mailto:{a}",
        "{a}.\n{b}",
        "\x02{a}",
    ),
]

OWN = {"https://www.example.org/"}
"""What is a link of a template's own, where nothing was typed behind it."""

SIGNS = "./:@\\。．｡․＠：／ \n\t\r\u200b\u2060\u00ad\u202e\x00\x02\x03\u2028[](){}<>\"'-_…⒈"
bits = st.sampled_from([*LINKS, *SIGNS, "www", "com", "evil", "1", "x"])
typed = st.lists(bits | st.text(max_size=5), max_size=12).map("".join)


@given(st.sampled_from(TEMPLATES), typed, typed, st.booleans())
def test_nothing_that_a_stranger_typed_can_be_clicked(template: str, a: str, b: str, from_page: bool) -> None:
    assert_leads_nowhere(template, a, b, from_page=from_page)


@pytest.mark.parametrize("template", TEMPLATES, ids=ascii)
def test_no_known_kind_of_link_is_left(template: str) -> None:
    for line in textwrap.wrap(" ".join(LINKS), IN_SUBJECT):
        assert_leads_nowhere(template, line, f"({line})", from_page=True)
    for whole in ("evil.example", "ada@evil.example", "http://evil.example", "evil/.example"):
        for at in (4, 6, 8):
            assert_leads_nowhere(template, whole[:at], whole[at:], from_page=False)


def assert_leads_nowhere(template: str, a: str, b: str, *, from_page: bool) -> None:
    form = a_form(subject=template.replace("\n", " "), text=template, subject_from_page=from_page)
    control = Control(subject=a) if from_page else Control()
    event = replace(an_event(a=a, b=b), control=control, receipt_url=RECEIPT)
    mail = composed(event, form)
    subject = str(mail["Subject"])
    assert set(links_in(subject)) <= OWN
    plain, html = bodies(mail)
    assert set(links_in(plain)) - OWN == {RECEIPT}
    shown = Shown(html)
    assert shown.leads_to == [RECEIPT]
    assert set(links_in(shown.text)) <= OWN
    for text in (subject, plain, shown.text):
        assert {unicodedata.category(one) for one in text if one not in "\n\r"} & {"Cc", "Cf", "Cs", "Co"} == set()


@pytest.mark.parametrize("link", [link for link in LINKS if link.isascii()])
def test_the_oracle_finds_links(link: str) -> None:
    if link not in {"[2001:db8::1]", "http://[::1]/", "1.2.3.4.5"}:  # there it is no judge
        assert links_in(f"see {link} now")


def test_the_forms_own_links_stay_as_they_are() -> None:
    text = "Dear {a},\n\nhttps://www.example.org/help, help@example.org. At 10:30, {a}. Write to {a}."
    plain, html = bodies(composed(an_event(a="Ada"), a_form(text=text)))
    for body in (plain, html):
        assert "https://www.example.org/help, help@example.org. At 10:30, Ada. Write to Ada." in body


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("J.R.R. Tolkien", "J. R. R. Tolkien"),
        ("12.50 or 1,250.00 at 10:30 on 22.11.2026.", "12.50 or 1,250.00 at 10:30 on 22.11.2026."),
        ("wait...what", "wait... what"),
        ("Dr. Who, c/o X", "Dr. Who, c/o X"),
        ("a\u200bb\x1b[31m\u202ec", "ab[31mc"),
        ("one\r\n\r\n two\u2028three", "one\ntwo three"),
        ("ada@example.org", "ada @ example. org"),
        ("https://evil.example//x", "https: /evil. example/x"),
        ("爱达。", "爱达。"),
        ("محمد عبد الله", "محمد عبد الله"),
        ("Cafe\u0301 😀", "Cafe\u0301 😀"),
    ],
)
def test_what_is_repeated_stays_legible(value: str, shown: str) -> None:
    marked = f"{repeating.OPEN}{repeating.repeated(value, 500)}{repeating.CLOSE}"
    assert repeating.parted(marked) == shown


@given(st.text() | typed, st.integers(1, 40))
@example("x" * 41, 40)
@example("\u200b" * 1000 + "x", 40)
def test_what_is_repeated_is_short(value: str, most: int) -> None:
    shown = repeating.repeated(value, most)
    assert len(shown) <= most + 1
    assert shown.endswith("…") or len(shown) <= most
    assert "\n\n" not in shown


@pytest.mark.parametrize(("each", "words"), [(60, 2), (5, 300), (5000, 3)])
def test_all_placeholders_together_repeat_so_much(each: int, words: int) -> None:
    """80 characters in a subject and 500 in a text, however many placeholders a form has."""
    event = replace(an_event(), fields={f"f{one}": "a" * each for one in range(words)})
    template = " ".join(f"{{f{one}}}" for one in range(words))[:300]
    mail = composed(event, a_form(subject=template, text=" ".join(f"{{f{one}}}" for one in range(words)) + " END"))
    plain, html = bodies(mail)
    with_its_title = IN_TEXT + IN_SUBJECT
    for text, most in ((str(mail["Subject"]), IN_SUBJECT), (plain, IN_TEXT), (html, with_its_title)):
        assert text.split("END")[0].count("a" * 5) * 5 <= most + 5
        assert max(len(run) for run in re.findall("a+", text.split("END")[0])) <= most
        assert "…" in text or each * words <= most


def test_what_comes_first_is_repeated_first() -> None:
    event = an_event(a="a" * 50, b="b" * 50, c="c")
    mail = composed(event, a_form(subject="{a} {b} {c}", text="{a}{a}"))
    assert mail["Subject"] == "a" * 50 + " " + "b" * 30 + "… …"
    for body in bodies(mail):
        assert "a" * 100 in body


def test_dots_colons_at_signs_and_slashes_are_known_in_every_compatible_form() -> None:
    for code in (*range(0xD800), *range(0xE000, 0x20000)):
        compatible = unicodedata.normalize("NFKC", chr(code))
        if {".", "。", ":", "@"} & set(compatible):
            assert repeating._LINKING.search(chr(code)), hex(code)
        if {"/", "\\"} & set(compatible):
            assert repeating._LINKING.search(chr(code) * 2), hex(code)


def test_by_default_nothing_that_was_typed_stands_in_a_mail() -> None:
    fields: dict[str, JsonValue] = {"canary name": "canary", "name": "canary", "email": "canary@example.org"}
    event = replace(
        an_event(), fields=fields, control=Control(subject="canary of the page", reply_to="canary@example.org")
    )
    for form in (a_form(), Form("signup", "Sign up"), a_form(text="Thank you.", subject="Welcome")):
        mail = composed(replace(event, receipt_url=RECEIPT), form)
        for text in (*bodies(mail), str(mail["Subject"])):
            assert "canary" not in text
