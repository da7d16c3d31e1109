"""The console in a real browser: every page in both colours, with keys, on a phone, and live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storage.database import Database
from tests.browser.console_desk import PHONE, PICTURES, TAKES_PICTURES, ConsoleDesk, served, violations_of
from tests.storage.makers import make_channel, make_post, rows, store, store_one
from tests.web.newsroom import furnish

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Route

playwright = pytest.importorskip("playwright.async_api", reason="Playwright's Python package is not installed")
axe = pytest.importorskip("axe_playwright_python.async_playwright", reason="axe is not installed")
expect = playwright.expect


@pytest.fixture
async def desk(browser: Browser, database: Database, tmp_path: Path) -> AsyncIterator[ConsoleDesk]:
    async with served(database, tmp_path) as url:
        desk = ConsoleDesk(url, database, browser)
        yield desk
        await desk.close()
    assert desk.complaints == []


async def every_page(database: Database) -> dict[str, str]:
    """Each page by the name of its picture, with something to show."""
    [(story,)] = await rows(
        database,
        "SELECT story_id FROM story_posts JOIN posts ON posts.id = post_id GROUP BY story_id"
        " ORDER BY count(DISTINCT channel_id) DESC, story_id LIMIT 1",
    )
    [(edited,)] = await rows(database, "SELECT post_id FROM post_versions ORDER BY post_id DESC LIMIT 1")
    return {
        "overview": "/",
        "search": "/search?q=порт OR port&deleted=1",
        "search-empty": "/search",
        "search-mistake": "/search?q=ferry (storm",
        "post": f"/posts/{edited}?q=port",
        "stories": "/stories?hours=168",
        "story": f"/stories/{story}",
        "topics": "/topics",
        "channels": "/channels",
        "channel": "/channels/5",
        "standings": "/standings",
        "deliveries": "/deliveries",
        "live": "/live?q=порт OR port",
        "saved": "/saved",
        "settings": "/settings",
    }


async def grave(tab: Page) -> list[str]:
    """What axe finds that is serious or worse."""
    results = await axe.Axe().run(tab)
    return [
        f"{found['id']}: {node['html'][:160]} {node['any'][:1]}"
        for found in results.response["violations"]
        if found["impact"] in {"serious", "critical"}
        for node in found["nodes"]
    ]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_every_page_is_sound_in_both_colours(desk: ConsoleDesk, dark: bool) -> None:
    await furnish(desk.database)
    colours = "dark" if dark else "light"
    tab = await desk.open("/login", dark=dark, signed_in=False)
    assert await grave(tab) == []
    await _picture(tab, f"login-{colours}")
    tab = await desk.open("/search?q=port", dark=dark)
    await tab.get_by_role("textbox", name="Name").fill("The port of Limansk")
    await tab.get_by_role("button", name="Save").click()
    found: dict[str, list[str]] = {}
    for name, address in (await every_page(desk.database)).items():
        await tab.goto(f"{desk.url}{address}")
        if name == "search-mistake":
            desk.complaints.clear()  # the browser names the 400
        if wrong := [*await grave(tab), *await violations_of(tab)]:
            found[name] = wrong
        await _picture(tab, f"{name}-{colours}")
    assert found == {}


@pytest.mark.timeout(600)
async def test_on_a_phone_nothing_sticks_out(desk: ConsoleDesk) -> None:
    await furnish(desk.database)
    tab = await desk.open(size=PHONE)
    for name, address in (await every_page(desk.database)).items():
        await tab.goto(f"{desk.url}{address}")
        wide = await tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, name
        if name in {"overview", "search", "story", "post"}:
            await _picture(tab, f"{name}-phone")
    desk.complaints[:] = [each for each in desk.complaints if "400" not in each]


async def _picture(tab: Page, name: str) -> None:
    if TAKES_PICTURES:
        PICTURES.mkdir(parents=True, exist_ok=True)
        await tab.screenshot(path=PICTURES / f"{name}.png")


async def test_everything_can_be_done_with_the_keyboard(desk: ConsoleDesk) -> None:
    channel = await make_channel(desk.database)
    posts = [make_post(channel, number, f"The ferry number {number}.") for number in range(1, 4)]
    await store(desk.database, *posts)
    tab = await desk.open("/topics")
    await tab.keyboard.press("Tab")
    await expect(tab.get_by_text("Skip to the content")).to_be_focused()
    await tab.keyboard.press("/")
    await tab.wait_for_url("**/search")
    await tab.keyboard.press("/")
    await tab.keyboard.type("ferry")
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".posts .post")).to_have_count(3)
    for key in "jjk":
        await tab.keyboard.press(key)
    await expect(tab.locator(".post").first.locator("[data-open]")).to_be_focused()
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".text mark")).to_have_text("ferry")


async def test_posts_arrive_in_an_open_page_and_wait_while_it_is_paused(desk: ConsoleDesk) -> None:
    channel = await make_channel(desk.database)
    await store_one(desk.database, make_post(channel, 1, "An old ferry."))
    tab = await desk.open("/live?q=ferry")
    await expect(tab.locator("#lamp")).to_have_text("Watching")
    await store_one(desk.database, make_post(channel, 2, "<b>A new ferry</b>."))
    said = tab.locator(".posts .said")
    await expect(said).to_have_text(["<b>A new ferry</b>.", "An old ferry."])
    await tab.get_by_role("button", name="Pause").click()
    await store_one(desk.database, make_post(channel, 3, "A third ferry."))
    go_on = tab.get_by_role("button", name="Go on (1 new)")
    await expect(said).to_have_count(2)
    await go_on.click()
    await expect(said.first).to_have_text("A third ferry.")


async def test_a_post_that_arrives_looks_as_it_does_when_the_page_is_loaded_anew(desk: ConsoleDesk) -> None:
    channel = await make_channel(desk.database)
    tab = await desk.open("/live")
    await expect(tab.locator("#lamp")).to_have_text("Watching")
    said = "The central bank raises its key rate; parliament votes on the budget, and the port goes on strike."
    await store_one(desk.database, make_post(channel, 1, said))
    await store_one(desk.database, make_post(channel, 2, ""))
    posts = tab.locator(".live .post")
    await expect(posts).to_have_count(2)
    arrived = await posts.evaluate_all(LOOKS)
    await tab.goto(f"{desk.url}/live?q=channel:@news")
    found = await posts.evaluate_all(LOOKS)
    assert max(len(each["tags"]) for each in found) > 1
    assert arrived == found


LOOKS = """
(posts) => posts.map((post) => ({
  words: post.textContent.replace(/\\s+/g, " ").trim(),
  tags: [...post.querySelectorAll(".tag")].map((each) => each.textContent),
  leads: [...post.querySelectorAll("a")].map((each) => each.getAttribute("href").split("?")[0]),
}))
"""
"""What a person sees of each post."""


async def test_a_page_that_was_refused_comes_back_and_misses_nothing(desk: ConsoleDesk) -> None:
    channel = await make_channel(desk.database)
    tab = await desk.open("/search")
    refuse = asyncio.Event()

    async def away(route: Route) -> None:
        refuse.set()
        await route.fulfill(status=503)

    await tab.route("**/live/events?*", away, times=1)
    await tab.goto(f"{desk.url}/live?q=ferry")
    await refuse.wait()
    await store_one(desk.database, make_post(channel, 1, "A ferry meanwhile."))
    await expect(tab.locator(".posts .said")).to_have_text(["A ferry meanwhile."])
    await expect(tab.locator("#lamp")).to_have_text("Watching")
    desk.complaints[:] = [each for each in desk.complaints if "503" not in each]


async def test_colours_of_the_settings_win_over_those_of_the_system(desk: ConsoleDesk) -> None:
    tab = await desk.open("/settings")
    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = await tab.evaluate(paper)
    await tab.get_by_label("Colours").select_option("dark")
    await tab.get_by_role("button", name="Save").click()
    await expect(tab.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    assert await tab.evaluate(paper) != light
