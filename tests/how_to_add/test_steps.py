"""The steps of `docs/how-to-add.md`, carried out in a copy of the code, add what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.how_to_add import PAGE, DoesNotFit, Step, copied_code, run, walks
from support.service import ROOT

CHECKS = Path(__file__).parent / "checks"
WALKS = walks()
MOST = {"A type of field": 3, "A channel": 4, "An event": 4, "An address": 2, "A column": 5}
"""How many files each may cost, without its tests and documents."""


def test_the_page_has_a_section_of_each() -> None:
    assert [heading for heading in WALKS if heading.startswith(("A ", "An "))] == list(MOST)


@pytest.mark.parametrize("heading", MOST)
def test_it_costs_few_files(heading: str) -> None:
    assert 1 <= len({step.path for step in WALKS[heading]}) <= MOST[heading]


@pytest.mark.parametrize("heading", MOST)
def test_the_steps_add_what_works(heading: str, tmp_path: Path) -> None:
    top = copied_code(tmp_path / "code")
    for step in WALKS[heading]:
        step.carry_out(top)
    paths = [step.path for step in WALKS[heading]]
    for lint in (["check"], ["format", "--check"]):
        linted = run(top, "ruff", *lint, "--no-cache", *paths, cwd=top)
        assert linted.returncode == 0, linted.stdout + linted.stderr
    check = CHECKS / f"{heading.split(' ', 1)[1].replace(' ', '_')}.py"
    tested = run(top, "pytest", "-q", "-p", "no:cacheprovider", str(check))
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_path_that_it_names_is_there() -> None:
    new = {step.path for steps in WALKS.values() for step in steps if step.is_new}
    named = set(re.findall(r"`([\w.-]+/[\w./-]+)`", PAGE.read_text()))
    assert {path for path in named - new if not (ROOT / path).exists()} == set()


def test_a_step_that_does_not_fit_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\ntwo\nthree\n")
    Step("a.py", is_new=False, text=" two\n+and a half\n three\n").carry_out(tmp_path)
    assert (tmp_path / "a.py").read_text() == "one\ntwo\nand a half\nthree\n"
    for path, is_new, text in [("a.py", False, " two\n+x\n three\n"), ("a.py", True, ""), ("b/c.py", True, "")]:
        with pytest.raises(DoesNotFit, match=re.escape(path)):
            Step(path, is_new, text).carry_out(tmp_path)
