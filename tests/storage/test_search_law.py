"""The law: over stored values, `query.matches(post)` holds exactly when `storage.search` returns the post."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import count as numbers

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analysis.labels import Labels
from analysis.text import analyse
from analysis.topics import TopicScore
from matching.fields import PostFields
from matching.ids import ChannelId, ChannelSetId
from matching.nodes import Node
from matching.query import Query, parse
from storage.channel_sets import set_channels
from storage.database import Database
from storage.embedded import EmbeddedServer
from storage.ids import MessageId, PostId
from storage.post_store import store_posts
from storage.post_values import Entity, Forward, Medium, Part, Post
from storage.posts import LabelledPost
from storage.search import count, is_match, newest, search
from tests.conftest import execute
from tests.matching import strategies
from tests.storage.makers import NOON, make_channel

POSTS = 120
FORWARDS = [None, Forward(1001, "BBC"), Forward(username="suspilne"), Forward(1001), Forward(name="somebody")]
LINKS = [None, None, *(f"https://{host}/a" for host in strategies.SITES), "http://localhost/"]
MEDIA = [None, None, *map(Medium, ["photo", "video", "document", "animation", "voice", "webpage"])]
POLL = Medium("poll", poll={"question": "мир?", "options": ["война", "дом"]})


@st.composite
def labelled_posts(draw: st.DrawFn) -> LabelledPost:
    """A post of anything that a query can ask for; its number comes later."""
    text = draw(st.one_of(strategies.texts, strategies.texts, strategies.long_texts))
    link = draw(st.sampled_from(LINKS))
    part = Part(
        MessageId(0),
        text,
        (Entity("text_link", 0, 1, url=link),) if link else (),
        draw(st.sampled_from([*MEDIA, POLL])),
    )
    post = Post(
        channel_id=draw(st.sampled_from(strategies.CHANNELS[:2])),
        parts=(part,),
        posted_at=draw(strategies.days.map(lambda day: dt.datetime.combine(day, dt.time(), dt.UTC)))
        + draw(st.sampled_from([dt.timedelta(), dt.timedelta(hours=12), dt.timedelta(microseconds=-1)])),
        seen_at=NOON,
        forward=draw(st.sampled_from(FORWARDS)),
    )
    topics = draw(st.sets(st.sampled_from(strategies.TOPICS), max_size=2))
    language = draw(st.sampled_from(["ru", "uk", "en", None]))
    scores = tuple(TopicScore(code, draw(st.sampled_from([1.0, 1.499, 1.5, 3.2])), ()) for code in sorted(topics))
    return LabelledPost(post, Labels(analyse(post.text), language, scores))


def many_posts() -> list[LabelledPost]:
    """The same posts in every run, numbered."""
    made: list[LabelledPost] = []
    number = numbers(1)

    @settings(
        max_examples=POSTS,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(labelled_posts())
    def keep(item: LabelledPost) -> None:
        (part,) = item.post.parts
        parts = (Part(MessageId(next(number)), part.text, part.entities, part.medium),)
        made.append(replace(item, post=replace(item.post, parts=parts)))

    keep()
    return made


Pool = dict[PostId, LabelledPost]

SETS = {"one": ["news1"], "both": ["news1", "news2"], "nobody": []}
"""Channel sets by name: their numbers are 1, 2 and 3."""


def fields_of(item: LabelledPost) -> PostFields:
    """What queries see of a post of the pool: the stored values, and the sets of its channel."""
    channel_id: ChannelId = item.post.channel_id
    held = {number for number, members in enumerate(SETS.values(), start=1) if f"news{channel_id}" in members}
    return replace(item.fields, sets=frozenset(map(ChannelSetId, held)))


@pytest.fixture(scope="module")
def stored_pool(postgres: EmbeddedServer) -> Iterator[tuple[str, Pool]]:
    """A database that holds many posts, and the posts by number. Tests only read it."""
    name = "law"
    execute(postgres, f"CREATE DATABASE {name} TEMPLATE template_channelwatch")
    url = postgres.url_of(name)

    async def fill() -> Pool:
        database = Database(url)
        assert [await make_channel(database, f"news{number}") for number in (1, 2)] == strategies.CHANNELS[:2]
        posts = many_posts()
        async with database.begin() as connection:
            for name, members in SETS.items():
                await set_channels(connection, name, members)
            stored = await store_posts(connection, posts)
        await database.close()
        return {post_id: item for (post_id, _), item in zip(stored, posts, strict=True)}

    yield url, asyncio.run(fill())
    execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def pool(stored_pool: tuple[str, Pool]) -> AsyncIterator[tuple[Database, Pool]]:
    """The same, open."""
    database = Database(stored_pool[0])
    yield database, stored_pool[1]
    await database.close()


async def assert_law(database: Database, posts: Pool, query: Query) -> None:
    """Search returns what matches, all of it, newest first; and counts the same."""
    expected = sorted(
        (number for number, item in posts.items() if query.matches(fields_of(item))),
        key=lambda number: (posts[number].post.posted_at, number),
        reverse=True,
    )
    async with database.begin() as connection:
        found = await search(connection, query, limit=len(posts) + 1)
        assert [post.id for post in found] == expected
        assert await count(connection, query) == len(expected)


reads_only = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@reads_only
@given(tree=strategies.trees(standing=False))
async def test_search_returns_exactly_what_matches(pool: tuple[Database, Pool], tree: Node) -> None:
    await assert_law(*pool, Query(tree))


@settings(reads_only, max_examples=25)
@given(
    query=strategies.queries(standing=False, max_leaves=3),
    few=st.sampled_from([-1, 4]),
    walked=st.sampled_from([3, 10]),
)
async def test_search_window_by_window_returns_exactly_what_matches(
    pool: tuple[Database, Pool], query: Query, few: int, walked: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"PROBE": 3, "WALKED": walked, "FEW": few, "WIDEST": 16, "STEP": 2, "UNPACKING": 2}.items():
            patch.setattr(newest, name, value)
        await assert_law(*pool, query)


@pytest.mark.parametrize(
    "asked",
    [
        "-lang:ru -lang:uk -lang:en channel:1",  # posts without a language
        "NOT (lang:ru мир) channel:1",
        '"мир дом" -=мира',
        '"=мир дом"',
        '"дом мир гор*"',
        '"мир мир мир"',
        "об’єкт OR п`ять",
        "мир-война",
        "#мир_и_дом -#война",
        "@bbc -from:@bbc",
        "from:1001 OR from:@suspilne",
        "link:bbc.co.uk -link:news.bbc.co.uk",
        "has:link has:poll channel:2",
        "channel:@nobody OR channel:2",
        "-channel:@nobody channel:2",
        "channel:999999999999999999 OR война",
        "in:#1",
        "-in:#1 in:#2",
        "in:#3 OR in:#999999999999999999 OR in:unknown OR дом",
        "мир -in:unknown -in:#3 (in:#2 OR lang:ru)",
        "topic:agriculture:strict",
        "topic:animals -topic:animals:strict",
        "topic:own_topic",
        "-topic:own_topic channel:1",
        "topic:conflict after:2026-01-03 before:2026-01-05",
        "слово -(мир OR война) OR дом* after:2026-01-09",
        "channel:1 -мир",  # posts that say nothing as well
        "channel:1 -(мир дом)",
    ],
)
async def test_chosen_queries_return_exactly_what_matches(pool: tuple[Database, Pool], asked: str) -> None:
    await assert_law(*pool, parse(asked, standing=False, stored=True))


async def test_one_post_is_asked_as_search_asks_all(pool: tuple[Database, Pool]) -> None:
    database, posts = pool
    query = parse("мир in:#1 OR lang:uk война")
    async with database.begin() as connection:
        for number, item in list(posts.items())[:20]:
            assert await is_match(connection, query, number) == query.matches(fields_of(item))
