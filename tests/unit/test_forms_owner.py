"""The table `owner` of a form."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any

import pytest

from shared.forms import Form, FormsError, Owner
from shared.forms.digest import Digest, parse_digest
from shared.forms.file import parse
from shared.forms.owner import ADDRESSES_MOST, parse_addresses
from shared.mail_addresses import is_address

PLACE = Path("forms.toml")
FIELDS = '[forms.a.fields]\nname = {type = "text"}\nwork = {type = "email"}\n'


def of(text: str, fields: str = "") -> Owner | None:
    return parse(f"{fields}[forms.a.owner]\n{text}".encode(), PLACE)["a"].owner


def wrong(text: str, fields: str = "") -> str:
    with pytest.raises(FormsError) as raised:
        of(text, fields)
    return str(raised.value).removeprefix("forms.toml:")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ('to = "info@example.org"', {"to": ("info@example.org",)}),
        ('to = ["a@example.org", "B@example.org"]', {"to": ("a@example.org", "B@example.org")}),
        ('to = "ada@bücher.example"', {"to": ("ada@bücher.example",)}),
        ('to = "root@localhost"', {"to": ("root@localhost",)}),
        ('subject = "Order of {name}"', {"subject": "Order of {name}"}),
        ('include = ["name"]', {"include": ("name",)}),
        ("include = []", {"include": ()}),
        ('reply_to = "work"', {"reply_to": "work"}),
        ("reply_to = false", {"reply_to": False}),
        ('timezone = "Europe/Berlin"', {"timezone": "Europe/Berlin"}),
        ("enabled = false", {"enabled": False}),
        ('digest = "hourly"', {"digest": Digest("hour")}),
        ('digest = "daily 08:00"', {"digest": Digest("day", time(8))}),
        ('digest = "daily 23:59 Europe/Berlin"', {"digest": Digest("day", time(23, 59), zone="Europe/Berlin")}),
        ('digest = "weekly Sun 08:30"', {"digest": Digest("week", time(8, 30), 6)}),
        ('digest = "weekly Mon 08:00 America/New_York"', {"digest": Digest("week", time(8), 0, "America/New_York")}),
    ],
)
def test_each_key_says_something(text: str, expected: dict[str, Any]) -> None:
    assert of(text, FIELDS) == Owner(**expected)


def test_a_form_that_says_nothing_leaves_it_to_the_setting() -> None:
    assert parse(b"[forms.a]", PLACE)["a"].owner is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('to = "nobody"', "2: forms.a.owner.to: expected an address alone, such as info@example.org"),
        ('to = "Ada <ada@example.org>"', "2: forms.a.owner.to: expected an address alone, such as info@example.org"),
        ('to = "a@example.org, b@example.org"', "2: forms.a.owner.to: expected an address alone, such as info@exa"),
        ('to = ""', "2: forms.a.owner.to: expected an address alone"),
        (r'to = "a@example.org\r\nBcc: b@example.org"', "2: forms.a.owner.to: one line only"),
        ('to = 3', "2: forms.a.owner.to: expected an address alone, such as info@example.org, or a list of such"),
        ("to = []", "2: forms.a.owner.to: expected 1 to 10 addresses"),
        ('to = ["a@example.org",\n"b"]', "3: forms.a.owner.to.1: expected an address alone"),
        ('to = ["a@example.org", 1]', "2: forms.a.owner.to.1: expected a text in quotes"),
        ('to = ["a@example.org", "A@EXAMPLE.org"]', "2: forms.a.owner.to: an address stands twice"),
        (f"to = {[f'a{n}@example.org' for n in range(11)]}", "2: forms.a.owner.to: expected 1 to 10 addresses, not 11"),
        ('also = "a@example.org"', "2: forms.a.owner.also: there is no such key; there are: to, subject, include, "),
        ("reply_to = true", "2: forms.a.owner.reply_to: expected the name of a field, or false"),
        ("reply_to = ['a']", "2: forms.a.owner.reply_to: expected the name of a field, or false"),
        ('timezone = "CET/Berlin"', "2: forms.a.owner.timezone: no time zone of this name is known on this machine"),
        ('timezone = "../../etc/passwd"', "2: forms.a.owner.timezone: no time zone of this name"),
        ('timezone = "Europe"', "2: forms.a.owner.timezone: no time zone of this name"),
        ('include = ["_x"]', "2: forms.a.owner.include.0: a field's name begins with"),
        ('enabled = "no"', "2: forms.a.owner.enabled: expected true or false, without quotes"),
        ("subject = 'a\tb'", "2: forms.a.owner.subject: a control character (U+0009)"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(text: str, says: str) -> None:
    assert wrong(text).startswith(says)


def test_every_error_of_names_is_said_at_once() -> None:
    text = 'subject = "{nmae}"\ninclude = ["name", "wrok"]\nreply_to = "mail"'
    lines = wrong(text, FIELDS).splitlines()
    known = "is no field of this form; its fields: name, work"
    assert [line.removeprefix("forms.toml:") for line in lines] == [
        f"5: forms.a.owner.subject: {{nmae}} {known}",
        f"6: forms.a.owner.include: wrok {known}",
        f"7: forms.a.owner.reply_to: mail {known}",
    ]


@pytest.mark.parametrize("fields", ["", '[forms.a]\nunknown = "keep"\n' + FIELDS])
def test_a_form_that_takes_any_field_may_name_any(fields: str) -> None:
    assert of('include = ["other"]\nreply_to = "other"', fields) == Owner(include=("other",), reply_to="other")


def test_no_address_is_shown_where_a_form_is() -> None:
    assert "ada" not in repr(of('to = "ada@example.org"'))


@pytest.mark.parametrize(
    ("owner", "is_told"), [(None, True), (Owner(), True), (Owner(to=("a@example.org",), enabled=False), False)]
)
def test_an_owner_may_be_told_unless_the_form_says_otherwise(owner: Owner | None, is_told: bool) -> None:
    assert Form("a", "A", owner=owner).tells_owner is is_told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("  ", ()),
        ("info@example.org", ("info@example.org",)),
        (" a@example.org ,b@example.org ", ("a@example.org", "b@example.org")),
    ],
)
def test_a_setting_has_addresses_with_commas_between(text: str, expected: tuple[str, ...]) -> None:
    assert parse_addresses(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "nobody",
        "a@example.org,",
        "a@example.org b@example.org",
        "a@example.org, A@example.org",
        "Ada <ada@example.org>",
        ",".join(f"a{number}@example.org" for number in range(ADDRESSES_MOST + 1)),
    ],
)
def test_a_setting_of_anything_else_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|twice") as raised:
        parse_addresses(text)
    assert "ada" not in str(raised.value)


@pytest.mark.parametrize("text", ["a@b", "a.b+c@example.org", "é@example.org", "a@xn--bcher-kva.example", "#@x-y.org"])
def test_an_address_is_one_by_its_looks(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "a@", "@b", "a b@c", "a@b c", "a@b@c", ".a@b", "a.@b", "a..b@c", "a@b..c", "a@-b", "a@b_c", "<a@b>"),
        *('"a"@b', "a,b@c", "a;b@c", "a:b@c", "(a)@b", "a@[127.0.0.1]", "a@b\n", "a\0@b", "a\u202e@b", "a\u2028@b"),
        *("a" * 65 + "@b", "a@" + ".".join(["b" * 63] * 5), "a@" + "é" * 63, "x" * 100_000),
    ],
)  # fmt: skip
def test_anything_else_is_no_address(text: str) -> None:
    assert not is_address(text)


@pytest.mark.parametrize("text", ["hourly", "daily 08:00", "daily 00:05 Europe/Berlin", "weekly Fri 17:00 UTC"])
def test_a_digest_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_digest(text)) == text


@pytest.mark.parametrize(
    "text", ["", "daily", "daily 8:00", "daily 24:00", "daily 08:60", "weekly 08:00", "weekly Monday 08:00", "Hourly"]
)
def test_a_wrong_digest_is_refused_with_its_line_and_what_is_right(text: str) -> None:
    said = wrong(f'digest = "{text}"')
    assert said.startswith('2: forms.a.owner.digest: expected "hourly", "daily 08:00" or "weekly Mon 08:00"')


def test_a_digest_by_the_clocks_of_nowhere_is_refused() -> None:
    assert "no time zone of this name" in wrong('digest = "daily 08:00 Europe/Atlantis"')
    assert "expected a text in quotes" in wrong("digest = 8")
    assert "120 characters at most" in wrong(f'digest = "{"x" * 121}"')
