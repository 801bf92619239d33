"""Returns what may be asked for, to complete a query with: the labels in use, and the names of fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Engine, Select, func, select

from storage_service.records.bounded import Reader
from storage_service.records.conditions import within
from storage_service.records.folding import folded_label
from storage_service.tables import submission_labels, submissions

LABELS_MOST = 200
NEWEST_LABELLED = 1000
NEWEST_WITH_FIELDS = 50

_S, _L = submissions.c, submission_labels.c


class Hints:
    """What is in use. `forms` are those that the asker may see, None for all. All methods raise as `Records` does."""

    def __init__(self, engine: Engine) -> None:
        self._reader = Reader(engine)

    def labels(self, forms: frozenset[str] | None) -> Sequence[str]:
        """Return labels in their order, as they are compared: of all submissions, as many as are shown at most; for who
        sees some forms alone, those of the newest submissions of these."""
        with self._reader.connection() as connection:
            if forms is None:
                return list(connection.scalars(_each_label()))
            found = select(_S.labels).where(*within(forms)).order_by(_S.accepted_at.desc(), _S.id.desc())
            rows = list(connection.scalars(found.limit(NEWEST_LABELLED)))
        return _in_order(label for labels in rows for label in labels)

    def fields(self, forms: frozenset[str] | None) -> Sequence[str]:
        """Return the names of the fields that the newest submissions have, as they stand in them."""
        found = select(_S.fields).where(*within(forms)).order_by(_S.accepted_at.desc(), _S.id.desc())
        with self._reader.connection() as connection:
            rows = list(connection.scalars(found.limit(NEWEST_WITH_FIELDS)))
        return list(dict.fromkeys(name for fields in rows for name in fields))


def _each_label() -> Select[tuple[str]]:
    """Return the query that takes one step of the index for each label, however many submissions have it."""
    each = select(func.min(_L.folded).label("folded")).cte("each_label", recursive=True)
    following = select(func.min(_L.folded)).where(_L.folded > each.c.folded).scalar_subquery()
    each = each.union_all(select(following).where(each.c.folded.is_not(None)))
    return select(each.c.folded).where(each.c.folded.is_not(None)).limit(LABELS_MOST)


def _in_order(labels: Iterable[str]) -> list[str]:
    return sorted({folded_label(one) for one in labels})[:LABELS_MOST]
