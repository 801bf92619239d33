from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_service import placeholders
from shared.contracts import JsonValue


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("Welcome, {name}", "Welcome, Ada {email}"),
        ("{name}{name}", "Ada {email}Ada {email}"),
        ("{count} of {share}", "3 of 0.5"),
        ("{yes}{none}{list}{object}{missing}", ""),
        ("{first name}", "Ada"),
        ("{{7*7}} ${x} {} {_private} {name!r} {name:>9}", "{{7*7}} $ {} {_private} {name!r} {name:>9}"),
        ("{0.__class__}{name.__class__}", ""),
    ],
)
def test_a_placeholder_stands_for_a_field_and_nothing_else(template: str, filled: str) -> None:
    fields: dict[str, JsonValue] = {
        "name": "Ada {email}",
        "email": "ada@example.org",
        "first name": "Ada",
        "count": 3,
        "share": 0.5,
        "yes": True,
        "none": None,
        "list": ["x"],
        "object": {"x": "y"},
    }
    assert placeholders.fill(template, fields) == filled


@given(st.text())
def test_a_value_stands_as_it_was_typed(value: str) -> None:
    assert placeholders.fill("a {name} b", {"name": value}) == f"a {value} b"
