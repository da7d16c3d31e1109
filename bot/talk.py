"""One thing a person did in a chat, and the ways to answer it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import telegram
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, ChatMigrated, Forbidden
from telegram.ext import ExtBot

from bot.coming import language_of, person_of, thread_of
from bot.message import Message
from bot.post_view import zone_of
from bot.rich_text import RichText, clean, fill, italic, plain
from bot.rules import Rules
from bot.texts import Catalogue, texts_in
from storage import subscribers
from storage.database import Database
from storage.ids import ChatId, SubscriberId
from storage.subscribers import Subscriber

ANSWER_UNITS = 200
"""The longest answer to a pressed button (Bot API documentation, answerCallbackQuery), counted as messages are."""


class Stale(Exception):
    """A button that is too old, or not this chat's: answered with the same sentence, whatever the reason."""


def number_in(said: str) -> int:
    """The number of a row in a button's data. Raises Stale for anything else."""
    if not (said.isascii() and said.isdecimal() and len(said) < 19):
        raise Stale
    return int(said)


class Refused(Exception):
    """This person may not do that here; the message says why, in their language."""


def short_answer(text: str) -> str | None:
    """What is said over a pressed button, within its length; None for nothing."""
    return plain(text).truncated(ANSWER_UNITS).text or None


OPEN_HOUSE = Rules()
"""The rules where nobody has set any."""


@dataclass(slots=True)
class Talk:
    """A person's message or pressed button, the chat as our subscriber, and the language to answer in."""

    database: Database
    bot: ExtBot[Any]
    subscriber: Subscriber
    message: telegram.Message
    """What they wrote, or the message under which they pressed a button."""
    person: int | None = None
    """The number of who acts; None for a channel, and for who writes in the group's name."""
    pressed: telegram.CallbackQuery | None = None
    is_answered: bool = False
    rules: Rules = OPEN_HOUSE
    channel: Subscriber | None = None
    """The channel that an administrator of it configures from this private chat (bot.handlers.connect)."""
    channel_title: str = ""

    @property
    def texts(self) -> Catalogue:
        """The sentences of this chat's language."""
        return texts_in(self.subscriber.language)

    @property
    def zone(self) -> dt.tzinfo:
        """The chat's time zone."""
        return zone_of(self.subscriber.time_zone)

    @property
    def owner(self) -> SubscriberId:
        """Whose subscriptions this talk may touch: nobody else's."""
        return self.subject.id

    @property
    def subject(self) -> Subscriber:
        """Who is configured: this chat, or the channel that it is connected to."""
        return self.channel or self.subscriber

    @property
    def is_private(self) -> bool:
        """Whether one person talks to the bot alone."""
        return self.message.chat.type == ChatType.PRIVATE

    @property
    def asked(self) -> str | None:
        """The text of the bot's own message that this one answers, if it does."""
        answered = self.message.reply_to_message
        is_ours = answered is not None and answered.from_user is not None and answered.from_user.id == self.bot.id
        return answered.text if answered is not None and is_ours else None

    def quoted(self, which: int) -> str:
        """The monospaced line (0 first, -1 last) of the bot's own message under the pressed button. Raises Stale."""
        lines = list(self.message.parse_entities([telegram.MessageEntity.CODE]).values())
        if not lines:
            raise Stale
        return lines[which]

    async def say(self, message: Message | RichText | str, *, as_reply: bool = False) -> None:
        """Send a message into the chat; `as_reply` ties it to what it answers."""
        await self.answer()
        said = self._shaped(message)
        reply = telegram.ReplyParameters(self.message.message_id, allow_sending_without_reply=True)
        await self.bot.send_message(
            self.subscriber.chat_id,
            said.text.text,
            entities=said.text.entities(),
            reply_markup=said.markup(),
            link_preview_options=said.preview(),
            message_thread_id=self.subscriber.thread_id or None,
            reply_parameters=reply if as_reply else None,
        )

    async def change(self, message: Message | RichText | str) -> None:
        """Put this in the place of the message under the pressed button."""
        await self.answer()
        said = self._shaped(message)
        await self.bot.edit_message_text(
            said.text.text,
            self.subscriber.chat_id,
            self.message.message_id,
            entities=said.text.entities(),
            reply_markup=said.keyboard(),
            link_preview_options=said.preview(),
        )

    async def answer(self, text: str = "", *, alert: bool = False) -> None:
        """Answer the pressed button, once; the spinner on it turns until then. Nothing without a button."""
        if self.pressed is None or self.is_answered:
            return
        self.is_answered = True
        await self.pressed.answer(short_answer(text), show_alert=alert)

    async def require_administrator(self) -> None:
        """Raise Refused in a group unless an administrator is asking, in words of their own.

        Who writes in the group's name is one of its administrators (Bot API documentation, Message.sender_chat); who
        writes in the name of a channel may be anybody. A connected channel's rights are looked up with every update.
        """
        if self.is_private:
            return
        if self.pressed is None and self.message.forward_origin is not None:
            raise Refused(self.texts.forwarded)
        if self.pressed is None and self.message.sender_chat is not None:
            if self.message.sender_chat.id == self.message.chat.id:
                return
            raise Refused(self.texts.anonymous)
        if self.person is None or not await is_administrator(self.bot, self.subscriber.chat_id, self.person):
            raise Refused(self.texts.only_administrators)

    def _shaped(self, message: Message | RichText | str) -> Message:
        """Within Telegram's length, and saying for whom, if it is not for this chat."""
        if not isinstance(message, Message):
            message = Message(plain(message))
        if self.channel is not None:
            whom = italic(fill(self.texts.for_channel, channel=clean(self.channel_title)))
            message = replace(message, text=whom + "\n\n" + message.text)
        return message.shortened()


async def is_administrator(bot: telegram.Bot, chat_id: int, user_id: int) -> bool:
    """Whether the person administers the group or channel at this moment."""
    member = await member_of(bot, chat_id, user_id)
    return member is not None and member.status in (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR)


async def member_of(bot: telegram.Bot, chat_id: int, user_id: int) -> telegram.ChatMember | None:
    """What Telegram says of somebody in a chat. After any other error nothing is known: the update comes again."""
    try:
        return await bot.get_chat_member(chat_id, user_id)
    except (BadRequest, Forbidden, ChatMigrated):  # no member, or no such chat any more
        return None


async def begin(
    update: telegram.Update, database: Database, bot: ExtBot[Any], rules: Rules = OPEN_HOUSE
) -> Talk | None:
    """The talk that an update begins; its chat is a subscriber from now on. None where nobody can be answered."""
    message, chat = update.effective_message, update.effective_chat
    if message is None or chat is None or chat.type == ChatType.CHANNEL:
        return None
    async with database.begin() as connection:
        subscriber = await subscribers.enter(
            connection,
            ChatId(chat.id),
            chat_type=chat.type,
            language=language_of(update),
            thread_id=thread_of(update),
        )
    return Talk(database, bot, subscriber, message, person_of(update), update.callback_query, rules=rules)
