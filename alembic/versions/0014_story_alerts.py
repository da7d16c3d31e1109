"""One alert a story: how a subscription wants to hear, which alert is a story's first, and what may look different now.

Triggers keep three rules, whoever changes the tables (decision 16). Where alerts stand follows where their posts stand.
An alert that another one tells, or that waits for more channels, is released when nothing else tells its story. What
changes a post or a story of which alerts were sent leaves a cause, in the same commit.
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KINDS = ("'alert', 'notice'", "'alert', 'amendment', 'notice'")
STATES = (
    "'pending', 'leased', 'sending', 'sent', 'unknown', 'dead', 'cancelled'",
    "'held', 'pending', 'leased', 'sending', 'sent', 'unknown', 'dead', 'cancelled'",
)
SUBJECTS = (
    "(kind = 'alert') = (post_id IS NOT NULL) AND (kind = 'notice') = (notice_id IS NOT NULL)",
    "(kind <> 'notice') = (post_id IS NOT NULL) AND (kind = 'notice') = (notice_id IS NOT NULL)",
)
MODES = "mode IN ('every', 'first', 'nth')"
NTH = "(mode = 'nth') = (nth IS NOT NULL) AND coalesce(nth, 2) BETWEEN 2 AND 20"

TELLS = "is_first AND state NOT IN ('held', 'cancelled', 'dead')"

OWING = 7_283_463
"""`storage.owing.OWING`, as it was when this was written."""

STORY_SPAN = "4 days"
"""Older alerts than that tell of stories that nobody joins any more (72 h, issue 5)."""

# Without this a plan made while a table was empty would go on reading all of it (decision 7).
BY_INDEX = "SET enable_seqscan = off"

CHANNELS_TELLING = f"""
CREATE FUNCTION channels_telling(of_story bigint) RETURNS bigint LANGUAGE plpgsql STABLE {BY_INDEX} AS $$
BEGIN
    RETURN (SELECT greatest(1, count(DISTINCT p.channel_id))
        FROM story_posts s JOIN posts p ON p.id = s.post_id WHERE s.story_id = of_story);
END $$
"""  # noqa: S608 - our own words

RELEASE_HELD = f"""
CREATE FUNCTION release_held(of_subscriber bigint, of_story bigint) RETURNS bigint LANGUAGE plpgsql {BY_INDEX} AS $$
DECLARE
    chosen bigint;
BEGIN
    IF EXISTS (SELECT FROM deliveries WHERE story_id = of_story AND subscriber_id = of_subscriber AND {TELLS}) THEN
        RETURN NULL;
    END IF;
    SELECT d.id INTO chosen FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id AND s.state = 'active'
    WHERE d.state = 'held' AND d.story_id = of_story AND d.subscriber_id = of_subscriber
        AND of_story = coalesce((SELECT story_id FROM story_posts WHERE post_id = d.post_id), d.post_id)
        AND EXISTS (SELECT FROM subscriptions n WHERE n.id = ANY(d.reasons) AND n.state = 'active'
            AND (n.mode <> 'nth' OR n.nth <= channels_telling(of_story)))
    ORDER BY d.post_id LIMIT 1 FOR UPDATE OF d;
    UPDATE deliveries SET state = 'pending', is_first = true, settled_at = NULL, detail = NULL,
        owed_at = statement_timestamp(), due_at = greatest(due_at, statement_timestamp())
    WHERE id = chosen;
    RETURN chosen;
END $$
"""  # noqa: S608 - our own words

HOLD = f"""
CREATE FUNCTION hold_alert(of_delivery bigint) RETURNS void LANGUAGE plpgsql {BY_INDEX} AS $$
BEGIN
    UPDATE deliveries SET is_first = false WHERE id = of_delivery;
    UPDATE deliveries d SET state = 'held', lease_token = NULL, settled_at = statement_timestamp()
    WHERE id = of_delivery AND state IN ('pending', 'leased')
        AND NOT EXISTS (SELECT FROM subscriptions n WHERE n.id = ANY(d.reasons) AND n.mode = 'every');
END $$
"""  # noqa: S608 - our own words

MOVE = f"""
CREATE FUNCTION move_alert(of_delivery bigint, into_story bigint) RETURNS void LANGUAGE plpgsql {BY_INDEX} AS $$
DECLARE
    moved record;
    rival record;
BEGIN
    SELECT * INTO moved FROM deliveries WHERE id = of_delivery;
    SELECT * INTO rival FROM deliveries
    WHERE story_id = into_story AND subscriber_id = moved.subscriber_id AND {TELLS} FOR UPDATE;
    IF rival.id IS NOT NULL AND moved.is_first AND moved.state NOT IN ('held', 'cancelled', 'dead') THEN
        IF moved.state NOT IN ('pending', 'leased') AND rival.state IN ('pending', 'leased') THEN
            PERFORM hold_alert(rival.id);  -- it was not said yet, the other was
        ELSE
            PERFORM hold_alert(moved.id);
        END IF;
    END IF;
    UPDATE deliveries SET story_id = into_story WHERE id = of_delivery;
END $$
"""  # noqa: S608 - our own words

# Alerts move with their posts; only then those that are held are looked at, for what tells the story may move last.
FOLLOW_POSTS = f"""
CREATE FUNCTION alerts_follow_posts() RETURNS trigger LANGUAGE plpgsql {BY_INDEX} AS $$
DECLARE
    found record;
    moved bigint[] := '{{}}';
    stories bigint[];
    causes bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(DISTINCT story_id), array_agg(post_id) INTO stories, causes FROM placed WHERE kind <> 'first';
    ELSE
        SELECT array_agg(p.story_id) || array_agg(w.story_id), array_agg(p.post_id) || array_agg(w.story_id)
        INTO stories, causes FROM placed p JOIN was w USING (post_id) WHERE p.story_id <> w.story_id;
    END IF;
    IF stories IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock_shared({OWING});
    FOR found IN
        SELECT d.id, d.subscriber_id, p.story_id FROM placed p JOIN deliveries d ON d.post_id = p.post_id
        WHERE d.kind = 'alert' AND d.story_id <> p.story_id ORDER BY d.id FOR UPDATE OF d
    LOOP
        PERFORM move_alert(found.id, found.story_id);
        moved := moved || found.subscriber_id;
    END LOOP;
    FOR found IN
        SELECT DISTINCT subscriber_id, story_id FROM deliveries
        WHERE state = 'held' AND story_id = ANY(stories) AND (is_first OR subscriber_id = ANY(moved))
    LOOP
        PERFORM release_held(found.subscriber_id, found.story_id);
    END LOOP;
    INSERT INTO amendment_causes (post_id) SELECT DISTINCT post_id FROM unnest(causes) AS post_id
    WHERE EXISTS (SELECT FROM deliveries WHERE story_id = ANY(stories) AND {TELLS});
    RETURN NULL;
END $$;
CREATE TRIGGER alerts_follow_placed AFTER INSERT ON story_posts REFERENCING NEW TABLE AS placed
    FOR EACH STATEMENT EXECUTE FUNCTION alerts_follow_posts();
CREATE TRIGGER alerts_follow_moved AFTER UPDATE ON story_posts REFERENCING OLD TABLE AS was NEW TABLE AS placed
    FOR EACH STATEMENT EXECUTE FUNCTION alerts_follow_posts();
"""  # noqa: S608 - our own words

TELL_AGAIN = """
CREATE FUNCTION release_after_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM release_held(NEW.subscriber_id, NEW.story_id);
    RETURN NULL;
END $$;
CREATE TRIGGER release_after_end AFTER UPDATE OF state ON deliveries FOR EACH ROW
    WHEN (OLD.is_first AND NEW.state IN ('cancelled', 'dead') AND OLD.state NOT IN ('held', 'cancelled', 'dead')
        AND NEW.unknowns = 0)  -- else it may have arrived
    EXECUTE FUNCTION release_after_end();
"""

TAKEN_OVER = f"""
CREATE FUNCTION one_first_alert() RETURNS trigger LANGUAGE plpgsql {BY_INDEX} AS $$
BEGIN
    IF NEW.is_first AND EXISTS (SELECT FROM deliveries
        WHERE story_id = NEW.story_id AND subscriber_id = NEW.subscriber_id AND {TELLS}) THEN
        NEW.is_first := false;
        IF NEW.state = 'pending' THEN
            NEW.state := 'held';
            NEW.settled_at := statement_timestamp();
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER one_first_alert BEFORE UPDATE OF subscriber_id ON deliveries FOR EACH ROW
    WHEN (NEW.kind = 'alert') EXECUTE FUNCTION one_first_alert();
"""

NOTE_CHANGES = f"""
CREATE FUNCTION note_changed_post() RETURNS trigger LANGUAGE plpgsql {BY_INDEX} AS $$
BEGIN
    INSERT INTO amendment_causes (post_id) SELECT NEW.id
    WHERE EXISTS (SELECT FROM deliveries WHERE post_id = NEW.id AND kind = 'alert');
    RETURN NULL;
END $$;
CREATE TRIGGER note_changed_post AFTER UPDATE OF content_hash, deleted_at ON posts FOR EACH ROW
    WHEN (NEW.content_hash IS DISTINCT FROM OLD.content_hash OR NEW.deleted_at IS DISTINCT FROM OLD.deleted_at)
    EXECUTE FUNCTION note_changed_post();
"""  # noqa: S608 - our own words

KNOW_STORIES = f"""
UPDATE deliveries d SET story_id = found.story_id, is_first = found.number = 1 FROM (
    SELECT e.id, coalesce(s.story_id, e.post_id) AS story_id, row_number() OVER (
        PARTITION BY e.subscriber_id, coalesce(s.story_id, e.post_id)
        ORDER BY e.state IN ('cancelled', 'dead'), e.telegram_message_id IS NULL, e.id) AS number
    FROM deliveries e LEFT JOIN story_posts s ON s.post_id = e.post_id
    WHERE e.kind = 'alert' AND e.owed_at > now() - interval '{STORY_SPAN}'
) AS found WHERE d.id = found.id
"""  # noqa: S608 - our own words

TRIGGERS = (
    ("alerts_follow_placed", "story_posts"),
    ("alerts_follow_moved", "story_posts"),
    ("release_after_end", "deliveries"),
    ("one_first_alert", "deliveries"),
    ("note_changed_post", "posts"),
)
FUNCTIONS = (
    "alerts_follow_posts()", "release_after_end()", "one_first_alert()", "note_changed_post()",
    "move_alert(bigint, bigint)", "hold_alert(bigint)", "release_held(bigint, bigint)", "channels_telling(bigint)",
)  # fmt: skip


def upgrade() -> None:
    op.add_column("subscribers", sa.Column("at_most_once", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("subscribers", sa.Column("is_thread_gone", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("subscriptions", sa.Column("mode", sa.Text(), server_default="first", nullable=False))
    op.add_column("subscriptions", sa.Column("nth", sa.SmallInteger(), nullable=True))
    op.create_check_constraint("ck_subscriptions_mode", "subscriptions", MODES)
    op.create_check_constraint("ck_subscriptions_nth", "subscriptions", NTH)
    op.create_table(
        "amendment_causes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_amendment_causes"),
    )
    op.add_column("deliveries", sa.Column("story_id", sa.BigInteger(), nullable=True))
    for flag in ("is_first", "in_digest", "is_stale"):
        op.add_column("deliveries", sa.Column(flag, sa.Boolean(), server_default="false", nullable=False))
    op.add_column("deliveries", sa.Column("shown_version", sa.BigInteger(), nullable=True))
    _constrain(1)
    op.execute(KNOW_STORIES)
    op.create_index(
        "uq_deliveries_story_id_subscriber_id", "deliveries", ["story_id", "subscriber_id"], unique=True,
        postgresql_where=sa.text(TELLS),
    )  # fmt: skip
    op.create_index(
        "ix_deliveries_held", "deliveries", ["story_id", "subscriber_id"], postgresql_where=sa.text("state = 'held'")
    )
    op.create_index(
        "ix_deliveries_waiting", "deliveries", ["subscriber_id"],
        postgresql_where=sa.text("state IN ('pending', 'unknown')"),
    )  # fmt: skip
    for statements in (CHANNELS_TELLING, RELEASE_HELD, HOLD, MOVE, FOLLOW_POSTS, TELL_AGAIN, TAKEN_OVER, NOTE_CHANGES):
        op.execute(statements)


def downgrade() -> None:
    for trigger, table in TRIGGERS:
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    for index in ("ix_deliveries_waiting", "ix_deliveries_held", "uq_deliveries_story_id_subscriber_id"):
        op.drop_index(index, "deliveries")
    op.execute("DELETE FROM deliveries WHERE kind = 'amendment'")
    op.execute("UPDATE deliveries SET state = 'cancelled' WHERE state = 'held'")
    _constrain(0)
    for column in ("shown_version", "is_stale", "in_digest", "is_first", "story_id"):
        op.drop_column("deliveries", column)
    op.drop_table("amendment_causes")
    op.drop_constraint("ck_subscriptions_nth", "subscriptions", type_="check")
    op.drop_constraint("ck_subscriptions_mode", "subscriptions", type_="check")
    for table, column in (("subscriptions", "nth"), ("subscriptions", "mode"), ("subscribers", "is_thread_gone"),
                          ("subscribers", "at_most_once")):  # fmt: skip
        op.drop_column(table, column)


def _constrain(version: int) -> None:
    """What a delivery may be, before (0) and after (1) this migration."""
    for name in ("kind", "state", "subject"):
        op.drop_constraint(f"ck_deliveries_{name}", "deliveries", type_="check")
    op.create_check_constraint("ck_deliveries_kind", "deliveries", f"kind IN ({KINDS[version]})")
    op.create_check_constraint("ck_deliveries_state", "deliveries", f"state IN ({STATES[version]})")
    op.create_check_constraint("ck_deliveries_subject", "deliveries", SUBJECTS[version])
