"""Puts files into a ZIP, or says why one is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from shared.files import FileMissing, Opened, StoreUnavailable
from shared.forms import Forms
from storage_service.files.file import StoredFile
from storage_service.files.names import safe_name
from storage_service.files.reading import Uploads
from storage_service.zipping import AS_IT_IS, QUICK, Entry

_NAME_BYTES = 100
"""With its folders a name has fewer characters than Windows takes."""

_LEFT_OUT = {
    "infected": "the virus scanner found something in it",
    "unscanned": "no virus scanner has looked at it yet",
}
_GONE = "it is not in the store any more"


@dataclass(frozen=True, slots=True)
class Packed:
    """A file on its way into a ZIP: under which path, or why it is left out."""

    file: StoredFile
    path: str
    left_out: str
    opened: Opened | None = None

    def entries(self) -> Iterator[Entry]:
        """Yield it, once, and close it; nothing where it is left out."""
        if self.opened is None:
            return
        with self.opened:
            level = QUICK if self.file.type.startswith("text/") else AS_IT_IS
            yield Entry(self.path, _whole(self.opened), level)


@dataclass(frozen=True, slots=True)
class Packing:
    """Opens files for a ZIP; `forms` are those of the file. All methods raise `StoreUnavailable`."""

    uploads: Uploads
    forms: Forms

    def packed(self, key: UUID, form: str, file: StoredFile, beside: int | None = None) -> Packed:
        """Open a file of a submission, or with `beside` of what came so many times later under its id."""
        later = "" if beside is None else f"/later {beside}"
        path = f"files/{safe_name(form)}/{key}{later}/{file.number} {safe_name(file.name, _NAME_BYTES)}"
        why = self.uploads.withheld(file, self.forms.get(form))
        if why is not None:
            return Packed(file, "", _LEFT_OUT[why])
        try:
            return Packed(file, path, "", self.uploads.open(file))
        except FileMissing:
            return Packed(file, "", _GONE)

    def looked_at(self, key: UUID, form: str, file: StoredFile, beside: int | None = None) -> Packed:
        """Return what would become of it, and hold nothing open."""
        found = self.packed(key, form, file, beside)
        if found.opened is not None:
            found.opened.close()
        return found


def _whole(opened: Opened) -> Iterator[bytes]:
    """Yield all of a file; raises `StoreUnavailable` where there is less of it than there was."""
    left = opened.size
    for piece in opened:
        left -= len(piece)
        yield piece
    if left:
        raise StoreUnavailable("a file is shorter than it was")
