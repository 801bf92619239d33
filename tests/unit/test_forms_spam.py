"""What a form may say of spam, and every error with its place."""

from __future__ import annotations

import time
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from shared import forms
from shared.forms import FormsError, SpamRules, file
from shared.forms.shown import lines_of
from shared.forms.spam.rules import ENTRIES_MOST, RULES


def load(text: str) -> forms.Forms:
    return file.parse(text.encode(), Path("forms.toml"))


def rules(text: str) -> SpamRules:
    return load(f"[forms.a.spam]\n{text}")["a"].spam


def errors(text: str) -> list[str]:
    with pytest.raises(FormsError) as error:
        load(text)
    return [line.removeprefix("forms.toml:") for line in str(error.value).splitlines()]


def warnings(text: str) -> list[str]:
    return forms.find_warnings(text.encode(), Path("f"), forms.FormSecrets(), [])


def test_a_form_that_says_nothing_is_judged_by_the_model_alone_and_holds_nothing() -> None:
    spam = load("[forms.a]")["a"].spam
    assert spam == SpamRules()
    assert (spam.mode, spam.threshold, spam.written_rules) == ("shadow", None, ())
    assert lines_of(load("[forms.a]")["a"]) == []


ALL = """
mode = "hold"
threshold = 80
links = 0
min_time = "3 s"
deny_words = ["casino", "Buy NOW", "(a+)+$", "casino", "kaufe 买"]
deny_hosts = ["Casino.Example.", "bücher.example", "192.0.2.7"]
deny_addresses = ["Ada+news@Example.org", "@Spam.example", "*@spam.example", "a.d.a@googlemail.com"]
deny_networks = ["192.0.2.7", "198.51.100.9/24", "2001:db8::/32", "::ffff:203.0.113.0/120"]
allow_addresses = ["grace@example.org"]
allow_networks = ["203.0.113.0/24"]
"""


def test_every_key_is_read() -> None:
    spam = rules(ALL)
    assert (spam.mode, spam.threshold, spam.links, spam.min_time) == ("hold", 80, 0, timedelta(seconds=3))
    assert spam.deny_words == ("casino", "Buy NOW", "(a+)+$", "kaufe 买")
    assert spam.deny_hosts == ("casino.example", "xn--bcher-kva.example", "192.0.2.7")
    assert spam.deny_addresses == ("ada@example.org", "@spam.example", "ada@gmail.com")
    assert list(map(str, spam.deny_networks)) == [
        "192.0.2.7/32",
        "198.51.100.0/24",
        "2001:db8::/32",
        "203.0.113.0/24",
    ]
    assert spam.allow_addresses == ("grace@example.org",)
    assert spam.allow_networks == (ip_network("203.0.113.0/24"),)
    assert spam.written_rules == RULES


def test_an_owner_sees_the_rules_and_no_log_sees_an_address() -> None:
    form = load(f"[forms.a.spam]\n{ALL}")["a"]
    shown = dict(lines_of(form))
    assert shown["spam.min_time"] == "3 seconds"
    assert shown["spam.deny_addresses"] == "ada@example.org, @spam.example, ada@gmail.com"
    assert shown["spam.deny_networks"].startswith("192.0.2.7/32, ")
    assert not any(one in repr(form) for one in ("ada@", "192.0.2.7/32", "grace@", "203.0.113"))


WRONG = """\
[forms.a.spam]
mode = "on"
threshold = 49
links = -1
min_time = "2 h"
deny_words = ["", "...", "fine"]
deny_hosts = ["https://casino.example/x", "*.casino.example", "a b"]
deny_addresses = ["ada", "@", "@a b", "ada@example.org"]
deny_networks = ["192.0.2.0/33", "0.0.0.0/0", "::/0", "casino.example"]
allow_addresses = "ada@example.org"
allow_networks = [7]
deny_word = ["casino"]
[forms.b]
spam = "hold"
[forms.c.spam]
threshold = "80"
links = true
min_time = 3
deny_words = ["a b c d e f g h i j k"]
"""


def test_every_error_names_its_place_and_the_mend() -> None:
    host = "expected a host alone, such as casino.example, without https:// and without a path"
    address = "expected an address such as ada@example.org, or @example.org for all of a domain"
    network = "expected a network or an address, such as 192.0.2.0/24 or 2001:db8::/32"
    everybody = 'these are all addresses there are: mode = "off" lets all in, active = false lets none'
    keys = (
        "mode, threshold, links, min_time, deny_words, deny_hosts, deny_addresses, deny_networks, allow_addresses, "
        "allow_networks"
    )
    assert errors(WRONG) == [
        "2: forms.a.spam.mode: expected one of: off, shadow, hold",
        "3: forms.a.spam.threshold: expected a whole number from 50 to 99",
        "4: forms.a.spam.links: expected a whole number from 0 to 1000",
        "5: forms.a.spam.min_time: expected a number and s or m, such as 3 s, and an hour at most",
        "6: forms.a.spam.deny_words.0: expected a word: there is no letter and no digit in it",
        "6: forms.a.spam.deny_words.1: expected a word: there is no letter and no digit in it",
        f"7: forms.a.spam.deny_hosts.0: {host}",
        "7: forms.a.spam.deny_hosts.1: leave out what is before casino.example: a host stands for all below it",
        f"7: forms.a.spam.deny_hosts.2: {host}",
        f"8: forms.a.spam.deny_addresses.0: {address}",
        f"8: forms.a.spam.deny_addresses.1: {address}",
        f"8: forms.a.spam.deny_addresses.2: {address}",
        f"9: forms.a.spam.deny_networks.0: {network}",
        f"9: forms.a.spam.deny_networks.1: {everybody}",
        f"9: forms.a.spam.deny_networks.2: {everybody}",
        f"9: forms.a.spam.deny_networks.3: {network}",
        '10: forms.a.spam.allow_addresses: expected a list: ["ada@example.org", "@example.org"]',
        "11: forms.a.spam.allow_networks.0: expected a text in quotes",
        f"12: forms.a.spam.deny_word: there is no such key; there are: {keys}",
        "14: forms.b.spam: expected a table",
        "16: forms.c.spam.threshold: expected a number",
        "17: forms.c.spam.links: expected a number",
        '18: forms.c.spam.min_time: expected a time in quotes, such as "3 s"',
        "19: forms.c.spam.deny_words.0: expected 10 words at most, not 11",
    ]


@pytest.mark.parametrize("key", [key for key in RULES if key.startswith(("deny", "allow"))])
def test_a_list_that_is_too_long_is_refused_before_it_is_read(key: str) -> None:
    entries = ", ".join(f'"a{number}@example.org"' for number in range(10_000))
    began = time.process_time()
    assert errors(f"[forms.a.spam]\n{key} = [{entries}]") == [
        f"2: forms.a.spam.{key}: expected {ENTRIES_MOST} entries at most, not 10000"
    ]
    assert time.process_time() - began < 2


@pytest.mark.parametrize("key", ["deny_words", "deny_hosts", "deny_addresses", "deny_networks"])
@pytest.mark.parametrize("text", ["x" * 5000, "@" + "x." * 150, "\u00fc" * 300, "(a+)+$" * 50, "1" * 300 + "/8"])
def test_a_hostile_entry_is_refused_quickly_or_taken_as_it_is(key: str, text: str) -> None:
    began = time.process_time()
    assert errors(f"[forms.a.spam]\n{key} = ['{text}']")
    assert time.process_time() - began < 1


SAID = """\
[forms.a]
allowed_origins = ["https://www.example.org"]
redirect = "https://shop.example.com/thanks"
[forms.a.spam]
deny_words = ["casi*o", "ok", "buy", "Buy", "buy"]
deny_hosts = ["example.org", "shop.example.com", "ample.org"]
deny_addresses = ["ada@example.org", "grace@example.org"]
deny_networks = ["10.1.2.3", "192.0.2.0/24", "fe80::/64"]
allow_addresses = ["ada+x@example.org"]
[forms.b.spam]
mode = "off"
links = 0
deny_words = ["casino"]
[forms.c.spam]
mode = "off"
"""


def test_what_has_no_effect_or_too_much_is_warned_of() -> None:
    own = "is a host of the form's own pages: who names one is spam"
    off = 'it has no effect: mode = "off" switches all of it off'
    signs = "no sign stands for others here, letters and digits alone are compared"
    counts = "1 of its entries are in allow_addresses, too, which counts for more"
    proxy = "everybody comes from there where a proxy in front is not trusted"
    assert warnings(SAID) == [
        "f:5: warning: forms.a.spam.deny_words: 1 of its entries stand in it more than once",
        f"f:5: warning: forms.a.spam.deny_words: casi*o: {signs}",
        "f:5: warning: forms.a.spam.deny_words: ok: so short a word stands in many texts",
        f"f:6: warning: forms.a.spam.deny_hosts: example.org {own}",
        f"f:6: warning: forms.a.spam.deny_hosts: shop.example.com {own}",
        f"f:7: warning: forms.a.spam.deny_addresses: {counts}",
        f"f:8: warning: forms.a.spam.deny_networks: 10.1.2.3/32, fe80::/64: {proxy}",
        f"f:12: warning: forms.b.spam.links: {off}",
        f"f:13: warning: forms.b.spam.deny_words: {off}",
    ]


def test_a_threshold_for_which_nothing_is_proved_is_warned_of() -> None:
    assert not warnings("[forms.a.spam]\nthreshold = 80")
    assert warnings("[forms.a.spam]\nthreshold = 79") == [
        "f:2: warning: forms.a.spam.threshold: nothing is held back below 80: no model proves what that loses"
    ]


def test_a_thousand_odd_words_are_one_warning() -> None:
    words = ", ".join(f'"word{number}*"' for number in range(ENTRIES_MOST))
    said = warnings(f"[forms.a.spam]\ndeny_words = [{words}]")
    assert len(said) == 1
    assert "word0*, word1*, word2* and 997 more: " in said[0]
