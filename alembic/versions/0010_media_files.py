"""Media that somebody asked for: where each file lies, or why it was not fetched."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "media_files",
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_detail", sa.Text(), nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('wanted', 'stored', 'refused')", name="ck_media_files_state"),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name="fk_media_files_channel_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel_id", "message_id", name="pk_media_files"),
    )
    op.create_index(
        "ix_media_files_wanted", "media_files", ["requested_at"], postgresql_where=sa.text("state = 'wanted'")
    )


def downgrade() -> None:
    op.drop_table("media_files")
