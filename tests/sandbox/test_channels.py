"""The invented channels themselves, without a client."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.channels import Channel, ChannelEvent, Channels, Media, UnknownPost
from sandbox.mtproto.reading import history_page
from sandbox.world import ManualClock


def test_ids_count_up_and_leave_holes() -> None:
    channels = Channels(ManualClock())
    channel = channels.add("Daily", "daily")
    first = channels.publish(channel, "one")
    channels.skip_ids(channel, 5)
    second = channels.publish(channel, "two")
    assert (first.message_id, second.message_id) == (1, 7)


def test_ledger_keeps_what_was_published_whatever_happens_later() -> None:
    clock = ManualClock()
    channels = Channels(clock)
    channel = channels.add("Daily", "daily")
    post = channels.publish(channel, "first wording")
    clock.advance(60)
    channels.edit(channel, post.message_id, "second wording")
    channels.delete(channel, [post.message_id])
    [line] = channels.ledger
    assert (line.channel_id, line.message_id, line.text) == (channel.id, 1, "first wording")
    assert (line.published_at, line.monotonic) == (post.posted_at, 1000.0)


def test_post_may_carry_an_older_date_than_its_publication() -> None:
    clock = ManualClock()
    channels = Channels(clock)
    channel = channels.add("Daily", "daily")
    yesterday = clock.now().replace(day=4)
    post = channels.publish(channel, "old news", at=yesterday)
    assert post.posted_at == yesterday
    assert channels.ledger[0].published_at == clock.now()


def test_album_needs_two_parts() -> None:
    channels = Channels(ManualClock())
    with pytest.raises(ValueError, match="2 to 10"):
        channels.publish_album(channels.add("Daily", "daily"), "alone", [b"one"])


def test_post_carries_one_file() -> None:
    channels = Channels(ManualClock())
    two = [Media("photo", b"a"), Media("photo", b"b")]
    with pytest.raises(ValueError, match="publish_album"):
        channels.publish(channels.add("Daily", "daily"), "", media=two)


def test_name_is_taken_once() -> None:
    channels = Channels(ManualClock())
    channels.add("Daily", "daily")
    with pytest.raises(ValueError, match="already"):
        channels.add("Another", "DAILY")


def test_deleting_what_is_not_there_deletes_nothing() -> None:
    channels = Channels(ManualClock())
    channel = channels.add("Daily", "daily")
    post = channels.publish(channel, "stays")
    with pytest.raises(UnknownPost, match="no post 99"):
        channels.delete(channel, [post.message_id, 99])
    assert list(channel.posts) == [post.message_id]


def test_ended_subscription_hears_no_more() -> None:
    channels = Channels(ManualClock())
    channel = channels.add("Daily", "daily")
    heard: list[ChannelEvent] = []
    end = channels.subscribe(lambda _channel, event: heard.append(event))
    channels.publish(channel, "heard")
    end()
    channels.publish(channel, "unheard")
    assert [event.message_ids for event in heard] == [(1,)]


def test_deletions_have_a_ledger_of_their_own() -> None:
    clock = ManualClock()
    channels = Channels(clock)
    channel = channels.add("Daily", "daily")
    ids = channels.publish_many(channel, ["one", "two", "three"])
    clock.advance(5)
    channels.delete(channel, ids[:2], push=False)
    assert [(line.channel_id, line.message_id, line.monotonic) for line in channels.deletions] == [
        (channel.id, 1, 1005.0),
        (channel.id, 2, 1005.0),
    ]
    assert channels.deletions[0].deleted_at == clock.now()


def test_backlog_is_published_without_a_push_unless_asked_for() -> None:
    channels = Channels(ManualClock())
    channel = channels.add("Daily", "daily")
    channels.publish_many(channel, ["hidden"])
    channels.publish_many(channel, ["pushed"], push=True)
    assert [event.is_pushed for event in channel.events] == [False, True]
    assert [line.text for line in channels.ledger] == ["hidden", "pushed"]


def test_renamed_channel_gives_its_name_free() -> None:
    channels = Channels(ManualClock())
    first = channels.add("Daily", "daily")
    channels.rename(first, username="Nightly")
    second = channels.add("Another", "daily")
    assert channels.by_username("nightly") is first
    assert channels.by_username("daily") is second
    with pytest.raises(ValueError, match="already"):
        channels.rename(first, username="DAILY")


def test_deleted_channel_comes_back_with_its_name_if_that_is_free() -> None:
    channels = Channels(ManualClock())
    kept, resold = channels.add("Kept", "kept"), channels.add("Resold", "resold")
    for channel in (kept, resold):
        channels.close(channel)
    channels.add("Buyer", "resold")
    for channel in (kept, resold):
        channels.restore(channel)
    assert (kept.username, resold.username) == ("kept", None)


@given(
    st.sets(st.integers(1, 60)),
    st.integers(0, 70),
    st.integers(-20, 20),
    st.integers(0, 30),
    st.integers(0, 70),
    st.integers(0, 70),
)
def test_page_of_history_is_the_documented_window(
    gone: set[int], offset_id: int, add_offset: int, limit: int, max_id: int, min_id: int
) -> None:
    channels = Channels(ManualClock())
    channel = channels.add("Daily", "daily")
    channels.publish_many(channel, [str(number) for number in range(60)])
    channels.delete(channel, gone)
    page = history_page(
        channel, offset_id=offset_id, offset_at=None, add_offset=add_offset, limit=limit, max_id=max_id, min_id=min_id
    )
    newest_first = sorted(channel.posts, reverse=True)
    start = sum(message_id >= offset_id for message_id in newest_first) if offset_id else 0
    places = range(start + add_offset, start + add_offset + limit)
    window = [newest_first[place] for place in places if 0 <= place < len(newest_first)]
    assert [post.message_id for post in page] == [
        each for each in window if each > min_id and (not max_id or each < max_id)
    ]


def _apply(channels: Channels, channel: Channel, step: str) -> None:
    ids = list(channel.posts)
    if step == "publish":
        channels.publish(channel, "text")
    elif step == "album":
        channels.publish_album(channel, "text", [b"a", b"b"])
    elif step == "skip":
        channels.skip_ids(channel, 2)
    elif ids and step == "edit":
        channels.edit(channel, ids[0], "changed")
    elif ids and step == "delete":
        channels.delete(channel, ids[:3])


@given(st.lists(st.sampled_from(["publish", "album", "skip", "edit", "delete"])))
def test_event_log_rebuilds_the_channel_and_its_pts_without_a_gap(steps: list[str]) -> None:
    channels = Channels(ManualClock())
    channel = channels.add("Daily", "daily")
    heard: list[ChannelEvent] = []
    channels.subscribe(lambda _channel, event: heard.append(event))
    for step in steps:
        _apply(channels, channel, step)
    pts = 1
    alive: set[int] = set()
    for event in heard:
        pts += event.pts_count
        assert event.pts == pts
        alive = alive - set(event.message_ids) if event.kind == "delete" else alive | set(event.message_ids)
    assert (pts, alive, heard) == (channel.pts, set(channel.posts), channel.events)
    assert (channel.ids, channel.top_message_id) == (sorted(alive), max(alive, default=0))
