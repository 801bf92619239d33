"""Compares the rows of files with the store, for an operator: after a restore, or whenever they want to know."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import Engine, Row, select, tuple_

from shared.database import classified, reading
from shared.files import FileMissing, FileStore, StoredKey
from storage_service.sweeping import orphans
from storage_service.sweeping.kinds import put_on
from storage_service.tables import FILES

AT_ONCE = 500

Flaw: TypeAlias = Literal["missing", "size", "hash"]
"""What is wrong with a file: it is not there, has another size, or is another one."""

_F = FILES.files.c


@dataclass(frozen=True, slots=True)
class Checked:
    """One file of a row; `flaw` is None where it is there as the row says."""

    submission: UUID
    number: int
    key: str
    size: int
    flaw: Flaw | None


def check(engine: Engine, store: FileStore, *, by_hash: bool) -> Iterator[Checked]:
    """Check the file of each row; raises as `classified` does, and `StoreUnavailable`."""
    after: tuple[Any, ...] | None = None
    while page := _page(engine, after):
        for row in page:
            yield Checked(row.submission_id, row.number, row.key, row.size, _flaw(store, row, by_hash=by_hash))
        after = page[-1].submission_id, page[-1].fingerprint, page[-1].number


def unneeded(engine: Engine, store: FileStore) -> Iterator[StoredKey]:
    """Return each file of the store that no row and no parked message names by now. Its event may be on its way."""
    listing = iter(store.keys())
    while some := list(islice(listing, AT_ONCE)):
        files = {one.key: one for one in some if put_on(one.key)}
        with classified(), reading(engine).connect() as connection:
            left = files.keys() - orphans.needed(connection, files)
            for page in orphans.parked_pages(connection) if left else ():
                left -= set(orphans.keys_in(page))
        yield from (files[key] for key in sorted(left))


def _page(engine: Engine, after: tuple[Any, ...] | None) -> Sequence[Any]:
    place = _F.submission_id, _F.fingerprint, _F.number
    found = select(*place, _F.key, _F.size, _F.sha256).order_by(*place).limit(AT_ONCE)
    if after is not None:
        found = found.where(tuple_(*place) > after)
    with classified(), reading(engine).connect() as connection:
        return connection.execute(found).all()


def _flaw(store: FileStore, row: Row[Any], *, by_hash: bool) -> Flaw | None:
    try:
        with store.open(row.key, end=None if by_hash else 1) as opened:
            if opened.size != row.size:
                return "size"
            digest = hashlib.sha256()
            for piece in opened if by_hash else ():
                digest.update(piece)
    except FileMissing:
        return "missing"
    return "hash" if by_hash and digest.hexdigest() != row.sha256 else None
