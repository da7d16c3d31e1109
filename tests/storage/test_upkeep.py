"""The indexes of words, and what a deletion leaves behind."""

from __future__ import annotations

from storage.database import Database
from storage.upkeep import WORD_INDEXES, merge_words
from tests.storage.makers import change, make_channel, make_owed, make_post, rows, store


async def test_new_words_are_sorted_in(database: Database) -> None:
    channel_id = await make_channel(database)
    await store(database, *(make_post(channel_id, number, f"слово{number}") for number in range(1, 21)))
    cleaned = "SELECT gin_clean_pending_list(CAST(:name AS regclass))"
    async with database.begin() as connection:
        await merge_words(connection)
    assert [await rows(database, cleaned, name=name) for name in WORD_INDEXES] == [[(0,)], [(0,)]]
    found = "SELECT message_id FROM posts WHERE terms @@ CAST(:query AS tsquery)"
    assert await rows(database, found, query="'=слово7'") == [(7,)]


async def test_word_indexes_wait_long_before_an_insert_sorts_in(database: Database) -> None:
    limit = "SELECT relname, reloptions FROM pg_class WHERE relname = ANY(:names) ORDER BY relname"
    expected = [(name, ["gin_pending_list_limit=65536"]) for name in WORD_INDEXES]
    assert await rows(database, limit, names=list(WORD_INDEXES)) == expected


async def test_deliveries_go_with_their_post(database: Database) -> None:
    kept, gone = await make_owed(database, chats=[1, 2], posts=2)
    await change(database, "DELETE FROM posts WHERE id = :id", id=gone)
    assert await rows(database, "SELECT DISTINCT post_id FROM deliveries") == [(kept,)]
    accounted = await rows(database, "SELECT message_id, post_id FROM channel_messages ORDER BY 1")
    assert accounted == [(1, kept), (2, None)]


async def test_deliveries_go_with_their_subscriber(database: Database) -> None:
    await make_owed(database, chats=[1, 2])
    await change(database, "DELETE FROM subscribers WHERE chat_id = 1")
    left = "SELECT s.chat_id FROM deliveries d LEFT JOIN subscribers s ON s.id = d.subscriber_id"
    assert await rows(database, left) == [(2,)]


async def test_deliveries_go_with_their_channel(database: Database) -> None:
    await make_owed(database)
    await change(database, "DELETE FROM channels")
    assert await rows(database, "SELECT id FROM deliveries") == []
