"""Mails that came back, and whom a mail went to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.database import UtcTimestamp

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_COLUMNS = (("deliveries", "address_hash"), ("account_mails", "address_hash"), ("account_mails", "shown"))


def upgrade() -> None:
    """Add the columns, null in every row there is, and the table."""
    for table, column in _COLUMNS:
        op.add_column(table, sa.Column(column, sa.Text))
    op.create_table(
        "mail_bounces",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("mail_id", sa.Uuid),
        sa.Column("address_hash", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("at", UtcTimestamp, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("mail_bounces_pkey")),
    )
    op.create_index("mail_bounces_by_address", "mail_bounces", ["address_hash", "at"])
    op.create_index("mail_bounces_by_mail", "mail_bounces", ["mail_id"])
    op.create_index("mail_bounces_by_time", "mail_bounces", ["at"])


def downgrade() -> None:
    """Take it back: what came back is told by the state of its delivery all the same."""
    op.drop_table("mail_bounces")
    for table, column in _COLUMNS:
        op.drop_column(table, column)
