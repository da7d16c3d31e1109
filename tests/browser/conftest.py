"""A real browser: Playwright drives the Chromium that Debian installs; without either the tests say so and skip."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.chat_page import ChatPage
from sandbox.world import World
from tests.browser.tab import Desk

if TYPE_CHECKING:
    from playwright.async_api import Browser

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say plainly why nothing here runs, where it can't."""
    missing = None
    if importlib.util.find_spec("playwright") is None:
        missing = "no browser tests: Playwright's Python package is not installed"
    elif not CHROMIUM.exists():
        missing = f"no browser tests: there is no Chromium at {CHROMIUM} (set CHROMIUM to where it is)"
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.slow)
            if missing:
                item.add_marker(pytest.mark.skip(reason=missing))


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, headless, with no network of its own."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def desk(browser: Browser) -> AsyncIterator[Desk]:
    """A chat page of one visitor with one channel, and the browser that looks at it; no bot behind it."""
    world = World()
    user = world.add_user("Anna")
    channel = world.channels.add("Harbour Wire", "harbour_wire_demo")
    page = ChatPage(world, user)
    await page.start()
    desk = Desk(browser, world, user, channel, page)
    yield desk
    await desk.close()
    await page.stop()
    assert desk.complaints == []
