"""Keeps who watches which receipt in this process, and hands them the announcements."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from shared.contracts import Announcement, ReceiptNews, SpamModelMade, SubmissionsStored

WATCHERS_MOST = 1000
"""How many may watch in one process. Each holds a thread, and the rest of them are for posts."""

SOURCE_MOST = 50
"""How many of these may be from one address, unless set; so many people may share one."""

RECEIPT_MOST = 10
"""How many may watch one receipt in one process: whoever sent it, in a few tabs."""


class Crowded(Exception):
    """As many watch already as may: in all, this receipt, or from this address."""


class Closing(Exception):
    """The gateway is going down: a watcher is to end, and to come back to another one."""


class Watch:
    """One watcher's mailbox."""

    def __init__(self) -> None:
        self._news: queue.SimpleQueue[ReceiptNews | None] = queue.SimpleQueue()

    def tell(self, news: ReceiptNews | None) -> None:
        """Put something in; None ends the watch."""
        self._news.put(news)

    def next(self, *, timeout_s: float) -> ReceiptNews | None:
        """Return the next announcement; None when none came in time. Raises `Closing`."""
        try:
            news = self._news.get(timeout=max(0.0, timeout_s))
        except queue.Empty:
            return None
        if news is None:
            raise Closing
        return news


class Watchers:
    """Hands each announcement to whoever watches its submission, `most` at once, of which `source_most` from one
    source. Safe to use from many threads."""

    def __init__(self, most: int = WATCHERS_MOST, *, source_most: int = SOURCE_MOST) -> None:
        self._most = most
        self._source_most = source_most
        self._lock = threading.Lock()
        self._watches: dict[UUID, set[Watch]] = {}
        self._sources: Counter[str] = Counter()
        self._closed = False

    def notice(self, news: Announcement) -> None:
        """Pass an announcement on; never blocks for long, as it runs on the broker's thread."""
        if isinstance(news, SpamModelMade):
            return
        ids = news.ids if isinstance(news, SubmissionsStored) else (news.id,)
        with self._lock:
            for submission_id in ids if self._watches else ():
                for watch in self._watches.get(submission_id, ()):
                    watch.tell(news)

    @contextmanager
    def watch(self, submission_id: UUID, source: str) -> Iterator[Watch]:
        """Watch one submission, from a source; raises `Crowded` without waiting for a place.

        Begin before asking for its state, so that nothing falls in between.
        """
        watch = Watch()
        self._add(submission_id, source, watch)
        try:
            yield watch
        finally:
            self._remove(submission_id, source, watch)

    def _add(self, submission_id: UUID, source: str, watch: Watch) -> None:
        with self._lock:
            here = len(self._watches.get(submission_id, ()))
            if (
                here >= RECEIPT_MOST
                or self._sources[source] >= self._source_most
                or self._sources.total() >= self._most
            ):
                raise Crowded
            self._watches.setdefault(submission_id, set()).add(watch)
            self._sources[source] += 1
            if self._closed:
                watch.tell(None)

    def _remove(self, submission_id: UUID, source: str, watch: Watch) -> None:
        with self._lock:
            others = self._watches[submission_id]
            others.discard(watch)
            if not others:
                del self._watches[submission_id]
            self._sources[source] -= 1
            if not self._sources[source]:
                del self._sources[source]

    def end_streams(self) -> None:
        """End every watch, and each that begins from now on."""
        with self._lock:
            self._closed = True
            for watch in [watch for watches in self._watches.values() for watch in watches]:
                watch.tell(None)
