"""Reads the files of submissions for their owners: what there is, why it may not be handed out, and the bytes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

from sqlalchemy import Engine

from shared.contracts.parts.submitted_file import INFECTED, UNSCANNED
from shared.database import classified, reading
from shared.files import FileMissing, FileStore, Opened
from shared.forms import Form
from storage_service.files.file import StoredFile
from storage_service.files.rows import files_of, files_of_conflicts
from storage_service.previews.previews import NoPreview, Previews, has_preview

Withheld: TypeAlias = Literal["infected", "unscanned"]
"""Why a file is not handed out."""


@dataclass(frozen=True, slots=True)
class Uploads:
    """The files of a database and its store; `store` and `previews` are None where no store is set.

    `has_scanner` says that files are scanned here: one that was not, of a form that wants it, stays where it is.
    """

    engine: Engine
    store: FileStore | None = None
    previews: Previews | None = None
    has_scanner: bool = False

    @classmethod
    def of(cls, engine: Engine, store: FileStore | None, *, has_scanner: bool = False) -> Uploads:
        """Return them with previews, where there is a store."""
        return cls(engine, store, None if store is None else Previews(store), has_scanner)

    def own(self, key: UUID) -> Sequence[StoredFile]:
        """Return the files of a submission, by their numbers. Raises as `classified` does."""
        return self.of_many([key]).get(key, ())

    def of_many(self, keys: Collection[UUID]) -> Mapping[UUID, Sequence[StoredFile]]:
        """Return the files of submissions; those without any are left out."""
        with classified(), reading(self.engine).connect() as connection:
            return files_of(connection, keys)

    def of_conflicts(self, key: UUID) -> Mapping[str, Sequence[StoredFile]]:
        """Return the files of what came later under a submission's id, by its fingerprints."""
        with classified(), reading(self.engine).connect() as connection:
            return files_of_conflicts(connection, key)

    def withheld(self, file: StoredFile, form: Form | None) -> Withheld | None:
        """Return why a file may not be handed out; None where it may. `form` is as the file has it by now."""
        if is_infected(file):
            return "infected"
        is_accepted = form is not None and form.files is not None and form.files.when_away == "accept"
        return "unscanned" if self.has_scanner and file.scan == UNSCANNED and not is_accepted else None

    def open(self, file: StoredFile, start: int = 0, end: int | None = None) -> Opened:
        """Open a file, or a range of it; raises `FileMissing` and `StoreUnavailable`.

        Whatever its row says, no other file is opened than one of the size that was stored.
        """
        if self.store is None:
            raise FileMissing(file.key)
        opened = self.store.open(file.key, start=start, end=end)
        if opened.size != file.size:
            opened.close()
            raise FileMissing(file.key)
        return opened

    def preview(self, file: StoredFile, keys: Collection[UUID]) -> bytes:
        """Return the small picture of a file of these submissions, as WebP; raises as `Previews.of` does.

        Where the file went while it was drawn, so does the picture.
        """
        if self.previews is None or not has_preview(file.type, file.size):
            raise NoPreview
        drawn = self.previews.of(file.key, file.sha256)
        if not self._is_there(file, keys):
            self.previews.forget(file.sha256)
            raise FileMissing(file.key)
        return drawn

    def _is_there(self, file: StoredFile, keys: Collection[UUID]) -> bool:
        own = (one for some in self.of_many(keys).values() for one in some)
        beside = (one for key in keys for some in self.of_conflicts(key).values() for one in some)
        return any(one.key == file.key for some in (own, beside) for one in some)


def is_infected(file: StoredFile) -> bool:
    """Return whether a scanner found something in it."""
    return (file.scan or "").startswith(INFECTED)
