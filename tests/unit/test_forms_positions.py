"""Lines in TOML: every key that `tomllib` finds has one, and it is the right one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.forms import positions
from shared.forms.positions import line_of, lines_of

TRICKY = Path(__file__).with_name("tricky.toml").read_text(encoding="utf-8")


def paths(value: Any, path: positions.Path = ()) -> Iterator[positions.Path]:
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from paths(inner, (*path, key))


@pytest.mark.parametrize("document", [TRICKY, ""])
def test_every_key_has_a_line(document: str) -> None:
    assert set(lines_of(document)) == set(paths(tomllib.loads(document)))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("b", "c"), 2),
        (("q.k",), 3),
        (("lit k", "z"), 4),
        (("lit k", "z", 1), 5),
        (("lit k", "z", 3, "j", "k"), 6),
        (("lit k", "z", 4, 1, 0), 9),
        (("m",), 11),
        (("d",), 14),
        (("n",), 15),
        (("t",), 18),
        (("t", "x"), 19),
        (("t", "u", "v w", 'é "'), 21),
        (("arr", 0, "k"), 23),
        (("arr", 0, "sub", "l"), 25),
        (("arr", 1), 26),
        (("arr", 1, "sub", "l"), 27),
        (("arr", 1, "inner", 0, "z"), 29),
        (("arr", 1, "inner", 1, "z"), 31),
    ],
)
def test_the_line_of_a_key(path: positions.Path, line: int) -> None:
    assert lines_of(TRICKY)[path] == line


def test_what_is_missing_is_at_what_should_hold_it() -> None:
    lines = lines_of(TRICKY)
    assert line_of(("arr", 1, "sub", "missing", "too"), lines) == 27
    assert line_of(("elsewhere",), lines) == 1


TEXTS = st.text(st.characters(exclude_categories=["C"], exclude_characters="'\"\\"), max_size=5)
KEYS = st.sampled_from(["a", "b-c", "7"]) | TEXTS.map('"{}"'.format) | TEXTS.map("'{}'".format)
LONG = ['"""\n[x]\n="""""', "'''\n#''''", '"\\\\" # "']
SCALARS = st.sampled_from(["1", "-0.5", "true", "2026-11-22", *LONG]) | TEXTS.map("'{}'".format)


def inline(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    arrays = st.lists(values, max_size=3).map(lambda parts: "[ # [\n" + "\n,".join(parts) + "\n]")
    return arrays | st.tuples(KEYS, values).map(lambda pair: f"{{ k.{pair[0]} = {pair[1]} , b={pair[1]}}}")


ENTRIES = st.tuples(KEYS, st.recursive(SCALARS, inline, max_leaves=6))


@given(st.lists(ENTRIES, max_size=6))
def test_any_document_has_its_keys_at_their_lines(entries: list[tuple[str, str]]) -> None:
    document, expected = "", []
    for key, value in entries:
        document += "[[ t ]]\n"
        expected.append(document.count("\n") + 1)
        document += f"{key} = {value}\n\n"
    try:
        read = tomllib.loads(document)
    except tomllib.TOMLDecodeError:  # `# ` after a text in an inline table, which ends it
        return
    lines = lines_of(document)
    assert set(lines) == set(paths(read))
    assert [line for path, line in lines.items() if len(path) == 3] == expected
