"""Makes the store that the settings name."""

from __future__ import annotations

from shared.files.directory import DirectoryFiles
from shared.files.settings import FilesSettings
from shared.files.store import FileStore


def store_at(settings: FilesSettings) -> FileStore:
    """Return the store, of which nothing is asked yet. Raises `StoreUnavailable` where the settings make none.

    `shared.files.checking` says that at start, among all that is wrong with the settings.
    """
    if settings.folder is not None:
        return DirectoryFiles(settings.folder)
    from shared.files.objects import ObjectFiles  # noqa: PLC0415 - 16 MB of library, for whom has an object store

    return ObjectFiles.at(settings)
