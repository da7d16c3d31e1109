"""The spine: channels, posts and their terms, subscribers and standing queries, deliveries, accounts, replays."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("telegram_user_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("session", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("name", name="uq_accounts_name"),
    )
    op.create_table(
        "channels",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("telegram_id", sa.BigInteger(), nullable=True),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_detail", sa.Text(), nullable=True),
        sa.Column("is_protected", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('requested', 'active', 'lost', 'removed', 'archived')", name="ck_channels_state"),
        sa.PrimaryKeyConstraint("id", name="pk_channels"),
        sa.UniqueConstraint("telegram_id", name="uq_channels_telegram_id"),
    )
    op.create_index("uq_channels_username", "channels", [sa.literal_column("lower(username)")], unique=True)
    op.create_table(
        "replays",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_replays"),
    )
    op.create_table(
        "send_bans",
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", name="pk_send_bans"),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("chat_type", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), server_default=sa.text("'UTC'"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_detail", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('active', 'suspended')", name="ck_subscribers_state"),
        sa.PrimaryKeyConstraint("id", name="pk_subscribers"),
        sa.UniqueConstraint("chat_id", "thread_id", name="uq_subscribers_chat_id_thread_id"),
    )
    op.create_table(
        "subscription_counter",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscription_counter"),
    )
    op.create_table(
        "account_channels",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("access_hash", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_account_channels_account_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name="fk_account_channels_channel_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "channel_id", name="pk_account_channels"),
    )
    op.create_index("ix_account_channels_channel_id", "account_channels", ["channel_id"], unique=False)
    op.create_table(
        "posts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("grouped_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reply_to", sa.BigInteger(), nullable=True),
        sa.Column("forward", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("views", sa.BigInteger(), nullable=True),
        sa.Column("forwards", sa.BigInteger(), nullable=True),
        sa.Column("reactions", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("terms", postgresql.TSVECTOR(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("topics", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("topic_codes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("has", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("forwarded_from", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("links", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("analysis", sa.Text(), nullable=False),
        sa.Column("found_by", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("analysis IN ('done', 'failed')", name="ck_posts_analysis"),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name="fk_posts_channel_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_posts"),
        sa.UniqueConstraint("channel_id", "message_id", name="uq_posts_channel_id_message_id"),
    )
    op.create_index("ix_posts_analysis", "posts", ["id"], unique=False, postgresql_where=sa.text("analysis = 'failed'"))
    op.create_index("ix_posts_channel_id_posted_at", "posts", ["channel_id", "posted_at"], unique=False)
    op.create_index("ix_posts_posted_at_id", "posts", ["posted_at", "id"], unique=False)
    op.create_index("ix_posts_terms", "posts", ["terms"], unique=False, postgresql_using="gin")
    op.create_index("ix_posts_topic_codes", "posts", ["topic_codes"], unique=False, postgresql_using="gin")
    op.create_index(
        "uq_posts_channel_id_grouped_id",
        "posts",
        ["channel_id", "grouped_id"],
        unique=True,
        postgresql_where=sa.text("grouped_id IS NOT NULL"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subscriber_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("canonical", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'active', 'paused', 'deleted')", name="ck_subscriptions_state"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name="fk_subscriptions_subscriber_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
    )
    op.create_index("ix_subscriptions_subscriber_id", "subscriptions", ["subscriber_id"], unique=False)
    op.create_index("ix_subscriptions_version", "subscriptions", ["version"], unique=False)
    op.create_table(
        "channel_messages",
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('post', 'part', 'service', 'gone')", name="ck_channel_messages_kind"),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name="fk_channel_messages_channel_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_channel_messages_post_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("channel_id", "message_id", name="pk_channel_messages"),
    )
    op.create_index("ix_channel_messages_post_id", "channel_messages", ["post_id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subscriber_id", sa.BigInteger(), nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("unknowns", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease_token", sa.Text(), nullable=True),
        sa.Column("leased_until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("telegram_message_id", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("owed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('alert')", name="ck_deliveries_kind"),
        sa.CheckConstraint(
            "state IN ('pending', 'leased', 'sending', 'sent', 'unknown', 'dead', 'cancelled')",
            name="ck_deliveries_state",
        ),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_deliveries_post_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name="fk_deliveries_subscriber_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("subscriber_id", "post_id", "kind", name="uq_deliveries_subscriber_id_post_id_kind"),
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["priority", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('pending', 'unknown')"),
    )
    op.create_index(
        "ix_deliveries_leased_until_at",
        "deliveries",
        ["leased_until_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('leased', 'sending')"),
    )
    op.create_index("ix_deliveries_post_id", "deliveries", ["post_id"], unique=False)
    op.create_table(
        "post_versions",
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("parts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name="fk_post_versions_post_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", "version", name="pk_post_versions"),
    )
    op.create_table(
        "delivery_reasons",
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("subscription_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name="fk_delivery_reasons_delivery_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name="fk_delivery_reasons_subscription_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", "subscription_id", name="pk_delivery_reasons"),
    )
    op.create_index("ix_delivery_reasons_subscription_id", "delivery_reasons", ["subscription_id"], unique=False)
    op.execute("INSERT INTO subscription_counter (id, version) VALUES (1, 0)")


def downgrade() -> None:
    for table in (
        "delivery_reasons",
        "post_versions",
        "deliveries",
        "channel_messages",
        "subscriptions",
        "posts",
        "account_channels",
        "subscription_counter",
        "subscribers",
        "send_bans",
        "replays",
        "channels",
        "accounts",
    ):
        op.drop_table(table)
