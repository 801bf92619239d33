"""What text is taken, from one table that gateway, storage and notify are held to as well."""

from __future__ import annotations

import pytest

from shared.contracts import Unacceptable, check
from shared.text import as_line, as_shown, is_line, one_line
from support.texts import TEXTS


@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_is_what_the_table_says(kind: str) -> None:
    case = TEXTS[kind]
    line = as_line(case.text)
    assert (line if is_line(line) else None) == case.line
    assert as_shown(case.text) == case.shown
    if case.is_stored:
        check({"a": [case.text]})
    else:
        with pytest.raises(Unacceptable):
            check({"a": [case.text]})


def test_a_line_stays_as_it_is() -> None:
    for case in TEXTS.values():
        if case.line is not None:
            assert as_line(case.line) == case.line
            assert len(case.line.splitlines()) == 1


def test_several_lines_are_made_one_and_turn_nothing_round() -> None:
    assert one_line(" a\n\tb\u2028c\x1b\u202ed ") == "a b cd"
