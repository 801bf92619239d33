"""Puts the table of an export, and the files of what is in it, into one ZIP, which is written while it is read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from uuid import UUID

from shared.forms import Forms
from storage_service.files import StoredFile
from storage_service.files.packing import Packing
from storage_service.files.reading import Uploads
from storage_service.records.export import Export
from storage_service.records.export.formulas import guarded
from storage_service.records.export.meta import as_read
from storage_service.records.export.scope import Scope
from storage_service.records.export.values import id_of
from storage_service.tables import submissions
from storage_service.zipping import QUICK, Entry, zipped

FILES_MOST = 20_000
BYTES_MOST = 50 * 1024**3
"""What one ZIP holds at most; its list of names, at its end, is all that is kept in memory while it is written."""

LIST = "files.csv"

_AT_ONCE = 100
_TITLES = ("submission", "form", "number", "field", "name", "path", "type", "size", "sha256", "scan", "left_out")


class TooMuch(Exception):
    """More files than a ZIP is made of. The text may be shown."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The submissions that have files, newest first, with their forms; how many files that are, and how many bytes."""

    uploads: Uploads
    forms: Forms
    owners: Sequence[tuple[UUID, str]]
    count: int
    size: int
    _lines: list[Sequence[object]] = field(default_factory=list)

    @classmethod
    def of(cls, scope: Scope, uploads: Uploads, forms: Forms) -> Bundle:
        """Look through all that is to be exported; raises `TooMuch`, and as `Records` does."""
        owners, count, size = list[tuple[UUID, str]](), 0, 0
        for some in _by(_AT_ONCE, _with_files(scope)):
            found = uploads.of_many([key for key, _ in some])
            owners += [one for one in some if one[0] in found]
            count += sum(map(len, found.values()))
            size += sum(file.size for files in found.values() for file in files)
            if count > FILES_MOST or size > BYTES_MOST:
                raise TooMuch(
                    f"One ZIP has {FILES_MOST:,} files and {BYTES_MOST // 1024**3} GB at most, and these are more. "
                    "Ask for a form, or for fewer days."
                )
        return cls(uploads, forms, owners, count, size)

    def around(self, table: Export) -> Export:
        """Return the ZIP of a table and of the files; it is read once."""
        about = {"X-Files-Expected": str(self.count), "X-Bytes-Expected": str(self.size)}
        name = f"{table.file_name.rpartition('.')[0]}.zip"
        return replace(
            table,
            file_name=name,
            content_type="application/zip",
            chunks=zipped(self._entries(table)),
            headers={**table.headers, **about},
        )

    def _entries(self, table: Export) -> Iterator[Entry]:
        yield Entry(table.file_name, table.chunks, QUICK)
        for some in _by(_AT_ONCE, iter(self.owners)):
            found = self.uploads.of_many([key for key, _ in some])  # once more: some may be erased by now
            for key, form in some:
                for file in found.get(key, ()):
                    yield from self._entry(key, form, file)
        yield Entry(LIST, self._list(), QUICK)

    def _entry(self, key: UUID, form: str, file: StoredFile) -> Iterator[Entry]:
        """Yield a file, or nothing where it is left out; both are noted in the list."""
        one = Packing(self.uploads, self.forms).packed(key, form, file)
        told = (file.field, file.name, one.path, file.type, file.size, file.sha256, file.scan or "")
        self._lines.append((key, form, file.number, *told, one.left_out))
        yield from one.entries()

    def _list(self) -> Iterator[bytes]:
        for line in [_TITLES, *self._lines]:
            text = io.StringIO()
            csv.writer(text).writerow([guarded(one) if isinstance(one, str) else one for one in line])
            yield text.getvalue().encode(errors="replace")


def _with_files(scope: Scope) -> Iterator[tuple[UUID, str]]:
    wanted = (as_read(submissions.c.id), submissions.c.form, submissions.c.file_count)
    for rows in scope.batches(wanted):
        for row in rows:
            key, form, count = row[:3]
            if count:
                yield id_of(key), form


def _by(count: int, source: Iterator[tuple[UUID, str]]) -> Iterator[list[tuple[UUID, str]]]:
    while some := list(islice(source, count)):
        yield some
