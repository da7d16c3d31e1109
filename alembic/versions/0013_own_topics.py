"""Own topics, sets of channels, and how far stored posts have been labelled anew. New tables: no post is touched."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "own_topics",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), server_default="", nullable=False),
        sa.Column("name_uk", sa.Text(), server_default="", nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_own_topics"),
        sa.UniqueConstraint("code", name="uq_own_topics_code"),
    )
    op.create_table(
        "channel_sets",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_channel_sets"),
        sa.UniqueConstraint("name", name="uq_channel_sets_name"),
    )
    op.create_table(
        "channel_set_members",
        sa.Column("set_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["set_id"], ["channel_sets.id"], name="fk_channel_set_members_set_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name="fk_channel_set_members_channel_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("set_id", "channel_id", name="pk_channel_set_members"),
    )
    op.create_index("ix_channel_set_members_channel_id", "channel_set_members", ["channel_id"])
    op.create_table(
        "definition_counter",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_definition_counter"),
    )
    op.create_table(
        "relabelling",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("labels_version", sa.Text(), nullable=False),
        sa.Column("terms_version", sa.Text(), nullable=False),
        sa.Column("own_version", sa.Text(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("with_terms", sa.Boolean(), nullable=False),
        sa.Column("next_id", sa.BigInteger(), nullable=True),
        sa.Column("posts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_relabelling"),
    )


def downgrade() -> None:
    for table in ("relabelling", "definition_counter", "channel_set_members", "channel_sets", "own_topics"):
        op.drop_table(table)
