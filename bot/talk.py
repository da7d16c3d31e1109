"""One thing a person did in a chat, and the ways to answer it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import structlog
import telegram
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, TelegramError
from telegram.ext import ExtBot

from bot.errors import Action, verdict_of
from bot.message import Message
from bot.post_view import zone_of
from bot.rich_text import RichText, clean, fill, italic
from bot.rules import Rules
from bot.texts import Catalogue, base_language, texts_in
from storage import subscribers
from storage.database import Database
from storage.ids import ChatId, SubscriberId
from storage.subscribers import Subscriber

log = structlog.get_logger()

ANSWER_CHARACTERS = 200
"""The longest answer to a pressed button (Bot API documentation)."""


class Stale(Exception):
    """A button that is too old, or not this chat's: answered with the same sentence, whatever the reason."""


class Refused(Exception):
    """This person may not do that here; the message says why, in their language."""


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
    def person(self) -> int | None:
        """The number of who acts; None for a channel, and for who writes in the group's name."""
        if self.pressed is not None:
            return self.pressed.from_user.id
        is_known = self.message.sender_chat is None and self.message.from_user is not None
        return self.message.from_user.id if is_known and self.message.from_user else None

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
        try:
            await self.bot.edit_message_text(
                said.text.text,
                self.subscriber.chat_id,
                self.message.message_id,
                entities=said.text.entities(),
                reply_markup=said.keyboard(),
                link_preview_options=said.preview(),
            )
        except BadRequest as error:
            if verdict_of(error).action is not Action.IGNORE:
                raise

    async def answer(self, text: str = "", *, alert: bool = False) -> None:
        """Answer the pressed button, once; the spinner on it turns until then. Nothing without a button."""
        if self.pressed is None or self.is_answered:
            return
        self.is_answered = True
        try:
            await self.pressed.answer(clean(text)[:ANSWER_CHARACTERS] or None, show_alert=alert)
        except TelegramError as error:  # too old, or the network: the person sees a spinner end by itself
            log.info("button not answered", chat_id=self.subscriber.chat_id, error=type(error).__name__)

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
        if self.person is None or not await self._is_administrator(self.person):
            raise Refused(self.texts.only_administrators)

    def _shaped(self, message: Message | RichText | str) -> Message:
        """Within Telegram's length, and saying for whom, if it is not for this chat."""
        if not isinstance(message, Message):
            message = Message(message if isinstance(message, RichText) else RichText(clean(message)))
        if self.channel is not None:
            whom = italic(fill(self.texts.for_channel, channel=clean(self.channel_title)))
            message = replace(message, text=whom + "\n\n" + message.text)
        return message.shortened()

    async def _is_administrator(self, user_id: int) -> bool:
        try:
            member = await self.bot.get_chat_member(self.subscriber.chat_id, user_id)
        except TelegramError as error:
            log.warning("member not looked up", chat_id=self.subscriber.chat_id, error=type(error).__name__)
            return False
        return member.status in (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR)


async def begin(
    update: telegram.Update, database: Database, bot: ExtBot[Any], rules: Rules = OPEN_HOUSE
) -> Talk | None:
    """The talk that an update begins; its chat is a subscriber from now on. None where nobody can be answered."""
    message, chat, person = update.effective_message, update.effective_chat, update.effective_user
    if message is None or chat is None or chat.type == ChatType.CHANNEL:
        return None
    async with database.begin() as connection:
        subscriber = await subscribers.enter(
            connection,
            ChatId(chat.id),
            chat_type=chat.type,
            language=base_language(person.language_code if person else None),
            thread_id=(message.message_thread_id or 0) if message.is_topic_message else 0,
        )
    return Talk(database, bot, subscriber, message, update.callback_query, rules=rules)
