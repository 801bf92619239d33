"""A console without a store says so where forms take files: what is erased would stay there for ever."""

from __future__ import annotations

from pathlib import Path

from structlog.testing import capture_logs

from shared.files import FilesSettings
from shared.forms import Forms, file
from storage_service.commands.console import say_if_no_store


def forms_of(text: str) -> Forms:
    return file.parse(text.encode(), Path("forms.toml"))


def test_a_console_without_a_store_says_which_forms_take_files() -> None:
    taking = forms_of('[forms.apply]\nfields.cv = {type = "file"}\n[forms.contact]\n')
    with capture_logs() as said:
        say_if_no_store(taking, None)
    assert [(one["log_level"], one["forms"]) for one in said] == [("error", ["apply"])]
    with capture_logs() as said:
        say_if_no_store(taking, FilesSettings("file:///files"))
        say_if_no_store(forms_of("[forms.contact]\n"), None)
    assert said == []
