"""What is stored, in numbers."""

from __future__ import annotations

import datetime as dt

from storage import statistics
from storage.database import Database
from storage.ids import MessageId
from storage.posts import mark_deleted
from tests.storage.makers import NOON, change, make_channel, make_owed, make_post, store

DAY = dt.timedelta(days=1)


async def test_everything_that_is_stored_is_counted(database: Database) -> None:
    await make_owed(database, chats=(100,), posts=2)
    news = await make_channel(database)
    await store(database, make_post(news, 1, "мир, исправлено", edited_at=NOON))
    async with database.begin() as connection:
        await mark_deleted(connection, news, [MessageId(2)], NOON)
        found = await statistics.stored(connection)
    assert (found.posts, found.deleted, found.versions, found.stories) == (2, 1, 1, 0)
    assert (found.channels, found.subscribers, found.subscriptions) == ({"archived": 1}, {"active": 1}, {"active": 1})
    assert 0 < found.used_bytes <= found.disk_bytes


async def test_posts_are_counted_by_the_day_of_utc_with_languages_and_topics(database: Database) -> None:
    news = await make_channel(database)
    late = NOON.replace(hour=23, minute=59)
    moments = (NOON - DAY, late, late + dt.timedelta(minutes=1))
    await store(database, *(make_post(news, number, "перемирие", posted_at=at) for number, at in enumerate(moments, 1)))
    await change(database, "UPDATE posts SET language = 'ru', topic_codes = '{conflict}'")
    async with database.begin() as connection:
        found = await statistics.lately(connection, NOON - dt.timedelta(hours=1))
    assert found.by_day == {NOON.date(): 1, NOON.date() + DAY: 1}
    assert (found.posts, found.by_language, found.by_topic) == (2, {"ru": 2}, {"conflict": 2})
