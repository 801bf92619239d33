"""When rows were erased, or made anonymous; indexes without the erased; of what a message of the outbox tells."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_NEWEST_FIRST = ("accepted_at DESC", "id DESC")
_INDEXES = {
    "submissions_by_form": (("form", *_NEWEST_FIRST), "spam IS NULL"),
    "submissions_spam_by_form": (("form", *_NEWEST_FIRST), "spam IS NOT NULL"),
    "submissions_by_acceptance": (_NEWEST_FIRST, None),
    "submissions_by_state": (("state", *_NEWEST_FIRST), None),
    "submissions_starred": (_NEWEST_FIRST, "starred"),
    "submissions_by_assignee": (("assignee", *_NEWEST_FIRST), "assignee IS NOT NULL"),
    "submissions_replied": (_NEWEST_FIRST, "replied_at IS NOT NULL"),
    "submissions_imported": (_NEWEST_FIRST, "imported_at IS NOT NULL"),
    "submissions_by_storing": (("stored_at", "id"), None),
}


def upgrade() -> None:
    """Add the columns, null in every row there is, and make the indexes anew."""
    op.add_column("submissions", sa.Column("erased_at", UtcTimestamp))
    op.add_column("submissions", sa.Column("anonymised_at", UtcTimestamp))
    _index_anew("erased_at IS NULL")
    op.add_column("storage_outbox", sa.Column("about", sa.Uuid))
    is_about = sa.text("about IS NOT NULL")
    op.create_index(
        "storage_outbox_about", "storage_outbox", ["about"], postgresql_where=is_about, sqlite_where=is_about
    )


def lost(connection: sa.Connection) -> list[str]:
    """Return what would be forgotten of what was erased."""
    kept = "marks of what was erased, without which a copy that comes later is stored again"
    what = {kept: "submissions WHERE erased_at IS NOT NULL"}
    return lost_rows(connection, what)


def downgrade() -> None:
    """Remove the empty rows of what was erased, and then the columns: the version before would show them."""
    op.drop_index("storage_outbox_about", "storage_outbox")
    op.drop_column("storage_outbox", "about")
    op.execute("DELETE FROM submissions WHERE erased_at IS NOT NULL")
    _index_anew(None)
    op.drop_column("submissions", "anonymised_at")
    op.drop_column("submissions", "erased_at")


def _index_anew(further: str | None) -> None:
    for name, (columns, condition) in _INDEXES.items():
        op.drop_index(name, "submissions")
        parts = [_in(condition), further] if condition else [further]
        where = sa.text(" AND ".join(one for one in parts if one)) if any(parts) else None
        op.create_index(name, "submissions", [*map(sa.text, columns)], postgresql_where=where, sqlite_where=where)


def _in(condition: str) -> str:
    """Return a condition as the database's indexes have it: SQLite has no booleans."""
    is_starred = sa.column("starred").is_(sa.true()).compile(dialect=op.get_bind().dialect)
    return str(is_starred) if condition == "starred" else condition
