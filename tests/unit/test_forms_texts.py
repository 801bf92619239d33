"""Texts of the forms file: how long they may be, and which characters stand in none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields

from gateway.fields.choices import Choices
from shared.forms import Forms, FormsError
from shared.forms.file import parse
from shared.forms.schemas.form import FileSchema
from shared.forms.schemas.texts import Text
from support.steps import lengths_normalised

PLACE = Path("forms.toml")
CONFIRMED = "[forms.a.confirmation]\n"
FIELD = "[forms.a.fields]\n"
URL = "url = 'https://owner.example.org/'\n"


def load(text: str) -> Forms:
    return parse(f"[forms.a]\n{text}".encode(), PLACE)


def error_of(text: str) -> str:
    with pytest.raises(FormsError) as raised:
        load(text)
    return str(raised.value).removeprefix("forms.toml:")


@pytest.mark.parametrize("sign", ["\\u0000", "\\u0007", "\\u001b", "\\u007f", "\\u0085", "\\u000b"])
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('title = "a{}"', "2: forms.a.title"),
        ('redirect = "https://a/{}"', "2: forms.a.redirect"),
        ('allowed_origins = ["https://{}"]', "2: forms.a.allowed_origins.0"),
        ('dialect = "web3forms"\naccess_key = "a{}"', "3: forms.a.access_key"),
        (CONFIRMED + 'subject = "a{}"', "3: forms.a.confirmation.subject"),
        (CONFIRMED + 'text = "a{}"', "3: forms.a.confirmation.text"),
        (FIELD + 'x = {{type = "text", label = "a{}"}}', "3: forms.a.fields.x.label"),
        (FIELD + 'x = {{type = "text", help = "a{}"}}', "3: forms.a.fields.x.help"),
        (FIELD + 'x = {{type = "text", pattern = "a{}"}}', "3: forms.a.fields.x.pattern"),
        (FIELD + 'x = {{type = "choice", choices = ["a", "a{}"]}}', "3: forms.a.fields.x.choices.1"),
        ('[forms.a.captcha]\nprovider = "altcha"\nsecret = "a{}"', "4: forms.a.captcha.secret"),
        ("[forms.a.webhook]\n" + URL + 'secret_file = "a{}"', "4: forms.a.webhook.secret_file"),
    ],
)
def test_a_control_character_is_an_error_wherever_it_stands(text: str, place: str, sign: str) -> None:
    says = f"a control character (U+{sign[2:].upper()}) cannot stand here: leave it out"
    assert error_of(text.format(sign)) == f"{place}: {says}"


def test_what_is_read_as_prose_may_have_lines_and_tabs() -> None:
    form = load(
        'title = "a\\nb"\n' + FIELD + 'x = {type = "text", label = "a\\tb", help = "a\\r\\nb"}\n'
        "[forms.a.confirmation]\n" + 'text = "a\\n\\tb"'
    )["a"]
    assert (form.title, form.confirmation.text) == ("a\nb", "a\n\tb")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (FIELD + 'x = {type = "choice", choices = ["a\\nb"]}', "3: forms.a.fields.x.choices.0: one line only"),
        (FIELD + 'x = {type = "choice", choices = ["a\\tb"]}', "3: forms.a.fields.x.choices.0: a control character"),
        (
            FIELD + f'x = {{type = "choice", choices = ["{"a" * 1001}"]}}',
            "3: forms.a.fields.x.choices.0: expected 1000 characters at most, not 1001",
        ),
        (
            FIELD + f'x = {{type = "list", choices = {[str(n) for n in range(1001)]}}}',
            "3: forms.a.fields.x.choices: Length must be between 1 and 1000",
        ),
        (f'title = "{"a" * 20_001}"', "2: forms.a.title: expected 20000 characters at most, not 20001"),
        (f'redirect = "https://a/{"a" * 2_000}"', "2: forms.a.redirect: expected 2000 characters at most, not 2010"),
        (f'rate_limit = "{"9" * 101}"', "2: forms.a.rate_limit: expected 100 characters at most, not 101"),
    ],
)
def test_what_is_too_long_or_of_several_lines_is_an_error(text: str, says: str) -> None:
    assert error_of(text).startswith(says)


def test_as_many_choices_as_long_as_may_be_load() -> None:
    choices = [f"{n:01000}" for n in range(1000)]
    field = (load(FIELD + f'x = {{type = "choice", choices = {choices}}}')["a"].fields or {})["x"]
    assert field.choices == tuple(choices)


def test_no_choice_is_put_into_a_normal_form_that_takes_long() -> None:
    marks = "\u0301\u0327" * 50_000
    with lengths_normalised() as lengths, suppress(FormsError):
        forms = load(FIELD + f'x = {{type = "choice", choices = ["e{marks}"]}}')
        Choices((forms["a"].fields or {})["x"].choices)
    assert max(lengths, default=0) <= 1000


def test_a_name_that_cannot_be_shown_is_shown_by_its_escapes() -> None:
    assert error_of('"x\\u0000\\u001b[2J" = 1').startswith(r"2: forms.a.'x\x00\x1b[2J': there is no such key")
    assert len(error_of(f"{'x' * 9999} = 1")) < 1000


def test_every_text_of_the_file_is_one_with_a_limit() -> None:
    assert [name for name, field in leaves(FileSchema(), "") if not isinstance(field, Text)] == []


def leaves(schema: Schema, place: str) -> Iterator[tuple[str, fields.Field[Any]]]:
    """Yield the fields of a schema that are texts, and of those within it, by where they stand."""
    for name, field in schema.fields.items():
        yield from leaves_of(field, f"{place}.{name}")


def leaves_of(field: fields.Field[Any], place: str) -> Iterator[tuple[str, fields.Field[Any]]]:
    match field:
        case fields.Nested():
            yield from leaves(field.schema, place)
        case fields.List():
            yield from leaves_of(field.inner, place)
        case fields.Dict():
            for inner in (field.key_field, field.value_field):
                assert inner is not None
                yield from leaves_of(inner, place)
        case fields.String():
            yield place, field
