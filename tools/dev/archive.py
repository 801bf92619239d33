"""Writes and reads the file of `make backup`: a `.tar.gz` with both databases, files, secrets, and a description."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import sqlite3
import tarfile
import zlib
from contextlib import closing, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from dev.steps import CannotGoOn

FORMAT = 3
"""Of 1 had no templates, of 2 no files; they are restored as well."""

DATABASES = ("notify.db", "storage.db")
"""In the order in which they are copied. A submission that only storage's copy knows shows as stored; one that only
notify's knew would show as confirmed, and be nowhere."""

SECRETS = "secrets"
FORMS = "forms.toml"
FORM_SECRETS = "form-secrets"
TEMPLATES = "templates"
FILES = "files"
_FOLDERS = {SECRETS, FORM_SECRETS, TEMPLATES, FILES}
_MANIFEST = "manifest.json"
_NEEDED = {_MANIFEST, *DATABASES}
_BROKEN = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)


def copy_database(source: Path, copy: Path) -> None:
    """Copy a SQLite database as it stands at one moment, and check the copy; who writes meanwhile is not held up.

    Raises `CannotGoOn` where it cannot be read, or is damaged.
    """
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=30)) as original,
            closing(sqlite3.connect(copy)) as copied,
        ):
            original.backup(copied)  # in one step: a single reading transaction
            copied.execute("PRAGMA journal_mode=DELETE")  # the copy is one file
        check_database(copy)
    except sqlite3.Error as error:
        raise CannotGoOn(f"{source} cannot be copied: {error}") from None


def check_database(path: Path) -> None:
    """Raise `CannotGoOn` where a database is damaged."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            found = [str(row[0]) for row in database.execute("PRAGMA integrity_check(3)")]
    except sqlite3.Error as error:
        found = [str(error)]
    if found != ["ok"]:
        raise CannotGoOn(f"{path.name} is damaged: {'; '.join(found)}")


def count_submissions(path: Path) -> int:
    """Return how many submissions a database of storage holds; what was erased is none."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        columns = {row[1] for row in database.execute("PRAGMA table_info(submissions)")}
        but = " WHERE erased_at IS NULL" if "erased_at" in columns else ""  # of an earlier version: none was erased
        count: int = database.execute(f"SELECT count(*) FROM submissions{but}").fetchone()[0]  # noqa: S608
    return count


def take_files(source: Path, target: Path) -> int:
    """Have the uploaded files of a directory below another one on the same disk; return how many.

    After the databases are copied: a file is there before its row is. Nobody writes into one that has its name, so a
    second name is as good as a copy. What grows has a name with a dot; what is deleted meanwhile was erased.
    """
    taken = 0
    for folder, inside, files in os.walk(source):
        inside[:] = [name for name in inside if not name.startswith(".")]
        for file in files:
            found = Path(folder, file)
            name = target / found.relative_to(source)
            name.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                os.link(found, name)
                taken += 1
    return taken


def pack(folder: Path, file: Path, about: dict[str, Any]) -> None:
    """Write all in a folder to a new file, which only its owner may read, and which is whole or not there."""
    draft = file.with_name(f".{file.name}.part")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            with tarfile.open(fileobj=out, mode="w:gz") as tar:
                _add(tar, _MANIFEST, json.dumps({"format": FORMAT, **about}).encode())
                for path in sorted(each for each in folder.rglob("*") if each.is_file()):
                    _add(tar, path.relative_to(folder).as_posix(), path)
            out.flush()
            os.fsync(out.fileno())
        os.link(draft, file)  # unlike a rename it replaces nothing
    finally:
        draft.unlink(missing_ok=True)


def unpack(file: Path, folder: Path) -> dict[str, Any]:
    """Unpack a backup into an empty folder, check all of it, and return what it says about itself.

    Raises `CannotGoOn` where it is not whole, damaged, of a later format, or no backup at all.
    """
    try:
        with gzip.open(file) as data:
            with tarfile.open(fileobj=data, mode="r|") as tar:
                for member in tar:
                    _take(tar, member, folder)
            while data.read(1 << 20):
                """To its end, where the checksum is."""
    except (*_BROKEN, ValueError) as error:
        raise CannotGoOn(f"{file} is no backup, or not whole: {error}") from None
    missing = sorted(name for name in _NEEDED if not (folder / name).is_file())
    if missing:
        raise CannotGoOn(f"{file} is no backup of Counterfoil: it has no {', '.join(missing)}")
    manifest = folder / _MANIFEST
    about: dict[str, Any] = json.loads(manifest.read_text("utf-8"))
    manifest.unlink()
    if about.get("format") not in range(1, FORMAT + 1):
        raise CannotGoOn(f"{file} was made by a later Counterfoil: update this one first (git pull)")
    for name in DATABASES:
        check_database(folder / name)
    return about


def _add(tar: tarfile.TarFile, name: str, content: bytes | Path) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode = 0o600
    if isinstance(content, bytes):
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
        return
    with content.open("rb") as file:
        entry.size, entry.mtime = content.stat().st_size, int(content.stat().st_mtime)
        tar.addfile(entry, file)


def _take(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Unpack what a backup holds, and nothing else: no link, and no place but below the folder."""
    path = PurePosixPath(member.name)
    is_ours = member.name in {*_NEEDED, FORMS} or (len(path.parts) > 1 and path.parts[0] in _FOLDERS)
    content = tar.extractfile(member) if member.isfile() else None
    if not is_ours or ".." in path.parts or content is None:
        raise ValueError(f"{member.name!r} has no place in one")
    target = folder / path
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with target.open("xb") as out:
        shutil.copyfileobj(content, out)
