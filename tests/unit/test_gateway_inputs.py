"""The hosted page of a form with every type: labels, notes, limits, and what was typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.fields.inputs import id_of
from support.gateway_app import Gateway, a_gateway
from support.tags import Tags

FORMS = """
[forms.every.fields]
name         = {type = "text", required = true, max_length = 200, help = "As on the card."}
email        = {type = "email", required = true}
"table code" = {type = "text", min_length = 5, max_length = 5, pattern = "[A-Z]{2}[0-9]{3}", help = "Such as <AB123>."}
guests       = {type = "integer", min = 1, max = 10}
share        = {type = "number", min = -0.5}
day          = {type = "date", min = 2026-11-22, max = "2026-12-31"}
website      = {type = "url"}
phone        = {type = "tel"}
meal         = {type = "choice", choices = ["Meat", "Fish  and chips"], required = true}
allergies    = {type = "list", choices = ["Nuts", "Milk"], help = "All of them."}
songs        = {type = "list", max = 4}
message      = {type = "text", min_length = 10, pattern = ".*"}
terms        = {type = "boolean", required = true}
posix        = {type = "text", max_length = 9, pattern = "[[:alpha:]]+"}
"""
PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return a_gateway(tmp_path, definitions=FORMS)


def named(tags: Tags, name: str) -> list[dict[str, str | None]]:
    return [attributes for _, attributes in tags.found if attributes.get("name") == name]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("name", {"type": "text", "maxlength": "200", "autocomplete": "name", "dir": "auto", "required": None}),
        ("email", {"type": "text", "inputmode": "email", "autocomplete": "email", "required": None}),
        (
            "table code",
            {"minlength": "5", "maxlength": "5", "pattern": "[A-Z]{2}[0-9]{3}", "title": "Such as <AB123>."},
        ),
        ("guests", {"type": "number", "min": "1", "max": "10", "step": "1"}),
        ("share", {"type": "number", "min": "-0.5", "step": "any"}),
        ("day", {"type": "date", "min": "2026-11-22", "max": "2026-12-31"}),
        ("website", {"type": "url", "autocomplete": "url"}),
        ("phone", {"type": "tel", "autocomplete": "tel"}),
        ("meal", {"required": None}),
        ("message", {"minlength": "10", "maxlength": "5000"}),
        ("terms", {"type": "checkbox", "value": "true", "required": None}),
    ],
)
def test_a_browser_checks_what_it_can(gateway: Gateway, name: str, expected: dict[str, str | None]) -> None:
    [attributes] = named(Tags(gateway.client.get("/f/every").text), name)
    assert {key: attributes.get(key, "missing") for key in expected} == expected


@pytest.mark.parametrize(("name", "absent"), [("message", "pattern"), ("posix", "pattern"), ("guests", "maxlength")])
def test_what_a_browser_would_take_for_something_else_is_left_to_the_server(
    gateway: Gateway, name: str, absent: str
) -> None:
    [attributes] = named(Tags(gateway.client.get("/f/every").text), name)
    assert absent not in attributes


def test_every_reference_leads_to_one_element(gateway: Gateway) -> None:
    wrong = {"table code": "x", "guests": 0, "allergies": "None", "songs": ["1", "2", "3", "4", "5"], "message": "a"}
    pages = [gateway.client.get("/f/every"), gateway.client.post("/f/every", json=wrong, headers=PAGE)]
    for page in pages:
        found = Tags(page.text).found
        ids = [attributes["id"] for _, attributes in found if "id" in attributes]
        assert len(ids) == len(set(ids))
        labels = [attributes["for"] for tag, attributes in found if tag == "label" and "for" in attributes]
        notes = [note for _, attributes in found for note in (attributes.get("aria-describedby") or "").split()]
        links = [(attributes["href"] or "")[1:] for tag, attributes in found if tag == "a"]
        assert {*labels, *notes, *(link for link in links if link.startswith("field-"))} <= set(ids)
        assert len(notes) >= 3
    assert pages[1].status_code == 422


def test_help_and_error_describe_their_field(gateway: Gateway) -> None:
    page = gateway.client.post("/f/every", json={"table code": "x", "allergies": "None"}, headers=PAGE).text
    tags = Tags(page)
    [code] = named(tags, "table code")
    assert code["aria-describedby"] == "field-table.20.code-help field-table.20.code-error"
    assert code["aria-invalid"] == "true"
    assert '<p class="help" id="field-table.20.code-help" dir="auto">Such as &lt;AB123&gt;.</p>' in page
    groups = [attributes.get("aria-describedby") for tag, attributes in tags.found if tag == "fieldset"]
    assert groups == ["field-allergies-help field-allergies-error", None]
    assert [each["aria-invalid"] for each in named(tags, "allergies")] == ["true", "true"]
    assert "Please tick Terms." not in page
    assert "Please tick terms." in page
    assert "Please choose meal." in page


def test_a_single_error_leads_to_its_field(gateway: Gateway) -> None:
    values = {"name": "Ada", "email": "ada@example.org", "meal": "Meat", "terms": "on", "guests": "11"}
    page = gateway.client.post("/f/every", data=values, headers=PAGE).text
    assert '<a href="#field-guests">Guests must be 10 or less.</a>' in page


def test_groups_have_legends_and_keep_what_was_chosen(gateway: Gateway) -> None:
    values = {"allergies": ["Milk"], "songs": ["One", "", "Two"], "meal": "Fish  and chips"}
    page = gateway.client.post("/f/every", data=values, headers=PAGE).text
    tags = Tags(page)
    assert [tag for tag, _ in tags.found].count("legend") == 2
    assert ["checked" in each for each in named(tags, "allergies")] == [False, True]
    assert [each["value"] for each in named(tags, "songs")] == ["One", "", "Two", ""]
    assert all(each["aria-label"] for each in named(tags, "songs"))
    assert '<option value="Fish  and chips" selected>' in page


def test_a_list_of_lines_leaves_out_what_was_left_empty(gateway: Gateway) -> None:
    values = {"name": "Ada", "email": "ada@example.org", "meal": "Meat", "terms": "true", "songs": ["One", "", ""]}
    assert gateway.client.post("/f/every", data=values).status_code == 202
    assert gateway.published()[0].fields["songs"] == ["One"]


@pytest.mark.parametrize("name", ["a b", "a-b", "a.b", "ñ", "a.20.b"])
def test_ids_are_one_word_and_one_each(name: str) -> None:
    assert " " not in id_of(name)
    assert (id_of(name) == id_of("a b")) == (name == "a b")


@pytest.mark.parametrize(
    ("name", "typed", "kind"),
    [
        ("guests", "a dozen", "text"),
        ("guests", "11", "number"),
        ("guests", "", "number"),
        ("share", "12,5", "text"),
        ("share", "+5", "text"),
        ("share", "-1.5e3", "number"),
        ("day", "22.11.2026", "text"),
        ("day", "2026-02-31", "text"),
        ("day", "20261122", "text"),
        ("day", "2026-11-23", "date"),
        ("website", "example.org", "url"),
    ],
)
def test_what_a_browser_would_not_show_in_its_input_is_shown_as_text(
    gateway: Gateway, name: str, typed: str, kind: str
) -> None:
    [attributes] = named(Tags(gateway.client.post("/f/every", data={name: typed}, headers=PAGE).text), name)
    assert (attributes["type"], attributes["value"]) == (kind, typed)


@pytest.mark.parametrize("name", ["name", "email", "website", "guests"])
def test_lines_are_not_joined(gateway: Gateway, name: str) -> None:
    page = gateway.client.post("/f/every", data={name: "one\r\ntwo"}, headers=PAGE).text
    assert [tag for tag, attributes in Tags(page).found if attributes.get("name") == name] == ["textarea"]
    assert ">\none\r\ntwo</textarea>" in page


def test_choices_that_are_not_offered_can_be_copied(gateway: Gateway) -> None:
    page = gateway.client.post("/f/every", data={"meal": "Cake", "allergies": ["Milk", "Soy"]}, headers=PAGE).text
    assert "<dd>Cake</dd>" in page
    assert "<dd>Soy</dd>" in page
    assert "leftovers" not in gateway.client.post("/f/every", data={"meal": "", "allergies": "Milk"}, headers=PAGE).text
