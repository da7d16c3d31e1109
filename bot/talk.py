"""One thing a person did in a chat, and the ways to answer it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import structlog
import telegram
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import BadRequest, TelegramError
from telegram.ext import ExtBot

from bot.errors import Action, verdict_of
from bot.message import Message
from bot.post_view import zone_of
from bot.rich_text import RichText, clean
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
        return self.subscriber.id

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
        said = _shaped(message)
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
        said = _shaped(message)
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
        """Raise Refused in a group unless an administrator, known by name, is asking."""
        if self.is_private:
            return
        if self.pressed is None and self.message.sender_chat is not None:
            raise Refused(self.texts.anonymous)
        person = self.pressed.from_user if self.pressed else self.message.from_user
        if person is None or not await self._is_administrator(person.id):
            raise Refused(self.texts.only_administrators)

    async def _is_administrator(self, user_id: int) -> bool:
        try:
            member = await self.bot.get_chat_member(self.subscriber.chat_id, user_id)
        except TelegramError as error:
            log.warning("member not looked up", chat_id=self.subscriber.chat_id, error=type(error).__name__)
            return False
        return member.status in (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR)


async def begin(update: telegram.Update, database: Database, bot: ExtBot[Any]) -> Talk | None:
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
    return Talk(database, bot, subscriber, message, update.callback_query)


def _shaped(message: Message | RichText | str) -> Message:
    if isinstance(message, Message):
        return message.shortened()
    return Message(message if isinstance(message, RichText) else RichText(clean(message))).shortened()
