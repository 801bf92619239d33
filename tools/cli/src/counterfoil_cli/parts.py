"""Keeps what has come of a file beside the place where it will be, so that it goes on where it broke off."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import requests

from counterfoil_cli.exits import BrokenOff, Wrong
from counterfoil_cli.harmless import line
from counterfoil_cli.names import local_name, numbered

_SHA256 = re.compile(r"[0-9a-f]{64}")
_AT_ONCE = 1024 * 1024
_NAMES_MOST = 1000


class Part:
    """The part of a file that has come into a folder, by the SHA-256 of the whole. All methods raise `Wrong`."""

    def __init__(self, folder: Path, sha256: str) -> None:
        if not _SHA256.fullmatch(sha256):
            raise Wrong("the installation names a file without its SHA-256: is the address right?")
        self._folder = folder
        self._sha256 = sha256
        self.path = folder / f".counterfoil-{sha256[:32]}.part"

    @property
    def size(self) -> int:
        """How many bytes have come."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    @contextmanager
    def opened(self, *, start: int) -> Iterator[BinaryIO]:
        """Lend it, to write on from there; it is for its owner alone."""
        with _said(self.path):
            self._folder.mkdir(parents=True, exist_ok=True)
            number = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
            with os.fdopen(number, "r+b") as file:
                file.truncate(start)
                file.seek(start)
                yield file

    def become(self, name: str) -> Path:
        """Give it its name, or the next one that is free, and return that; raises `BrokenOff` for other bytes."""
        with _said(self.path):
            if self._hash() != self._sha256:
                self.path.unlink()
                raise BrokenOff(f"{line(name)} did not come as it is there: ask again")
            for number in range(1, _NAMES_MOST):
                place = self._folder / numbered(local_name(name), number)
                try:
                    place.touch(mode=0o600, exist_ok=False)  # never over another file, and never through a link
                except FileExistsError:
                    continue
                self.path.replace(place)
                return place
        raise Wrong(f"{line(self._folder)} has {_NAMES_MOST} files of this name: give another folder")

    def _hash(self) -> str:
        made = hashlib.sha256()
        with self.path.open("rb") as file:
            while piece := file.read(_AT_ONCE):
                made.update(piece)
        return made.hexdigest()


@contextmanager
def _said(path: Path) -> Iterator[None]:
    try:
        yield
    except requests.RequestException:  # an OSError too, of the other end
        raise
    except OSError as error:
        raise Wrong(f"{line(path.parent)} cannot be written: {error.strerror or error}") from error
