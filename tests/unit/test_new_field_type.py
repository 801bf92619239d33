"""A new type of field, made and named as `docs/how-to-add.md` says, works everywhere by that alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from marshmallow import ValidationError

from gateway.fields.json_schema import Schema
from gateway.fields.types import TYPES
from gateway.fields.types.base import MESSAGES, FieldType
from gateway.fields.widgets import Widget
from shared import forms
from shared.contracts import JsonValue
from shared.forms import FIELD_TYPES, Field, Form, FormsError
from shared.forms.field_types import FieldRules
from support.gateway_app import Gateway, a_gateway, document_of, errors_of
from support.tags import Tags

PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
FORM = '[forms.paint.fields]\ncolour = {type = "colour", required = true, help = "Of the door."}\n'

# What follows would be the module gateway/fields/types/colour.py.

_COLOUR = re.compile(r"#[0-9a-f]{6}")


class Colour(FieldType):
    """A colour, as `#aa3300`."""

    messages = MESSAGES | {"TYPE_COLOUR": "{label} must be a colour, such as #aa3300."}
    example = "#aa3300"

    def read(self, value: Any) -> JsonValue:
        text = self.text_of(value, "TYPE_COLOUR").lower()
        if not _COLOUR.fullmatch(text):
            raise ValidationError("TYPE_COLOUR")
        return text

    @classmethod
    def draw(cls, definition: Field, form: Form) -> Widget:
        return Widget(type="color", plain_type="color", shows=_COLOUR)

    @classmethod
    def describe(cls, definition: Field, form: Form) -> Schema:
        return {"type": "string", "pattern": f"^{_COLOUR.pattern}$"}


# Its lines in gateway/fields/types/__init__.py and in shared/forms/field_types.py.


@pytest.fixture(autouse=True)
def _named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TYPES, "colour", Colour)
    monkeypatch.setitem(FIELD_TYPES, "colour", FieldRules(has_length=False))


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, definitions=FORM)


def the_input(page: str) -> dict[str, str | None]:
    [found] = [attributes for _, attributes in Tags(page).found if attributes.get("name") == "colour"]
    return found


def test_the_hosted_page_has_its_input(gateway: Gateway) -> None:
    drawn = the_input(gateway.client.get("/f/paint").text)
    assert drawn["type"] == "color"
    assert "required" in drawn
    assert drawn["aria-describedby"] == "field-colour-help"


def test_the_start_page_has_its_example_and_its_input(gateway: Gateway) -> None:
    page = gateway.client.get("/", headers=PAGE).text
    assert "curl -d colour=#aa3300" in page.replace("&#39;", "")
    assert "name=&#34;colour&#34; type=&#34;color&#34; required" in page


def test_it_is_checked_and_published(gateway: Gateway) -> None:
    gateway.submitted("paint", {"colour": "#AA3300"})
    assert gateway.published()[0].fields == {"colour": "#aa3300"}


def test_its_error_has_its_words_and_a_page_that_shows_what_was_typed(gateway: Gateway) -> None:
    assert errors_of(gateway.client.post("/f/paint", json={"colour": "red"})) == [("TYPE_COLOUR", "colour")]
    page = gateway.client.post("/f/paint", data={"colour": "red"}, headers=PAGE).text
    assert "Colour must be a colour, such as #aa3300." in page
    assert (the_input(page)["type"], the_input(page)["value"]) == ("text", "red")
    assert errors_of(gateway.client.post("/f/paint", json={"colour": ""})) == [("REQUIRED_FIELD_EMPTY", "colour")]


def test_openapi_describes_it(gateway: Gateway) -> None:
    described = document_of(gateway.client.get("/openapi.json"))
    body = described["paths"]["/f/paint"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    told = {"title": "Colour", "description": "Of the door.", "type": "string", "pattern": "^#[0-9a-f]{6}$"}
    assert body["properties"]["colour"] == told


@pytest.mark.parametrize("key", ["min = 1", "choices = ['a']", "pattern = 'a'"])
def test_a_key_that_it_has_not_is_an_error(tmp_path: Path, key: str) -> None:
    path = tmp_path / "forms.toml"
    path.write_text(f"[forms.a.fields]\nc = {{type = 'colour', {key}}}\n")
    with pytest.raises(FormsError, match="colour has no"):
        forms.load(path)


def test_the_types_of_the_file_are_those_of_the_gateway() -> None:
    assert TYPES.keys() == FIELD_TYPES.keys()
