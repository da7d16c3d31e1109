"""How far posts have been read again at each age: for edits, deletions and counts that nobody pushed."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rereads",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("age_seconds", sa.BigInteger(), nullable=False),
        sa.Column("done_until_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_rereads_account_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "age_seconds", name="pk_rereads"),
    )


def downgrade() -> None:
    op.drop_table("rereads")
