"""Which posts are kept apart from a story is asked whenever stories become one: an index of those few.

It holds only posts that an operator has taken out of a story: making it reads the table once, for which nobody joins
stories, and writes next to nothing.
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_story_posts_apart", "story_posts", ["post_id"], postgresql_where=sa.text("apart_from <> '{}'"))


def downgrade() -> None:
    op.drop_index("ix_story_posts_apart", table_name="story_posts")
