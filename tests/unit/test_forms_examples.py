"""What is made up for a form: a test is taken by the form, and the page that is copied asks as our own does."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from gateway.fields.schemas import FormSchema
from gateway.fields.types import TYPES
from shared.contracts import JsonValue
from shared.forms import FIELD_TYPES, Field, FileRules, Files, Form, load
from shared.forms.examples import MARK, command_line, fields_to_offer, values_for_test
from shared.web.snippets import kind_of

EXAMPLE = Path(__file__).parents[2] / "forms.example.toml"

BOUNDED = [
    Field("name", "text", required=True, min_length=200, max_length=300),
    Field("short", "text", max_length=3),
    Field("guests", "integer", min=7, max=9),
    Field("less", "integer", max=-3),
    Field("share", "number", min=0.5, max=0.7),
    Field("tick", "boolean", required=True),
    Field("one", "choice", choices=("a'b", "c")),
    Field("some", "list", choices=("a", "b", "c"), min=3),
    Field("single", "list", choices=("a", "b"), max=1),
    Field("lines", "list", min=2),
    Field("site", "url"),
    Field("phone", "tel"),
    Field("email", "email", required=True),
]


def made_for(form: Form, address: str | None = "ada@example.org") -> dict[str, JsonValue]:
    return values_for_test(fields_to_offer(form), address)


def test_a_test_keeps_to_all_bounds_and_says_what_it_is() -> None:
    form = Form("a", "A", {one.name: one for one in BOUNDED})
    taken = FormSchema(form).read(made_for(form))
    assert taken["email"] == "ada@example.org"
    assert str(taken["name"]).startswith(f"{MARK} name")
    assert taken["some"] == ["a", "b", "c"]


def test_the_forms_of_the_example_take_a_test() -> None:
    for form in load(EXAMPLE).values():
        FormSchema(form).read(made_for(form))


def test_without_an_address_it_goes_to_nobody() -> None:
    assert made_for(Form("a", "A"), None)["email"] == "test@example.org"


@pytest.mark.parametrize("type_", sorted(FIELD_TYPES))
@pytest.mark.parametrize("choices", [(), ("a", "b")])
@pytest.mark.parametrize("max_length", [10, 1000])
def test_a_page_that_is_copied_asks_for_a_field_as_our_own_does(
    type_: str, choices: tuple[str, ...], max_length: int
) -> None:
    field, form = Field("f", type_, choices=choices, max_length=max_length), Form("a", "A")
    assert kind_of(field, form) == TYPES[type_].draw(field, form).kind


def test_a_line_for_a_terminal_is_quoted() -> None:
    form = Form("a", "A", {"n": Field("n", "choice", choices=("a'b $(x)",))}, access_key="k e y")
    line = command_line(form, "https://example.org/f/a")
    assert shlex.split(line) == ["curl", "-d", "access_key=k e y", "-d", "n=a'b $(x)", "https://example.org/f/a"]


def test_a_line_for_a_terminal_sends_the_files_that_are_needed() -> None:
    fields = [Field("cv", "file", required=True, file=FileRules(types=("image",))), Field("n", "text", required=True)]
    form = Form("a", "A", {one.name: one for one in fields}, files=Files())
    line = command_line(form, "https://example.org/f/a")
    assert shlex.split(line)[1:5] == ["--form-string", "n=Hello", "-F", "cv=@example.jpg"]
