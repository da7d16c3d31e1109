"""The real python-telegram-bot at the box's Bot API server: what the tests of the Bot API half stand on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

os.environ.setdefault("PTB_TIMEDELTA", "1")  # retry_after as timedelta; without it the library warns

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.ext import Application, ApplicationBuilder
from telegram.request import HTTPXRequest

from sandbox.bot_api import BotApiServer, Limits
from sandbox.chat_records import Chat
from sandbox.world import ManualClock, User, World

TOKEN = "42:TEST-token"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (640).to_bytes(4, "big") + (320).to_bytes(4, "big")
"""As much of a picture as Telegram's checks look at: 640 by 320 pixels."""
AnyApplication = Application[Any, Any, Any, Any, Any, Any]


@dataclass
class Box:
    """A world with one person, a server without limits, and a clock that the test moves."""

    world: World
    clock: ManualClock
    server: BotApiServer
    user: User
    chat: Chat


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def world(clock: ManualClock) -> Iterator[World]:
    world = World(clock)
    yield world
    world.raise_failures()
    assert world.faults.pending() == []


@asynccontextmanager
async def serving(
    world: World, limits: Limits | None = None, *, unknown_methods_fail: bool = True
) -> AsyncIterator[BotApiServer]:
    """A server at the world, stopped in the end whatever happens."""
    server = BotApiServer(world, TOKEN, limits=limits or Limits.none(), unknown_methods_fail=unknown_methods_fail)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@pytest.fixture
async def box(world: World, clock: ManualClock) -> AsyncIterator[Box]:
    user = world.add_user("Anna", language_code="uk")
    chat = world.chats.add_private(user)
    async with serving(world) as server:
        yield Box(world, clock, server, user, chat)


@asynccontextmanager
async def bot_at(server: BotApiServer, token: str = TOKEN) -> AsyncIterator[Bot]:
    """The library's Bot, initialized; `get_me` has been called."""
    bot = unstarted_bot(server, token)
    async with bot:
        yield bot


def unstarted_bot(server: BotApiServer, token: str = TOKEN) -> Bot:
    """The library's Bot before its first request."""
    base = server.base_url
    request = HTTPXRequest(read_timeout=5, connection_pool_size=64, pool_timeout=10)
    return Bot(token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot", request=request)


@pytest.fixture
async def bot(box: Box) -> AsyncIterator[Bot]:
    async with bot_at(box.server) as bot:
        yield bot


def application(server: BotApiServer) -> AnyApplication:
    """The library's Application, built as a bot would build it."""
    base = server.base_url
    return ApplicationBuilder().token(TOKEN).base_url(f"{base}/bot").base_file_url(f"{base}/file/bot").build()


@asynccontextmanager
async def polling(app: AnyApplication) -> AsyncIterator[AnyApplication]:
    """The application with its updater polling."""
    async with app:
        await app.start()
        assert app.updater is not None
        await app.updater.start_polling(timeout=2)
        try:
            yield app
        finally:
            await app.updater.stop()
            await app.stop()


async def until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait for the condition; TimeoutError when it does not come true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (the condition is about another program)
            await asyncio.sleep(0.005)


def button(text: str = "ok", data: str = "ok") -> InlineKeyboardMarkup:
    """A keyboard of one button."""
    return InlineKeyboardMarkup([[InlineKeyboardButton(text, callback_data=data)]])
