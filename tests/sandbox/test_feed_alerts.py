"""What the sample feed owes its subscribers, counted by the slow matcher."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from analysis.language import detect
from analysis.taxonomy import ancestors
from analysis.text import analyse
from analysis.topics import classify
from matching.fields import PostFields
from matching.ids import ChannelId
from matching.query import Query, parse
from sandbox.feed.sample import Feed, SampleDeletion, SampleEdit, SamplePost, load

NOW = dt.datetime(2026, 1, 5, 12, 0, tzinfo=dt.UTC)
LINK_HOST = re.compile(r"https?://([^/\s]+)")


class World:
    """The feed with its queries parsed and the numbers of its channels."""

    def __init__(self) -> None:
        self.feed: Feed = load()
        self.ids = {channel.username: ChannelId(n) for n, channel in enumerate(self.feed.channels, 1)}
        self.posts = {post.key: post for post in self.feed.history + self.feed.live_posts()}
        self.queries: dict[str, list[Query]] = {
            person.name: [parse(query).resolve(self.ids) for query in person.queries]
            for person in self.feed.subscribers
        }

    def fields(self, post: SamplePost) -> PostFields:
        """The field values that a post would be stored with."""
        terms = analyse(post.text)
        hosts = LINK_HOST.findall(post.text)
        media = {"photo": post.photos, "poll": post.poll, "document": post.document, "link": hosts}
        original = self.posts[post.forward_of].channel if post.forward_of else None
        return PostFields(
            terms=terms,
            channel_id=self.ids[post.channel],
            posted_at=NOW - dt.timedelta(hours=post.hours_ago or 0),
            language=detect(terms),
            topics=frozenset(code for topic in classify(terms) for code in ancestors(topic.code)),
            has=frozenset(name for name, value in media.items() if value),
            forwarded_from=frozenset({f"@{original}"} if original else ()),
            links=frozenset(part for host in hosts for part in parents(host)),
        )

    def live_versions(self) -> Iterator[SamplePost]:
        """Every live post as published, and again as edited."""
        current: dict[str, SamplePost] = dict(self.posts)
        for item in self.feed.live:
            if isinstance(item, SampleDeletion):
                continue
            post = replace(current[item.of], text=item.text) if isinstance(item, SampleEdit) else item
            current[post.key] = post
            yield post

    def owed(self) -> set[tuple[str, str]]:
        """(subscriber, post) for every live alert that is owed, an edit that newly matches included."""
        return {
            (name, post.key)
            for post in self.live_versions()
            for name, queries in self.queries.items()
            if any(query.matches(self.fields(post)) for query in queries)
        }


def parents(host: str) -> list[str]:
    parts = host.split(".")
    return [".".join(parts[first:]) for first in range(len(parts) - 1)]


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def owed(world: World) -> set[tuple[str, str]]:
    return world.owed()


def test_at_least_120_live_alerts_are_owed(owed: set[tuple[str, str]]) -> None:
    assert len(owed) >= 120


def test_each_subscriber_is_owed_about_a_third(world: World, owed: set[tuple[str, str]]) -> None:
    counts = Counter(name for name, _ in owed)
    assert set(counts) == set(world.queries)
    assert min(counts.values()) >= max(25, len(owed) // 4)


def test_at_least_30_live_posts_are_owed_to_nobody(world: World, owed: set[tuple[str, str]]) -> None:
    wanted = {key for _, key in owed}
    assert len([post for post in world.feed.live_posts() if post.key not in wanted]) >= 30


def test_every_subscription_gets_a_live_alert_and_a_preview(world: World) -> None:
    live = [world.fields(post) for post in world.live_versions()]
    history = [world.fields(post) for post in world.feed.history]
    for queries in world.queries.values():
        for query in queries:
            assert any(map(query.matches, live)), str(query)
            assert any(map(query.matches, history)), str(query)


def test_one_edit_matches_newly_and_one_only_mends_a_letter(world: World) -> None:
    found = []
    for edit in (item for item in world.feed.live if isinstance(item, SampleEdit)):
        before = world.posts[edit.of]
        versions = (before, replace(before, text=edit.text))
        found.append([sum(q.matches(world.fields(v)) for qs in world.queries.values() for q in qs) for v in versions])
    assert [before < after for before, after in found] == [True, False]


def test_albums_and_a_deleted_post_are_owed_to_somebody(world: World, owed: set[tuple[str, str]]) -> None:
    wanted = {key for _, key in owed}
    assert {post.key for post in world.feed.live_posts() if post.is_album} <= wanted
    assert {item.of for item in world.feed.live if isinstance(item, SampleDeletion)} <= wanted


def test_advertising_is_owed_to_nobody(world: World, owed: set[tuple[str, str]]) -> None:
    advertising = {post.key for post in world.feed.live_posts() if post.text.endswith("Реклама")}
    assert len(advertising) >= 5
    assert not advertising & {key for _, key in owed}


def test_word_forms_are_found_that_the_typed_words_would_miss(world: World) -> None:
    lev = next(person for person in world.feed.subscribers if person.language == "ru")
    storm = parse(lev.queries[1])
    found = [post for post in world.live_versions() if storm.matches(world.fields(post))]
    assert sum(re.search(r"\bшторм\b", post.text, re.IGNORECASE) is None for post in found) >= 3


PIECES = (
    *(r" OR ", r" \| ", r" ИЛИ ", r" АБО ", r" -\w", r" NOT ", r" НЕ ", r"\("),
    *(r'"\w+ \w+"', r'"=\w+ \w+\*"', r"=\w+", r"\w+\*", r"#\w+", r"@\w+"),
    *(r"channel:@", r"topic:", r"lang:", r"has:", r"from:@", r"link:"),
)


@pytest.mark.parametrize("piece", PIECES)
def test_every_piece_of_the_query_language_is_shown(world: World, piece: str) -> None:
    assert any(re.search(piece, query) for person in world.feed.subscribers for query in person.queries)
