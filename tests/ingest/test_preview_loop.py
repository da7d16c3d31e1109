"""Following channels by their preview pages."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from ingest import preview_loop
from ingest.messages import ServiceMessage
from ingest.preview_loop import LONGEST, NO_PREVIEW_EVERY, SHORTEST, PreviewChannel
from ingest.preview_page import NoPreview
from sandbox.channel_posts import ServiceAction
from sandbox.preview_pages import Broken, Garbage, TooMany
from storage.ids import ChannelId, MessageId
from tests.ingest.preview_site import PreviewSite, site
from tests.ingest.values import NEWS, until

__all__ = ["site"]


async def test_the_first_page_is_history_and_what_follows_is_news(site: PreviewSite) -> None:
    site.publish(3)
    loop = site.loop()
    await loop.step()
    site.publish(2)
    await site.visit(loop)
    assert (site.door.ids, site.door.owed) == ([1, 2, 3, 4, 5], [False] * 3 + [True] * 2)
    assert loop.newest(NEWS) == 5
    assert {post.found_by for post in site.door.posts} == {"preview"}


async def test_the_first_post_of_an_empty_channel_is_news(site: PreviewSite) -> None:
    loop = site.loop()
    await loop.step()
    site.clock.seconds += 60
    site.publish(1)
    await site.visit(loop)
    assert (site.door.ids, site.door.owed) == ([1], [True])


async def test_what_is_stored_already_is_not_offered(site: PreviewSite) -> None:
    site.publish(6)
    await site.loop(newest=4).step()
    assert (site.door.ids, site.door.owed) == ([5, 6], [True, True])


async def lost_after_a_burst(site: PreviewSite) -> set[int]:
    """A hundred posts come between two visits, while the site is in trouble; which ids were never offered."""
    site.publish(10)
    loop = site.loop(newest=10)
    await loop.step()
    site.publish(100)
    site.world.channels.publish_album(site.news, "album", [b"1", b"2"])
    site.pages.faults += [Broken(502), TooMany(3), Garbage()]
    for _ in range(12):
        await site.visit(loop)
    return set(range(11, site.news.next_id)) - set(site.door.ids)


async def test_gaps_are_walked_back_into_until_nothing_is_lost(site: PreviewSite) -> None:
    assert await lost_after_a_burst(site) == set()
    assert len(site.door.ids) == len(set(site.door.ids))


async def test_without_walking_back_posts_are_lost(site: PreviewSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview_loop, "PAGES_A_VISIT", 0)
    assert len(await lost_after_a_burst(site)) > 50


async def test_a_long_gap_leaves_the_other_channels_their_turn(site: PreviewSite) -> None:
    site.publish(500)
    loop = site.loop(newest=1)
    await loop.step()
    assert len(site.pages.requests) == 1 + preview_loop.PAGES_A_VISIT
    assert await loop.step() == SHORTEST.total_seconds()
    for _ in range(2):
        await site.visit(loop)
    assert sorted(site.door.ids) == list(range(2, 501))


async def test_a_site_that_does_not_turn_pages_is_not_asked_in_circles(site: PreviewSite) -> None:
    block = '<div class="tgme_widget_message" data-post="news_box/{}"></div>'
    site.pages.faults += [Garbage(block.format(50)), Garbage(block.format(50))]
    await site.loop(newest=1).step()
    assert len(site.pages.requests) == 2


async def test_an_edit_is_offered_with_the_time_it_was_noticed(site: PreviewSite) -> None:
    site.publish(2)
    loop = site.loop()
    await loop.step()
    site.world.channels.edit(site.news, 1, "corrected")
    await site.visit(loop)
    await site.visit(loop)
    [_, _, edited] = site.door.posts
    assert (edited.text, edited.edited_at == edited.seen_at, site.door.owed[-1]) == ("corrected", True, True)


async def test_more_views_are_no_edit(site: PreviewSite) -> None:
    site.publish(1)
    loop = site.loop()
    await loop.step()
    site.news.posts[1].views = 50_000
    await site.visit(loop)
    assert site.door.ids == [1]


async def test_a_part_that_joins_an_album_brings_the_whole_album(site: PreviewSite) -> None:
    parts = site.world.channels.publish_album(site.news, "album", [b"1", b"2", b"3"])
    last = site.news.posts.pop(parts[-1].message_id)
    loop = site.loop()
    await loop.step()
    site.news.posts[last.message_id] = last
    await site.visit(loop)
    assert [[part.message_id for part in post.parts] for post in site.door.posts] == [[1, 2], [1, 2, 3]]


async def test_service_messages_are_told_apart_and_once(site: PreviewSite) -> None:
    site.world.channels.announce(site.news, ServiceAction("created"))
    loop = site.loop()
    await loop.step()
    site.publish(1)
    await site.visit(loop)
    assert site.services == [ServiceMessage(NEWS, MessageId(1))]
    assert site.door.ids == [2]


async def test_busy_channels_are_visited_often_and_silent_ones_seldom(site: PreviewSite) -> None:
    loop = site.loop()
    await loop.step()
    for _ in range(5):
        site.publish(1)
        pause = await site.visit(loop)
    assert pause == SHORTEST.total_seconds()
    for _ in range(30):
        pause = await site.visit(loop)
    assert pause == LONGEST.total_seconds()


async def test_a_preview_that_goes_and_comes_back_is_said_once_each(site: PreviewSite) -> None:
    site.publish(1)
    loop = site.loop()
    await loop.step()
    site.pages.hidden.add(site.news.id)
    await site.visit(loop)
    assert await site.visit(loop) == NO_PREVIEW_EVERY.total_seconds()
    site.pages.hidden.clear()
    site.publish(1)
    await site.visit(loop)
    assert site.no_previews == [NoPreview.DISABLED, None]
    assert site.door.ids == [1, 2]


async def test_pages_of_another_channel_under_the_name_are_not_taken(site: PreviewSite) -> None:
    site.publish(2)
    await site.loop(telegram_id=site.news.id + 1).step()
    assert site.door.ids == []
    await site.loop(telegram_id=site.news.id).step()
    assert site.door.ids == [1, 2]


async def test_a_shut_door_loses_nothing(site: PreviewSite) -> None:
    site.publish(3)
    loop = site.loop(newest=0)
    site.door.is_broken = True
    await loop.step()
    site.door.is_broken = False
    await site.visit(loop)
    assert site.door.ids == [1, 2, 3]


async def test_channels_may_come_and_go_while_it_runs(site: PreviewSite) -> None:
    site.publish(1)
    site.world.channels.add("Harbour", "harbour_wire")
    harbour = PreviewChannel(ChannelId(8), "harbour_wire")
    loop = site.loop()
    running = asyncio.create_task(loop.run())
    await until(lambda: len(site.door.ids) == 1)
    loop.follow([harbour])
    await until(lambda: len(site.pages.requests) == 2)
    running.cancel()
    assert site.pages.requests == ["/s/news_box", "/s/harbour_wire"]
    assert loop.newest(NEWS) is None


async def test_seen_at_is_the_wall_clock(site: PreviewSite) -> None:
    site.publish(1)
    await site.loop().step()
    assert site.door.posts[0].seen_at.tzinfo is dt.UTC
