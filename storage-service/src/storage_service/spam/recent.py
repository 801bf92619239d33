"""Knows what came lately: texts that came several times within a day, and networks that spam came from.

A console looks every few minutes at what came since; so that is bounded, whatever comes.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, select, tuple_

from shared.database import classified, reading
from shared.spam import Known, network_hash, text_hash, text_of
from storage_service.tables import SPAM, submissions

TEXTS_WITHIN = timedelta(days=1)
NETWORKS_WITHIN = timedelta(days=7)

LOOKED_AT_MOST = 50_000
"""Submissions of a day, the newest."""

LABELS_MOST = 10_000
ROWS_AT_ONCE = 500

_S, _L = submissions.c, SPAM.labels.c
_NONE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Recent:
    """What a model is told beside what it learned."""

    texts: Known = field(default_factory=Known)
    networks: Known = field(default_factory=Known)


class Lately:
    """Remembers of the submissions of a day a hash each. For one thread. Methods raise as `classified` does."""

    def __init__(self, engine: Engine, *, most: int = LOOKED_AT_MOST) -> None:
        self._reading = reading(engine)
        self._seen: deque[tuple[datetime, int]] = deque(maxlen=most)
        self._most = most
        self._after: tuple[datetime, UUID] | None = None

    def look(self, now: datetime) -> Recent:
        """Look at what was stored since the last time, in short transactions, and return what is known by now."""
        since = now - TEXTS_WITHIN
        if self._after is None:
            self._after = (self._first(since), _NONE)
        while rows := self._page():
            came = [(row.stored_at, _text_of(row)) for row in rows if row.imported_at is None]
            self._seen.extend((at, found) for at, found in came if found is not None)
            self._after = (rows[-1].stored_at, rows[-1].id)
        while self._seen and self._seen[0][0] < since:
            self._seen.popleft()
        repeated = {text: count for text, count in Counter(one for _, one in self._seen).items() if count > 1}
        with classified(), self._reading.connect() as connection:
            return Recent(Known.of(repeated), Known.of(_networks(connection, now - NETWORKS_WITHIN)))

    def _first(self, since: datetime) -> datetime:
        """Return from when on there are no more than are looked at."""
        newest = select(_S.stored_at).where(_S.stored_at >= since, _S.erased_at.is_(None))
        with classified(), self._reading.connect() as connection:
            found = newest.order_by(_S.stored_at.desc(), _S.id.desc()).offset(self._most - 1).limit(1)
            return connection.scalar(found) or since

    def _page(self) -> list[Row[Any]]:
        """Return what is next, imported ones too: they are passed by once, and not asked about at each look."""
        found = select(_S.stored_at, _S.id, _S.form, _S.fields, _S.imported_at).where(_S.erased_at.is_(None))
        found = found.where(tuple_(_S.stored_at, _S.id) > self._after)
        with classified(), self._reading.connect() as connection:
            return list(connection.execute(found.order_by(_S.stored_at, _S.id).limit(ROWS_AT_ONCE)))


def _text_of(row: Row[Any]) -> int | None:
    return text_hash(text_of(row.fields, form=row.form))


def _networks(connection: Connection, since: datetime) -> dict[int, int]:
    """Return from which networks spam came that a person called so, and how often; no others come from there."""
    counted = Counter[int]()
    for network, is_spam in _labelled(connection, since):
        counted[network] += 1 if is_spam else -1
    return {network: count for network, count in counted.items() if count > 0}


def _labelled(connection: Connection, since: datetime) -> Iterator[tuple[int, bool]]:
    newest = select(_L.is_spam, _S.source).join_from(SPAM.labels, submissions, _L.submission_id == _S.id)
    newest = newest.where(_L.labelled_at >= since, _L.author.not_in(select(SPAM.left_out.c.author)))
    for row in connection.execute(newest.order_by(_L.labelled_at.desc()).limit(LABELS_MOST)):
        if (network := network_hash(row.source.get("ip"))) is not None:
            yield network, row.is_spam
