"""Reading preview pages off the box: politely, and only what is needed."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from ingest import preview_host
from ingest.preview import PreviewReader, Unchanged
from ingest.preview_host import LARGEST_PAGE, LONGEST_OBEYED, LONGEST_PAUSE, PreviewAway
from ingest.preview_page import NoPreview, PreviewPage
from sandbox.preview_pages import Broken, Drop, Elsewhere, Fault, Garbage, Slow, TooMany
from tests.ingest.preview_site import PreviewSite, site

__all__ = ["site"]


async def newest(site: PreviewSite, name: str = "news_box") -> PreviewPage:
    page = await site.reader.page(name)
    assert isinstance(page, PreviewPage), page
    return page


async def test_pages_are_read_newest_first_and_turned(site: PreviewSite) -> None:
    site.publish(45)
    page = await newest(site)
    assert (page.oldest, page.newest) == (26, 45)
    older = await site.reader.page("news_box", before=26)
    assert isinstance(older, PreviewPage)
    assert (older.oldest, older.newest) == (6, 25)


async def test_an_unchanged_page_is_not_read_twice(site: PreviewSite) -> None:
    site.publish(1)
    await newest(site)
    assert await site.reader.page("News_Box") == Unchanged()
    site.publish(1)
    assert (await newest(site)).newest == 2
    site.reader.forget("news_box")
    assert (await newest(site)).newest == 2


async def test_nothing_but_the_pages_is_fetched(site: PreviewSite) -> None:
    site.world.channels.publish_album(site.news, "x", [b"1", b"2"])
    await newest(site)
    site.pages.hidden.add(site.news.id)
    await site.reader.page("news_box", before=9)
    assert site.pages.requests == ["/s/news_box", "/s/news_box?before=9", "/news_box"]


async def test_names_without_a_preview_say_why(site: PreviewSite) -> None:
    site.world.add_user("Anna", username="anna_k")
    assert await site.reader.page("nobody_here") is NoPreview.UNKNOWN
    assert await site.reader.page("anna_k") is NoPreview.NOT_A_CHANNEL
    site.pages.hidden.add(site.news.id)
    assert await site.reader.page("news_box") is NoPreview.DISABLED


@pytest.mark.parametrize("name", ["", "a/b", "../x", "a?b", "+invite", "news box", "ab"])
async def test_what_is_no_username_is_never_asked_for(site: PreviewSite, name: str) -> None:
    with pytest.raises(ValueError, match="username"):
        await site.reader.page(name)
    assert site.pages.requests == []


@pytest.mark.parametrize("url", ["ftp://t.me", "t.me", "https://", "https://me:secret@t.me", "https://t.me?x=1"])
def test_only_plain_web_addresses_are_taken(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        PreviewReader(url)


async def test_requests_keep_their_distance_whoever_asks(site: PreviewSite) -> None:
    await asyncio.gather(*(newest(site) for _ in range(3)), return_exceptions=True)
    assert site.clock.slept == [2.0, 2.0]
    assert len(site.pages.requests) == 3


async def test_one_request_runs_at_a_time(site: PreviewSite) -> None:
    site.pages.faults.append(Slow(0.05))
    slow = asyncio.create_task(newest(site))
    while not site.pages.requests:  # noqa: ASYNC110 - the server sets no event
        await asyncio.sleep(0.001)
    other = asyncio.create_task(newest(site))
    await asyncio.sleep(0.01)
    assert len(site.pages.requests) == 1
    await asyncio.gather(slow, other, return_exceptions=True)


@pytest.mark.parametrize(
    "fault", [TooMany(), Broken(500), Broken(403), Garbage(), Elsewhere("https://example.org/s/news_box")]
)
async def test_a_site_in_trouble_is_left_alone_for_longer_each_time(site: PreviewSite, fault: Fault) -> None:
    site.pages.faults += [fault] * 3
    for _ in range(3):
        with pytest.raises(PreviewAway):
            await site.reader.page("news_box")
    assert isinstance(await site.reader.page("news_box"), PreviewPage)
    assert site.clock.slept == [5.0, 10.0, 20.0]


async def test_the_pause_is_bounded_and_ends_with_the_first_page(site: PreviewSite) -> None:
    site.pages.faults += [Broken(503)] * 12
    for _ in range(12):
        with pytest.raises(PreviewAway):
            await newest(site)
    await newest(site)
    assert site.clock.slept[-1] == LONGEST_PAUSE.total_seconds()
    site.pages.faults.append(Broken(503))
    with pytest.raises(PreviewAway):
        await newest(site)
    await site.reader.page("news_box")
    assert site.clock.slept[-1] == 5.0


@pytest.mark.parametrize(("asked", "obeyed"), [(600, 600.0), (1, 5.0), (10**9, LONGEST_OBEYED.total_seconds())])
async def test_retry_after_is_obeyed(site: PreviewSite, asked: int, obeyed: float) -> None:
    site.pages.faults.append(TooMany(asked))
    with pytest.raises(PreviewAway):
        await newest(site)
    await newest(site)
    assert site.clock.slept == [obeyed]


async def test_a_broken_connection_is_given_up(site: PreviewSite) -> None:
    site.pages.faults += [Drop(), Drop()]  # aiohttp asks once more by itself
    with pytest.raises(PreviewAway, match="did not answer"):
        await newest(site)


async def test_a_site_that_does_not_answer_is_given_up(site: PreviewSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview_host, "TIMEOUT", aiohttp.ClientTimeout(total=0.05))
    site.pages.faults.append(Slow(30))
    with pytest.raises(PreviewAway, match="did not answer"):
        await newest(site)


async def test_a_page_without_end_is_not_held_in_memory(site: PreviewSite) -> None:
    site.pages.faults.append(Garbage("x" * (LARGEST_PAGE + 1)))
    with pytest.raises(PreviewAway, match="larger"):
        await newest(site)


async def test_a_name_that_another_channel_has_now_is_nobodys(site: PreviewSite) -> None:
    site.pages.faults.append(Garbage('<div class="tgme_widget_message" data-post="another/1"></div>'))
    assert await site.reader.page("news_box") is NoPreview.UNKNOWN
