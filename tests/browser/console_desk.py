"""The operator's desk: the console as it is served, a real browser before it, and what the browser complains of."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from config.settings import WebSettings
from storage.database import Database
from tests.web.visitor import NAME, PASSWORD, make_operator
from web.program import run_web

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page

DESKTOP = (1120, 660)
PHONE = (390, 780)

PICTURES = Path(__file__).parents[2] / "docs" / "pictures" / "console"
TAKES_PICTURES = bool(os.environ.get("CHANNELWATCH_PICTURES"))
"""Pictures for the documents are written only when they are asked for."""

LISTENING = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
});
"""


@dataclass
class ConsoleDesk:
    """A browser that is signed in."""

    url: str
    database: Database
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    """Errors of scripts and of the page's policy, dialogs, and requests to anywhere else: there must be none."""
    _contexts: list[BrowserContext] = field(default_factory=list)

    async def open(
        self, address: str = "/", *, size: tuple[int, int] = DESKTOP, dark: bool = False, signed_in: bool = True
    ) -> Page:
        """A tab in a browser of its own."""
        context = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            has_touch=size is PHONE,
            locale="en-GB",
        )
        self._contexts.append(context)
        await context.add_init_script(LISTENING)
        tab = await context.new_page()
        tab.set_default_timeout(30_000)
        tab.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        tab.on(
            "console", lambda said: self.complaints.append(f"console: {said.text}") if said.type == "error" else None
        )
        tab.on("request", lambda asked: self._check(asked.url))
        tab.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        if signed_in:
            await tab.goto(f"{self.url}/login")
            await tab.get_by_label("Name").fill(NAME)
            await tab.get_by_label("Password").fill(PASSWORD)
            await tab.keyboard.press("Enter")
            await tab.wait_for_url(f"{self.url}/")
        await tab.goto(f"{self.url}{address}")
        return tab

    async def close(self) -> None:
        """Close every tab."""
        for context in self._contexts:
            await context.close()

    def _check(self, url: str) -> None:
        if not url.startswith((f"{self.url}/", "data:")):
            self.complaints.append(f"a request to {url}")


async def violations_of(tab: Page) -> list[str]:
    """What the page's policy had to stop."""
    found: list[str] = await tab.evaluate("window.violations")
    return found


@contextlib.asynccontextmanager
async def served(database: Database, home: Path) -> AsyncIterator[str]:
    """The console on a free port, with one operator; its address."""
    await make_operator(database, NAME)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    stop = asyncio.Event()
    serving = asyncio.create_task(run_web(database, WebSettings(home=home, port=port), stop=stop))
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            break
        await asyncio.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    stop.set()
    await serving
