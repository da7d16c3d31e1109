"""What Telegram wants an account to leave alone, and until when: obeyed by a program that was started again, too."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "flood_waits",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_flood_waits_account_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "method", name="pk_flood_waits"),
    )


def downgrade() -> None:
    op.drop_table("flood_waits")
