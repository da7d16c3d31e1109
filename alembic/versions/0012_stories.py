"""Posts that tell one story: what each said in short, and which story it tells if others tell it too.

`version` counts up in the order of commits, for whoever writes holds one lock until it commits: every ingest process
reads from where it stopped and keeps its own window. No foreign keys, as in decision 7: triggers forget with the posts.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KINDS = "kind IN ('first', 'forward', 'copy', 'rewrite', 'operator')"

FORGET = """
CREATE FUNCTION forget_stories_of_posts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM story_signatures WHERE post_id IN (SELECT id FROM gone);
    DELETE FROM story_posts WHERE post_id IN (SELECT id FROM gone);
    RETURN NULL;
END $$;
CREATE TRIGGER forget_stories AFTER DELETE ON posts REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION forget_stories_of_posts();
"""

NEXT_VERSION = sa.text("nextval('story_versions')")


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("story_versions")))
    op.create_table(
        "story_signatures",
        sa.Column("post_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=NEXT_VERSION, nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("post_id", name="pk_story_signatures"),
    )
    op.create_index("ix_story_signatures_version", "story_signatures", ["version"])
    op.create_table(
        "story_posts",
        sa.Column("post_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("story_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("like_post_id", sa.BigInteger(), nullable=True),
        sa.Column("similarity", sa.Double(), nullable=True),
        sa.Column("apart_from", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=NEXT_VERSION, nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(KINDS, name="ck_story_posts_kind"),
        sa.PrimaryKeyConstraint("post_id", name="pk_story_posts"),
    )
    op.create_index("ix_story_posts_story_id", "story_posts", ["story_id"])
    op.create_index("ix_story_posts_version", "story_posts", ["version"])
    op.execute(FORGET)


def downgrade() -> None:
    op.execute("DROP TRIGGER forget_stories ON posts")
    op.execute("DROP FUNCTION forget_stories_of_posts()")
    op.drop_table("story_posts")
    op.drop_table("story_signatures")
    op.execute("DROP SEQUENCE story_versions")
