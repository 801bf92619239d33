"""Writes a ZIP while it is read: nothing of it is kept."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer


class _Taken(io.RawIOBase):
    """Takes what is written, until it is handed on. It has no place to go back to, and `zipfile` asks for none."""

    def __init__(self) -> None:
        super().__init__()
        self._parts = list[bytes]()

    def writable(self) -> bool:
        return True

    def write(self, part: Buffer) -> int:
        self._parts.append(bytes(part))
        return len(self._parts[-1])

    def handed_on(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def zipped(files: Sequence[tuple[str, Iterable[bytes]]], at: datetime) -> Iterator[bytes]:
    """Yield a ZIP of some files, each of pieces that are taken one after the other."""
    taken = _Taken()
    with zipfile.ZipFile(taken, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, pieces in files:
            entry = zipfile.ZipInfo(name, at.timetuple()[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            with archive.open(entry, "w", force_zip64=True) as file:
                for piece in pieces:
                    file.write(piece)
                    if part := taken.handed_on():
                        yield part
    yield taken.handed_on()
