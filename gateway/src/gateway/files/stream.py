"""Reads a stream of pieces by counts of bytes, and holds no more than one piece and what was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from re import Pattern

from gateway.files.damage import Damaged
from shared.files import PIECE_BYTES

PARTS_MOST = 100_000
"""How many segments or chunks a picture may have: one of 400 MB has as many."""


class Stream:
    """Bytes that come in pieces, read from front to end."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece = b""
        self._at = 0
        self._parts = 0

    def read(self, count: int) -> bytes:
        """Return so many bytes, fewer only at the end. They are held: `count` has to be small."""
        return b"".join(self.pass_on(count))

    def pass_on(self, count: int) -> Iterator[bytes]:
        """Yield the next so many bytes, in pieces as they come."""
        while count > 0 and self._fill():
            taken = self._piece[self._at : self._at + min(count, PIECE_BYTES)]
            self._at += len(taken)
            count -= len(taken)
            yield taken

    def skip(self, count: int) -> int:
        """Leave so many bytes out; return how many there were."""
        return sum(map(len, self.pass_on(count)))

    def skip_to(self, byte: Pattern[bytes]) -> bool:
        """Go on to the next byte that matches, and say whether there is one."""
        while self._fill():
            found = byte.search(self._piece, self._at)
            if found:
                self._at = found.start()
                return True
            self._at = len(self._piece)
        return False

    def pass_until(self, mark: Pattern[bytes]) -> Iterator[bytes]:
        """Yield what stands before the next place that matches, which has two bytes; all where none does."""
        while self._fill():
            found = mark.search(self._piece, self._at)
            end = found.start() if found else len(self._piece) - 1
            yield from self.pass_on(end - self._at)
            if found:
                return
            if not self._join():
                yield from self.pass_on(1)

    def count(self) -> None:
        """Count a part of a file; raises `Damaged` at more than any picture has: each costs more than its bytes do."""
        self._parts += 1
        if self._parts > PARTS_MOST:
            raise Damaged

    def drain(self) -> None:
        """Read all that is left, and leave it out."""
        self._piece, self._at = b"", 0
        for _ in self._pieces:
            pass

    def _fill(self) -> bool:
        while self._at >= len(self._piece):
            following = next(self._pieces, None)
            if following is None:
                return False
            self._piece, self._at = following, 0
        return True

    def _join(self) -> bool:
        """Put the next piece behind what is left of this one; say whether there was one."""
        following = next(self._pieces, None)
        if following is not None:
            self._piece, self._at = self._piece[self._at :] + following, 0
        return following is not None
