"""The index by which submissions are found, and the orders in which they are shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.database import UtcTimestamp

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_SORTED = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")

_POSTGRESQL = (
    (
        "CREATE TABLE search_words (number bigint CONSTRAINT search_words_pkey PRIMARY KEY "
        "CONSTRAINT search_words_number_fkey REFERENCES search_entries ON DELETE CASCADE, tokens tsvector NOT NULL)"
    ),
    "CREATE INDEX search_words_by_token ON search_words USING gin (tokens)",
)
_SQLITE = (
    "CREATE VIRTUAL TABLE search_words USING fts5(tokens, tokenize='ascii', detail='none', columnsize=0)",
    (
        "CREATE TRIGGER search_entries_forget AFTER DELETE ON search_entries "
        "BEGIN DELETE FROM search_words WHERE rowid = old.number; END"
    ),
)


def upgrade() -> None:
    """Make the tables, empty: what is stored is put into them by the running service."""
    newest_first = [sa.text("accepted_at DESC"), sa.text("id DESC")]
    op.create_index("submissions_by_acceptance", "submissions", newest_first)
    op.create_index("submissions_by_storing", "submissions", ["stored_at", "id"])
    _create_entries()
    _create_fields()
    op.create_table(
        "search_progress",
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("stored_at", UtcTimestamp, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("search_progress_pkey")),
    )
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(statement)


def _create_entries() -> None:
    op.create_table(
        "search_entries",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["id"], ["submissions.id"], name=op.f("search_entries_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("search_entries_pkey")),
    )
    op.create_index("search_entries_by_id", "search_entries", ["id"], unique=True)


def _create_fields() -> None:
    op.create_table(
        "search_fields",
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("figures", sa.Text, nullable=False),
        *(sa.Column(name, _SORTED) for name in ("least", "greatest", "first_day", "last_day")),
        sa.ForeignKeyConstraint(
            ["number"], ["search_entries.number"], name=op.f("search_fields_number_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", "field", name=op.f("search_fields_pkey")),
    )
    for name, greatest, least in (("number", "greatest", "least"), ("day", "last_day", "first_day")):
        has_one = sa.text(f"{least} IS NOT NULL")
        op.create_index(
            f"search_fields_by_{name}",
            "search_fields",
            ["field", greatest, least],
            postgresql_where=has_one,
            sqlite_where=has_one,
        )


def downgrade() -> None:
    """Remove them. Nothing is lost: all of it is made from what is stored."""
    for name in ("search_words", "search_progress", "search_fields", "search_entries"):
        op.drop_table(name)
    op.drop_index("submissions_by_storing", "submissions")
    op.drop_index("submissions_by_acceptance", "submissions")
