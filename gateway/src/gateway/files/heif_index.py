"""Reads in the index of a HEIC or AVIF where it keeps Exif and XMP (ISO/IEC 14496-12, 8.11)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.files import orientation
from gateway.files.damage import Damaged

_ITEMS_MOST = 10_000
_EXTENTS_MOST = 20_000
"""In all items together: one may have no byte of its own, and an item 65,535 of them."""

_TELLING: Mapping[bytes, bytes] = {b"Exif": bytes(4) + orientation.EMPTY, b"mime": b""}
"""The types of items that tell of a person, and what stands in their place, before zeros."""


@dataclass(frozen=True, slots=True)
class Place:
    """Bytes of a file that are to be written over, from `start` on and before `end`: with `cover`, then with zeros."""

    start: int
    end: int
    cover: bytes


def telling(index: bytes, at: int) -> list[Place]:
    """Return what has to go, by the content of the box `meta`, which stands `at` in the file; raises `Damaged`."""
    try:
        boxes = {name: (begin, end) for name, begin, end in _boxes(index, 4, len(index))}
        covers = _covers(index, *boxes.get(b"iinf", (0, 0)))
        idat = at + boxes.get(b"idat", (0, 0))[0]
        return list(_places(index, *boxes.get(b"iloc", (0, 0)), covers, idat)) if covers else []
    except (struct.error, IndexError) as error:
        raise Damaged from error


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name, the beginning and the end of each box's content."""
    for _ in range(_ITEMS_MOST):
        if at + 8 > end:
            return
        size, name = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > end:
            raise Damaged
        yield name, at + 8, at + size
        at += size
    raise Damaged


def _covers(data: bytes, begin: int, end: int) -> dict[int, bytes]:
    """Return by the numbers of the items that tell of a person what stands in their place."""
    if not end:
        return {}
    found = {}
    for name, at, _ in _boxes(data, begin + (6 if data[begin] == 0 else 8), end):
        if name == b"infe" and data[at] >= 2:
            number, kind = struct.unpack_from(">H2x4s" if data[at] == 2 else ">I2x4s", data, at + 4)
            if kind in _TELLING:
                found[number] = _TELLING[kind]
    return found


def _places(data: bytes, begin: int, end: int, covers: Mapping[int, bytes], idat: int) -> Iterator[Place]:
    if not end:
        return
    version, sizes = data[begin], struct.unpack_from(">H", data, begin + 4)[0]
    of_offset, of_length, of_base, of_number = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    reader, extents = _Numbers(data, begin + 6), 0
    for _ in range(min(reader.next(4 if version == 2 else 2), _ITEMS_MOST)):
        number = reader.next(4 if version == 2 else 2)
        way = reader.next(2) & 15 if version else 0
        reader.next(2)
        base = reader.next(of_base) + (idat if way == 1 else 0)
        count = reader.next(2)
        extents += count
        if extents > _EXTENTS_MOST:
            raise Damaged
        for first in range(count):
            if version:
                reader.next(of_number)
            start, length = base + reader.next(of_offset), reader.next(of_length)
            if number in covers:
                yield Place(start, start + length, b"" if first else covers[number])


class _Numbers:
    """Reads numbers of some bytes each, one after the other."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at

    def next(self, size: int) -> int:
        if self._at + size > len(self._data):
            raise Damaged
        number = int.from_bytes(self._data[self._at : self._at + size], "big")
        self._at += size
        return number
