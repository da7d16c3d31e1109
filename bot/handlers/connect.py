"""/connect @channel: an administrator of a channel configures it from their private chat, and its alerts go there."""

from __future__ import annotations

import re

import telegram
from telegram.constants import ChatType
from telegram.error import BadRequest, Forbidden

from bot.message import Message
from bot.rich_text import bold, clean, code, fill, plain
from bot.rules import Entry
from bot.talk import Refused, Talk, is_administrator, member_of
from storage import people, subscribers
from storage.ids import ChatId

_CHANNEL = re.compile(r"(?:(?:https?://)?t\.me/|@)?(?P<name>[A-Za-z]\w{3,31})|(?P<number>-100\d{5,15})", re.ASCII)


async def connect(talk: Talk, words: str) -> None:
    """/connect @channel, or its number: the checks, and from then on this chat configures the channel."""
    texts, user_id = talk.texts, talk.person
    if not talk.is_private or user_id is None:
        raise Refused(texts.connect_in_private)
    found = _CHANNEL.fullmatch(words.strip())
    if found is None:
        await talk.say(_usage(talk))
        return
    chat = await _channel(talk, found["number"] or f"@{found['name']}")
    if not await is_administrator(talk.bot, chat.id, user_id):
        raise Refused(texts.connect_not_administrator)
    if not await may_post(talk.bot, chat.id):
        raise Refused(texts.connect_may_not_post)
    channel_id, title = ChatId(chat.id), clean(chat.title or "")
    async with talk.database.begin() as connection:
        if (await people.standing_of(connection, user_id=None, chat_id=channel_id)).is_blocked:
            raise Refused(texts.connect_unknown)
        language = talk.subscriber.language
        entered = await subscribers.enter(connection, channel_id, chat_type=ChatType.CHANNEL, language=language)
        if entered.time_zone == "UTC":  # as it is until somebody chooses: what its administrator has chosen is likelier
            await subscribers.set_time_zone(connection, entered.id, talk.subscriber.time_zone)
        if talk.rules.entry is not Entry.OPEN:
            await people.admit_chat(connection, channel_id, user_id)
        await people.connect(connection, user_id, channel_id, title)
    talk.channel = None
    await talk.say(fill(texts.connected, channel=bold(title), disconnect="/disconnect"))


async def disconnect(talk: Talk, _: str) -> None:
    """/disconnect: this chat configures itself again; the channel goes on getting what it is subscribed to."""
    async with talk.database.begin() as connection:
        was = talk.person is not None and await people.disconnect(connection, talk.person)
    talk.channel = None
    await talk.say(talk.texts.disconnected if was else talk.texts.connect_none)


async def act_for(talk: Talk) -> None:
    """Let the talk configure the channel that this private chat is connected to, if its person still may.

    Raises Refused when they may not any more: the connection is ended, and what they wanted is not done here instead.
    """
    if not talk.is_private or talk.person is None:
        return
    async with talk.database.begin() as connection:
        found = await people.connected(connection, talk.person)
    if found is None:
        return
    channel, subscriber = found
    if await is_administrator(talk.bot, channel.chat_id, talk.person) and await may_post(talk.bot, channel.chat_id):
        talk.channel, talk.channel_title = subscriber, channel.title
        return
    async with talk.database.begin() as connection:
        await people.disconnect(connection, talk.person)
    raise Refused(fill(talk.texts.connection_ended, channel=channel.title).text)


async def may_post(bot: telegram.Bot, chat_id: int) -> bool:
    """Whether the bot may post in the channel at this moment."""
    member = await member_of(bot, chat_id, bot.id)
    return isinstance(member, telegram.ChatMemberAdministrator) and bool(member.can_post_messages)


async def _channel(talk: Talk, reference: str) -> telegram.ChatFullInfo:
    try:
        chat = await talk.bot.get_chat(reference)
    except (BadRequest, Forbidden):
        raise Refused(talk.texts.connect_unknown) from None
    if chat.type != ChatType.CHANNEL:
        raise Refused(talk.texts.connect_no_channel)
    return chat


def _usage(talk: Talk) -> Message:
    if talk.channel is not None:
        return Message(fill(talk.texts.connected, channel=bold(talk.channel_title), disconnect="/disconnect"))
    return Message(plain(talk.texts.connect_usage) + "\n\n" + code("/connect @channel"))
