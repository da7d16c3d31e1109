"""How many channels an account may be in, and why one is not used."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("channels_max", sa.BigInteger(), server_default=sa.text("500"), nullable=False))
    op.add_column("accounts", sa.Column("state_detail", sa.Text(), nullable=True))
    op.create_index(
        "ix_channels_reader_id", "channels", ["reader_id"], postgresql_where=sa.text("reader_id IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_channels_reader_id", "channels")
    op.drop_column("accounts", "state_detail")
    op.drop_column("accounts", "channels_max")
