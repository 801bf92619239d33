"""A colour, the type of field that `docs/how-to-add.md` adds, works everywhere by its steps alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared import forms
from shared.forms import FormsError
from support.gateway_app import Gateway, a_gateway, document_of, errors_of
from support.tags import Tags

PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
FORM = '[forms.paint.fields]\ncolour = {type = "colour", required = true, help = "Of the door."}\n'


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
