"""What the verbs of the Makefile would do, without doing it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dev.steps import ROOT
from support.service import clean_environment

EXAMPLE = "(the example: there is no forms.toml)"


@pytest.mark.parametrize(
    ("own", "arguments", "is_example"),
    [
        (None, [], True),
        ("forms.toml", [], False),
        ("forms/forms.toml", [], False),
        (None, ["FORMS=other.toml"], False),
        (None, ["COUNTERFOIL_FORMS=other.toml"], False),
    ],
)
def test_forms_check_says_that_it_checked_the_example(
    tmp_path: Path, own: str | None, arguments: list[str], *, is_example: bool
) -> None:
    if own:
        (tmp_path / own).parent.mkdir(exist_ok=True)
        (tmp_path / own).touch()
    environment = {name: value for name, value in clean_environment().items() if "MAKE" not in name and name != "FORMS"}
    command = ["make", "-n", "-f", str(ROOT / "Makefile"), "forms-check", *arguments]
    said = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert (EXAMPLE in said) == is_example
    assert ('"forms.example.toml"' in said) == is_example


def test_a_key_is_made_with_the_settings_of_the_run_for_what_is_asked(tmp_path: Path) -> None:
    (tmp_path / "storage.env").touch()
    given = [f"RUN={tmp_path}", "NAME=reports", "SCOPES=read,export", "FORM=contact", "DAYS=90"]
    command = ["make", "-n", "-f", str(ROOT / "Makefile"), "key", *given]
    environment = {name: value for name, value in clean_environment().items() if "MAKE" not in name}
    said = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert f'. "{tmp_path}/storage.env"' in said
    words = said.replace("\\\n", " ").partition("-m storage_service ")[2].split()
    assert words[:3] == ["key", "add", '"reports"']
    for option, value in {"--scopes": "read,export", "--forms": "contact", "--days": "90"}.items():
        assert words[words.index(option) + 1] == f'"{value}"'
