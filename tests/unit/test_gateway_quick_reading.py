"""Fields that are right are read without marshmallow's schema, and as it would read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from gateway.fields.schemas import FormSchema
from shared import forms

DEFINITIONS = """
[forms.all]
unknown = "refuse"
fields.text = {type = "text", max_length = 10, required = true}
fields.email = {type = "email"}
fields.number = {type = "number", min = 0}
fields.integer = {type = "integer"}
fields.boolean = {type = "boolean"}
fields.date = {type = "date"}
fields.url = {type = "url"}
fields.tel = {type = "tel"}
fields.choice = {type = "choice", choices = ["one", "two"]}
fields.list = {type = "list", choices = ["a", "b"], max = 1}
fields.code = {type = "text", pattern = "[A-Z]{2,4}"}
"""
RIGHT: dict[str, list[Any]] = {
    "text": ["Ada", "\u200b Ada"],
    "email": ["ada@example.org", " ada@EXAMPLE.org"],
    "number": ["1.5", 7, "\uff11\uff12"],
    "integer": ["12", -3],
    "boolean": ["on", True, ["0", "1"]],
    "date": ["2026-11-22"],
    "url": ["https://example.org/a"],
    "tel": ["+49 30 1234"],
    "choice": ["one", ["", "two"]],
    "list": ["a", ["b"], ["a", "b"]],
    "code": ["AB", "ab"],
}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
ANY = SCALARS | st.lists(SCALARS, max_size=3)
LIKELY = {name: st.sampled_from(values) | ANY for name, values in RIGHT.items()}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> FormSchema:
    path: Path = tmp_path_factory.mktemp("forms") / "forms.toml"
    path.write_text(DEFINITIONS, encoding="utf-8")
    return FormSchema(forms.load(path)["all"])


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(fields=st.fixed_dictionaries({}, optional={**LIKELY, "unknown": ANY}))
def test_both_read_alike(schema: FormSchema, fields: dict[str, Any]) -> None:
    assert schema._schema is not None
    quick = schema._read_quickly(fields)
    if quick is None:
        with pytest.raises(ValidationError):
            schema._load(schema._schema, fields)
    else:
        slow = schema._load(schema._schema, fields)
        assert repr(list(quick.items())) == repr(list(slow.items()))  # an order and types, too


def test_what_is_right_is_read_quickly(schema: FormSchema) -> None:
    fields = {name: values[0] for name, values in RIGHT.items()}
    assert schema._read_quickly(fields) is not None
    assert schema._read_quickly({**fields, "unknown": "x"}) is None
