from __future__ import annotations

import struct
import zlib
from collections import Counter, defaultdict

import pytest

from sandbox.feed.photos import photo
from sandbox.feed.sample import Feed, SampleDeletion, SampleEdit, SamplePost, load


@pytest.fixture(scope="module")
def feed() -> Feed:
    return load()


def test_six_channels_speak_three_languages(feed: Feed) -> None:
    assert Counter(channel.language for channel in feed.channels) == {"ru": 2, "uk": 2, "en": 2}
    assert all(channel.username.startswith("demo_") for channel in feed.channels)


def test_every_channel_has_history_and_live_posts(feed: Feed) -> None:
    usernames = {channel.username for channel in feed.channels}
    assert {post.channel for post in feed.history} == usernames
    assert {post.channel for post in feed.live_posts()} == usernames


def test_history_covers_the_seven_days_that_a_preview_looks_back(feed: Feed) -> None:
    hours = [post.hours_ago for post in feed.history if post.hours_ago is not None]
    assert len(hours) == len(feed.history) >= 60
    assert {int(hour // 24) for hour in hours} == set(range(7))


def test_live_part_is_long_enough_for_the_demo(feed: Feed) -> None:
    assert len(feed.live) >= 170
    assert len(feed.live_posts()) >= 160
    assert all(post.hours_ago is None for post in feed.live_posts())


def test_live_part_holds_every_kind_of_post(feed: Feed) -> None:
    posts = feed.live_posts()
    assert sum(post.forward_of is not None for post in posts) >= 8
    assert sorted(post.photos for post in posts if post.is_album) == [3, 4]
    assert sum(post.photos == 1 for post in posts) >= 5
    assert any(post.poll for post in posts)
    assert any(post.document for post in posts)


def test_live_part_holds_two_edits_and_a_deletion(feed: Feed) -> None:
    assert sum(isinstance(item, SampleEdit) for item in feed.live) >= 2
    assert sum(isinstance(item, SampleDeletion) for item in feed.live) >= 1


def test_stories_are_told_by_two_to_four_channels_in_their_own_words(feed: Feed) -> None:
    stories: dict[str, list[SamplePost]] = defaultdict(list)
    for post in feed.live_posts():
        if post.story:
            stories[post.story].append(post)
    assert len(stories) >= 10
    for posts in stories.values():
        assert 2 <= len({post.channel for post in posts}) == len(posts) <= 4
        assert len({post.text for post in posts}) == len(posts)


def test_no_two_own_posts_have_the_same_text(feed: Feed) -> None:
    own = [post.text for post in feed.history + feed.live_posts() if post.forward_of is None and post.text]
    assert [text for text, count in Counter(own).items() if count > 1] == []


def test_links_lead_to_reserved_hosts_only(feed: Feed) -> None:
    words = " ".join(post.text for post in feed.history + feed.live_posts()).split()
    hosts = {word.split("/")[2].rstrip(".,)") for word in words if word.startswith("http")}
    assert hosts
    assert all(host.endswith("example.org") for host in hosts)


def test_a_forward_shows_what_it_forwards(feed: Feed) -> None:
    posts = {post.key: post for post in feed.history + feed.live_posts()}
    forward = posts["truce-forward-ar"]
    assert forward.forward_of is not None
    assert forward.text == posts[forward.forward_of].text
    assert forward.channel != posts[forward.forward_of].channel


def test_three_people_ask_in_three_languages(feed: Feed) -> None:
    assert [subscriber.language for subscriber in feed.subscribers] == ["en", "ru", "uk"]
    assert all(4 <= len(subscriber.queries) <= 5 for subscriber in feed.subscribers)


def test_photo_is_a_valid_png_of_160_by_100() -> None:
    data = photo("some-post/0")
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", data[16:24]) == (160, 100)
    length = struct.unpack(">I", data[33:37])[0]
    assert data[37:41] == b"IDAT"
    assert len(zlib.decompress(data[41 : 41 + length])) == 100 * (1 + 3 * 160)
    assert struct.unpack(">I", data[41 + length : 45 + length])[0] == zlib.crc32(data[37 : 41 + length])


def test_photos_differ_by_key_and_stay_the_same() -> None:
    assert photo("a/0") == photo("a/0")
    assert photo("a/0") != photo("a/1")


def test_every_part_of_an_album_has_its_own_photo(feed: Feed) -> None:
    album = next(post for post in feed.live_posts() if post.is_album)
    assert len({photo(key) for key in album.photo_keys()}) == album.photos
