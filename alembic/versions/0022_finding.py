"""What posts said before their edits, to be found by its words.

A new table only: `posts` and its indexes stay as they are, and nothing is locked longer than it takes to add two
triggers. Versions of before are analysed when they are first asked for (storage.search.version_terms).
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# A version is kept just before its post is written over: the post's terms are still those of the version. Not copied
# where its analysis had failed, or where a version comes from elsewhere.
KEEP = """
CREATE FUNCTION keep_version_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO post_version_terms (post_id, version, terms)
    SELECT NEW.post_id, NEW.version, p.terms FROM posts p
    WHERE p.id = NEW.post_id AND p.content_hash = NEW.content_hash AND p.text = NEW.text AND p.analysis = 'done';
    RETURN NULL;
END $$;
CREATE TRIGGER keep_version_terms AFTER INSERT ON post_versions FOR EACH ROW EXECUTE FUNCTION keep_version_terms();
"""

# Another dictionary makes other terms: posts are labelled anew one by one, versions when they are next asked for.
FORGET = """
CREATE FUNCTION forget_version_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM post_version_terms;
    RETURN NULL;
END $$;
CREATE TRIGGER forget_version_terms AFTER UPDATE OF terms_version ON relabelling FOR EACH ROW
    WHEN (OLD.terms_version <> NEW.terms_version) EXECUTE FUNCTION forget_version_terms();
"""


def upgrade() -> None:
    op.create_table(
        "post_version_terms",
        sa.Column("post_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("terms", postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id", "version"], ["post_versions.post_id", "post_versions.version"],
            name="fk_post_version_terms_post_id", ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("post_id", "version", name="pk_post_version_terms"),
    )  # fmt: skip
    op.create_index("ix_post_version_terms_terms", "post_version_terms", ["terms"], postgresql_using="gin")
    op.execute(KEEP)
    op.execute(FORGET)


def downgrade() -> None:
    for trigger, table in (("forget_version_terms", "relabelling"), ("keep_version_terms", "post_versions")):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
        op.execute(f"DROP FUNCTION {trigger}()")
    op.drop_table("post_version_terms")
