"""Finds the files of templates: `<mail>/<language>.subject.txt`, `.body.txt` and `.body.html` in one folder."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

PARTS = ("subject.txt", "body.txt", "body.html")

FILE_BYTES_MOST = 64 * 1024
FILES_MOST = 1000

LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}")
"""A language's tag (RFC 5646): `de`, `pt-BR`, `zh-Hant`."""

_NO_TEMPLATE = re.compile(r"[.#].*|.*~")
"""What editors, systems and Kubernetes put beside files."""

Stamp: TypeAlias = tuple[tuple[str, int, int, int, int], ...]

Key: TypeAlias = tuple[str, str, str]
"""A mail's name, a language in small letters, one of `PARTS`."""


@dataclass(slots=True)
class Found:
    """The files of a folder, and in lines of `path: what` those that are none of its templates."""

    files: dict[Key, Path] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def found_in(folder: Path, mails: Collection[str]) -> Found:
    """Return the templates in a folder for the mails of these names."""
    found = Found()
    try:
        for count, path in enumerate(_entries(folder)):
            if count >= FILES_MOST:
                found.problems.append(f"{folder}: more than {FILES_MOST} files")
                break
            _sort_in(path, folder, mails, found)
    except OSError as error:
        found.problems.append(f"{error.filename or folder}: cannot be read: {error.strerror}")
    return found


def read(path: Path) -> str:
    """Return what a file says; raises `ValueError` with what is wrong."""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MOST + 1)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > FILE_BYTES_MOST:
        raise ValueError(f"{path}: more than {FILE_BYTES_MOST} bytes")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path}:{line}: not UTF-8: save the file as UTF-8") from error


def stamp_of(folder: Path) -> Stamp:
    """Return a value that differs after every change of a file, also of permissions; empty without the folder."""
    stamps = list[tuple[str, int, int, int, int]]()
    try:
        for path in _entries(folder):
            if len(stamps) > FILES_MOST:
                break
            status = path.stat()
            stamps.append((str(path), status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino))
    except OSError:
        return ()
    return tuple(stamps)


def _entries(folder: Path) -> Iterator[Path]:
    """Return the files of a folder and of the folders in it."""
    for path in sorted(folder.iterdir()):
        if _NO_TEMPLATE.fullmatch(path.name):
            continue
        if path.is_dir():
            yield from (inner for inner in sorted(path.iterdir()) if not _NO_TEMPLATE.fullmatch(inner.name))
        else:
            yield path


def _sort_in(path: Path, folder: Path, mails: Collection[str], found: Found) -> None:
    mail, (language, _, part) = path.parent.name, path.name.partition(".")
    if path.parent == folder:
        found.problems.append(f"{path}: expected in a folder of its mail: {' or '.join(mails)}")
    elif mail not in mails:
        found.problems.append(f"{path}: there is no mail {mail}; there are: {', '.join(mails)}")
    elif part not in PARTS or not LANGUAGE.fullmatch(language):
        known = ", ".join(f"de.{one}" for one in PARTS)
        found.problems.append(f"{path}: expected a language and a part of the mail, such as {known}")
    elif (mail, language.lower(), part) in found.files:
        found.problems.append(f"{path}: the same language twice, in capital and small letters")
    else:
        found.files[mail, language.lower(), part] = path
