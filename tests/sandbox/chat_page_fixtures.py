"""A chat page as a browser speaks to it: what the tests of the page stand on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from sandbox.channels import Channel
from sandbox.chat_page import ChatPage
from sandbox.page.visitors import View
from sandbox.world import ManualClock, User, World


@dataclass
class Screen:
    """One open tab: what it was told, in order, and what it may ask."""

    http: aiohttp.ClientSession
    world: World
    user: User
    channel: Channel
    page: ChatPage
    view: View
    _stream: aiohttp.StreamReader | None = field(default=None)

    async def next(self, wanted: str) -> Any:
        """The data of the next event of this name; others on the way are passed over."""
        assert self._stream is not None
        async with asyncio.timeout(10):
            while True:
                line = (await self._stream.readline()).decode()
                if line.startswith("event: ") and line[7:].strip() == wanted:
                    return json.loads((await self._stream.readline()).decode().removeprefix("data: "))

    async def next_html(self) -> str:
        """What the next patch puts into the page, or fills a part of it with."""
        patch = await self.next("patch")
        pieces = [html for _, html in patch.get("put", []) + patch.get("first", [])]
        return "".join(pieces + list(patch.get("fill", {}).values()))

    async def post(self, path: str, **fields: object) -> tuple[int, str]:
        """Send a form as this view's person; the status and the words of the answer."""
        form = {name: str(value) for name, value in {**self.view.fields(), **fields}.items()}
        async with self.http.post(path, data=form, headers={"X-Script": "1"}) as answer:
            return answer.status, await answer.text()

    async def done(self, path: str, **fields: object) -> dict[str, Any]:
        """Send a form that is taken; what the script is told."""
        status, words = await self.post(path, **fields)
        assert status == 200, words
        told: dict[str, Any] = json.loads(words)
        return told

    async def html(self) -> str:
        """The page as it is served now."""
        async with self.http.get(self.view.address) as answer:
            assert answer.status == 200
            return await answer.text()

    @asynccontextmanager
    async def open(self, seen: str | None = None) -> AsyncIterator[None]:
        """Connect to the stream as the page does that has seen that much (by default all)."""
        address = (await self.html()).partition('data-events="')[2].partition('"')[0].replace("&amp;", "&")
        if seen is not None:
            address = f"{address.partition('seen=')[0]}seen={seen}"
        async with self.http.get(address) as answer:
            self._stream = answer.content
            await self._stream.readline()
            yield


@pytest.fixture
async def screen(clock: ManualClock) -> AsyncIterator[Screen]:
    world = World(clock)
    user = world.add_user("Anna", language_code="uk-UA")
    channel = world.channels.add("Harbour Wire", "harbour_wire_demo")
    page = ChatPage(world, user)
    await page.start()
    async with aiohttp.ClientSession(page.url) as http:
        yield Screen(http, world, user, channel, page, page.visitors.view({}))
    await page.stop()
