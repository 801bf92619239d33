"""Imports files into a test's database, as the command does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from shared import database
from storage_service.commands.import_ import import_
from storage_service.tables import submissions

FORMS = """\
[forms.contact]
[forms.contact.fields.name]
type = "text"
[forms.contact.fields.email]
type = "email"
[forms.contact.fields.message]
type = "text"
[forms.open]
"""

_PROGRESS = re.compile(r" *[0-9]+% +[0-9,]+ records, [0-9,]+ a second")


@dataclass(slots=True)
class Import:
    """The command for a database. `run` returns its exit code; what it said is in `said` and `complained`, without the
    progress, which it shows where the machine is slow."""

    url: str
    directory: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    forms: str = FORMS
    said: list[str] = field(default_factory=list)
    complained: list[str] = field(default_factory=list)

    def run(self, file: Path | bytes | str, *arguments: str) -> int:
        """Import a file, or what is to stand in one."""
        (self.directory / "forms.toml").write_text(self.forms, "utf-8")
        self.monkeypatch.setenv("COUNTERFOIL_DATABASE_URL", self.url)
        self.monkeypatch.setenv("COUNTERFOIL_FORMS", str(self.directory / "forms.toml"))
        if not isinstance(file, Path):
            path = self.directory / "file"
            path.write_bytes(file.encode() if isinstance(file, str) else file)
            file = path
        self.capsys.readouterr()
        try:
            return import_([str(file), *arguments])
        finally:
            told = self.capsys.readouterr()
            self.said = told.out.splitlines()
            self.complained = [line for line in told.err.splitlines() if not _PROGRESS.match(line)]

    def csv(self, text: str | bytes, *arguments: str, form: str = "open") -> int:
        """Import a table whose column `at` has the time."""
        return self.run(text, "--from", "csv", "--form", form, "--map", "at=@time", "--zone", "UTC", *arguments)


def imported(engine: Engine) -> list[Mapping[str, Any]]:
    """Return all rows, oldest first, and in the order of their ids where they are of one moment."""
    found = select(submissions).order_by(submissions.c.accepted_at, submissions.c.id)
    with database.reading(engine).connect() as connection:
        return [dict(row._mapping) for row in connection.execute(found)]


def fields_of(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the fields of rows."""
    return [row["fields"] for row in rows]
