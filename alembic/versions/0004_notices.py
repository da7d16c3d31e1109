"""Notices for operators, alerts for posts first seen late, and the beat by which one program knows another alive."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("owed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name="fk_notices_channel_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
    )
    op.create_index("ix_notices_not_owed", "notices", ["id"], postgresql_where=sa.text("owed_at IS NULL"))
    op.create_table(
        "heartbeats",
        sa.Column("program", sa.Text(), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("program", name="pk_heartbeats"),
    )
    op.add_column("deliveries", sa.Column("is_late", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("deliveries", sa.Column("notice_id", sa.BigInteger(), nullable=True))
    op.alter_column("deliveries", "post_id", nullable=True)
    op.drop_constraint("ck_deliveries_kind", "deliveries", type_="check")
    op.create_check_constraint("ck_deliveries_kind", "deliveries", "kind IN ('alert', 'notice')")
    op.create_check_constraint(
        "ck_deliveries_subject",
        "deliveries",
        "(kind = 'alert') = (post_id IS NOT NULL) AND (kind = 'notice') = (notice_id IS NOT NULL)",
    )
    op.create_index(
        "uq_deliveries_subscriber_id_notice_id",
        "deliveries",
        ["subscriber_id", "notice_id"],
        unique=True,
        postgresql_where=sa.text("notice_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_deliveries_subscriber_id_notice_id", "deliveries")
    op.execute("DELETE FROM deliveries WHERE kind = 'notice'")
    op.drop_constraint("ck_deliveries_subject", "deliveries", type_="check")
    op.drop_constraint("ck_deliveries_kind", "deliveries", type_="check")
    op.create_check_constraint("ck_deliveries_kind", "deliveries", "kind IN ('alert')")
    op.alter_column("deliveries", "post_id", nullable=False)
    op.drop_column("deliveries", "notice_id")
    op.drop_column("deliveries", "is_late")
    op.drop_table("heartbeats")
    op.drop_table("notices")
