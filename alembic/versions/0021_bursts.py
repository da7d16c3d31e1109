"""Words, names and topics far above their usual rate. New tables; deliveries may be about a burst."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SUBJECT = "(kind <> 'notice') = (post_id IS NOT NULL) AND (kind = 'notice') = (notice_id IS NOT NULL)"
SUBJECT_WITH_BURSTS = (
    "(kind IN ('alert', 'amendment')) = (post_id IS NOT NULL) AND (kind = 'notice') = (notice_id IS NOT NULL)"
    " AND (kind = 'burst') = (burst_id IS NOT NULL)"
)


def upgrade() -> None:
    op.create_table(
        "rated_hours",
        sa.Column("hour_at", sa.DateTime(timezone=True), autoincrement=False, nullable=False),
        sa.Column("posts", sa.BigInteger(), nullable=False),
        sa.Column("voices", sa.BigInteger(), nullable=False),
        sa.Column("least", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour_at", name="pk_rated_hours"),
    )
    op.create_table(
        "rates",
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("hours", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.CheckConstraint("cardinality(hours) = 24", name="ck_rates_hours"),
        sa.PrimaryKeyConstraint("what", "day", name="pk_rates"),
    )
    op.create_table(
        "bursts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("also", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("companions", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("topics", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("usual", sa.Double(), nullable=False),
        sa.Column("peak_voices", sa.BigInteger(), nullable=False),
        sa.Column("peak_posts", sa.BigInteger(), nullable=False),
        sa.Column("peak_channels", sa.BigInteger(), nullable=False),
        sa.Column("peak_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("post_ids", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.CheckConstraint("kind IN ('word', 'name', 'topic')", name="ck_bursts_kind"),
        sa.PrimaryKeyConstraint("id", name="pk_bursts"),
    )
    op.create_index("uq_bursts_what", "bursts", ["what"], unique=True, postgresql_where=sa.text("ended_at IS NULL"))
    op.create_index("ix_bursts_last_at", "bursts", ["last_at"])
    op.add_column("deliveries", sa.Column("burst_id", sa.BigInteger(), nullable=True))
    say_subjects("kind IN ('alert', 'amendment', 'notice', 'burst')", SUBJECT_WITH_BURSTS)
    op.create_index(
        "uq_deliveries_subscriber_id_burst_id", "deliveries", ["subscriber_id", "burst_id"], unique=True,
        postgresql_where=sa.text("burst_id IS NOT NULL"),
    )  # fmt: skip


def say_subjects(kinds: str, subject: str) -> None:
    for name, condition in (("ck_deliveries_kind", kinds), ("ck_deliveries_subject", subject)):
        op.drop_constraint(name, "deliveries", type_="check")
        op.create_check_constraint(name, "deliveries", condition)


def downgrade() -> None:
    op.drop_index("uq_deliveries_subscriber_id_burst_id", "deliveries")
    op.execute("DELETE FROM deliveries WHERE kind = 'burst'")
    say_subjects("kind IN ('alert', 'amendment', 'notice')", SUBJECT)
    op.drop_column("deliveries", "burst_id")
    for table in ("bursts", "rates", "rated_hours"):
        op.drop_table(table)
