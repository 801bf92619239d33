"""The rules of a form against spam, one by one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gateway.spam.links import hosts_in
from gateway.spam.rules import Rules, rules_of
from gateway.spam.told import LOOKED_AT_MOST, Told
from shared.contracts import JsonValue
from shared.forms import file
from shared.forms.spam.rules import ENTRIES_MOST
from support.steps import steps_of


def rules(text: str, fields: str = "") -> Rules:
    form = file.parse(f"[forms.a]\n{fields}\n[forms.a.spam]\n{text}".encode(), Path("f"))["a"]
    found = rules_of(form)
    assert found is not None
    return found


def broken(text: str, told: Told | str) -> str | None:
    return rules(text).broken(told if isinstance(told, Told) else Told({"message": told}))


def test_a_form_without_rules_has_none() -> None:
    for text in ("", "[forms.a.spam]", "[forms.a.spam]\nmode = 'hold'\nthreshold = 90\ndeny_words = []"):
        assert rules_of(file.parse(f"[forms.a]\n{text}".encode(), Path("f"))["a"]) is None


@pytest.mark.parametrize(
    "text",
    [
        "Best casino here", "CASINO!", "a\ncasino\nb", "Casin\u00f3", "ca\u200bsino", "c\u0430sin\u043e",
        "\uff43\uff41\uff53\uff49\uff4e\uff4f", "ca\u00adsino", "x,casino;b", "Buy   now!", "please buy\nNOW",
        "x 赌场y", "在线赌场开户", "(a+)+$", "x c++ b",
    ],
)  # fmt: skip
def test_a_word_is_found_however_it_is_written(text: str) -> None:
    assert broken("deny_words = ['casino', 'buy now', '赌场', '(a+)+$', 'c++']", text) == "rule:words"


@pytest.mark.parametrize(
    "text", ["casinos", "x casi no b", "buy it now", "bay", "aaaaaaaaaaaaaaaaaaaaaaaa!", "赌 场", "", "nowbuy now"]
)
def test_what_is_no_whole_word_is_not(text: str) -> None:
    assert broken("deny_words = ['casino', 'buy now', '赌场', '(a+)+$', 'c.sino']", text) is None


@pytest.mark.parametrize(
    ("value", "finds"),
    [
        (["x", "casino"], True),
        ({"a": [{"b": "casino"}]}, True),
        ({"casino": "x"}, True),
        (7, False),
        (None, False),
        (True, False),
        ([[], {}], False),
    ],
)
def test_texts_are_found_at_any_depth(value: JsonValue, *, finds: bool) -> None:
    told = Told({"message": value})
    assert (rules("deny_words = ['casino']").broken(told) == "rule:words") == finds


LINKS = {
    "https://a.example/x": ["a.example"],
    "HTTP://A.Example": ["a.example"],
    "www.a.example and www.b.example.": ["a.example", "b.example"],
    "http://good.example@evil.example/": ["evil.example"],
    "http://evil.example:8080/x?y=http://c.example": ["evil.example"],
    '<a href="https://a.example/">https://a.example/</a>': ["a.example", "a.example"],
    "[url=http://a.example]x[/url]": ["a.example"],
    "h\u200bttps://a.ex\u00adample": ["a.example"],
    "ftp://a.example": ["a.example"],
    "a.example": [],
    "ada@www.example.org": ["example.org"],
    "http:// www. ://": [],
    "https://ok.example,https://a.example": ["ok.example", "a.example"],
    "[a](https://ok.example)[b](https://a.example/)(www.b.example)": ["ok.example", "a.example", "b.example"],
    "https://ok.example/x|https://a.example/x|": ["ok.example", "a.example"],
    "https://ok.example=https://a.example:8080,x": ["ok.example", "a.example"],
    "https://ok.example/=https://a.example/&u=www.b.example": ["ok.example"],
    "https://ok.example/web/2020/https://www.a.example/": ["ok.example"],
    "https://ok.example/a_(b),c:d-e%20f": ["ok.example"],
    f"https://{'u' * 300}@a.example": ["a.example"],
    "https://ok.example@b@a.example": ["a.example"],
    r"https:\\a.example https:/\b.example": ["a.example", "b.example"],
    "": [],
}


@pytest.mark.parametrize(("text", "hosts"), LINKS.items(), ids=LINKS)
def test_links_are_found(text: str, hosts: list[str]) -> None:
    assert hosts_in([text]) == hosts


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("https://casino.example", "rule:hosts"),
        ("http://www.casino.example/x", "rule:hosts"),
        ("www.casino.example", "rule:hosts"),
        ("http://x@CASINO.example:1/", "rule:hosts"),
        ("https://bücher.example", "rule:hosts"),
        ("https://xn--bcher-kva.example", "rule:hosts"),
        ("http://192.0.2.7/x", "rule:hosts"),
        ("https://mycasino.example", None),
        ("https://casino.example.org", None),
        ("casino.example", None),
    ],
)
def test_a_host_stands_for_all_below_it(text: str, rule: str | None) -> None:
    assert broken("deny_hosts = ['casino.example', 'bücher.example', '192.0.2.7']", text) == rule


@pytest.mark.parametrize(("count", "rule"), [(0, None), (2, None), (3, "rule:links")])
def test_links_are_counted(count: int, rule: str | None) -> None:
    assert broken("links = 2", " ".join(f"https://a.example/{number}" for number in range(count))) == rule


def test_a_field_that_asks_for_a_link_does_not_count() -> None:
    form = rules(
        "links = 0\ndeny_hosts = ['casino.example']", "fields.site = {type = 'url'}\nfields.text = {type = 'text'}"
    )
    assert form.broken(Told({"site": "https://a.example"})) is None
    assert form.broken(Told({"text": "https://a.example"})) == "rule:links"
    assert form.broken(Told({"site": "https://casino.example"})) == "rule:hosts"


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("ada@example.org", "rule:addresses"),
        ("Ada+x@EXAMPLE.org", "rule:addresses"),
        ("bob@spam.example", "rule:addresses"),
        ("bob@mail.spam.example", "rule:addresses"),
        ("bob@nospam.example", None),
        ("grace@example.org", None),
        ("nonsense", None),
        ("@", None),
        (None, None),
    ],
)
def test_addresses_are_compared_by_mailbox(address: str | None, rule: str | None) -> None:
    assert broken("deny_addresses = ['ada@example.org', '@spam.example']", Told({"a": "b"}, address)) == rule


@pytest.mark.parametrize(
    ("ip", "rule"),
    [
        ("192.0.2.9", "rule:networks"),
        ("192.0.2.9:4711", "rule:networks"),
        ("::ffff:192.0.2.9", "rule:networks"),
        ("2001:db8::1", "rule:networks"),
        ("[2001:db8::1]:80", "rule:networks"),
        ("198.51.100.7", None),
        ("unknown", None),
        ("", None),
        (None, None),
    ],
)
def test_networks_have_addresses_in_them(ip: str | None, rule: str | None) -> None:
    assert broken("deny_networks = ['192.0.2.0/24', '2001:db8::/32']", Told({"a": "b"}, ip=ip)) == rule


@pytest.mark.parametrize(
    ("open_s", "rule"), [(0.0, "rule:time"), (2.999, "rule:time"), (3.0, None), (86_400.0 * 30, None), (None, None)]
)
def test_time_counts_where_the_page_told_and_only_against_it(open_s: float | None, rule: str | None) -> None:
    assert broken("min_time = '3 s'", Told({"a": "b"}, open_s=open_s)) == rule


@pytest.mark.parametrize(
    ("told", "is_allowed"),
    [
        (Told({}, "ada@example.org"), True),
        (Told({}, "bob@x.example.com"), True),
        (Told({}, None, ip="192.0.2.7"), True),
        (Told({}, "bob@example.org", ip="192.0.2.8"), False),
        (Told({}), False),
    ],
)
def test_what_is_allowed(told: Told, *, is_allowed: bool) -> None:
    allowing = rules("allow_addresses = ['ada@example.org', '@example.com']\nallow_networks = ['192.0.2.7']")
    assert allowing.allow(told) == is_allowed


ALL = """
links = 3
min_time = "3 s"
deny_words = [{}]
deny_hosts = ["casino.example"]
deny_addresses = ["ada@spam.example"]
deny_networks = ["192.0.2.0/24"]
allow_addresses = ["ada@example.org"]
"""
HOSTILE = {
    "one letter": "a" * 1_000_000,
    "words": "buy " * 250_000,
    "links": "http://a" * 125_000,
    "users": "http://" + "a" * 1_000_000,
    "www": "www." * 250_000,
    "odd hosts": " ".join(f"http://{chr(0x4E00 + number)}.example" for number in range(20_000)),
    "marks": "a" + "\u0301" * 1_000_000,
    "invisible": "h\u200bt\u200bt\u200bp\u200b:\u200b/\u200b/" * 80_000,
    "slashes": "a://" * 250_000,
    "no host": "aa://(" * 170_000,
    "many at": "aa://" + "@" * 1_000_000,
    "links in a path": "http://a/" + ",aaaaaaaaaaaaaaaaaaaaa:" * 40_000,
    "wide": "\ufdfa" * 300_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_megabyte_is_looked_at_in_bounded_time(text: str) -> None:
    words = ", ".join(f"'(a+)+$ buy {number}'" for number in range(ENTRIES_MOST))
    form = rules(ALL.format(words))
    began = time.process_time()
    form.broken(Told({"message": text}, "a" * 320 + "@example.com", ip="x" * 500))
    assert time.process_time() - began < 1


def test_words_are_looked_for_once_however_many_texts_there_are() -> None:
    words = ", ".join(f"'buy {number}'" for number in range(ENTRIES_MOST))
    form = rules(f"deny_words = [{words}]")

    def steps(texts: list[JsonValue]) -> int:
        return steps_of(lambda: form.broken(Told({"a": texts})))

    assert steps([""] * 4_000) - steps([""] * 2_000) < 2_000 * 40
    assert steps([""] * 100_000) < 2 * steps([""] * LOOKED_AT_MOST)


def test_a_phrase_is_not_found_across_two_texts() -> None:
    form = rules("deny_words = ['buy now']")
    assert form.broken(Told({"a": ["please buy", "now"]})) is None
    assert form.broken(Told({"a": ["please", "Buy now"]})) == "rule:words"


def test_no_more_is_looked_at_than_anybody_reads() -> None:
    assert broken("deny_words = ['casino']", "x " * (LOOKED_AT_MOST // 2 - 4) + "casino") == "rule:words"
    assert broken("deny_words = ['casino']", "x " * (LOOKED_AT_MOST // 2) + "casino") is None
