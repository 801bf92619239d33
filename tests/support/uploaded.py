"""Reads what came with files, from the database and the store that the services share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from shared import database
from shared.files import FileStore
from storage_service.files.rows import files_of
from support.owner import STORED_S, Owner
from support.polling import eventually


@dataclass(frozen=True)
class Uploaded:
    """One file that was stored: under which field, its name and type, and every byte."""

    field: str
    name: str
    type: str
    content: bytes


class Uploads:
    """Reads the files of submissions to one installation, whose forms take each visitor's address once."""

    def __init__(self, owner: Owner, database_url: str, store: FileStore) -> None:
        self._owner = owner
        self._database_url = database_url
        self._store = store

    def await_stored(self, form: str, email: str) -> list[Uploaded]:
        """Wait until there is a submission from this address, which must be the only one, and return its files."""
        found: Callable[[], list[dict[str, object]]] = lambda: self._owner.stored(form, email)  # noqa: E731
        (submission,) = eventually(found, STORED_S, f"a submission from {email} is stored")
        key = UUID(str(submission["id"]))
        engine = database.create(self._database_url)
        try:
            with engine.connect() as connection:
                rows = files_of(connection, [key]).get(key, ())
        finally:
            engine.dispose()
        return [Uploaded(one.field, one.name, one.type, self._content_of(one.key)) for one in rows]

    def _content_of(self, key: str) -> bytes:
        opened = self._store.open(key)
        try:
            return b"".join(opened)
        finally:
            opened.close()
