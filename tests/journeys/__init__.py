"""Whole ways through the product: real Telethon, real python-telegram-bot, real PostgreSQL, the box's two servers."""
