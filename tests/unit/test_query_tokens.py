"""Texts are cut into the same tokens whatever their case, accents and form are."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.query import needle_of, tokens
from shared.query.tokens import _FOLDED, _REMEMBERED_MOST, TOKEN_MOST
from support.steps import lengths_normalised, steps_of

TOKENS = {
    "": [],
    "!? _ \N{PARTY POPPER}": [],
    "Ada Lovelace": ["ada", "lovelace"],
    "ada@example.org": ["ada", "example", "org"],
    "e-mail, snake_case; don't": ["e", "mail", "snake", "case", "don", "t"],
    "2026-11-22 3.5": ["2026", "11", "22", "3", "5"],
    "Crème Brûlée": ["creme", "brulee"],
    "Cre\u0300me": ["creme"],
    "STRASSE Straße STRAẞE": ["strasse", "strasse", "strasse"],
    "ΣΊΣΥΦΟΣ σίσυφος": ["σισυφοσ", "σισυφοσ"],
    "ISTANBUL İstanbul \u0131stanbul istanbul": ["istanbul"] * 4,
    "Łódź Ørsted Đorđe Þór æsir": ["lodz", "orsted", "dorde", "thor", "aesir"],
    "\ufb01n \uff21\uff42\uff43 \u2460 \u00bd x\u00b2": ["fin", "abc", "1", "1", "2", "x2"],
    "a\u0338b a\u034fb": ["ab", "ab"],
    "\u0661\u0662\u0663": ["123"],
    "co\u00adoperate zero\u200bwidth \ufeffbom": ["cooperate", "zero", "width", "bom"],
    "thanks\N{PARTY POPPER}\ufe0f bye 1\ufe0f\u20e3": ["thanks", "bye", "1"],
    "東": ["東"],
    "東京都": ["東京", "京都", "都"],
    "iPhone手机2": ["iphone", "手机", "机", "2"],
    "葛\U000e0100城": ["葛城", "城"],
    "がか か\u3099": ["がか", "か", "が"],
    "\uff76\uff9e\uff97\uff7d": ["ガラ", "ラス", "ス"],
    "한국 \u1112\u1161\u11ab\u1100\u116e\u11a8": ["한국", "국", "한국", "국"],
    "กิน": ["กิน", "น"],
    "საქართველო": ["საქართველო"],
    "हिन्दी": ["हिन्दी"],
    "مُحَمَّد": ["محمد"],
    "שָׁלוֹם": ["שלום"],
    "й ё": ["\u0438", "\u0435"],
    "a\ud800b\x00c": ["a", "b", "c"],
}


@pytest.mark.parametrize(("text", "cut"), TOKENS.items(), ids=map(ascii, TOKENS))
def test_a_text(text: str, cut: list[str]) -> None:
    assert tokens(text) == cut
    assert tokens(unicodedata.normalize("NFD", text)) == cut
    assert tokens(unicodedata.normalize("NFKC", text)) == cut


def test_a_long_word_is_cut_and_found_by_the_whole() -> None:
    assert [len(one) for one in tokens("a" * 150)] == [TOKEN_MOST, TOKEN_MOST, 22]
    assert [len(one) for one in tokens("é" * 150)] == [TOKEN_MOST, TOKEN_MOST, 22]


def test_a_single_character_of_a_script_without_spaces_is_a_beginning() -> None:
    assert needle_of("東").is_prefix
    assert needle_of("tokyo 東京").is_prefix
    assert not needle_of("東京 tokyo").is_prefix
    assert needle_of("tok", is_prefix=True).is_prefix
    assert not needle_of("!").is_prefix


@given(text=st.text(st.characters(codec="ascii")))
def test_ascii_is_cut_as_all_else(text: str) -> None:
    assert tokens(text) == tokens(f"{text} é")[:-1]


@given(text=st.text())
def test_any_text(text: str) -> None:
    found = tokens(text)
    assert all(0 < len(one) <= TOKEN_MOST and one[0].isalnum() and " " not in one for one in found)
    assert tokens(f"{text} {text}") == found * 2
    assert sum(map(len, found)) <= 2 * 18 * len(text)


@given(text=st.text(st.characters(categories=["Lu", "Ll", "Nd", "Mn", "Zs", "Po"], max_codepoint=0x5FF)))
def test_what_is_cut_is_cut_into_itself(text: str) -> None:
    assert tokens(" ".join(tokens(text))) == tokens(text)


HOSTILE = [
    "a",
    "\u0e38\u0f71",
    "a\u0e38",
    "\u0315\u0300",
    "a\u0315",
    "\ufdfa",
    "東",
    "\u1100",
    "\u1100\u1161",
    "\u3099",
]


@pytest.mark.parametrize("piece", HOSTILE, ids=map(ascii, HOSTILE))
def test_cutting_takes_steps_in_proportion(piece: str) -> None:
    def cost(size: int) -> int:
        return steps_of(lambda: tokens("é" + piece * (size // len(piece))))

    with lengths_normalised() as lengths:
        cost(8)
        assert cost(20_000) <= 2.2 * cost(10_000) + 200
    assert max(lengths, default=0) <= 18  # what one character becomes at most, U+FDFA


def test_not_every_character_that_a_stranger_sends_is_remembered() -> None:
    tokens("".join(map(chr, range(0x3400, 0x3400 + 2 * _REMEMBERED_MOST))))
    assert len(_FOLDED) == _REMEMBERED_MOST
