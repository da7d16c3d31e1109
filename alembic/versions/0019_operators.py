"""Who may use the console, their sessions, and what they did; and a wake-up for whoever watches posts arrive."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NOW = sa.text("now()")

# Once a statement, not a row: a batch of posts is one (storage.arriving).
ANNOUNCED = """
CREATE FUNCTION announce_posts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('posts', '');
    RETURN NULL;
END $$;
CREATE TRIGGER announce_posts AFTER INSERT ON posts FOR EACH STATEMENT EXECUTE FUNCTION announce_posts();
"""


def upgrade() -> None:
    op.create_table(
        "operators",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("theme", sa.Text(), server_default="auto", nullable=False),
        sa.Column("time_zone", sa.Text(), server_default="UTC", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("password_set_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.CheckConstraint("language IN ('en', 'ru', 'uk')", name="ck_operators_language"),
        sa.CheckConstraint("theme IN ('auto', 'light', 'dark')", name="ck_operators_theme"),
        sa.PrimaryKeyConstraint("id", name="pk_operators"),
    )
    op.create_index("uq_operators_name", "operators", [sa.text("lower(name)")], unique=True)
    op.create_table(
        "operator_sessions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("operator_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser", sa.Text(), server_default="", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name="fk_operator_sessions_operator_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_operator_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_operator_sessions_token_hash"),
    )
    op.create_index("ix_operator_sessions_operator_id", "operator_sessions", ["operator_id"])
    op.create_table(
        "operator_actions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("operator_name", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operator_actions"),
    )
    op.create_index("ix_operator_actions_done_at", "operator_actions", ["done_at"])
    op.execute(ANNOUNCED)


def downgrade() -> None:
    op.execute("DROP TRIGGER announce_posts ON posts")
    op.execute("DROP FUNCTION announce_posts()")
    for table in ("operator_actions", "operator_sessions", "operators"):
        op.drop_table(table)
