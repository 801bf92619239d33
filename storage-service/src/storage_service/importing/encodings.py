"""Decides in which encoding a file is, and reads all of it once: so that none is found wrong half-way."""

from __future__ import annotations

import codecs
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from storage_service.importing.found import Unreadable

CODECS: Mapping[str, str] = {
    "utf-8": "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "windows-1252": "cp1252",
}
"""Those that can be asked for, and what Python calls them."""

_MARKS = (
    (codecs.BOM_UTF32_LE, None, "UTF-32"),
    (codecs.BOM_UTF32_BE, None, "UTF-32"),
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_CHUNK = 1024 * 1024
_SAMPLE = 4096


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file is to be read: Python's codec, and what people call it."""

    codec: str
    name: str


def encoding_of(path: Path, asked: str | None) -> Encoding:
    """Return the encoding that a file has by its mark, or was said to have, or else UTF-8; all of it can be read so.

    Raises `Unreadable`. None is ever guessed: what is not UTF-8 has to be named.
    """
    try:
        if not path.is_file():
            raise Unreadable(f"{path}: there is no such file")
        with path.open("rb") as file:
            chosen = _by_mark(file.read(4), asked) or _named(file, asked)
            file.seek(0)
            _check(file, chosen, asked)
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read: {os.strerror(error.errno or 0)}") from error
    return chosen


def _by_mark(head: bytes, asked: str | None) -> Encoding | None:
    for mark, codec, name in _MARKS:
        if not head.startswith(mark):
            continue
        if codec is None:
            raise Unreadable(f"the file begins with the mark of {name}: save it as UTF-8")
        if asked is not None and CODECS[asked] != codec:
            raise Unreadable(f"the file begins with the mark of {name}: leave --encoding out")
        return Encoding(codec, f"{name}, by the mark at its beginning")
    return None


def _named(file: BinaryIO, asked: str | None) -> Encoding:
    if asked is not None:
        return Encoding(CODECS[asked], f"{asked}, as --encoding says")
    file.seek(0)
    sample = file.read(_SAMPLE)
    for name, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        if zeros and zeros.count(0) > len(zeros) // 2:
            raise Unreadable(f"the file looks like UTF-16 without the mark at its beginning: say --encoding {name}")
    return Encoding("utf-8-sig", "UTF-8")


def _check(file: BinaryIO, chosen: Encoding, asked: str | None) -> None:
    decoder = codecs.getincrementaldecoder(chosen.codec)(errors="strict")
    line = 1
    while True:
        chunk = file.read(_CHUNK)
        try:
            line += decoder.decode(chunk, final=not chunk).count("\n")
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(chosen.codec.removesuffix("-sig"), "ignore")
            raise Unreadable(_wrong(error, line + before.count("\n"), asked)) from None
        if not chunk:
            return


def _wrong(error: UnicodeDecodeError, line: int, asked: str | None) -> str:
    byte = error.object[error.start : error.start + 1]
    shown = f"line {line} has the byte 0x{byte.hex().upper()}"
    if asked is not None:
        return f"{shown}, which is nothing in {asked}"
    try:
        there = byte.decode("cp1252")
    except UnicodeDecodeError:
        return f"{shown}, which is no UTF-8: save the file as UTF-8"
    return (
        f"{shown}, which is no UTF-8. In Windows-1252, as Excel saves it, that is {there!r}: "
        "if that is right, say --encoding windows-1252"
    )
