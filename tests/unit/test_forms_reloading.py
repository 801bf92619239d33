"""Forms that follow their file: good changes are taken over as a whole, bad ones change nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from shared.forms import FormsError, ReloadingForms

TWO = """
[forms.a]
fields.name = {type = "text"}
[forms.b]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "forms.toml"
    path.write_text(TWO, encoding="utf-8")
    return path


def change(forms: ReloadingForms, path: Path, text: str) -> list[str]:
    """Write the file, let it rest, and return what was logged."""
    path.write_text(text, encoding="utf-8")
    with capture_logs() as logs:
        for _ in range(3):
            forms.refresh()
    return [f"{log['log_level']}: {log}" for log in logs]


def test_a_change_is_taken_over_and_what_did_not_change_is_kept(path: Path) -> None:
    forms = ReloadingForms(path)
    a, b = forms["a"], forms["b"]
    [logged] = change(forms, path, TWO.replace("[forms.b]", "[forms.b]\ntitle = 'B2'\n[forms.c]"))
    assert list(forms) == ["a", "b", "c"]
    assert forms["a"] is a, "what was made for it goes on being right"
    assert (b.title, forms["b"].title) == ("B", "B2")
    assert "'added': ['c'], 'removed': [], 'changed': ['b']" in logged


def test_a_form_may_be_removed_while_all_are_looked_at(path: Path) -> None:
    forms = ReloadingForms(path)
    seen = []
    for name, form in forms.items():
        change(forms, path, "[forms.a]")
        seen.append((name, form.name))
    assert seen == [("a", "a"), ("b", "b")]
    assert "b" not in forms
    assert forms.get("b") is None
    assert len(forms) == 1


def test_a_bad_change_is_logged_with_all_its_errors_and_changes_nothing(path: Path) -> None:
    forms = ReloadingForms(path)
    [logged] = change(forms, path, "[forms.a]\nx = 1\ny = 2")
    assert logged.startswith("error: ")
    assert "forms.toml:2: forms.a.x" in logged
    assert "forms.toml:3: forms.a.y" in logged
    assert list(forms) == ["a", "b"]
    assert [line[:4] for line in change(forms, path, "[forms.c]")] == ["info"]
    assert list(forms) == ["c"]


def test_a_file_that_goes_away_and_comes_back_changes_nothing(path: Path) -> None:
    forms = ReloadingForms(path)
    path.unlink()
    with capture_logs() as logs:
        for _ in range(3):
            forms.refresh()
    assert [log["log_level"] for log in logs] == ["error"]
    a = forms["a"]
    assert change(forms, path, TWO)
    assert forms["a"] is a


def test_a_file_that_is_only_touched_says_nothing(path: Path) -> None:
    forms = ReloadingForms(path)
    assert change(forms, path, TWO) == []


def test_a_change_that_keeps_size_and_time_is_taken_over(path: Path) -> None:
    forms, before = ReloadingForms(path), path.stat()
    text = TWO.replace("[forms.b]", "[forms.c]")
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as `cp -p` and `rsync --times` leave it
    for _ in range(3):
        forms.refresh()
    assert list(forms) == ["a", "c"]


def test_a_file_that_is_still_being_written_is_left_alone(path: Path) -> None:
    forms = ReloadingForms(path)
    for text in ("[forms.a]", "[forms.a]\n", "[forms.a]\n\n"):
        path.write_text(text, encoding="utf-8")
        forms.refresh()
        assert list(forms) == ["a", "b"]
    forms.refresh()
    assert list(forms) == ["a"]


def test_who_starts_while_the_file_is_wrong_has_the_last_good_forms(path: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.toml"
    change(ReloadingForms(path, kept), path, "[forms.last]")
    path.write_text("[forms", encoding="utf-8")
    with capture_logs() as logs:
        late = ReloadingForms(path, kept)
    assert list(late) == ["last"]
    assert "forms.toml:1: not TOML" in logs[0]["errors"][0]
    change(late, path, "[forms.mended]")
    assert list(late) == ["mended"]
    assert list(ReloadingForms(kept)) == ["mended"]


def test_what_cannot_work_is_said_at_the_start_and_at_each_change_and_taken_over(path: Path) -> None:
    def warnings(content: bytes, _: Path) -> list[str]:
        return ["c has no secret"] if b"forms.c" in content else []

    forms = ReloadingForms(path, warnings=warnings)
    taken, said = change(forms, path, "[forms.c]")
    assert taken.startswith("info: ")
    assert said.startswith("warning: ")
    assert "c has no secret" in said
    assert list(forms) == ["c"]
    with capture_logs() as logs:
        ReloadingForms(path, warnings=warnings).tell()
    assert [log["warnings"] for log in logs] == [["c has no secret"]]


def test_without_a_place_for_a_copy_all_else_goes_on(path: Path, tmp_path: Path) -> None:
    with capture_logs() as logs:
        forms = ReloadingForms(path, tmp_path / "absent" / "kept.toml")
    assert list(forms) == ["a", "b"]
    assert [log["log_level"] for log in logs] == ["warning"]


def test_at_the_start_a_bad_file_is_an_error(path: Path) -> None:
    path.write_text("[forms", encoding="utf-8")
    with pytest.raises(FormsError):
        ReloadingForms(path)
