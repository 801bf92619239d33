"""Reads labelled submissions as what a model learns from, a page in each short transaction.

One in five is held back: no model ever learns from it. By these a new model is compared with the one before, neither of
which has seen them. Which these are the text itself decides, so that no copy of it is on the other side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Row, select

from shared.contracts import Control, reply_address_of
from shared.database import classified, reading
from shared.spam import SpamText, text_hash, text_of
from storage_service.spam.authors import left_out
from storage_service.tables import SPAM, submissions

LABELS_MOST = 100_000
"""The newest."""

COPIES_MOST = 5
"""Of the same text, called the same: of forty copies forty would be asked about, and prove nothing more."""

HELD_BACK_ONE_IN = 5
ROWS_AT_ONCE = 500

_S, _L = submissions.c, SPAM.labels.c
_COLUMNS = (_S.id, _S.form, _S.accepted_at, _S.fields, _S.fingerprint, _S.source, _S.control)
_ZERO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled submission: its text, what a person called it and when, and when it was accepted."""

    text: SpamText
    is_spam: bool
    author: str
    accepted_at: datetime
    labelled_at: datetime
    is_held_back: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """From which labels is learned: those of no author left out, given since a moment, and until another one."""

    without_authors: tuple[str, ...]
    since: datetime
    until: datetime


def reach_of(engine: Engine) -> Reach:
    """Return what is to be learned from: the newest `LABELS_MOST`. Raises as `classified` does."""
    with classified(), reading(engine).connect() as connection:
        out = left_out(connection)
        newest = select(_L.labelled_at).where(_L.author.not_in(out)).order_by(_L.labelled_at.desc())
        since = connection.scalar(newest.offset(LABELS_MOST - 1).limit(1))
        until = connection.scalar(newest.limit(1))
    return Reach(out, since or _ZERO, until or _ZERO)


def labelled(engine: Engine, reach: Reach) -> Iterator[Labelled]:
    """Yield what is labelled, in no order that says anything; of copies a few. Raises as `classified` does."""
    copies = Counter[tuple[str, bool]]()
    for row in _rows(engine, reach):
        text = _text(row)
        same = str(text_hash(text) or row.fingerprint)
        copies[same, row.is_spam] += 1
        if copies[same, row.is_spam] <= COPIES_MOST:
            yield Labelled(text, row.is_spam, row.author, row.accepted_at, row.labelled_at, is_held_back(same))


def is_held_back(same: str) -> bool:
    """Say whether what has this in common with its copies is held back."""
    return blake2b(same.encode(), digest_size=4).digest()[0] % HELD_BACK_ONE_IN == 0


def _rows(engine: Engine, reach: Reach) -> Iterator[Row[Any]]:
    found = select(*_COLUMNS, _L.is_spam, _L.author, _L.labelled_at)
    found = found.join_from(SPAM.labels, submissions, _L.submission_id == _S.id)
    found = found.where(_L.labelled_at.between(reach.since, reach.until), _L.author.not_in(reach.without_authors))
    found = found.where(_S.erased_at.is_(None), _S.anonymised_at.is_(None))
    found = found.order_by(_L.submission_id).limit(ROWS_AT_ONCE)
    last = UUID(int=0)
    while True:
        with classified(), reading(engine).connect() as connection:
            rows = list(connection.execute(found.where(_L.submission_id > last)))
        yield from rows  # type: ignore[misc]  # of many columns the stubs make tuples
        if len(rows) < ROWS_AT_ONCE:
            return
        last = rows[-1].id


def _text(row: Row[Any]) -> SpamText:
    source: Mapping[str, Any] = row.source
    control = Control(reply_to=row.control.get("reply_to"))
    return text_of(
        row.fields,
        form=row.form,
        language=source.get("language"),
        address=reply_address_of(control, row.fields),
        ip=source.get("ip"),
    )
