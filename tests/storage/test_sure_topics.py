"""Search finds what is surely about a topic exactly where a standing query holds."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from analysis.labels import Labels
from analysis.text import analyse
from analysis.topics import TopicScore
from matching.query import parse
from storage.database import Database
from storage.ids import MessageId
from storage.models import PostRow
from storage.post_store import store_posts
from storage.post_values import Part, Post
from storage.posts import LabelledPost
from storage.sure_topics import is_surely_about
from tests.storage.makers import NOON, make_channel

SCORES = [(), (("strikes", 1.49),), (("strikes", 1.5), ("sport", 1.0)), (("sport", 4.0),)]


@pytest.mark.parametrize("code", ["conflict", "strikes", "sport", "gone"])
async def test_posts_that_are_surely_about_a_topic_are_those_that_match(database: Database, code: str) -> None:
    channel_id = await make_channel(database, "demo_news")
    items = []
    for number, scores in enumerate(SCORES, start=1):
        post = Post(channel_id, (Part(MessageId(number), "Ferry"),), posted_at=NOON, seen_at=NOON)
        labels = tuple(TopicScore(code, score, ()) for code, score in scores)
        items.append(LabelledPost(post, Labels(analyse("Ferry"), "en", labels)))
    async with database.begin() as connection:
        stored = await store_posts(connection, items)
        found = set(await connection.scalars(select(PostRow.id).where(is_surely_about(code))))
    query = parse(f"topic:{code}:strict", stored=True)
    assert found == {number for (number, _), item in zip(stored, items, strict=True) if query.matches(item.fields)}
