"""What posts said before they were edited: found on request, by the same language."""

from __future__ import annotations

import datetime as dt
import random

from analysis.text import analyse
from matching.fields import PostFields
from matching.query import parse
from storage.database import Database
from storage.forgetting import forget_texts
from storage.ids import ChannelId, MessageId, PostId
from storage.posts import mark_deleted
from storage.search import Cursor, Found, Scope, Sort, find
from storage.search.version_terms import file_versions
from tests.storage.makers import NOON, change, make_channel, make_post, rows, store, store_one

MINUTE = dt.timedelta(minutes=1)
VERSIONS = Scope(versions=True)


async def asked(
    database: Database, query: str, scope: Scope = VERSIONS, cursor: Cursor | None = None, limit: int = 20
) -> Found:
    async with database.begin() as connection:
        return await find(connection, parse(query), scope=scope, cursor=cursor, limit=limit)


async def edited(database: Database, number: int, *texts: str) -> PostId:
    """A post that said one text after the other, a minute each."""
    news = await make_channel(database)
    for minute, said in enumerate(texts):
        edited_at = NOON + minute * MINUTE if minute else None
        post_id = await store_one(database, make_post(news, number, said, edited_at=edited_at, seen_at=NOON))
    return post_id


async def test_what_a_post_said_before_is_found_on_request_only(database: Database) -> None:
    await edited(database, 1, "порт закрыт", "порт открыт")
    assert (await asked(database, "закрыть", Scope())).hits == ()
    (hit,) = (await asked(database, "закрыть")).hits
    assert (hit.version, hit.text, hit.post.text) == (1, "порт закрыт", "порт открыт")


async def test_post_that_still_says_it_is_found_as_it_stands(database: Database) -> None:
    await edited(database, 1, "порт закрыт", "порт открыт", "порт снова закрыт")
    (hit,) = (await asked(database, "закрыть")).hits
    assert (hit.version, hit.text) == (None, "порт снова закрыт")


async def test_the_latest_version_that_says_it_is_shown(database: Database) -> None:
    await edited(database, 1, "шторм", "сильный шторм", "ветер")
    (hit,) = (await asked(database, "шторм")).hits
    assert (hit.version, hit.text) == (2, "сильный шторм")


async def test_all_but_the_words_is_asked_of_the_post_as_it_stands(database: Database) -> None:
    await edited(database, 1, "шторм", "ветер")
    assert len((await asked(database, "шторм channel:1 -ураган")).hits) == 1
    assert (await asked(database, "шторм channel:2")).hits == ()
    assert (await asked(database, "шторм has:photo")).hits == ()


async def test_pages_hold_old_and_new_versions_in_the_order_of_their_posts(database: Database) -> None:
    news = await make_channel(database)
    for number in range(6):
        at = NOON + number * MINUTE
        await store(database, make_post(news, number, "шторм", posted_at=at))
        if number % 2:
            await store(database, make_post(news, number, "ветер", posted_at=at, edited_at=at + MINUTE))
    first = await asked(database, "шторм", limit=4)
    second = await asked(database, "шторм", cursor=first.next_cursor, limit=4)
    assert [(hit.post.message_id, hit.version) for hit in first.hits + second.hits] == [
        (5, 1), (4, None), (3, 1), (2, None), (1, 1), (0, None),
    ]  # fmt: skip


async def test_versions_are_ranked_by_their_own_words(database: Database) -> None:
    await edited(database, 1, "шторм, шторм и снова шторм", "ветер")
    await edited(database, 2, "один шторм и много других слов о погоде")
    async with database.begin() as connection:
        found = await find(connection, parse("шторм"), sort=Sort.RELEVANCE, scope=VERSIONS)
    assert [(hit.post.message_id, hit.version) for hit in found.hits] == [(1, 1), (2, None)]


async def test_deleted_posts_stay_out_unless_asked_for(database: Database) -> None:
    await edited(database, 1, "шторм", "ветер")
    async with database.begin() as connection:
        await mark_deleted(
            connection, (await find(connection, parse("ветер"))).posts[0].channel.id, [MessageId(1)], NOON
        )
    assert (await asked(database, "шторм")).hits == ()
    assert len((await asked(database, "шторм", Scope(deleted=True, versions=True))).hits) == 1


async def test_versions_of_before_are_analysed_when_asked_for(database: Database) -> None:
    for number in range(3):
        await edited(database, number, "шторм", "ветер")
    await change(database, "DELETE FROM post_version_terms")
    assert len((await asked(database, "шторм")).hits) == 3


async def test_search_says_that_versions_are_still_to_be_analysed(database: Database) -> None:
    for number in range(3):
        await edited(database, number, "шторм", "ветер")
    await change(database, "DELETE FROM post_version_terms")
    async with database.begin() as connection:
        assert await file_versions(connection, limit=2) is True
        assert await file_versions(connection, limit=2) is False
    assert len(await rows(database, "SELECT FROM post_version_terms")) == 3


async def test_failed_analysis_of_a_version_is_made_up_for(database: Database) -> None:
    news = await make_channel(database)
    await store(database, make_post(news, 1, "шторм"), fails=True)
    await store(database, make_post(news, 1, "ветер", edited_at=NOON + MINUTE))
    assert len((await asked(database, "шторм")).hits) == 1


async def test_forgotten_texts_are_found_no_more(database: Database) -> None:
    post_id = await edited(database, 1, "шторм", "ветер")
    async with database.begin() as connection:
        await forget_texts(connection, [post_id])
    assert (await asked(database, "шторм", Scope(deleted=True, versions=True))).hits == ()
    assert await rows(database, "SELECT FROM post_version_terms") == []


async def test_other_dictionaries_make_versions_be_analysed_anew(database: Database) -> None:
    await edited(database, 1, "шторм", "ветер")
    await change(
        database,
        "INSERT INTO relabelling (id, labels_version, terms_version, own_version, is_whole, with_terms, asked_at)"
        " VALUES (1, 'a', 'b', 'c', true, true, now())",
    )
    await change(database, "UPDATE relabelling SET terms_version = 'b'")
    assert len(await rows(database, "SELECT FROM post_version_terms")) == 1
    await change(database, "UPDATE relabelling SET terms_version = 'other'")
    assert await rows(database, "SELECT FROM post_version_terms") == []
    assert len((await asked(database, "шторм")).hits) == 1


ASKED = (
    "мир",
    '"мир дом"',
    "-война дом",
    "дом* OR #война",
    "=мира -дом channel:1",
    "слово (мир OR война)",
    "@bbc OR город",
)


async def test_law_holds_for_versions(database: Database) -> None:
    """A post is found exactly when the query matches it, or it with the words of an earlier version."""
    chance = random.Random(4)
    words = ["мир", "мира", "дом", "домой", "война", "#война", "@bbc", "слово", "город"]
    said = {number: [" ".join(chance.choices(words, k=3)) for _ in range(3)] for number in range(30)}
    for number, texts in said.items():
        await edited(database, number, *texts)
    for asked_for in ASKED:
        query = parse(asked_for)
        found = await asked(database, asked_for, limit=100)
        expected = {number for number, texts in said.items() if any(query.matches(_fields(text)) for text in texts)}
        assert {hit.post.message_id for hit in found.hits} == expected
        assert all(query.matches(_fields(hit.text)) for hit in found.hits)


def _fields(text: str) -> PostFields:
    nothing: frozenset[str] = frozenset()
    return PostFields(analyse(text), ChannelId(1), NOON, "ru", nothing, nothing, nothing, nothing)
