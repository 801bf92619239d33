"""An index of what was done, for the audit's page."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_index("audit_by_action", "audit", ["action", "number"])


def downgrade() -> None:
    """Remove it."""
    op.drop_index("audit_by_action", "audit")
