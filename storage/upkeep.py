"""What keeps the indexes of words fast to write, done from a connection of its own."""

from __future__ import annotations

from sqlalchemy import text

from storage.database import Connection

WORD_INDEXES = ("ix_posts_terms", "ix_posts_topic_codes")

MERGE = text("SELECT gin_clean_pending_list(CAST(:name AS regclass))")


async def merge_words(connection: Connection) -> None:
    """Sort the words of newly stored posts into their indexes.

    An insert only appends them to a list, which every search reads as well. When the list is full the insert that
    filled it sorts them in and its batch waits (0.4 to 1.6 s, measured); from here nobody waits: inserts go on.
    """
    for name in WORD_INDEXES:
        await connection.execute(MERGE, {"name": name})
