"""Fixtures of the box's own tests."""

from __future__ import annotations

from tests.sandbox.bot_api_fixtures import bot, box, clock, world
from tests.sandbox.chat_page_fixtures import screen

__all__ = ["bot", "box", "clock", "screen", "world"]
