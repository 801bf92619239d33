"""Spam that is learned: the gateway's score of each submission, what people said, and the models made of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp, lost_rows

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, empty, and the columns, null in every row there is."""
    op.add_column("submissions", sa.Column("score", sa.Integer))
    op.add_column("submissions", sa.Column("score_model", sa.Text))
    op.add_column("submissions", sa.Column("score_reasons", sa.JSON))
    newest_first = [sa.text("accepted_at DESC"), sa.text("id DESC"), sa.text("score")]
    where = sa.text("score IS NOT NULL AND erased_at IS NULL")
    op.create_index("submissions_scored", "submissions", newest_first, postgresql_where=where, sqlite_where=where)
    _make_labels()
    _make_models()


def _make_labels() -> None:
    op.create_table(
        "spam_labels",
        sa.Column(
            "submission_id",
            sa.Uuid,
            sa.ForeignKey("submissions.id", name=op.f("spam_labels_submission_id_fkey"), ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("is_spam", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("author", "how")),
        sa.Column("labelled_at", UtcTimestamp, nullable=False),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("spam_labels_pkey")),
    )
    op.create_index("spam_labels_by_time", "spam_labels", ["labelled_at", "submission_id"])
    op.create_table(
        "spam_left_out",
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at", UtcTimestamp, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("author", name=op.f("spam_left_out_pkey")),
    )


def _make_models() -> None:
    op.create_table(
        "spam_models",
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("made_at", UtcTimestamp, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("hash", "state")),
        sa.Column("why", sa.Text),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("good", "spam")),
        sa.Column("labelled_to", UtcTimestamp, nullable=False),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("evaluation", "without_authors")),
        sa.PrimaryKeyConstraint("version", name=op.f("spam_models_pkey")),
    )
    op.create_index("spam_models_by_number", "spam_models", ["number"], unique=True)
    op.create_table(
        "spam_sent",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("name", "version", "hash")),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("made_at", UtcTimestamp, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("spam_sent_pkey")),
    )


def lost(connection: sa.Connection) -> list[str]:
    """Return the labels and models: what people said of their submissions cannot be found out again."""
    return lost_rows(
        connection,
        {"labels of spam and no spam": "spam_labels", "models of spam": "spam_models"},
    )


def downgrade() -> None:
    """Remove the tables and the columns."""
    for table in ("spam_sent", "spam_models", "spam_left_out", "spam_labels"):
        op.drop_table(table)
    op.drop_index("submissions_scored", "submissions")
    for column in ("score_reasons", "score_model", "score"):
        op.drop_column("submissions", column)
