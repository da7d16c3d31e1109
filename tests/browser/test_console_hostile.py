"""Channels that want to break the console: whatever they write is text (fault matrix S10)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from storage.database import Database
from storage.ids import ChannelId, MessageId, PostId
from storage.post_values import Entity, Forward, Medium, Part, Post, storable
from storage.stories import Placed, lock_stories, place
from tests.browser.console_desk import ConsoleDesk, served, violations_of
from tests.storage.makers import NOON, change, make_channel, store_one
from tests.web.hostile import CORPUS, LINKS

if TYPE_CHECKING:
    from playwright.async_api import Browser

pytest.importorskip("playwright.async_api", reason="Playwright's Python package is not installed")

AT_ONCE = 25
"""Strings in one post: each is in a page in as many places as a post has."""


async def hostile_newsroom(database: Database) -> list[PostId]:
    """Every string of the corpus as text, edit, title, link, file name, forward and reason of a failure."""
    channel = await make_channel(database, "demo_hostile")
    numbers = []
    for begin in range(0, len(CORPUS), AT_ONCE):
        strings = CORPUS[begin : begin + AT_ONCE]
        numbers.append(await store_one(database, _post(channel, begin + 1, strings)))
        await store_one(database, _post(channel, begin + 1, strings[::-1], edited=True))
        await change(database, "UPDATE channels SET title = :t, state_detail = :t", t=storable("".join(strings[:5])))
    async with database.begin() as connection:
        await lock_stories(connection)
        first = numbers[0]
        await place(connection, [Placed(each, first, "copy" if each != first else "first", first) for each in numbers])
    await change(
        database,
        "INSERT INTO deliveries (kind, subscriber_id, post_id, reasons, priority, due_at, state, detail)"
        " SELECT 'alert', 1, id, '{}', 1, now(), 'dead', left(text, 500) FROM posts",
    )
    await change(database, "UPDATE posts SET posted_at = now() - interval '1 minute'")
    return numbers


def _post(channel: ChannelId, number: int, strings: tuple[str, ...], *, edited: bool = False) -> Post:
    entities = tuple(Entity("text_link", 0, 5, url=url) for url in (*LINKS, *strings))
    part = Part(MessageId(number), "ferry " + "\n".join(strings), entities, Medium("document", file_name=strings[0]))
    forward = Forward(username=strings[1], name=strings[2])
    return Post(
        channel, (part,), NOON, NOON, edited_at=NOON.replace(hour=13) if edited else None, forward=forward,
        reactions={strings[3]: 1},
    )  # fmt: skip


@pytest.mark.timeout(600)
async def test_nothing_that_a_channel_writes_becomes_more_than_text(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    numbers = await hostile_newsroom(database)
    async with served(database, tmp_path) as url:
        desk = ConsoleDesk(url, database, browser)
        tab = await desk.open()
        pages = ["/", "/search?q=ferry&versions=1", "/live?q=ferry", "/stories", f"/stories/{numbers[0]}", "/topics",
                 "/channels", "/channels/1", "/deliveries", "/settings", "/saved"]  # fmt: skip
        for address in [*pages, *(f"/posts/{number}?q=alert" for number in numbers)]:
            await tab.goto(f"{url}{address}")
            assert await violations_of(tab) == [], address
            assert await tab.evaluate(STRANGE) == [], address
        desk.complaints[:] = [each for each in desk.complaints if "404" not in each]
        await desk.close()
        assert desk.complaints == []


@pytest.mark.timeout(600)
async def test_nothing_in_an_address_becomes_more_than_text(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    async with served(database, tmp_path) as url:
        desk = ConsoleDesk(url, database, browser)
        tab = await desk.open()
        for string in CORPUS[:: len(CORPUS) // 20]:
            for address in ("/search?q={}", "/live?q={}", "/login?next={}", "/deliveries?said={}", "/settings?said={}"):
                await tab.goto(url + address.format(quote(string)))
                assert await violations_of(tab) == [], (address, string)
                assert await tab.evaluate(STRANGE) == [], (address, string)
        desk.complaints[:] = [each for each in desk.complaints if "status of 400" not in each]
        await desk.close()
        assert desk.complaints == []


STRANGE = """
() => [...document.querySelectorAll("*")].filter((each) => {
  const names = each.getAttributeNames();
  if (names.some((name) => name.startsWith("on") || name === "style" || name === "srcdoc")) return true;
  if (["IFRAME", "OBJECT", "EMBED", "BASE", "MATH", "STYLE"].includes(each.tagName)) return true;
  if (each.tagName === "SCRIPT") return !each.src.startsWith(location.origin + "/static/");
  if (each.tagName === "IMG") return true;
  const target = each.getAttribute("href") ?? each.getAttribute("action");
  return target !== null && !/^(https?:|[/]|#)/.test(target);
}).map((each) => each.outerHTML.slice(0, 200))
"""
"""Elements that our templates never write."""
