"""Adds the column of spam, and gives spam and other submissions an index each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import lost_rows

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ORDER: list[str | sa.TextClause] = ["form", sa.text("accepted_at DESC"), sa.text("id DESC")]


def upgrade() -> None:
    """Add the column, null in every row there is, and divide the index."""
    op.add_column("submissions", sa.Column("spam", sa.Text))
    op.drop_index("submissions_by_form", "submissions")
    _create_index("submissions_by_form", sa.text("spam IS NULL"))
    _create_index("submissions_spam_by_form", sa.text("spam IS NOT NULL"))


def lost(connection: sa.Connection) -> list[str]:
    """Return what is marked."""
    return lost_rows(connection, {"marks that a submission is spam": "submissions WHERE spam IS NOT NULL"})


def downgrade() -> None:
    """Remove the column: what was spam is then a submission like any other."""
    op.drop_index("submissions_spam_by_form", "submissions")
    op.drop_index("submissions_by_form", "submissions")
    op.drop_column("submissions", "spam")
    op.create_index("submissions_by_form", "submissions", _ORDER)


def _create_index(name: str, condition: sa.TextClause) -> None:
    op.create_index(name, "submissions", _ORDER, postgresql_where=condition, sqlite_where=condition)
