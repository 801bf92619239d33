"""Keeps the files that come with submissions: in a directory, or in an object store.

The gateway puts, storage and its console read and delete, notify reads what it attaches. Why it is as it is stands in
docs/decisions/0070-the-file-store.md.
"""

from shared.files.memory import MemoryFiles
from shared.files.opening import store_at
from shared.files.settings import FilesSettings, files_settings
from shared.files.store import (
    PIECE_BYTES,
    FileMissing,
    FileStore,
    Opened,
    StoredKey,
    StoreFull,
    StoreUnavailable,
)

__all__ = [
    "PIECE_BYTES",
    "FileMissing",
    "FileStore",
    "FilesSettings",
    "MemoryFiles",
    "Opened",
    "StoreFull",
    "StoreUnavailable",
    "StoredKey",
    "files_settings",
    "store_at",
]
