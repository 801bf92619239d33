"""Keeps what people said of submissions, spam or none: in the transaction of the work by which they said it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from sqlalchemy import Connection, and_, delete, or_
from sqlalchemy.dialects import postgresql, sqlite

from storage_service.accounts.asker import Asker
from storage_service.tables import SPAM

How: TypeAlias = Literal["mark", "reply", "done", "import"]
"""By what somebody said it. They marked it as spam or as none, noted a reply, closed it, or took it over from elsewhere
so. What is closed, or replied to, is no spam."""

_L = SPAM.labels.c


@dataclass(frozen=True, slots=True)
class Label:
    """What somebody said of one submission."""

    submission: UUID
    form: str
    is_spam: bool
    how: How


def label(connection: Connection, labels: Sequence[Label], by: Asker, at: datetime) -> int:
    """Keep labels of submissions whose rows are locked, and return how many are new, or say something else than before.

    A mark outranks all else, and of two marks the later one counts. Who says again what is said is not noted.
    """
    if not labels:
        return 0
    insert = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(SPAM.labels)
    rows = [
        {
            "submission_id": one.submission,
            "form": one.form,
            "is_spam": one.is_spam,
            "author": by.name,
            "how": one.how,
            "labelled_at": at,
        }
        for one in labels
    ]
    new = insert.excluded
    differs = _L.is_spam != new.is_spam
    outranks = and_(new.how == "mark", or_(_L.how != "mark", differs))
    corrects = and_(new.how != "mark", _L.how != "mark", differs)
    said = {name: new[name] for name in ("is_spam", "author", "how", "labelled_at")}
    statement = insert.on_conflict_do_update(
        index_elements=[_L.submission_id], set_=said, where=or_(outranks, corrects)
    )
    return len(connection.execute(statement.values(rows).returning(_L.submission_id)).all())


def take_back(connection: Connection, submissions: Collection[UUID], how: How) -> None:
    """Forget what was said of these by this: somebody took it back."""
    if submissions:
        connection.execute(delete(SPAM.labels).where(_L.submission_id.in_(submissions), _L.how == how))
