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
