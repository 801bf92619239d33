"""Writes a ZIP while it is read: nothing of it is kept but the list of names, which stands at its end.

Each file has its length behind it, by ZIP64, so that it may have any. Who reads the end first finds all (as `unzip`,
Explorer and Finder do); an end that is missing says that the ZIP broke off.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing_extensions import Buffer

QUICK, USUAL = 1, 6
AS_IT_IS = 0
"""How hard to compress. `AS_IT_IS` is for what is compressed already: it costs nearly nothing."""


class Entry(NamedTuple):
    """A file in a ZIP: its name with slashes, and pieces that are taken one after the other."""

    name: str
    pieces: Iterable[bytes]
    level: int = USUAL


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


def zipped(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield a ZIP of files, one after the other; raises what their pieces raise, and has no end then."""
    taken = _Taken()
    archive = zipfile.ZipFile(taken, "w", zipfile.ZIP_DEFLATED)
    try:
        for one in entries:
            archive.compresslevel = one.level
            with archive.open(one.name, "w", force_zip64=True) as file:
                for piece in one.pieces:
                    file.write(piece)
                    if part := taken.handed_on():
                        yield part
    except BaseException:
        archive.fp = None  # else it would end itself, well, when it is thrown away
        raise
    archive.close()
    yield taken.handed_on()
