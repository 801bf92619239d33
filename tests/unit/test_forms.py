"""Form definitions: what loads, and what an error says."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared import forms
from shared.forms import FormsError

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
    assert signup.confirmation.subject == "Welcome, {name}"


def test_a_form_without_fields_takes_any(tmp_path: Path) -> None:
    form = load(tmp_path, "[forms.press-list]")["press-list"]
    assert form.fields is None
    assert form.title == "Press list"
    assert form.confirmation.enabled


def test_every_error_is_reported_at_once_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(FormsError) as error:
        load(
            tmp_path,
            """
            [forms."not a name"]
            [forms.a]
            titel = "typo"
            redirect = "javascript:alert(1)"
            allowed_origins = ["www.example.org/path"]
            honeypot = "kind"
            [forms.a.fields]
            age = {type = "years"}
            kind = {type = "choice"}
            name = {type = "text", choices = ["a"], max_length = 0}
            _hidden = {type = "text"}
            [forms.a.confirmation]
            subject = "two\\nlines"
            """,
        )
    text = str(error.value)
    for place in (
        "forms.not a name:",
        "forms.a.titel:",
        "forms.a.redirect:",
        "forms.a.allowed_origins.0:",
        "forms.a.honeypot:",
        "forms.a.fields.age.type:",
        "forms.a.fields.kind.choices:",
        "forms.a.fields.name.choices:",
        "forms.a.fields.name.max_length:",
        "forms.a.fields._hidden:",
        "forms.a.confirmation.subject:",
    ):
        assert place in text, f"{place} is missing in:\n{text}"


@pytest.mark.parametrize(
    ("text", "says"), [("[forms", "not TOML"), ("", "forms: Missing"), ("[forms]", "no form is defined")]
)
def test_a_file_that_defines_nothing_is_an_error(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(FormsError, match=says):
        load(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormsError, match=r"absent\.toml: cannot be read"):
        forms.load(tmp_path / "absent.toml")
