"""Keeps two databases from sweeping one store: each would take the other's files for orphans.

The store has a note of the last sweep, which the database has too. One that has another, a second installation's or one
that was restored or copied, marks the store as contested; then nobody sweeps it until a person says whose it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shared.database import iso
from shared.files import FileMissing, FileStore, StoreUnavailable
from shared.files.keys import NOTES

LAST, CONTESTED = f"{NOTES}/last-sweep", f"{NOTES}/contested"

_MOST_BYTES = 200
_WHY = "This store is swept for two databases, or for one that is older than the store. See docs/operations.md.\n"


class Contested(StoreUnavailable):
    """Two databases have this store, or one that is older than its last sweep."""

    def __init__(self) -> None:
        super().__init__(
            "the store of files was swept for another database, or this one is older than the last sweep: orphans stay "
            "until `files claim` says that the store is this database's alone (docs/operations.md, Orphans)"
        )


def check(store: FileStore, listed_for: Callable[[], datetime | None]) -> None:
    """Raise `Contested` unless the last sweep of the store is this database's own, which it says, or there was none.

    Who finds another's says so in the store: the other one, which sees nothing amiss, would sweep what is ours.
    """
    if _read(store, CONTESTED) is not None:
        raise Contested
    for _ in range(2):  # another process of ours may end its sweep between the two looks
        told = _read(store, LAST)
        if told is None:
            return
        mine = listed_for()
        if mine is not None and iso(mine) in told.split():
            return
    store.put(CONTESTED, [_WHY.encode()])
    raise Contested


def note(store: FileStore, *moments: datetime) -> None:
    """Note which sweep was the last: several while the database is about to note it, too."""
    store.put(LAST, [f"{' '.join(map(iso, moments))}\n".encode()])


def claim(store: FileStore, listed_for: datetime | None) -> None:
    """Say that the store is this database's alone. Raises `StoreUnavailable`."""
    if listed_for is None:
        store.delete([LAST])
    else:
        note(store, listed_for)
    store.delete([CONTESTED])


def _read(store: FileStore, key: str) -> str | None:
    try:
        with store.open(key, end=_MOST_BYTES) as opened:
            return b"".join(opened).decode(errors="replace")
    except FileMissing:
        return None
