"""Double opt-in: which submissions wait until their address is confirmed, when that was, and the proof of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_IS_UNCONFIRMED = {"postgresql": "opt_in IS true", "sqlite": "opt_in IS 1"}
_NEWEST_FIRST = ("accepted_at DESC", "id DESC")
_INDEXES = {
    "submissions_unconfirmed": _NEWEST_FIRST,
    "submissions_unconfirmed_by_form": ("form", *_NEWEST_FIRST, "state", "spam"),
}


def upgrade() -> None:
    """Add the columns, null in every row there is, and the indexes, empty."""
    op.add_column("submissions", sa.Column("opt_in", sa.Boolean))
    op.add_column("submissions", sa.Column("opted_in_at", UtcTimestamp))
    op.add_column("submissions", sa.Column("opt_in_proof", sa.JSON))
    is_unconfirmed = _IS_UNCONFIRMED[op.get_context().dialect.name]
    where = sa.text(f"{is_unconfirmed} AND opted_in_at IS NULL AND erased_at IS NULL")
    for name, columns in _INDEXES.items():
        op.create_index(name, "submissions", [*map(sa.text, columns)], postgresql_where=where, sqlite_where=where)


def lost(connection: sa.Connection) -> list[str]:
    """Return what would be forgotten: nobody can find out again which addresses were confirmed."""
    return lost_rows(
        connection,
        {
            "marks of what waits until its address is confirmed, without which it counts as confirmed": (
                "submissions WHERE opt_in = true AND opted_in_at IS NULL"
            ),
            "proofs that an address was confirmed": "submissions WHERE opted_in_at IS NOT NULL",
        },
    )


def downgrade() -> None:
    """Remove both, and the rules of retention that only this version knows."""
    op.execute("DELETE FROM retention_rules WHERE what = 'unconfirmed'")
    for name in _INDEXES:
        op.drop_index(name, "submissions")
    for column in ("opt_in_proof", "opted_in_at", "opt_in"):
        op.drop_column("submissions", column)
