"""Where a watermark stands: counted up by the server, id by id, as far as every id is accounted for."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# A loop instead of a window: it ends at the first hole, however many ids are accounted for behind it.
WATERMARK_AFTER = """
CREATE FUNCTION watermark_after(of_channel bigint, mark bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    next_id bigint;
BEGIN
    FOR next_id IN
        SELECT message_id FROM channel_messages
        WHERE channel_id = of_channel AND message_id > mark AND kind <> 'missing' ORDER BY message_id
    LOOP
        EXIT WHEN next_id <> mark + 1;
        mark := next_id;
    END LOOP;
    RETURN mark;
END $$
"""


def upgrade() -> None:
    op.execute(WATERMARK_AFTER)


def downgrade() -> None:
    op.execute("DROP FUNCTION watermark_after(bigint, bigint)")
