"""Tokens of programs, saved searches with their feeds, and webhooks. New tables only."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NOW = sa.text("now()")


def moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=None if nullable else NOW, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        moment("created_at", nullable=False),
        moment("expires_at"),
        moment("last_used_at"),
        moment("revoked_at"),
        sa.CheckConstraint("cardinality(scopes) > 0", name="ck_api_tokens_scopes"),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_api_tokens_token_hash"),
    )
    op.create_index(
        "uq_api_tokens_name", "api_tokens", ["name"], unique=True, postgresql_where=sa.text("revoked_at IS NULL")
    )
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        moment("created_at", nullable=False),
        moment("changed_at", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_searches"),
        sa.UniqueConstraint("owner", "name", name="uq_saved_searches_owner_name"),
        sa.UniqueConstraint("token_hash", name="uq_saved_searches_token_hash"),
    )
    create_webhooks()
    create_webhook_deliveries()


def create_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("url", sa.LargeBinary(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_detail", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        moment("not_before_at"),
        moment("created_at", nullable=False),
        sa.CheckConstraint("kind IN ('webhook', 'apprise')", name="ck_webhooks_kind"),
        sa.CheckConstraint("mode IN ('every', 'first')", name="ck_webhooks_mode"),
        sa.CheckConstraint("state IN ('active', 'paused', 'removed')", name="ck_webhooks_state"),
        sa.CheckConstraint("(state = 'removed') = (url IS NULL)", name="ck_webhooks_url"),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    op.create_index("ix_webhooks_version", "webhooks", ["version"])
    op.create_index(
        "uq_webhooks_name", "webhooks", ["name"], unique=True, postgresql_where=sa.text("state <> 'removed'")
    )


def create_webhook_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("story_id", sa.BigInteger(), nullable=False),
        sa.Column("is_late", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempt", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        moment("due_at", nullable=False),
        sa.Column("lease_token", sa.Text(), nullable=True),
        moment("leased_until_at"),
        sa.Column("detail", sa.Text(), nullable=True),
        moment("owed_at", nullable=False),
        moment("settled_at"),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'dead', 'cancelled')", name="ck_webhook_deliveries_state"
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name="fk_webhook_deliveries_webhook_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sa.UniqueConstraint("webhook_id", "post_id", name="uq_webhook_deliveries_webhook_id_post_id"),
    )
    for name, columns, condition in (
        ("due", ["webhook_id", "due_at", "id"], "state = 'pending'"),
        ("leased_until_at", ["leased_until_at"], "state = 'sending'"),
        ("story", ["webhook_id", "story_id"], None),
        ("settled_at", ["settled_at"], "settled_at IS NOT NULL"),
    ):
        where = sa.text(condition) if condition else None
        op.create_index(f"ix_webhook_deliveries_{name}", "webhook_deliveries", columns, postgresql_where=where)


def downgrade() -> None:
    for table in ("webhook_deliveries", "webhooks", "saved_searches", "api_tokens"):
        op.drop_table(table)
