"""Adds the column of sealed fields to submissions and conflicts, and an index of who has some."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import lost_rows

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLES = ("submissions", "conflicts")
_HAS_SEALED = sa.text("sealed IS NOT NULL")


def upgrade() -> None:
    """Add the columns, null in every row there is."""
    for table in _TABLES:
        op.add_column(table, sa.Column("sealed", sa.JSON))
    op.create_index("submissions_sealed", "submissions", ["id"], postgresql_where=_HAS_SEALED, sqlite_where=_HAS_SEALED)


def lost(connection: sa.Connection) -> list[str]:
    """Return what is sealed."""
    what = {"sealed fields of submissions": "submissions", "sealed fields of conflicts": "conflicts"}
    return lost_rows(connection, {name: f"{table} WHERE sealed IS NOT NULL" for name, table in what.items()})


def downgrade() -> None:
    """Remove the columns, and what is sealed with them."""
    op.drop_index("submissions_sealed", "submissions")
    for table in _TABLES:
        op.drop_column(table, "sealed")
