"""Whatever a stranger types, the mail to the owner is one whole mail, and says it as text."""

from __future__ import annotations

import html
from dataclasses import replace
from email import message_from_bytes, policy
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notify_service.channels.mail.weighing import MAIL_BYTES
from shared.contracts import Control, JsonValue, Source
from shared.forms import Form, Owner
from support.composed import bodies
from support.events import an_event
from support.owner_mails import OWNER, owner_mail, owner_mails

ANY = Form("contact", "Contact")
HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
    *("Content-Language", "MIME-Version", "Content-Type"),
}
ENDS_OF_LINES = ["\r", "\n", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\0"]

texts = st.text(max_size=300) | st.text(
    st.sampled_from('=?utf-8qb_ \t\r\nBcc:,;<>@"\\é\u2028\u202e😀{}%&'), max_size=120
)
values: st.SearchStrategy[JsonValue] = st.recursive(
    texts | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


class Tags(HTMLParser):
    """Notes every tag, and every attribute that leads somewhere or does something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.doing: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.doing += [name for name, _ in attrs if name in {"href", "src", "background"} or name.startswith("on")]


def read(event: Any, form: Form = ANY) -> Any:
    """Return the mail, which is whole: nothing is in its header but what belongs there."""
    [sent] = owner_mails(event, form)
    assert len(sent.content) <= MAIL_BYTES
    assert sent.recipient == OWNER
    mail = message_from_bytes(sent.content, policy=policy.default)
    assert set(mail.keys()) - {"Reply-To"} == HEADERS
    assert len(mail.keys()) == len(set(mail.keys()))
    assert not mail.defects
    for part in mail.walk():
        assert not part.defects
    return mail


@given(st.dictionaries(texts, values, max_size=5), texts, texts, texts)
@example({"name": "Ada\r\nBcc: eve@example.org", "email": "ada@example.org"}, "x\r\nBcc: eve@example.org", "", "")
@example({"name": '"=?utf-8?q?=0ABcc:?=', "email": "ada@example.org"}, "=?utf-8?q?Bcc=3A?=", "a\nb", "de\nx")
def test_any_submission_makes_one_whole_mail(
    fields: dict[str, JsonValue], subject: str, page: str, language: str
) -> None:
    event = replace(
        an_event(a="b"), fields=fields, control=Control(subject=subject), source=Source(referer=page, language=language)
    )
    mail = read(event, replace(ANY, owner=Owner(subject="{name} {email}")) if page else ANY)
    for one in mail["Reply-To"].addresses if mail["Reply-To"] else ():
        assert one.addr_spec == (event.reply_address or "").strip()
        assert not set("@<>\r\n") & set(one.display_name)


@pytest.mark.parametrize("end", ENDS_OF_LINES, ids=ascii)
@pytest.mark.parametrize("place", ["name", "email", "topic", "subject", "referer", "language", "label", "title"])
def test_no_character_begins_another_header(place: str, end: str) -> None:
    injection = f"ada@example.org{end}Bcc: eve@example.org{end}{end}<b>x</b>"
    fields: dict[str, Any] = {
        "name": "Ada",
        "email": "ada@example.org",
        "topic": "x",
        injection if place == "label" else "y": "z",
    }
    event = an_event(**fields | ({place: injection} if place in fields else {}))
    event = replace(
        event,
        control=Control(subject=injection if place == "subject" else None),
        source=Source(**{place: injection} if place in {"referer", "language"} else {}),
    )
    mail = read(event, replace(ANY, title=injection) if place == "title" else ANY)
    assert "Bcc" not in mail
    assert [one.addr_spec for one in mail["To"].addresses] == [OWNER]


HTML = '<script>alert(1)</script><img src=x onerror=alert(1)><a href="https://evil.example/">x</a>{{ 7*7 }}{% x %}</p>'


@pytest.mark.parametrize("place", ["value", "item", "key", "label", "title", "subject", "referer", "language", "name"])
def test_html_is_seen_and_never_read(place: str) -> None:
    places: dict[str, dict[str, Any]] = {
        "value": {"x": HTML},
        "item": {"x": [HTML, HTML]},
        "key": {"x": {HTML: "y"}},
        "label": {HTML: "y"},
        "name": {"name": HTML, "email": "ada@example.org"},
    }
    event = replace(
        an_event(**places.get(place, {"x": "y"})),
        control=Control(subject=HTML if place == "subject" else None),
        source=Source(**{place: HTML} if place in {"referer", "language"} else {}),
    )
    mail = read(event, replace(ANY, title=HTML) if place == "title" else ANY)
    plain, page = bodies(mail)
    tags = Tags(page)
    assert not tags.doing
    assert not tags.tags & {"script", "img", "a", "b", "iframe", "form", "link"}
    assert "49" not in str(mail["Subject"])
    if place != "language":
        assert "<script>alert(1)</script>" in plain + str(mail["Subject"]) or place == "name"
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page or place == "name"


def test_a_text_turned_round_turns_nothing_beside_it() -> None:
    plain, page = bodies(read(an_event(name="gnp.\u202eexe", note="\u2067x", email="ada@example.org")))
    for shown in (plain, html.unescape(page)):
        assert "gnp.exe" in shown
        assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(shown)
    for label in ("Name", "Note"):
        assert f">{label}</p>" in page
    assert page.count('dir="auto"') >= 6


def test_a_value_cannot_pretend_to_be_another_field() -> None:
    plain, _ = bodies(read(an_event(message="Hello\n\nEmail: eve@example.org\n----\nReference 1")))
    lines = plain.replace("\r\n", "\n").split("\n")
    assert "Email: eve@example.org" not in lines
    assert "  Email: eve@example.org" in lines
    assert lines.count("----") == 1


def test_ten_thousand_characters_arrive_whole() -> None:
    message = "\n".join("é" * 99 for _ in range(100))
    plain, page = bodies(read(an_event(message=message)))
    assert plain.replace("\r\n", "\n").replace("\n  ", "\n").count("é" * 99) == 100
    assert page.count("é" * 99) == 100
    assert "left out" not in plain + page


WILD = "\U0001f600"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"message": "x" * 131_000}, "The rest of this field is left out"),
        ({"message": WILD * 32_000}, "The rest of this field is left out"),
        ({"message": '"<&' * 43_000}, "The rest of this field is left out"),
        ({"message": "a\n" * 65_000}, "The rest of this field is left out"),
        ({"list": ["y"] * 40_000}, "The rest of this field is left out"),
        ({"list": [[[WILD] * 1000] * 30]}, "The rest of this field is left out"),
        ({f"{WILD * 90}{number}": WILD * 50 for number in range(500)}, "more fields are left out"),
        ({f"f{number}": "x" for number in range(500)}, "more fields are left out"),
    ],
    ids=range(8),
)
def test_a_mail_weighs_no_more_than_it_may_and_says_what_is_left_out(fields: dict[str, JsonValue], says: str) -> None:
    event = replace(
        an_event(),
        fields={"first": "stays", **fields},
        control=Control(subject=WILD * 500, reply_to="ada@example.org"),
        source=Source(referer=WILD * 2000, language=WILD * 200),
    )
    mail = read(event, replace(ANY, title=WILD * 200))
    for body in bodies(mail):
        assert says in body
        assert "stays" in body
        assert str(event.id) in body, "what stands below the fields is there all the same"


def test_an_address_that_is_ours_or_the_owners_is_answered_as_any_other() -> None:
    for address in (OWNER, "counterfoil@example.org"):
        assert owner_mail(an_event(email=address), ANY)["Reply-To"] == address
