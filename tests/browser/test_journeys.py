"""Whole journeys in a real browser: the chat page, the bot, the reading program and the box, as `channelwatch demo`
puts them together. With PICTURES=1 what is seen on the way is kept as docs/pictures/chat/*.png.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.chat_page import ChatPage
from storage.database import Database
from storage.schedules import DIGEST_PRIORITY
from tests.browser.tab import PHONE, Desk
from tests.journeys.people import until
from tests.journeys.stage import Stage, set_stage
from tests.journeys.test_story_alerts import FIRST, SECOND

playwright = pytest.importorskip("playwright.async_api", reason="Playwright's Python package is not installed")
expect = playwright.expect
expect.set_options(timeout=60_000)  # there are two programs behind this page

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator, Page

PICTURES = Path(__file__).parents[2] / "docs" / "pictures" / "chat"
SIZE = (960, 680)
"""Of a window in the pictures."""

LARGEST = 150_000
"""Bytes of a picture: they are kept with the source."""

CHANNELS = (("river_news_demo", "River News"), ("town_crier_demo", "Town Crier"), ("rail_watch_demo", "Rail Watch"))
PIER = "Ferry pier 4 in Velden opens again on Friday, the harbour office says: the new ramp has passed its last test."
BRIDGE = "The bridge over the Marl is closed for trains until Monday evening while its bearings are replaced."


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is gathered: a visitor of a demo has no ten seconds."""
    monkeypatch.setattr("storage.amendments.GATHERED", dt.timedelta(0))
    monkeypatch.setattr("storage.amendments.APART", dt.timedelta(0))


@dataclass
class Visit:
    """Somebody in front of the page, with everything running behind it."""

    stage: Stage
    desk: Desk
    tab: Page

    async def write(self, text: str) -> None:
        await self.tab.get_by_label("Message", exact=True).fill(text)
        await self.tab.keyboard.press("Enter")

    async def press(self, label: str, *, within: str = "") -> None:
        """The newest button of that name, in the message that says so."""
        await self.message(within).get_by_role("button", name=label).last.click()

    def message(self, words: str = "") -> Locator:
        """The newest message that says this."""
        return self.tab.locator(".message:not(.own)").filter(has_text=words).last

    async def sees(self, words: str) -> Locator:
        shown = self.message(words)
        await expect(shown).to_be_visible()
        return shown

    async def publish(self, channel: str, text: str) -> None:
        """On the page, as a visitor does."""
        await self.tab.get_by_label("Channel", exact=True).select_option(label=channel)
        await self.tab.get_by_label("Post", exact=True).fill(text)
        await self.tab.get_by_role("button", name="Publish").click()
        await expect(self.tab.locator(".post").first).to_contain_text(text[:40])

    async def picture(self, name: str, *, of: Locator | None = None) -> None:
        """Keep what is seen now, when pictures are asked for."""
        if not os.environ.get("PICTURES"):
            return
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        if of is not None:
            await of.scroll_into_view_if_needed()
        await self.tab.wait_for_timeout(1800)  # what has just changed glows for a moment
        await self.tab.screenshot(path=path, animations="disabled")
        assert path.stat().st_size < LARGEST


@asynccontextmanager
async def visit(
    browser: Browser, database: Database, home: Path, *, language: str = "en", size: tuple[int, int] = SIZE,
    dark: bool = False,
) -> AsyncIterator[Visit]:  # fmt: skip
    async with set_stage(database, home) as stage:
        channels = [await stage.channel(*named) for named in CHANNELS]
        user = stage.world.add_user("Anna", language_code=language)
        page = ChatPage(stage.world, user)
        await page.start()
        desk = Desk(browser, stage.world, user, channels[0], page)
        async with stage.running():
            try:
                yield Visit(stage, desk, await desk.open(size, dark=dark))
            finally:
                await desk.close()
                await page.stop()
        assert desk.complaints == []


async def test_from_start_to_a_storys_alert_edited_in_place_and_why(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    async with visit(browser, database, tmp_path) as visitor:
        await visitor.tab.get_by_role("button", name="Start").click()
        await visitor.sees("Tell me what you want to know")
        await visitor.picture("start")
        await visitor.publish("Rail Watch", BRIDGE)
        await visitor.stage.found("bridge")
        await visitor.write("train")
        preview = await visitor.sees("I understood: train")
        await expect(preview).to_contain_text("In the last 7 days: 1 post.")
        await visitor.picture("preview")
        await visitor.press("Subscribe")
        await visitor.sees("Subscribed: train")
        await visitor.publish("River News", FIRST)
        alert = await visitor.sees("A freight train has derailed")
        await visitor.picture("alert")
        await visitor.publish("Town Crier", SECOND)
        await expect(alert).to_contain_text("also: Town Crier +1 min")
        await expect(alert.locator(".foot")).to_contain_text("edited")
        await visitor.picture("story", of=alert)
        await visitor.press("Why?", within="A freight train")
        why = await visitor.sees("You get this post because of")
        await expect(why).to_contain_text("train: train")
        await visitor.picture("why")
        alerts = await visitor.stage.rows("SELECT 1 FROM deliveries WHERE kind = 'alert' AND state = 'sent'")
        assert len(alerts) == 1


async def test_quiet_hours_and_a_digest_of_what_waited(browser: Browser, database: Database, tmp_path: Path) -> None:
    async with visit(browser, database, tmp_path, dark=True) as visitor:
        await visitor.tab.get_by_role("button", name="Start").click()
        await visitor.sees("Tell me what you want to know")
        if not 8 <= dt.datetime.now(dt.UTC).hour < 22:  # then it is day there: what waits must not wait for the night
            await visitor.write("/timezone Asia/Tokyo")
            await visitor.sees("Times here are those of Asia/Tokyo now")
        await visitor.write("train OR ferry")
        await visitor.sees("I understood: train OR ferry")
        await visitor.press("Subscribe")
        await visitor.sees("Subscribed")
        await visitor.write("/settings")
        await visitor.sees("Quiet hours: none")
        await visitor.press("Quiet hours")
        await visitor.press("23:00–07:00")
        await visitor.press("Quiet hours", within="23:00–07:00; afterwards everything comes one by one")
        await visitor.press("in one message")
        await visitor.sees("23:00–07:00; afterwards everything comes in one message")
        await visitor.picture("quiet-hours")
        await visitor.press("Pause everything")
        await visitor.press("8 hours")
        await visitor.sees("Everything is paused until")
        for channel, text in (("River News", FIRST), ("Town Crier", SECOND), ("Rail Watch", PIER)):
            await visitor.publish(channel, text)
        # Both stories wait for one message; the second telling of the first is held by it.
        waiting = f"SELECT 1 FROM deliveries WHERE priority = {DIGEST_PRIORITY} HAVING count(*) = 2"
        await until(lambda: visitor.stage.rows(waiting), "two stories that wait")
        await visitor.press("End the pause")
        digest = await visitor.sees("2 stories")
        await expect(digest).to_contain_text("also: Town Crier")
        await visitor.picture("digest", of=digest)


async def test_everything_in_russian_on_a_phone(browser: Browser, database: Database, tmp_path: Path) -> None:
    async with visit(browser, database, tmp_path, language="ru", size=PHONE) as visitor:
        await visitor.tab.get_by_role("button", name="Start").click()
        await visitor.sees("Здравствуйте!")
        await visitor.write("/topics")
        await visitor.press("Экономика")
        preview = await visitor.sees("Я понимаю это так: topic:economy")
        await visitor.press("Строго")
        await expect(preview).to_contain_text("topic:economy:strict")
        await visitor.picture("russian-topic", of=preview)
        await visitor.write("паром")
        await visitor.sees("Я понимаю это так: паром")
        await visitor.press("Подписаться")
        await visitor.sees("Подписка оформлена: паром")
        channel = visitor.desk.channel
        visitor.stage.world.channels.publish(channel, "Паромы из Вельдена снова ходят: причал № 4 открыли в пятницу.")
        alert = await visitor.sees("Паромы из Вельдена")
        await visitor.press("Почему?", within="Паромы из Вельдена")
        await visitor.sees("Почему пришёл этот пост:")
        await visitor.picture("russian-why", of=alert)
