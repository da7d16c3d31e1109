"""One request for one owed message: sent, or put in the place of what was sent before."""

from __future__ import annotations

from typing import Any

from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.errors import Verdict, verdict_of
from bot.message import Message
from bot.reply_limits import HAS_TURN
from storage.leases import Leased


async def request(bot: ExtBot[Any], leased: Leased, message: Message, *, edited: int | None) -> int | Verdict:
    """Telegram's number of the message, or what its error means. `edited`: the message that is to say this now.

    The turn must have been taken (`bot.limits`).
    """
    chat_id, said = leased.subscriber.chat_id, message.text
    try:
        if edited is not None:
            await bot.edit_message_text(
                said.text,
                chat_id,
                edited,
                entities=said.entities(),
                reply_markup=message.keyboard(),
                link_preview_options=message.preview(),
                rate_limit_args=HAS_TURN,
            )
            return edited
        sent = await bot.send_message(
            chat_id,
            said.text,
            entities=said.entities(),
            reply_markup=message.markup(),
            link_preview_options=message.preview(),
            message_thread_id=leased.thread_id or None,
            rate_limit_args=HAS_TURN,
        )
    except TelegramError as error:
        return verdict_of(error)
    return sent.message_id
