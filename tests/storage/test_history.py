"""Every version of a post can be read back, with its times and with what changed."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from storage.database import Database
from storage.history import Change, History, PostNotStored, read_history
from storage.ids import ChannelId, MessageId, TelegramChannelId
from storage.post_address import BadPostAddress, PostAddress
from storage.post_values import Entity, Medium, Part, Post
from storage.posts import mark_deleted
from tests.storage.makers import NOON, change, make_album, make_channel, make_post, store

MINUTE = dt.timedelta(minutes=1)
BOLD = (Entity("bold", 0, 3),)


@pytest.fixture
async def news(database: Database) -> ChannelId:
    return await make_channel(database)


async def history(database: Database, address: str = "@news/1") -> History:
    async with database.begin() as connection:
        return await read_history(connection, PostAddress.parse(address))


def edit(before: Post, minute: int, said: str, **of_part: object) -> Post:
    """The post as it stands some minutes after noon, seen a second later."""
    at = NOON + minute * MINUTE
    part = replace(before.parts[0], text=said, **of_part)  # type: ignore[arg-type]
    return replace(before, parts=(part,), edited_at=at, seen_at=at + dt.timedelta(seconds=1))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://t.me/News_Kremlin/123?single", "@News_Kremlin/123"),
        ("t.me/s/news_kremlin/123/", "@news_kremlin/123"),
        (" @news_kremlin/123 ", "@news_kremlin/123"),
        ("news_kremlin/123", "@news_kremlin/123"),
        ("https://t.me/c/1234567890/123", "1234567890/123"),
        ("-1001234567890/123", "1234567890/123"),
    ],
)
def test_address_is_a_link_or_channel_and_number(written: str, meant: str) -> None:
    assert str(PostAddress.parse(written)) == meant


@pytest.mark.parametrize(
    "written",
    [
        "",
        "123",
        "@news_kremlin",
        "t.me/news_kremlin",
        "t.me/+invitation/1",
        "https://example.com/a/1",
        "@a/1",
        "x/99999999999",
    ],
)
def test_address_of_no_post_is_refused(written: str) -> None:
    with pytest.raises(BadPostAddress, match="@news_kremlin/123"):
        PostAddress.parse(written)


async def test_every_version_is_there_with_its_times(database: Database, news: ChannelId) -> None:
    first = make_post(news, 1, "перемирие")
    for each in (first, edit(first, 1, "война"), edit(first, 2, "мир")):
        await store(database, each)
    found = await history(database)
    assert [(each.number, each.text, each.made_at - NOON) for each in found.versions] == [
        (1, "перемирие", 0 * MINUTE),
        (2, "война", MINUTE),
        (3, "мир", 2 * MINUTE),
    ]
    seen = [each.replaced_at for each in found.versions]
    assert seen == [NOON + MINUTE + dt.timedelta(seconds=1), NOON + 2 * MINUTE + dt.timedelta(seconds=1), None]
    assert (found.post.text, found.was_edited_before_seen) == ("мир", False)


async def test_what_changed_is_named(database: Database, news: ChannelId) -> None:
    first = make_post(news, 1, "мир")
    for each in (
        first,
        edit(first, 1, "мир", entities=BOLD),
        edit(first, 2, "мир", entities=BOLD, medium=Medium("photo", telegram_id=5)),
        edit(first, 3, "война", medium=Medium("photo", telegram_id=6)),
    ):
        await store(database, each)
    named = [each.changes for each in (await history(database)).versions]
    assert named == [(), (Change.FORMATTING,), (Change.MEDIA,), (Change.TEXT, Change.MEDIA)]


async def test_reactions_views_and_a_links_preview_make_no_version(database: Database, news: ChannelId) -> None:
    first = make_post(news, 1, "мир", views=10)
    later = edit(first, 1, "мир", medium=Medium("webpage", url="https://example.com"))
    await store(database, first)
    await store(database, replace(later, views=25, forwards=3, reactions={"👍": 2}))
    found = await history(database)
    assert (len(found.versions), found.post.views, dict(found.reactions)) == (1, 25, {"👍": 2})
    assert found.post.edited_at is None
    await store(database, edit(later, 2, "мирно"))  # the same way, and the words do change
    assert [each.changes for each in (await history(database)).versions] == [(), (Change.TEXT,)]


async def test_post_that_was_edited_before_it_was_seen_says_so(database: Database, news: ChannelId) -> None:
    await store(database, edit(make_post(news, 1, "первое", found_by="reconcile"), 3, "второе"))
    found = await history(database)
    assert (found.was_edited_before_seen, found.found_by) == (True, "reconcile")
    assert found.versions[0].made_at == NOON + 3 * MINUTE


async def test_any_message_of_an_album_stands_for_it_and_deleted_ones_are_named(
    database: Database, news: ChannelId
) -> None:
    await store(database, make_album(news, {5: "раз", 6: "два"}))
    async with database.begin() as connection:
        await mark_deleted(connection, news, [MessageId(6)], NOON)
    found = await history(database, "@NEWS/6")
    assert (found.post.message_id, found.gone, found.post.deleted_at) == (5, (6,), None)


async def test_channel_may_be_named_by_number(database: Database, news: ChannelId) -> None:
    await change(database, "UPDATE channels SET telegram_id = 1234567890, username = NULL")
    await store(database, make_post(news, 1, "мир"))
    assert (await history(database, "t.me/c/1234567890/1")).post.text == "мир"
    assert PostAddress.parse("t.me/c/1234567890/1").channel == TelegramChannelId(1234567890)


async def test_what_is_known_of_a_post_that_is_not_stored_is_said(database: Database, news: ChannelId) -> None:
    await store(database, Post(news, (Part(MessageId(1), "мир"),), NOON, NOON))
    await change(database, "DELETE FROM posts")
    await change(database, "INSERT INTO channel_messages (channel_id, message_id, kind) VALUES (1, 2, 'service')")
    async with database.begin() as connection:
        await mark_deleted(connection, news, [MessageId(3)], NOON)
    expected = {
        "@news/1": "forgotten",
        "@news/2": "service",
        "@news/3": "deleted",
        "@news/4": "No post",
        "@other/1": "no channel",
    }
    for address, sentence in expected.items():
        with pytest.raises(PostNotStored, match=sentence):
            await history(database, address)
