"""Form definitions: what loads, and what an error says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared import forms
from shared.forms import FIELD_TYPES, FormSecrets, FormsError
from shared.forms.__main__ import main
from shared.forms.schemas.field import FIELD_NAME
from shared.forms.schemas.form import FormSchema

ROOT = Path(__file__).parents[2]


def load(tmp_path: Path, text: str) -> forms.Forms:
    path = tmp_path / "forms.toml"
    path.write_text(text, encoding="utf-8")
    return forms.load(path)


def test_the_example_loads() -> None:
    loaded = forms.load(ROOT / "forms.example.toml")
    signup = loaded["signup"]
    assert signup.fields is not None
    assert list(signup.fields) == ["name", "email"]
    assert signup.fields["email"].required
    assert signup.confirmation.subject == "Welcome"


def test_a_form_without_fields_takes_any(tmp_path: Path) -> None:
    form = load(tmp_path, "[forms.press-list]")["press-list"]
    assert form.fields is None
    assert form.title == "Press list"
    assert form.confirmation.enabled


BAD = """\
[forms."not a name"]
[forms.a]
titel = "typo"
redirect = "javascript:alert(1)"
allowed_origins = [
  "https://www.example.org",
  "www.example.org/path",
]
honeypot = "kind"
unknown = "hide"
[forms.a.fields]
age = {type = "years"}
kind = {type = "choice"}
name = {type = "text", choices = ["a"], max_length = 0}
_hidden = {type = "text"}
value = {max_length = 3}
key = "text"
count = {type = "integer", pattern = "[0-9]", min = "none"}
day = {type = "date", min = 2026-02-02, max = "2026-02-01"}
week = {type = "date", max = "tomorrow"}
code = {type = "text", min_length = 9, max_length = 8}
secret = {type = "text", pattern = "(?=x)y"}
some = {type = "list", min = -1}
[forms.a.confirmation]
subject = "two\\nlines"
[forms.b]
fields.name = {type = "text"}
confirmation.subject = "Welcome, {nmae}"
confirmation.text = "{name} {mail}"
[forms.c]
unknown = "drop"
[forms.d]
title = ""
fields.altcha = {type = "words"}
confirmation.subject = "{nmae} {altcha}"
[forms.e]
title = ""
fields.altcha = {type = "text"}
captcha = {provider = "altcha", secret = "x"}
"""


def test_every_error_is_reported_at_once_with_its_line_and_place(tmp_path: Path) -> None:
    with pytest.raises(FormsError) as error:
        load(tmp_path, BAD)
    lines = str(error.value).splitlines()
    no_lookaround = (
        "RE2 does not take this pattern (it has no lookaround, no backreferences): invalid perl operator: (?="
    )
    expected = "expected https://host, without a path, https://*.host for all below it, or * alone"
    known = ", ".join(field.data_key or name for name, field in FormSchema().fields.items())
    assert [line.removeprefix(f"{tmp_path}/forms.toml:") for line in lines] == [
        "1: forms.not a name: a form's name is letters, digits, - and _, 64 at most",
        f"3: forms.a.titel: there is no such key; there are: {known}",
        "4: forms.a.redirect: expected a whole web address, one that begins with https:// or http://",
        f"7: forms.a.allowed_origins.1: 'www.example.org/path' is no origin: {expected}",
        "9: forms.a.honeypot: a field of the form cannot be its trap: whoever fills it in is spam",
        "10: forms.a.unknown: expected one of: refuse, keep, drop",
        f"12: forms.a.fields.age.type: expected one of: {', '.join(FIELD_TYPES)}",
        "13: forms.a.fields.kind.choices: a choice needs its choices",
        "14: forms.a.fields.name.max_length: expected a whole number from 1 to 1000000",
        "14: forms.a.fields.name.choices: text has no choices; choice, list have",
        f"15: forms.a.fields._hidden: {FIELD_NAME.error}",
        "16: forms.a.fields.value.type: a field needs a type, such as text",
        "17: forms.a.fields.key: expected a table",
        "18: forms.a.fields.count.min: expected a whole number",
        "18: forms.a.fields.count.pattern: integer has no pattern; text, email, url, tel have",
        "19: forms.a.fields.day.min: more than max",
        "20: forms.a.fields.week.max: expected a date, such as 2026-11-22",
        "21: forms.a.fields.code.min_length: more than max_length",
        f"22: forms.a.fields.secret.pattern: {no_lookaround}",
        "23: forms.a.fields.some.min: expected how many entries, from 0",
        "25: forms.a.confirmation.subject: one line only",
        "28: forms.b.confirmation.subject: {nmae} is no field of this form; its fields: name",
        "29: forms.b.confirmation.text: {mail} is no field of this form; its fields: name",
        "31: forms.c.unknown: a form without fields keeps whatever comes",
        "33: forms.d.title: Length must be between 1 and 200",
        f"34: forms.d.fields.altcha.type: expected one of: {', '.join(FIELD_TYPES)}",
        "35: forms.d.confirmation.subject: {nmae} is no field of this form; its fields: altcha",
        "37: forms.e.title: Length must be between 1 and 200",
        "39: forms.e.captcha: altcha is the captcha's own field, and cannot be the form's",
    ]


@pytest.mark.parametrize("tag", ["German!", "d", "de_AT", "de-", "x" * 100, "", "de\\n"])
def test_a_language_is_a_tag(tmp_path: Path, tag: str) -> None:
    assert load(tmp_path, '[forms.a]\nlanguage = "pt-BR"')["a"].language == "pt-BR"
    with pytest.raises(FormsError, match=r":2: forms\.a\.language: "):
        load(tmp_path, f'[forms.a]\nlanguage = "{tag}"')


@pytest.mark.parametrize("form", ["[forms.a]", '[forms.a]\nunknown = "keep"\nfields.x = {type = "text"}'])
def test_a_form_that_takes_any_fields_may_name_any(tmp_path: Path, form: str) -> None:
    assert load(tmp_path, form + '\nconfirmation.subject = "{anything}"')


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[forms", r":1: not TOML: Expected '\]' at the end of a table declaration, at the end$"),
        ("[forms.a]\ntitle = \n", r":2: not TOML: Invalid value, at column 9$"),
        ("[forms.a.route]\n[[forms.a.route]]\n", r":2: not TOML: Cannot .*: it stands twice in the file; .* \[\[…\]\]"),
        ("", r":1: forms: no form is defined: \[forms\.contact\] would begin one$"),
        ("[forms]", r":1: forms: no form is defined$"),
        ("forms = 3", r":1: forms: expected tables, each with its name$"),
        (
            "\ufeff# a byte order mark, as some editors put it there\n[forms.a]\nx = 1",
            r":3: forms\.a\.x: there is no such key",
        ),
        ("# one\r\n# two\r\n[forms.a]\r\nx = 1", r":4: forms\.a\.x: there is no such key"),
        ("[forms.a]\nx = " + "9" * 5000, r":2: a number of too many digits$"),
        ("a = " + "[" * 9999, r":1: nested too deeply$"),
    ],
)
def test_a_file_that_defines_nothing_is_an_error(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(FormsError, match=says):
        load(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormsError, match=r"absent\.toml: cannot be read"):
        forms.load(tmp_path / "absent.toml")


def test_a_file_that_is_not_utf_8_says_where(tmp_path: Path) -> None:
    path = tmp_path / "forms.toml"
    path.write_bytes('[forms.a]\ntitle = "Größe"\n'.encode("latin-1"))
    with pytest.raises(FormsError, match=r"forms\.toml:2: not UTF-8"):
        forms.load(path)


def test_the_command_counts_the_forms(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(ROOT / "forms.example.toml")]) == 0
    assert capsys.readouterr().out.endswith("forms.example.toml: 2 forms are fine: signup, contact\n")


def test_the_command_names_every_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(BAD, encoding="utf-8")
    assert main([str(path)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 29


BLOCKS = re.findall(r"^```toml\n(.+?)^```", (ROOT / "docs" / "forms.md").read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.partition("\n")[0])
def test_what_the_page_shows_may_be_copied_as_it_is(tmp_path: Path, block: str) -> None:
    assert load(tmp_path, block)
    said = forms.find_warnings(block.encode(), tmp_path, FormSecrets(), [])
    assert said == [], "what is shown first is copied first"


def test_the_page_shows_more_than_one() -> None:
    assert len(BLOCKS) >= 4
