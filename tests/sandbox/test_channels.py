"""The invented channels themselves, without a client."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.channels import Channel, ChannelEvent, Channels, Media, UnknownPost
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
