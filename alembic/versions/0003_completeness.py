"""How far each channel is read: watermark, what Telegram said last, who reads it, and ids that are missing so far.

`missing` is an id that Telegram did not give once: only a second look, a minute later, makes it `gone`.
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KINDS_BEFORE = ("post", "part", "service", "gone")
STATES_BEFORE = ("requested", "active", "lost", "removed", "archived")
UNREADABLE = ("private", "kicked", "deleted")


def upgrade() -> None:
    op.add_column("channels", sa.Column("watermark", sa.BigInteger(), nullable=True))
    op.add_column("channels", sa.Column("top_message_id", sa.BigInteger(), nullable=True))
    op.add_column("channels", sa.Column("pts", sa.BigInteger(), nullable=True))
    op.add_column("channels", sa.Column("reconciled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("channels", sa.Column("blind_since_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("channels", sa.Column("reader_id", sa.BigInteger(), nullable=True))
    op.add_column("channels", sa.Column("reader_until_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key("fk_channels_reader_id", "channels", "accounts", ["reader_id"], ["id"], ondelete="SET NULL")
    op.add_column(
        "posts",
        sa.Column("views_are_rounded", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    _one_of("channel_messages", "kind", (*KINDS_BEFORE, "missing"))
    _one_of("channels", "state", (*STATES_BEFORE, *UNREADABLE))
    op.create_index(
        "ix_channel_messages_missing",
        "channel_messages",
        ["channel_id", "message_id"],
        postgresql_where=sa.text("kind = 'missing'"),
    )


def downgrade() -> None:
    op.drop_index("ix_channel_messages_missing", "channel_messages")
    op.execute("DELETE FROM channel_messages WHERE kind = 'missing'")
    op.execute("UPDATE channels SET state = 'lost' WHERE state IN ('private', 'kicked', 'deleted')")
    _one_of("channels", "state", STATES_BEFORE)
    _one_of("channel_messages", "kind", KINDS_BEFORE)
    op.drop_column("posts", "views_are_rounded")
    op.drop_constraint("fk_channels_reader_id", "channels", type_="foreignkey")
    for column in (
        "reader_until_at",
        "reader_id",
        "blind_since_at",
        "reconciled_at",
        "pts",
        "top_message_id",
        "watermark",
    ):
        op.drop_column("channels", column)


def _one_of(table: str, column: str, values: tuple[str, ...]) -> None:
    name = f"ck_{table}_{column}"
    op.drop_constraint(name, table, type_="check")
    op.create_check_constraint(name, table, f"{column} IN ({', '.join(map(repr, values))})")
