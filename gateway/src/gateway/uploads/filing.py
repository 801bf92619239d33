"""Takes one file: looks at its beginning, and puts it into the store while it comes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain

import structlog

from gateway.files import metadata, names, types
from gateway.http.errors import Refused
from gateway.uploads import refusals
from gateway.uploads.kept import KeptFiles
from gateway.uploads.viruses import Looking, Viruses
from shared.contracts import SubmittedFile
from shared.files import FileStore, StoreUnavailable
from shared.forms import FileRules
from shared.forms.uploads import WhenAway

STORE_PIECE_S = 10.0
"""How long the store may take for one piece of a file before it counts as away."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Coming:
    """A file that comes: under which name of the form, what it was called, its bytes, and what is taken there."""

    field: str
    given: str
    content: Iterator[bytes]
    rules: FileRules


class Filing:
    """Checks files and puts them into the store. Raises `Refused`: 413 and 422 are about the file alone."""

    def __init__(self, store: FileStore, viruses: Viruses, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._viruses = viruses
        self._clock = clock

    def take(self, coming: Coming, kept: KeptFiles, *, when_away: WhenAway) -> SubmittedFile:
        """Put a file; returns once it is durable. Raises `Refused`, also 503 where the store, or who scans, is away."""
        beginning = _head(coming.content)
        name = names.clean(coming.given)
        found = types.found(beginning, name)
        types.check(found, coming.rules, coming.field)
        pieces = _limited(chain((beginning,), coming.content), coming)
        if not coming.rules.keep_metadata:
            pieces = metadata.stripped(found.mime, pieces, coming.field)
        with closing(self._viruses.begin(coming.field, when_away)) as looking:
            passing, key = _Passing(pieces, looking, self._clock), kept.next_key()
            self._put(key, passing)
        digest = passing.digest.hexdigest()
        return SubmittedFile(
            coming.field, name, names.kept(coming.given), found.mime, passing.size, digest, key, passing.scan
        )

    def look(self, coming: Coming) -> None:
        """Check a file that nobody will keep, since the submission is refused anyway; raises as `take` does."""
        beginning = _head(coming.content)
        types.check(types.found(beginning, names.clean(coming.given)), coming.rules, coming.field)
        for _ in _limited(chain((beginning,), coming.content), coming):
            pass

    def _put(self, key: str, passing: _Passing) -> None:
        try:
            self._store.put(key, passing.pieces())
        except StoreUnavailable as error:
            _log.error("file not stored", error=str(error))
            raise refusals.away() from error


class _Passing:
    """Counts, hashes and scans what goes through to the store, and gives up where the store takes too long."""

    def __init__(self, pieces: Iterable[bytes], looking: Looking, clock: Callable[[], float]) -> None:
        self._pieces = pieces
        self._looking = looking
        self._clock = clock
        self.size = 0
        self.digest = hashlib.sha256()
        self.scan: str | None = None

    def pieces(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.size += len(piece)
            self.digest.update(piece)
            self._looking.feed(piece)
            given_s = self._clock()
            yield piece
            if self._clock() - given_s > STORE_PIECE_S:
                raise StoreUnavailable(f"it took longer than {STORE_PIECE_S:.0f} s for a piece")
        self.scan = self._looking.end()


def _head(content: Iterator[bytes]) -> bytes:
    """Return the beginning of a file, by which its type is found."""
    pieces, size = [], 0
    for piece in content:
        pieces.append(piece)
        size += len(piece)
        if size >= types.HEAD_BYTES:
            break
    return b"".join(pieces)


def _limited(pieces: Iterable[bytes], coming: Coming) -> Iterator[bytes]:
    size, most = 0, coming.rules.max_size
    for piece in pieces:
        size += len(piece)
        if size > most:
            error = refusals.too_big(most, coming.field)
            raise Refused(413, error.message, error)
        if piece:
            yield piece
