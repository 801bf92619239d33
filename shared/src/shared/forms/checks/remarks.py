"""Says what is wrong with the forms file as it is now, and what in it has no effect: for whoever owns the forms."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.forms import file
from shared.forms.checks.warnings import find_warnings
from shared.forms.definitions import FormsError
from shared.forms.secrets import FormSecrets

_LINE = re.compile(r"(?:(?P<line>[0-9]+): )?(?:warning: )?(?P<text>.*)", re.DOTALL)
_OF_A_FORM = re.compile(r"forms\.([A-Za-z0-9][A-Za-z0-9_-]{0,63})(?![A-Za-z0-9_-])")


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about the file. `line` is None where it is about the whole, `form` where it is about no single form."""

    line: int | None
    text: str
    form: str | None = None


@dataclass(frozen=True, slots=True)
class Remarks:
    """What is to be said of a file. With `errors` it is not taken over: the forms stay as they were before.

    `name` is what the file is called. Secrets are not looked at: the gateway and notify say in their logs which of them
    are missing.
    """

    name: str = "forms.toml"
    errors: Sequence[Remark] = ()
    warnings: Sequence[Remark] = ()

    def warnings_of(self, form: str) -> Sequence[Remark]:
        """Return the warnings about one form."""
        return [one for one in self.warnings if one.form == form]


class FileRemarks:
    """Looks at a file whenever it is called, and reads it where it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._content: bytes | None = None
        self._remarks = Remarks(path.name)

    def __call__(self) -> Remarks:
        """Return what is to be said now. It never raises: a file that cannot be read is an error in it."""
        with self._lock:
            try:
                content = file.read(self._path)
            except FormsError as error:
                self._content = None
                return Remarks(self._path.name, errors=self._read(str(error).splitlines()))
            if content != self._content:
                self._content, self._remarks = content, self._of(content)
            return self._remarks

    def _of(self, content: bytes) -> Remarks:
        try:
            warnings = find_warnings(content, self._path, FormSecrets(), [])
        except FormsError as error:
            return Remarks(self._path.name, errors=self._read(str(error).splitlines()))
        return Remarks(self._path.name, warnings=self._read(warnings))

    def _read(self, lines: Iterable[str]) -> Sequence[Remark]:
        return [_remark(line.removeprefix(f"{self._path}:").lstrip()) for line in lines]


def none() -> Remarks:
    """Return that nothing is to be said: where there is no file."""
    return Remarks()


def _remark(line: str) -> Remark:
    found = _LINE.fullmatch(line)
    assert found is not None  # noqa: S101 - it takes any text
    of = _OF_A_FORM.match(found["text"])
    return Remark(int(found["line"]) if found["line"] else None, found["text"], of[1] if of else None)
