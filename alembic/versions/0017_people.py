"""Who may use the bot, invitations, connected channels, and what is to be forgotten. New tables only.

Until now everybody might use it: whoever does stays let in.
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), server_default="subscriber", nullable=False),
        sa.Column("state", sa.Text(), server_default="allowed", nullable=False),
        sa.Column("let_in_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("role IN ('subscriber', 'operator')", name="ck_people_role"),
        sa.CheckConstraint("state IN ('allowed', 'blocked')", name="ck_people_state"),
        sa.PrimaryKeyConstraint("user_id", name="pk_people"),
    )
    op.create_table(
        "admitted_chats",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), server_default="allowed", nullable=False),
        sa.Column("let_in_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("state IN ('allowed', 'blocked')", name="ck_admitted_chats_state"),
        sa.PrimaryKeyConstraint("chat_id", name="pk_admitted_chats"),
    )
    op.create_table(
        "connected_channels",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("connected_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_connected_channels"),
    )
    op.create_table(
        "invites",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("uses_left", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("role IN ('subscriber', 'operator')", name="ck_invites_role"),
        sa.PrimaryKeyConstraint("id", name="pk_invites"),
        sa.UniqueConstraint("token_hash", name="uq_invites_token_hash"),
    )
    op.create_table(
        "erasures",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("chat_id", name="pk_erasures"),
    )
    op.execute("INSERT INTO people (user_id) SELECT DISTINCT chat_id FROM subscribers WHERE chat_id > 0")
    op.execute("INSERT INTO admitted_chats (chat_id) SELECT DISTINCT chat_id FROM subscribers WHERE chat_id < 0")


def downgrade() -> None:
    for table in ("erasures", "invites", "connected_channels", "admitted_chats", "people"):
        op.drop_table(table)
