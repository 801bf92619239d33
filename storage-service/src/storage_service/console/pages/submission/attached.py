"""Makes of the files that came with a submission what its page lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from shared.contracts.parts.submitted_file import UNSCANNED
from shared.forms.kinds import table
from shared.forms.labels import labels_of
from shared.text import one_line
from storage_service.console.files.finding import WITHHELD, Place
from storage_service.console.files.kinds import BYTES
from storage_service.console.known import Known
from storage_service.console.pages.submission.place import ROOT
from storage_service.console.parts import Parts
from storage_service.files import StoredFile
from storage_service.files.names import safe_name
from storage_service.previews.previews import has_preview

_NAME_MOST = 200
_ENDING_MOST = 4


@dataclass(frozen=True, slots=True)
class FileShown:
    """A file in the list. `address` is where it is downloaded, None where it is not handed out: `withheld` says why.

    `label` is what its form calls the field, `kind` what was found in it, `given` the name that it came with where
    that is another one. `preview` is where a small picture of it is. `is_unscanned` is said of one that is handed out.
    """

    name: str
    given: str | None
    label: str
    kind: str
    size: int
    address: str | None
    preview: str | None
    withheld: str | None = None
    is_unscanned: bool = False

    @property
    def ending(self) -> str:
        """How the name ends, in a few large letters; nothing where that is no ending."""
        found = PurePosixPath(self.name).suffix[1:]
        return found.upper() if found.isalnum() and len(found) <= _ENDING_MOST else ""


def files_of_page(parts: Parts, found: Known) -> list[FileShown]:
    """Return a submission's own files."""
    return list(_shown(parts, found, found.files, None))


def files_of_conflict(parts: Parts, found: Known, fingerprint: str) -> list[FileShown]:
    """Return the files of what came later under its id."""
    return list(_shown(parts, found, found.conflict_files.get(fingerprint, ()), fingerprint))


def _shown(parts: Parts, found: Known, files: Iterable[StoredFile], fingerprint: str | None) -> Iterable[FileShown]:
    files = list(files)
    labels = labels_of(found.form, dict.fromkeys(one.field for one in files))
    for one in files:
        why = parts.uploads.withheld(one, found.form)
        address = f"{ROOT}/{Place(found.record.id, one.number, fingerprint).address}"
        yield FileShown(
            name=safe_name(one.name),
            given=_given(one),
            label=one_line(labels.get(one.field, one.field)[:_NAME_MOST]),
            kind=_kind(one),
            size=one.size,
            address=None if why else address,
            preview=f"{address}/preview" if not why and has_preview(one.type, one.size) else None,
            withheld=WITHHELD[why] if why else None,
            is_unscanned=not why and one.scan == UNSCANNED,
        )


def _given(file: StoredFile) -> str | None:
    given = one_line(file.given[:_NAME_MOST])
    return given if given not in (file.name, safe_name(file.name)) else None


def _kind(file: StoredFile) -> str:
    known = table.BY_MIME.get(file.type)
    return known.word if known else "unknown type" if file.type in ("", BYTES) else file.type
