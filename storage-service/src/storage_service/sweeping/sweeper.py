"""Goes through the store after each pass: notes what no row names, and removes what was noted before the pass began."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

import structlog
from sqlalchemy import Engine

from shared.database import classified, reading
from shared.failpoints import Reach, ignore
from shared.files import FileStore, StoredKey
from storage_service.files import rows as files
from storage_service.previews.keys import hash_in
from storage_service.sweeping import claim, orphans, state
from storage_service.sweeping.claim import Contested
from storage_service.sweeping.deleting import Deleting
from storage_service.sweeping.kinds import put_on
from storage_service.sweeping.state import Swept
from storage_service.sweeping.times import USUAL, Times

KEYS_AT_ONCE = 500
CLAIM_EVERY = timedelta(minutes=10)
"""How soon it is said that another database has marked the store, between two sweeps too."""

REMOVED_AT_ONCE = 100
REST_S = 0.2
PREVIEW_KEPT_FOR = timedelta(hours=1)
"""A preview is put before anybody can look for its file's row again."""


class Sweeper:
    """Sweeps, a piece in each turn. Of a death nothing is left but that it looks at the keys again from the first on.

    `found`, `removed` and `undeletable` are told how many; `contested` 1 where another database has the store, else 0.
    """

    def __init__(
        self,
        engine: Engine,
        store: FileStore,
        times: Times = USUAL,
        *,
        found: Callable[[int], None] = lambda _: None,
        removed: Callable[[int], None] = lambda _: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        contested: Callable[[int], None] = lambda _: None,
        undeletable: Callable[[int], None] = lambda _: None,
        reach: Reach = ignore,
    ) -> None:
        self._engine = engine
        self._reading = reading(engine)
        self._store = store
        self._times = times
        self._found, self._removed, self._contested = found, removed, contested
        self._deleting = Deleting(store, told=undeletable)
        self._clock = clock
        self._reach = reach
        self._check_claim_at = datetime.min.replace(tzinfo=UTC)
        self._spared_for: datetime | None = None
        self._listing: Iterator[StoredKey] | None = None
        self._looked_at = 0
        self._log = structlog.get_logger().bind(part="sweep")

    def turn(self) -> float:
        """Do a piece; return after how many seconds to come again. Raises as `classified`, and `StoreUnavailable`."""
        swept = self._swept()
        if self._clock() >= self._check_claim_at:  # another's sweep must not go on until ours begins
            self._check_claim()
        since = swept.settled_from
        if since is None or swept.listed_for == since:
            return self._times.idle_s
        self._check_claim()
        if self._spared_for != since:
            self._spare()
            self._spared_for, self._listing = since, None
        elif not self._remove(since):
            self._list(since, swept.listed_for)
        return REST_S

    def _swept(self) -> Swept:
        with classified(), self._reading.connect() as connection:
            if swept := state.read(connection):
                return swept
        with classified(), self._engine.begin() as connection:
            return state.read(connection) or state.begin(connection)

    def _check_claim(self) -> None:
        try:
            claim.check(self._store, lambda: self._swept().listed_for)
        except Contested:
            self._contested(1)
            raise
        self._contested(0)
        self._check_claim_at = self._clock() + CLAIM_EVERY

    def _spare(self) -> None:
        """Forget what was noted and is needed: by a row, or by a parked message, whatever became of that."""
        with classified(), self._engine.begin() as connection:
            orphans.spare_stored(connection, self._clock() + self._times.skew)
            dangling = files.remove_dangling(connection, self._clock())
        if dangling:
            self._log.warning("files of what was erased by an older version", files=dangling)
        with classified(), self._reading.connect() as connection:
            for page in orphans.parked_pages(connection):
                if keys := orphans.keys_in(page):
                    self._spare_these(keys)

    def _spare_these(self, keys: Sequence[str]) -> None:
        with classified(), self._engine.begin() as connection:
            orphans.spare(connection, keys)

    def _remove(self, since: datetime) -> int:
        """Remove some that were noted before the pass began that found all settled; return how many."""
        with classified(), self._reading.connect() as connection:
            but = self._deleting.passed_over()
            keys = orphans.due(connection, since - self._times.skew, REMOVED_AT_ONCE, but=but)
        gone = self._deleting.delete(keys)
        if not gone:
            return 0
        self._reach("orphans-removed")
        self._spare_these(gone)
        self._removed(len(gone))
        self._log.info("orphans removed", files=len(gone))
        return len(gone)

    def _list(self, since: datetime, before: datetime | None) -> None:
        """Look at some keys; at the end of all, note that."""
        if self._listing is None:
            self._listing, self._looked_at = iter(self._store.keys()), 0
        try:
            some = list(islice(self._listing, KEYS_AT_ONCE))
        except Exception:
            self._listing = None  # a listing that broke off cannot be gone on with
            raise
        self._looked_at += len(some)
        self._sort(some, since - self._times.margin)
        if not some:
            self._end(since, before)

    def _sort(self, some: Sequence[StoredKey], put_before: datetime) -> None:
        old = [one for one in some if one.put_at < put_before and (day := put_on(one.key)) and day < put_before]
        preview_before = self._clock() - PREVIEW_KEPT_FOR
        hashes = {one.key: its for one in some if one.put_at < preview_before and (its := hash_in(one.key))}
        with classified(), self._engine.begin() as connection:
            new = orphans.note(connection, old, self._clock()) if old else 0
            known = orphans.hashes_known(connection, set(hashes.values()))
        self._found(new)
        self._store.delete([key for key, its in hashes.items() if its not in known])

    def _end(self, since: datetime, before: datetime | None) -> None:
        self._store.check()  # which removes what killed puts left
        if before is not None:
            claim.note(self._store, before, since)
        with classified(), self._engine.begin() as connection:
            state.listed(connection, since)
            count, size = orphans.total(connection)
        claim.note(self._store, since)
        self._listing = None
        self._log.info("all keys looked at", keys=self._looked_at, orphans=count, bytes=size)
