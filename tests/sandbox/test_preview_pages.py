"""The box's preview pages: read by ingest's own parser, they say what the world says."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.messages import ServiceMessage
from ingest.preview_page import NoPreview, PreviewPage, read_page
from sandbox.channel_posts import Entity, ForwardOrigin, Media, ServiceAction
from sandbox.channels import Channel
from sandbox.preview_block import rounded
from sandbox.preview_pages import Broken, Drop, Elsewhere, Garbage, PreviewPages, Slow, TooMany
from sandbox.preview_view import page_html
from sandbox.world import ManualClock, World
from storage.ids import ChannelId
from storage.post_values import Entity as StoredEntity
from storage.post_values import Forward, Post

NUMBER = ChannelId(7)


@dataclass
class Site:
    """A world with one public channel, and its pages."""

    world: World
    news: Channel
    pages: PreviewPages
    http: aiohttp.ClientSession

    async def get(self, path: str, **headers: str) -> tuple[int, str, str]:
        """Status, ETag or Location, and body."""
        url = self.pages.base_url + path
        async with self.http.get(url, headers=headers, allow_redirects=False) as answer:
            mark = answer.headers.get("ETag") or answer.headers.get("Location") or ""
            return answer.status, mark, await answer.text()

    async def ids(self, query: str = "") -> list[int]:
        found = read_page((await self.get(f"/s/news_box{query}"))[2])
        assert isinstance(found, PreviewPage)
        return [message.parts[0].message_id for message in found.messages]


@pytest.fixture
async def site(world: World) -> AsyncIterator[Site]:
    pages = PreviewPages(world)
    await pages.start()
    news = world.channels.add("News <of> the box", "news_box")
    async with aiohttp.ClientSession() as http:
        yield Site(world, news, pages, http)
    await pages.stop()
    assert not pages.faults


def page_of(world: World, channel: Channel) -> PreviewPage:
    found = read_page(page_html(world, channel))
    assert isinstance(found, PreviewPage)
    return found


def posts_of(world: World, channel: Channel) -> list[Post]:
    told = [message.tell(NUMBER, seen_at=world.clock.now()) for message in page_of(world, channel).messages]
    return [found for found in told if isinstance(found, Post)]


KINDS = ["bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "text_link"]
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=8)


@st.composite
def formatted(draw: st.DrawFn) -> tuple[str, list[Entity]]:
    """A text of marked and plain words, each mark on one piece."""
    text, marks = "", []
    for words, kind in draw(st.lists(st.tuples(WORDS, st.sampled_from([*KINDS, "", "\n"])), min_size=1)):
        offset = len(text.encode("utf-16-le")) // 2
        if kind in KINDS:
            url = "https://example.org/?a=1&b=<2>" if kind == "text_link" else None
            marks.append(Entity(kind, offset, len(words.encode("utf-16-le")) // 2, url))  # type: ignore[arg-type]
        text += words + ("\n" if kind == "\n" else "")
    return text.rstrip("\n"), marks


@given(formatted())
def test_what_a_page_shows_reads_back_as_it_was_published(published: tuple[str, list[Entity]]) -> None:
    world = World(ManualClock())
    news = world.channels.add("News", "news_box")
    text, marks = published
    world.channels.publish(news, text, entities=marks)
    [post] = posts_of(world, news)
    assert post.text == text
    assert post.parts[0].entities == tuple(StoredEntity(m.type, m.offset, m.length, m.url) for m in marks)


def test_entities_that_overlap_are_cut_and_those_outside_left_out(site: Site) -> None:
    marks = [Entity("bold", 0, 4), Entity("italic", 2, 4), Entity("code", 5, 9)]
    site.world.channels.publish(site.news, "abcdef", entities=marks)
    [post] = posts_of(site.world, site.news)
    assert post.parts[0].entities == (
        StoredEntity("bold", 0, 4),
        StoredEntity("italic", 2, 2),
        StoredEntity("italic", 4, 2),
    )


def test_links_of_all_kinds_keep_their_kind(site: Site) -> None:
    text = "t.me/a_b @news_box #порт $USD a@b.org"
    kinds = [("url", 0, 8), ("mention", 9, 9), ("hashtag", 19, 5), ("cashtag", 25, 4), ("email", 30, 7)]
    site.world.channels.publish(site.news, text, entities=[Entity(*each) for each in kinds])  # type: ignore[arg-type]
    [post] = posts_of(site.world, site.news)
    assert post.parts[0].entities == tuple(StoredEntity(*each) for each in kinds)


def test_media_forwards_and_replies_are_shown(site: Site) -> None:
    channels = site.world.channels
    source = channels.add("Harbour & sons", "harbour_wire")
    first = channels.publish(site.news, "", media=[Media("photo", b"1")])
    channels.publish(site.news, "f", forwarded_from=ForwardOrigin(source.id, None, 12))
    channels.publish(site.news, "n", forwarded_from=ForwardOrigin(None, "Anna <3"))
    channels.publish(site.news, "", media=[Media("video", b"2", duration_seconds=67)], reply_to=first.message_id)
    channels.publish(site.news, "d", media=[Media("document", b"3", "a<b>.pdf")])
    channels.publish(site.news, "v", media=[Media("voice", b"4", duration_seconds=5)])
    channels.publish(site.news, "a", media=[Media("audio", b"5", title="A <song>")])
    found = posts_of(site.world, site.news)
    kinds = [post.parts[0].medium.kind if post.parts[0].medium else None for post in found]
    assert kinds == ["photo", None, None, "video", "document", "voice", "audio"]
    _, forwarded, hidden, video, document, *_ = found
    assert forwarded.forward == Forward(None, "harbour_wire", "Harbour & sons", 12)
    assert (hidden.forward, video.reply_to) == (Forward(name="Anna <3"), first.message_id)
    assert document.parts[0].medium is not None
    assert document.parts[0].medium.file_name == "a<b>.pdf"


def test_an_album_is_one_block_with_the_numbers_of_its_parts(site: Site) -> None:
    parts = site.world.channels.publish_album(site.news, "three views", [b"a", b"b", b"c"])
    [post] = posts_of(site.world, site.news)
    assert [part.message_id for part in post.parts] == [part.message_id for part in parts]
    assert post.text == "three views"


def test_polls_service_messages_and_edits_are_shown(site: Site) -> None:
    channels = site.world.channels
    channels.publish_poll(site.news, "Open <it>?", ["yes", "no & never"])
    channels.announce(site.news, ServiceAction("renamed", title="News"))
    edited = channels.publish(site.news, "a")
    channels.edit(site.news, edited.message_id, "b")
    poll, service, last = page_of(site.world, site.news).messages
    assert poll.parts[0].medium is not None
    assert poll.parts[0].medium.poll == {"question": "Open <it>?", "options": ["yes", "no & never"]}
    assert service.tell(NUMBER, seen_at=site.world.clock.now()) == ServiceMessage(NUMBER, service.parts[0].message_id)
    assert (last.parts[0].text, last.is_edited, poll.is_edited) == ("b", True, False)


@pytest.mark.parametrize(
    ("views", "shown"), [(0, "0"), (999, "999"), (1000, "1K"), (1299, "1.2K"), (436_600, "436.6K"), (3_199_999, "3.1M")]
)
def test_views_are_rounded_as_pages_round_them(views: int, shown: str) -> None:
    assert rounded(views) == shown


def test_the_page_says_whose_it_is(site: Site) -> None:
    site.news.members.update(range(1500))
    post = site.world.channels.publish(site.news, "x")
    post.views = 1234
    page = page_of(site.world, site.news)
    assert (page.username, page.telegram_id) == ("news_box", site.news.id)
    html = page_html(site.world, site.news)
    assert "News &lt;of&gt; the box" in html
    assert '<span class="counter_value">1.5K</span>' in html
    assert (page.messages[0].views, page.messages[0].views_are_rounded) == (1200, True)


async def test_pages_hold_twenty_messages_and_turn_both_ways(site: Site) -> None:
    for number in range(1, 51):
        site.world.channels.publish(site.news, f"post {number}")
    assert await site.ids() == list(range(31, 51))
    assert await site.ids("?before=31") == list(range(11, 31))
    assert await site.ids("?after=5") == list(range(6, 26))
    assert await site.ids("?before=1") == []
    assert await site.ids("?before=x") == list(range(31, 51))


async def test_a_page_has_a_tag_until_something_changes(site: Site) -> None:
    site.world.channels.publish(site.news, "a")
    _, tag, _ = await site.get("/s/news_box")
    assert (await site.get("/s/news_box", **{"If-None-Match": tag}))[0] == 304
    site.world.channels.edit(site.news, 1, "b")
    status, other, _ = await site.get("/s/news_box", **{"If-None-Match": tag})
    assert status == 200
    assert other != tag


async def test_names_without_a_preview_are_sent_on_to_the_reason(site: Site) -> None:
    site.world.add_user("Anna", username="anna_k")
    site.world.channels.add("Private")
    site.pages.hidden.add(site.news.id)
    reasons = {"news_box": NoPreview.DISABLED, "anna_k": NoPreview.NOT_A_CHANNEL, "nobody": NoPreview.UNKNOWN}
    for name, reason in reasons.items():
        assert (await site.get(f"/s/{name}"))[:2] == (302, f"/{name}")
        assert read_page((await site.get(f"/{name}"))[2]) is reason


async def test_faults_come_in_order_and_once(site: Site) -> None:
    site.pages.faults += [Drop(), Drop()]  # aiohttp asks once more by itself
    site.pages.faults += [TooMany(7), Broken(502), Garbage(), Elsewhere("https://example.org/"), Slow(0.01)]
    with pytest.raises(aiohttp.ClientError):
        await site.get("/s/news_box")
    async with site.http.get(f"{site.pages.base_url}/s/news_box") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert (await site.get("/s/news_box"))[0] == 502
    assert read_page((await site.get("/s/news_box"))[2]) is None
    assert (await site.get("/s/news_box"))[:2] == (302, "https://example.org/")
    assert (await site.get("/s/news_box"))[0] == 200


async def test_a_stopped_site_lets_a_slow_request_go(site: Site) -> None:
    site.pages.faults.append(Slow(60))
    asked = asyncio.create_task(site.get("/s/news_box"))
    while not site.pages.requests:  # noqa: ASYNC110 - the server sets no event
        await asyncio.sleep(0.005)
    await site.pages.stop()
    assert (await asyncio.wait_for(asked, 10))[0] == 200


def test_times_are_told_in_utc(site: Site) -> None:
    at = dt.datetime(2026, 1, 5, 13, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    site.world.channels.publish(site.news, "a", at=at)
    assert posts_of(site.world, site.news)[0].posted_at == at
