"""Finds the submissions before and behind one, in the list that it was opened from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.query import QueryError, parse
from storage_service.accounts.asker import Asker
from storage_service.console.pages.submission.place import Listed
from storage_service.records import QueryTookTooLong, Record, Records
from storage_service.records.cursors import Way
from storage_service.records.pages import place_of


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The next newer and the next older one; None at the ends. `problem` says why neither can be told."""

    newer: UUID | None = None
    older: UUID | None = None
    problem: str | None = None


def neighbours(records: Records, record: Record, listed: Listed, who: Asker, now: datetime) -> Neighbours:
    """Return what is beside a submission among those of a list; it need not be one of them any more."""
    try:
        tree = parse(listed.text) if listed.text.strip() else None

        def beyond(way: Way) -> UUID | None:
            page = records.page(
                tree,
                forms=who.forms,
                limit=1,
                cursor=place_of(record, way),
                now=now,
                zone=listed.zone,
                me=who.name,
            )
            return page.rows[0].id if page.rows else None

        return Neighbours(beyond("newer"), beyond("older"))
    except QueryError as error:
        return Neighbours(problem=f"The query of the list is wrong {error}.")
    except QueryTookTooLong:
        return Neighbours(problem="It takes too long to find what is before and behind this one in the list.")
