"""Posts are stored once, changed only by newer versions, and nothing that was said is lost."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
from dataclasses import replace

import pytest

from matching.query import parse
from storage.database import Database
from storage.forgetting import forget_texts
from storage.ids import ChannelId, MessageId
from storage.post_values import Entity, Forward, Medium, Part
from storage.posts import Outcome, failed_analyses, get_post, mark_deleted
from storage.search import search
from tests.storage.makers import NOON, change, make_album, make_channel, make_post, rows, store, store_one

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
async def news(database: Database) -> ChannelId:
    return await make_channel(database)


async def said(database: Database) -> list[str]:
    return [text for (text,) in await rows(database, "SELECT text FROM posts ORDER BY id")]


async def test_storing_again_is_unchanged(database: Database, news: ChannelId) -> None:
    post = make_post(news, 1, "мир")
    first = await store(database, post)
    second = await store(database, replace(post, seen_at=NOON + MINUTE))
    assert [outcome for _, outcome in first + second] == [Outcome.NEW, Outcome.UNCHANGED]
    assert first[0][0] == second[0][0]
    assert await rows(database, "SELECT count(*) FROM post_versions") == [(0,)]


async def test_edit_keeps_the_earlier_version(database: Database, news: ChannelId) -> None:
    await store(database, make_post(news, 1, "перемирие"))
    for minute, words in enumerate(["война", "мир"], start=1):
        edit = make_post(news, 1, words, edited_at=NOON + minute * MINUTE)
        assert (await store(database, edit))[0][1] is Outcome.EDITED
    assert await said(database) == ["мир"]
    kept = await rows(database, "SELECT version, text, edited_at FROM post_versions ORDER BY version")
    assert kept == [(1, "перемирие", None), (2, "война", NOON + MINUTE)]


@pytest.mark.parametrize("edited_at", [None, NOON + MINUTE])
async def test_older_copy_does_not_overwrite(
    database: Database, news: ChannelId, edited_at: dt.datetime | None
) -> None:
    await store(database, make_post(news, 1, "новое", edited_at=NOON + 2 * MINUTE))
    stored = await store(database, make_post(news, 1, "старое", edited_at=edited_at))
    assert stored[0][1] is Outcome.UNCHANGED
    assert await said(database) == ["новое"]
    assert await rows(database, "SELECT count(*) FROM post_versions") == [(0,)]


async def test_reactions_and_views_make_no_version(database: Database, news: ChannelId) -> None:
    await store(database, make_post(news, 1, "мир", views=10))
    later = make_post(news, 1, "мир", views=25, forwards=3, reactions={"👍": 2}, edited_at=NOON + MINUTE)
    assert (await store(database, later))[0][1] is Outcome.UNCHANGED
    await store(database, make_post(news, 1, "мир", views=5))
    assert await rows(database, "SELECT views, forwards, reactions FROM posts") == [(25, 3, {"👍": 2})]
    assert await rows(database, "SELECT count(*) FROM post_versions") == [(0,)]


async def test_reactions_of_an_archive_are_no_news(database: Database, news: ChannelId) -> None:
    await store(database, make_post(news, 1, "мир", reactions={"👍": 9}))
    await store(database, make_post(news, 1, "мир", reactions={"👍": 1}, found_by="replay"))
    assert await rows(database, "SELECT reactions FROM posts") == [({"👍": 9},)]


async def test_late_part_of_an_album_is_merged(database: Database, news: ChannelId) -> None:
    post_id = await store_one(database, make_album(news, {6: "мир", 7: ""}))
    for number, words in ((8, "дружба"), (5, "первое")):
        assert await store(database, make_album(news, {number: words})) == [(post_id, Outcome.EDITED)]
    assert await said(database) == ["первое\n\nмир\n\nдружба"]
    assert await rows(database, "SELECT message_id, edited_at FROM posts") == [(5, None)]
    assert await rows(database, "SELECT count(*) FROM post_versions") == [(0,)]


async def test_edit_of_one_part_leaves_the_rest_of_the_album(database: Database, news: ChannelId) -> None:
    await store(database, make_album(news, {5: "раз", 6: "два"}))
    edit = make_album(news, {6: "три"}, edited_at=NOON + MINUTE)
    assert (await store(database, edit))[0][1] is Outcome.EDITED
    assert await said(database) == ["раз\n\nтри"]
    assert await rows(database, "SELECT text FROM post_versions") == [("раз\n\nдва",)]


async def test_older_copy_of_one_part_does_not_undo_an_edited_album(database: Database, news: ChannelId) -> None:
    await store(database, make_album(news, {5: "новое", 6: "два"}, edited_at=NOON + MINUTE))
    assert (await store(database, make_album(news, {5: "старое"})))[0][1] is Outcome.UNCHANGED
    assert (await store(database, make_album(news, {5: "старое", 7: "три"})))[0][1] is Outcome.EDITED
    assert await said(database) == ["новое\n\nдва\n\nтри"]


async def test_part_that_comes_without_its_album_is_no_second_post(database: Database, news: ChannelId) -> None:
    post_id = await store_one(database, make_album(news, {5: "раз", 6: "два"}))
    archived = await store(database, make_post(news, 6, "два"))
    edited = await store(database, make_post(news, 6, "три", edited_at=NOON + MINUTE))
    assert archived == [(post_id, Outcome.UNCHANGED)]
    assert edited == [(post_id, Outcome.EDITED)]
    assert await said(database) == ["раз\n\nтри"]


async def test_album_whose_parts_are_stored_as_posts_is_not_stored_twice(database: Database, news: ChannelId) -> None:
    await store(database, make_post(news, 5, "раз"), make_post(news, 6, "два"))
    await store(database, make_album(news, {5: "раз", 6: "два", 7: "три"}))
    assert await said(database) == ["раз\n\nтри", "два"]
    owners = await rows(
        database, "SELECT m.message_id, p.message_id FROM channel_messages m JOIN posts p ON p.id = post_id ORDER BY 1"
    )
    assert owners == [(5, 5), (6, 6), (7, 5)]


async def test_two_writers_of_one_album_lose_no_part(database: Database, news: ChannelId) -> None:
    parts = [make_album(news, {number: f"часть{number}"}) for number in range(1, 7)]
    await asyncio.gather(*(store(database, part) for part in parts))
    assert await said(database) == ["\n\n".join(f"часть{number}" for number in range(1, 7))]
    assert await rows(database, "SELECT count(*) FROM channel_messages WHERE post_id IS NOT NULL") == [(6,)]


async def test_two_connections_storing_the_same_posts_store_them_once(database: Database, news: ChannelId) -> None:
    posts = [make_post(news, number, f"пост {number}") for number in range(1, 41)]
    both = await asyncio.gather(store(database, *posts), store(database, *reversed(posts)))
    outcomes = [outcome for stored in both for _, outcome in stored]
    assert sorted(outcome.value for outcome in outcomes) == ["new"] * 40 + ["unchanged"] * 40
    assert {number for number, _ in both[0]} == {number for number, _ in both[1]}


async def test_deletion_marks_the_post_and_keeps_its_text(database: Database, news: ChannelId) -> None:
    post_id = await store_one(database, make_post(news, 1, "мир"))
    async with database.begin() as connection:
        assert await mark_deleted(connection, news, [MessageId(1), MessageId(1)], NOON) == [post_id]
        assert await mark_deleted(connection, news, [MessageId(1)], NOON + MINUTE) == []
        assert await mark_deleted(connection, news, [], NOON) == []
        stored = await get_post(connection, post_id)
    assert stored is not None
    assert (stored.text, stored.deleted_at) == ("мир", NOON)


async def test_album_is_deleted_with_its_last_part(database: Database, news: ChannelId) -> None:
    post_id = await store_one(database, make_album(news, {5: "раз", 6: "два"}))
    async with database.begin() as connection:
        assert await mark_deleted(connection, news, [MessageId(5)], NOON) == []
        assert await mark_deleted(connection, news, [MessageId(6)], NOON) == [post_id]


async def test_post_that_comes_after_its_deletion_is_stored_as_deleted(database: Database, news: ChannelId) -> None:
    async with database.begin() as connection:
        await mark_deleted(connection, news, [MessageId(1)], NOON)
    await store(database, make_post(news, 1, "мир"))
    assert await rows(database, "SELECT text, deleted_at IS NOT NULL FROM posts") == [("мир", True)]
    assert await rows(database, "SELECT kind, post_id IS NOT NULL FROM channel_messages") == [("gone", True)]


async def test_what_no_database_can_hold_is_replaced(database: Database, news: ChannelId) -> None:
    bad = "а\x00б\ud800в"
    medium = Medium("document", file_name=bad, mime=bad, url=f"https://{bad}.com", duration=math.nan)
    part = Part(MessageId(1), bad, (Entity("text_link", 0, 1, url=bad, language=bad),), medium)
    forward = Forward(username=bad, name=bad)
    post_id = await store_one(
        database, replace(make_post(news), parts=(part,), forward=forward, reactions={bad: 1}, edited_at=NOON)
    )
    async with database.begin() as connection:
        stored = await get_post(connection, post_id)
    assert stored is not None
    assert stored.text == "а\ufffdб\ufffdв"
    assert stored.forwarded_from == {"@а\ufffdб\ufffdв"}


async def test_channel_messages_account_for_every_part(database: Database, news: ChannelId) -> None:
    first = await store_one(database, make_album(news, {5: "раз", 6: "", 8: "два"}))
    second = await store_one(database, make_post(news, 7, "три"))
    accounted = await rows(database, "SELECT message_id, kind, post_id FROM channel_messages ORDER BY message_id")
    assert accounted == [(5, "post", first), (6, "part", first), (7, "post", second), (8, "part", first)]


async def test_failed_analysis_is_stored_and_tried_again(database: Database, news: ChannelId) -> None:
    forward = Forward(channel_telegram_id=5, username="bbc", posted_at=NOON)
    post = make_post(news, 1, "мир", forward=forward, reply_to=MessageId(9), views=3)
    await store(database, post, fails=True)
    async with database.begin() as connection:
        (waiting,) = await failed_analyses(connection, 10)
    assert waiting == post
    assert (await store(database, waiting))[0][1] is Outcome.EDITED
    async with database.begin() as connection:
        assert await failed_analyses(connection, 10) == []
        assert len(await search(connection, parse("мир from:@bbc"))) == 1
    assert await rows(database, "SELECT count(*) FROM post_versions") == [(0,)]


async def test_edit_that_does_not_say_where_it_was_forwarded_from_forgets_nothing(
    database: Database, news: ChannelId
) -> None:
    await store(database, make_post(news, 1, "мир", forward=Forward(username="BBC"), reply_to=MessageId(9)))
    await store(database, make_post(news, 1, "миру мир", edited_at=NOON + MINUTE))
    assert await rows(database, "SELECT text, forwarded_from, reply_to FROM posts") == [("миру мир", ["@bbc"], 9)]


@pytest.mark.parametrize(
    "words", [" ".join(f"слово{number}" for number in range(10_000)), "мир " * 5_000 + "слово9999"]
)
async def test_very_long_text_is_stored_and_found(database: Database, news: ChannelId, words: str) -> None:
    await store(database, make_post(news, 1, words))
    async with database.begin() as connection:
        (found,) = await search(connection, parse(f"{words.split()[0]} -нет"))
    assert found.text == words


async def test_post_whose_channel_is_unknown_is_refused(database: Database, news: ChannelId) -> None:
    await change(database, "DELETE FROM channels")
    with pytest.raises(Exception, match="ForeignKeyViolation"):
        await store(database, make_post(news, 1, "мир"))


def test_links_are_read_as_queries_ask_for_them() -> None:
    text = "😀 смотри (https://www.BBC.co.uk/x), bbc.com/news и t.me/abc"
    part = Part(MessageId(1), text, (Entity("url", text.index("bbc.com") + 1, 12),), None)
    post = replace(make_post(ChannelId(1)), parts=(part,))
    assert post.links == {"bbc.co.uk", "co.uk", "bbc.com", "t.me"}
    assert post.has == {"link"}


async def test_counts_of_a_page_and_of_an_account_are_told_apart(database: Database) -> None:
    news = await make_channel(database)
    told = "SELECT views, views_are_rounded FROM posts"
    for views, is_rounded, expected in (
        (1_200, True, (1_200, True)),
        (1_153, False, (1_153, False)),
        (1_200, True, (1_153, False)),
        (None, False, (1_153, False)),
        (1_160, False, (1_160, False)),
    ):
        by = "preview" if is_rounded else "push"
        await store(database, make_post(news, 1, "мир", views=views, views_are_rounded=is_rounded, found_by=by))
        assert await rows(database, told) == [expected]


@pytest.mark.parametrize(("first", "second"), [("preview", "push"), ("push", "preview")])
async def test_post_of_a_page_and_of_an_account_is_one_post_and_no_edit(
    database: Database, first: str, second: str
) -> None:
    news = await make_channel(database)
    for found_by in (first, second, first):
        numbered = Medium("photo", telegram_id=7 if found_by == "push" else None)
        part = Part(MessageId(1), "мир", medium=numbered)
        await store(database, replace(make_post(news), parts=(part,), found_by=found_by, edited_at=NOON))
    stored = "SELECT parts -> 0 -> 'medium' ->> 'telegram_id' FROM posts"
    assert await rows(database, stored) == [("7",)]
    assert await rows(database, "SELECT count(*) FROM post_versions") == [(0,)]


async def test_edit_that_only_a_page_has_seen_is_an_edit(database: Database) -> None:
    news = await make_channel(database)
    await store(database, make_post(news, 1, "мир"))
    await store(database, make_post(news, 1, "война", found_by="preview", edited_at=NOON))
    assert await rows(database, "SELECT text FROM posts") == [("война",)]
    assert await rows(database, "SELECT text FROM post_versions") == [("мир",)]


async def test_forgotten_text_does_not_come_back(database: Database) -> None:
    news = await make_channel(database)
    post_id = await store_one(database, make_post(news, 1, "мир"))
    async with database.begin() as connection:
        await forget_texts(connection, [post_id])
    assert (await store(database, make_post(news, 1, "война", edited_at=NOON)))[0][1] is Outcome.UNCHANGED
    assert await rows(database, "SELECT text FROM posts") == [("",)]


async def test_time_to_live_is_stored(database: Database) -> None:
    news = await make_channel(database)
    await store(database, make_post(news, 1, "мир", expires_at=NOON))
    assert await rows(database, "SELECT expires_at FROM posts") == [(NOON,)]
