"""Follows the forms file: it takes over a valid change, and logs an invalid one."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, ItemsView, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import structlog

from shared.forms import file
from shared.forms.definitions import Form, Forms, FormsError

CHECK_S = 1.0
"""How often the file is looked at: a stat, and only where that has changed, its content."""

Warnings: TypeAlias = Callable[[bytes, Path], list[str]]

_log = structlog.get_logger()


class ReloadingForms(Mapping[str, Form]):
    """The forms of a file, by name. A change is taken over as a whole or not at all.

    Code that holds a form keeps it as it was. A form that did not change stays the same object, so whatever was
    made from it can be kept.

    `kept` is a file for a copy of the last good content, which several processes may share. `warnings` says what in a
    valid file cannot work here, as `shared.forms.find_warnings` does: it is logged, and the file is taken over.
    `can_seal` and `can_keep_files` are as `file.parse` has them.
    Raises `FormsError` where the file is wrong at the start, and there is no copy.
    """

    def __init__(
        self,
        path: Path,
        kept: Path | None = None,
        warnings: Warnings = lambda *_: [],
        *,
        can_seal: bool = True,
        can_keep_files: bool = True,
    ) -> None:
        self._path = path
        self._can_seal = can_seal
        self._can_keep_files = can_keep_files
        self._kept = kept
        self._warnings = warnings
        self._met = self._seen = _stamp_of(path)
        self._content: bytes | None = None
        self._forms = self._first()

    def __getitem__(self, name: str) -> Form:
        return self._forms[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._forms)

    def __len__(self) -> int:
        return len(self._forms)

    def items(self) -> ItemsView[str, Form]:
        """Return all forms as they are now; a later change does not alter the result."""
        return self._forms.items()

    def tell(self) -> None:
        """Log what in the current forms cannot work here."""
        said = self._warnings(self._content, self._path) if self._content is not None else []
        if os.path.ismount(self._path):
            said = [
                *said,
                f"{self._path}: mounted by itself: what an editor puts in its place is not seen; mount its folder",
            ]
        if said:
            _log.warning("forms that do not work as they are", warnings=said)

    def refresh(self) -> None:
        """Look at the file, and take over what has changed, once it has stayed the same from one look to the next."""
        met, stamp = self._met, _stamp_of(self._path)
        self._met = stamp
        if stamp == self._seen or stamp != met:  # what has changed since the last look may not be written to its end
            return
        self._seen = stamp
        try:
            self._take_over(file.read(self._path))
        except FormsError as error:
            self._content = None  # whatever comes next is news, also what was there before
            _log.error("changed forms are not taken over, those before stay", errors=str(error).splitlines())

    def follow(self, check_s: float = CHECK_S) -> None:
        """Refresh every `check_s` seconds from now on, in a thread of its own that ends with the process."""
        ticker = threading.Event()

        def look() -> None:
            while not ticker.wait(check_s):
                try:
                    self.refresh()
                except Exception:  # noqa: BLE001 - a bug must not end the following
                    _log.exception("the forms were not looked at")

        threading.Thread(target=look, name="forms", daemon=True).start()

    def _first(self) -> Forms:
        try:
            content = file.read(self._path)
            forms = self._parse(content)
        except FormsError as error:
            if self._kept is None or not self._kept.exists():
                raise
            _log.error("forms are not taken over, the last good ones are", errors=str(error).splitlines())
            return file.load(self._kept)
        self._keep(content)
        return forms

    def _parse(self, content: bytes) -> Forms:
        return file.parse(content, self._path, can_seal=self._can_seal, can_keep_files=self._can_keep_files)

    def _keep(self, content: bytes) -> None:
        self._content = content
        if self._kept is None:
            return
        part = self._kept.with_suffix(f".{os.getpid()}")
        try:
            part.write_bytes(content)
            part.replace(self._kept)
        except OSError as error:
            _log.warning("no copy of the forms is kept", reason=error.strerror)

    def _take_over(self, content: bytes) -> None:
        if content == self._content:
            return
        before, read = self._forms, self._parse(content)
        self._forms = {name: before[name] if before.get(name) == form else form for name, form in read.items()}
        self._keep(content)
        _log.info("changed forms are taken over", **_differences(before, self._forms))
        self.tell()


def _stamp_of(path: Path) -> tuple[int, ...] | None:
    """Return a value that differs after every change, also of permissions; None where there is no file.

    The time of modification alone can be set back, as `cp -p`, `rsync` and images that are built reproducibly do.
    """
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


def _differences(before: Forms, after: Forms) -> dict[str, list[str]]:
    return {
        "added": [name for name in after if name not in before],
        "removed": [name for name in before if name not in after],
        "changed": [name for name, form in after.items() if name in before and before[name] is not form],
    }
