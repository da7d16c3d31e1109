"""Owing without foreign keys: reasons inside the delivery, triggers behind deletions, longer pending lists of words.

Why, with figures: decision 7.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

FORGET = """
CREATE FUNCTION forget_deliveries_of_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {statements}
    RETURN NULL;
END $$;
CREATE TRIGGER forget_deliveries AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION forget_deliveries_of_{table}();
"""

WORD_INDEXES = ("ix_posts_terms", "ix_posts_topic_codes")
PENDING_KIB = 65_536


def upgrade() -> None:
    reasons = sa.Column("reasons", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False)
    op.add_column("deliveries", reasons)
    op.execute(
        "UPDATE deliveries d SET reasons = ARRAY(SELECT subscription_id FROM delivery_reasons"
        " WHERE delivery_id = d.id ORDER BY subscription_id)"
    )
    op.alter_column("deliveries", "reasons", server_default=None)  # who owes must say why
    op.drop_table("delivery_reasons")
    op.drop_constraint("fk_deliveries_post_id", "deliveries", type_="foreignkey")
    op.drop_constraint("fk_deliveries_subscriber_id", "deliveries", type_="foreignkey")
    op.drop_constraint("fk_channel_messages_post_id", "channel_messages", type_="foreignkey")
    forget = "DELETE FROM deliveries WHERE {}_id IN (SELECT id FROM gone);".format
    empty = "UPDATE channel_messages SET post_id = NULL WHERE post_id IN (SELECT id FROM gone);"
    op.execute(FORGET.format(table="posts", statements=f"{forget('post')} {empty}"))
    op.execute(FORGET.format(table="subscribers", statements=forget("subscriber")))
    for index in WORD_INDEXES:
        op.execute(f"ALTER INDEX {index} SET (gin_pending_list_limit = {PENDING_KIB})")


def downgrade() -> None:
    for index in WORD_INDEXES:
        op.execute(f"ALTER INDEX {index} RESET (gin_pending_list_limit)")
    for table in ("posts", "subscribers"):
        op.execute(f"DROP TRIGGER forget_deliveries ON {table}")
        op.execute(f"DROP FUNCTION forget_deliveries_of_{table}()")
    op.create_foreign_key(
        "fk_channel_messages_post_id", "channel_messages", "posts", ["post_id"], ["id"], ondelete="SET NULL"
    )
    for parent in ("post", "subscriber"):
        op.create_foreign_key(
            f"fk_deliveries_{parent}_id", "deliveries", f"{parent}s", [f"{parent}_id"], ["id"], ondelete="CASCADE"
        )
    _restore_reasons()
    op.drop_column("deliveries", "reasons")


def _restore_reasons() -> None:
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
    op.execute(
        "INSERT INTO delivery_reasons (delivery_id, subscription_id)"
        " SELECT d.id, n.id FROM deliveries d JOIN subscriptions n ON n.id = ANY(d.reasons)"
    )
