"""A sensitive field is sealed before anything reads it: a form that asks for what stands in it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared import forms
from shared.forms import FormsError, ReloadingForms, file

FIELDS = """[forms.refund.fields]
name = {type = "text"}
email = {type = "email"}
iban = {type = "text", required = true, sensitive = true}
"""


def load(tmp_path: Path, text: str) -> forms.Forms:
    path = tmp_path / "forms.toml"
    path.write_text(text, encoding="utf-8")
    return forms.load(path)


def test_a_form_knows_its_sensitive_fields(tmp_path: Path) -> None:
    form = load(tmp_path, FIELDS)["refund"]
    assert form.sensitive_fields == ("iban",)
    assert load(tmp_path, "[forms.any]")["any"].sensitive_fields == ()


@pytest.mark.parametrize(
    ("section", "place"),
    [
        ('[forms.refund.confirmation]\nsubject = "For {iban}"', "confirmation.subject"),
        ('[forms.refund.confirmation]\ntext = "{name}: {iban}"', "confirmation.text"),
        ('[forms.refund.owner]\nsubject = "{iban}"', "owner.subject"),
        ('[forms.refund.owner]\ninclude = ["iban"]', "owner.include"),
        ('[forms.refund.owner]\nreply_to = "iban"', "owner.reply_to"),
        ('[forms.refund.slack]\nurl_file = "slack"\ninclude = ["name", "iban"]', "slack.include"),
        ('[[forms.refund.route]]\nwhen = "field.iban:DE*"\nowner = ["a@example.org"]', "when of route 1"),
    ],
)
def test_what_asks_for_it_is_an_error_that_names_both(tmp_path: Path, section: str, place: str) -> None:
    with pytest.raises(FormsError) as wrong:
        load(tmp_path, f"{FIELDS}\n{section}")
    [line] = str(wrong.value).splitlines()
    assert line.split(": ", 1)[0].endswith("forms.toml:4")
    assert "forms.refund.fields.iban.sensitive: it is sealed before anything reads it" in line
    assert place in line


@pytest.mark.parametrize("name", ["email", "Email", "address"])
def test_the_field_that_the_confirmation_goes_to_cannot_be_sensitive(tmp_path: Path, name: str) -> None:
    text = f'[forms.a.fields.{name}]\ntype = "email"\nsensitive = true\n'
    with pytest.raises(FormsError, match="the confirmation goes to"):
        load(tmp_path, text)
    form = load(tmp_path, f"{text}[forms.a.confirmation]\nenabled = false\n")["a"]
    assert form.mail_field is None


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(FormsError) as wrong:
        load(tmp_path, f'{FIELDS}x = {{type = "text", sensitive = "yes"}}\n[forms.refund.owner]\nsubject = "{{iban}}"')
    assert [line.split(": ")[1] for line in str(wrong.value).splitlines()] == [
        "forms.refund.fields.iban.sensitive",
        "forms.refund.fields.x.sensitive",
    ]


def test_whoever_cannot_seal_takes_no_sensitive_field(tmp_path: Path) -> None:
    path = tmp_path / "forms.toml"
    load(tmp_path, FIELDS)
    with pytest.raises(
        FormsError, match=r"forms\.toml:4: .*iban\.sensitive: nothing seals it: COUNTERFOIL_SEALING_KEY"
    ):
        file.parse(path.read_bytes(), path, can_seal=False)
    with pytest.raises(FormsError):
        ReloadingForms(path, can_seal=False)
    assert ReloadingForms(path)["refund"].sensitive_fields == ("iban",)


def test_a_sensitive_field_that_comes_later_is_not_taken_over_without_a_key(tmp_path: Path) -> None:
    path = tmp_path / "forms.toml"
    load(tmp_path, "[forms.before]")
    followed = ReloadingForms(path, can_seal=False)
    load(tmp_path, FIELDS)
    followed.refresh()
    followed.refresh()
    assert list(followed) == ["before"]
