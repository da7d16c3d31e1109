"""When: quiet hours, pauses, digests, mutes. New tables, and what finds a subscriber's moments anew with their zone."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NOW = sa.text("now()")

# What waits for a digest by the old clock is decided anew (storage.schedules, DIGEST_PRIORITY and the others).
NEW_ZONE = """
CREATE FUNCTION reschedule_in_zone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE subscriber_schedules SET quiet_from_at = NULL, quiet_until_at = NULL WHERE subscriber_id = NEW.id;
    IF FOUND THEN
        UPDATE subscription_schedules SET next_run_at = NULL
        WHERE subscription_id IN (SELECT id FROM subscriptions WHERE subscriber_id = NEW.id);
        UPDATE deliveries SET priority = CASE WHEN is_late THEN 30 ELSE 20 END, due_at = least(due_at, now())
        WHERE subscriber_id = NEW.id AND kind = 'alert' AND state = 'pending' AND unknowns = 0 AND attempt = 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER reschedule_in_zone AFTER UPDATE OF time_zone ON subscribers FOR EACH ROW
    WHEN (OLD.time_zone <> NEW.time_zone) EXECUTE FUNCTION reschedule_in_zone();
"""

# A group that became a supergroup which had spoken first: its terms go with its subscriptions.
TAKEN_OVER = """
CREATE FUNCTION move_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO subscriber_schedules (subscriber_id, quiet_from, quiet_until, quiet_way, paused_until_at)
    SELECT NEW.subscriber_id, quiet_from, quiet_until, quiet_way, paused_until_at
    FROM subscriber_schedules WHERE subscriber_id = OLD.subscriber_id ON CONFLICT DO NOTHING;
    INSERT INTO mutes (subscriber_id, kind, word, terms, channel_id, post_id, created_at)
    SELECT NEW.subscriber_id, kind, word, terms, channel_id, post_id, created_at
    FROM mutes WHERE subscriber_id = OLD.subscriber_id ON CONFLICT DO NOTHING;
    DELETE FROM mutes WHERE subscriber_id = OLD.subscriber_id;
    RETURN NULL;
END $$;
CREATE TRIGGER move_terms AFTER UPDATE OF subscriber_id ON subscriptions FOR EACH ROW
    WHEN (OLD.subscriber_id <> NEW.subscriber_id) EXECUTE FUNCTION move_terms();
"""


def upgrade() -> None:
    op.create_table(
        "subscriber_schedules",
        sa.Column("subscriber_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quiet_from", sa.SmallInteger(), nullable=True),
        sa.Column("quiet_until", sa.SmallInteger(), nullable=True),
        sa.Column("quiet_way", sa.Text(), server_default="hold", nullable=False),
        sa.Column("quiet_from_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quiet_until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_until_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("quiet_way IN ('hold', 'digest', 'chosen')", name="ck_subscriber_schedules_quiet_way"),
        sa.CheckConstraint(
            "(quiet_from IS NULL) = (quiet_until IS NULL) AND quiet_from BETWEEN 0 AND 1439"
            " AND quiet_until BETWEEN 0 AND 1439 AND quiet_from <> quiet_until",
            name="ck_subscriber_schedules_quiet",
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"],
            name="fk_subscriber_schedules_subscriber_id", ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscriber_id", name="pk_subscriber_schedules"),
    )  # fmt: skip
    op.create_index(
        "ix_subscriber_schedules_quiet", "subscriber_schedules", ["quiet_until_at"],
        postgresql_where=sa.text("quiet_from IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "subscription_schedules",
        sa.Column("subscription_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("pace", sa.Text(), server_default="instant", nullable=False),
        sa.Column("digest_hour", sa.SmallInteger(), nullable=True),
        sa.Column("comes_through", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("next_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("pace IN ('instant', 'hourly', 'daily')", name="ck_subscription_schedules_pace"),
        sa.CheckConstraint(
            "(pace = 'daily') = (digest_hour IS NOT NULL) AND digest_hour BETWEEN 0 AND 23",
            name="ck_subscription_schedules_hour",
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"],
            name="fk_subscription_schedules_subscription_id", ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscription_id", name="pk_subscription_schedules"),
    )  # fmt: skip
    op.create_index(
        "ix_subscription_schedules_run", "subscription_schedules", ["next_run_at"],
        postgresql_where=sa.text("pace <> 'instant'"),
    )  # fmt: skip
    op.create_table(
        "mutes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subscriber_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=True),
        sa.Column("terms", sa.Text(), nullable=True),
        sa.Column("channel_id", sa.BigInteger(), nullable=True),
        sa.Column("post_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("kind IN ('word', 'channel', 'story')", name="ck_mutes_kind"),
        sa.CheckConstraint(
            "(kind = 'word') = (word IS NOT NULL AND terms IS NOT NULL) AND (kind = 'channel') = (channel_id IS NOT"
            " NULL) AND (kind = 'story') = (post_id IS NOT NULL)",
            name="ck_mutes_subject",
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name="fk_mutes_subscriber_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name="fk_mutes_channel_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_mutes"),
        sa.UniqueConstraint(
            "subscriber_id", "kind", "word", "channel_id", "post_id",
            name="uq_mutes_subscriber_id_kind_word_channel_id_post_id", postgresql_nulls_not_distinct=True,
        ),
    )  # fmt: skip
    op.execute(NEW_ZONE)
    op.execute(TAKEN_OVER)


def downgrade() -> None:
    for trigger, table in (("move_terms", "subscriptions"), ("reschedule_in_zone", "subscribers")):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
        op.execute(f"DROP FUNCTION {trigger}()")
    for table in ("mutes", "subscription_schedules", "subscriber_schedules"):
        op.drop_table(table)
