"""Explains SQLite errors by naming the file and what to do about it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

_PRIMARY = 0xFF
"""The part of SQLite's extended codes that says the kind (https://www.sqlite.org/rescode.html)."""

_MENDS = {
    sqlite3.SQLITE_IOERR: "its disk does not work",
    sqlite3.SQLITE_FULL: "no space is left on its disk",
    sqlite3.SQLITE_CORRUPT: "it is damaged: restore a backup",
    sqlite3.SQLITE_NOTADB: "it is another kind of file: COUNTERFOIL_DATABASE_URL names the wrong one, or it is damaged",
}
_REACHING = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}


def explained(error: sqlite3.Error, file: str) -> str:
    """Return SQLite's message, with the file's name and what to do where the file is the cause."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    path = Path(file).absolute()
    if code in _REACHING:
        return f"{error}: {path}: {_obstacle(path)}"
    return f"{error}: {path}: {_MENDS[code]}" if code in _MENDS else str(error)


def is_not_made(file: str) -> bool:
    """Say whether a database's file is not there, in a folder that is."""
    path = Path(file)
    return bool(file) and not file.startswith((":memory:", "file:")) and path.parent.is_dir() and not path.exists()


def _obstacle(path: Path) -> str:
    """Say what keeps this process from a file. SQLite writes beside it, too: its log and its index."""
    folder, me = path.parent, f"user {os.geteuid()}"
    if path.is_dir():
        return "this is a folder; name a file in it"
    if not folder.is_dir():
        return f"there is no folder {folder}: make it"
    if not _may(folder, os.W_OK | os.X_OK):
        return f"{me} may not write in {folder}, which SQLite needs"
    if path.exists() and not _may(path, os.R_OK | os.W_OK):
        return f"{me} may not read and write it"
    return f"{me} cannot reach it, or a file beside it"


def _may(path: Path, mode: int) -> bool:
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)
