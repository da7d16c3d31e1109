"""The visitor's desk: opens tabs of the chat page as a desktop or a phone, and hears what the browser complains of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.channels import Channel
from sandbox.chat_page import ChatPage
from sandbox.chat_records import ChatMessage, Markup
from sandbox.world import User, World

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page

DESKTOP = (1200, 800)
PHONE = (390, 780)
PATIENCE_MS = 10_000


@dataclass
class Desk:
    """The browser in front of a chat page."""

    browser: Browser
    world: World
    user: User
    channel: Channel
    page: ChatPage
    complaints: list[str] = field(default_factory=list)
    """Errors of scripts and of the page's policy, and requests to anywhere else: there must be none."""
    _contexts: list[BrowserContext] = field(default_factory=list)

    async def open(self, size: tuple[int, int] = DESKTOP, address: str = "", *, dark: bool = False) -> Page:
        """A tab on the page (or an address of it), connected."""
        context = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            has_touch=size is PHONE,
        )
        self._contexts.append(context)
        tab = await context.new_page()
        tab.set_default_timeout(PATIENCE_MS)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        tab.on("request", lambda asked: self._check(asked.url))
        await tab.goto(self.page.url + address.removeprefix("/"))
        await tab.wait_for_function("events.readyState === EventSource.OPEN")
        return tab

    async def close(self) -> None:
        """Close every tab."""
        for context in self._contexts:
            await context.close()

    def bot_says(self, text: str, markup: Markup | None = None) -> ChatMessage:
        """A message of the bot in the visitor's private chat."""
        chats = self.world.chats
        return chats.bot_sends("sendMessage", chats.chat(self.user.id), text=text, reply_markup=markup)

    def _check(self, url: str) -> None:
        if not url.startswith((self.page.url, "data:")):
            self.complaints.append(f"a request to {url}")
