"""The index by form has the state and the spam of each, at its end: what is new in a form is found in it alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_THERE = "erased_at IS NULL"
_NEWEST_FIRST = ("form", "accepted_at DESC", "id DESC")


def upgrade() -> None:
    """Make it anew."""
    _make("submissions_by_form", _THERE, *_NEWEST_FIRST, "state", "spam")
    _make_that_of_spam()


def downgrade() -> None:
    """Make it as it was."""
    _make("submissions_by_form", f"spam IS NULL AND {_THERE}", *_NEWEST_FIRST)
    _make_that_of_spam()


def _make_that_of_spam() -> None:
    """Make it anew, too: of two that are as good SQLite takes the one that was made last."""
    _make("submissions_spam_by_form", f"spam IS NOT NULL AND {_THERE}", *_NEWEST_FIRST)


def _make(name: str, condition: str, *columns: str) -> None:
    op.drop_index(name, "submissions")
    where = sa.text(condition)
    op.create_index(name, "submissions", [*map(sa.text, columns)], postgresql_where=where, sqlite_where=where)
