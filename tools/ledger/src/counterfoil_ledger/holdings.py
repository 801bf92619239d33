"""Describes what an installation holds, as far as it could be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from counterfoil_ledger.deliveries import Deliveries
from counterfoil_ledger.records import Entry


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One row of the storage service; `sha256` is computed from the stored fields, not copied from the row."""

    id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Holdings:
    """What an installation holds once its queues are empty.

    `mailed` counts mails by address; None where nobody can look into the mailboxes: then `confirmed` (ids) counts.
    `failed` are the ids whose confirmation has visibly failed, `held` those where a cap on mails holds it back and
    their owner sees it, `undue` those that get none; `parked` the ids, or names, of what is parked, None where nobody
    looked. Not `alone`: others submit too, and what is theirs has been left out. `deliveries` are those of all
    channels, `untold` those of them that storage does not know to have failed, or to be held; None where nobody looked.
    `erased` are the ids that storage says it has erased: of these nothing is to be there.
    """

    stored: Sequence[StoredRow]
    mailed: Counter[str] | None
    confirmed: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    undue: frozenset[str] = frozenset()
    parked: Counter[str] | None = field(default_factory=Counter)
    alone: bool = True
    deliveries: Deliveries | None = None
    untold: frozenset[str] | None = None
    erased: frozenset[str] = frozenset()


def own(holdings: Holdings, entries: Iterable[Entry]) -> Holdings:
    """Return the part of the holdings that these entries can have caused: theirs by id, by content or by address."""
    entries = list(entries)
    ids = {submission_id for entry in entries for submission_id in entry.ids}
    hashes = {entry.sha256 for entry in entries}
    addresses = {entry.address for entry in entries}
    rows = [row for row in holdings.stored if row.id in ids or row.sha256 in hashes]
    mailed = None if holdings.mailed is None else _only(holdings.mailed, addresses)
    parked = None if holdings.parked is None else _only(holdings.parked, ids)
    return replace(holdings, stored=rows, mailed=mailed, parked=parked, alone=False)


def _only(counts: Counter[str], names: set[str]) -> Counter[str]:
    return Counter({name: count for name, count in counts.items() if name in names})
