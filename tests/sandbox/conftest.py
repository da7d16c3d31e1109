"""Fixtures of the box's own tests."""

from __future__ import annotations

from tests.sandbox.bot_api_fixtures import bot, box, clock, world

__all__ = ["bot", "box", "clock", "world"]
