from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify_service.channels.mail import placeholders
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
    assert placeholders.fill(template, fields, typed=500, most=5000) == filled


@given(st.text(), st.text())
def test_a_value_is_never_a_placeholder(name: str, other: str) -> None:
    fields: dict[str, JsonValue] = {"name": name.replace("{", "{other}{"), "other": "canary"}
    assert "canary" not in placeholders.fill(f"a {{name}} {other.replace('{', '')}", fields, typed=500, most=5000)


def test_no_more_is_made_than_is_asked_for() -> None:
    template, values = "{name} " * 20_000, {"name": "x" * 500}
    assert len(placeholders.fill(template, values, typed=500, most=10_000)) < 11_000
