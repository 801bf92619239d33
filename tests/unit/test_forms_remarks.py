"""What is said of the forms file to whoever owns the forms: as it is now, by line and by form."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.forms.checks.remarks import FileRemarks, Remark

GOOD = '[forms.contact.fields]\nname = {type = "boolean", max_length = 3}\n\n[forms.contact-2]\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "forms.toml"
    made.write_text(GOOD)
    return made


def test_a_warning_has_its_line_and_its_form(path: Path) -> None:
    remarks = FileRemarks(path)()
    assert (remarks.errors, remarks.name) == ((), "forms.toml")
    [warning] = remarks.warnings
    assert (warning.line, warning.form) == (2, "contact")
    assert warning.text == "forms.contact.fields.name.max_length: it has no effect: boolean has no length"
    assert remarks.warnings_of("contact-2") == []


def test_an_error_is_said_until_it_is_mended(path: Path) -> None:
    remarks = FileRemarks(path)
    path.write_text(f"{GOOD}titel = 'x'\nredirect = 3\n")
    found = remarks().errors
    assert [(one.line, one.form) for one in found] == [(5, "contact-2"), (6, "contact-2")]
    assert "titel" in found[0].text
    path.write_text(GOOD)
    assert remarks().errors == ()


@pytest.mark.parametrize("text", ["[forms.a", "[forms.a]\n[forms.a]\n", "x = " + "9" * 5000, "forms = 3"])
def test_whatever_stands_in_the_file_is_an_error_of_it(path: Path, text: str) -> None:
    path.write_text(text)
    [error] = FileRemarks(path)().errors
    assert error.line == 1 or text.count("\n") > 1
    assert error.text


def test_a_file_that_is_gone_is_an_error_without_a_line(path: Path) -> None:
    remarks = FileRemarks(path)
    remarks()
    path.unlink()
    assert remarks().errors == [Remark(None, "cannot be read: No such file or directory")]
    path.write_text(GOOD)
    assert len(remarks().warnings) == 1


def test_secrets_are_not_looked_at(path: Path) -> None:
    path.write_text('[forms.a.slack]\nurl_file = "missing.txt"\n')
    assert FileRemarks(path)().warnings == []
