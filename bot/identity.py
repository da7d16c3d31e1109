"""Who the bot is, for those who make links to it without running it."""

from __future__ import annotations

from telegram import Bot
from telegram.error import TelegramError

from bot.requests import SendRequest


async def username_of(token: str, api_url: str) -> str | None:
    """The bot's username, as Telegram says; None when it cannot be asked now."""
    bot = Bot(token, base_url=f"{api_url.rstrip('/')}/bot", request=SendRequest())
    try:
        async with bot:
            return bot.username
    except TelegramError:
        return None
