"""From the library's updates to talks: who may be answered, in what order, and what happens when something fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import structlog
import telegram
from telegram.constants import ChatMemberStatus
from telegram.error import TelegramError
from telegram.ext import (
    Application,
    BaseUpdateProcessor,
    CallbackContext,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    MessageHandler,
    filters,
)

from bot.errors import Action, place_of, verdict_of
from bot.handlers.registry import BUTTONS, COMMANDS, Conversation, hear, hear_no_words, hear_unknown_command
from bot.talk import Refused, Stale, Talk, begin
from bot.texts import base_language, texts_in
from storage import subscribers
from storage.database import Database
from storage.ids import ChatId

log = structlog.get_logger()

ALLOWED_UPDATES = ["message", "callback_query", "my_chat_member"]
"""my_chat_member tells that somebody blocked the bot or threw it out; Telegram sends it only when asked."""

AT_ONCE = 64
"""Updates handled at the same time, one of each chat: nobody waits behind a chat that floods."""

App = Application[Any, Any, Any, Any, Any, Any]
Context = CallbackContext[Any, Any, Any, Any]


class OneByOneInAChat(BaseUpdateProcessor):
    """Handles the updates of one chat in their order, and different chats at once."""

    def __init__(self) -> None:
        super().__init__(AT_ONCE)
        self._locks: dict[int, tuple[asyncio.Lock, int]] = {}

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Wait for the chat's earlier updates."""
        chat = update.effective_chat if isinstance(update, telegram.Update) else None
        number = chat.id if chat else 0
        lock, waiting = self._locks.get(number, (asyncio.Lock(), 0))
        self._locks[number] = (lock, waiting + 1)
        try:
            async with lock:
                await coroutine
        finally:
            lock, waiting = self._locks.pop(number)
            if waiting > 1:
                self._locks[number] = (lock, waiting - 1)

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to clear."""


@dataclass(frozen=True)
class Updates:
    """The handlers of one application, on one database."""

    database: Database

    def register(self, application: App) -> None:
        """Every handler, in the order in which they are asked."""
        new = filters.UpdateType.MESSAGE
        for command, conversation in COMMANDS.items():
            application.add_handler(CommandHandler(command, self._on_command(conversation), filters=new))
        application.add_handler(CallbackQueryHandler(self._on_button))
        application.add_handler(MessageHandler(new & filters.StatusUpdate.MIGRATE, self._on_migration))
        application.add_handler(MessageHandler(new & filters.COMMAND, self._on_message(hear_unknown_command)))
        application.add_handler(MessageHandler(new & filters.TEXT, self._on_message(hear)))
        no_words = new & ~filters.StatusUpdate.ALL & ~filters.TEXT
        application.add_handler(MessageHandler(no_words, self._on_message(hear_no_words)))
        application.add_handler(ChatMemberHandler(self._on_membership, ChatMemberHandler.MY_CHAT_MEMBER))
        application.add_error_handler(self._on_error)

    def _on_command(self, conversation: Conversation) -> Any:
        async def handle(update: telegram.Update, context: Context) -> None:
            await self._converse(update, context, conversation, " ".join(context.args or []))

        return handle

    def _on_message(self, conversation: Conversation) -> Any:
        async def handle(update: telegram.Update, context: Context) -> None:
            text = update.message.text if update.message else None
            await self._converse(update, context, conversation, text or "")

        return handle

    async def _on_button(self, update: telegram.Update, context: Context) -> None:
        query = update.callback_query
        verb, _, words = ((query.data if query else None) or "").partition(":")
        await self._converse(update, context, BUTTONS.get(verb, _stale), words)

    async def _converse(
        self, update: telegram.Update, context: Context, conversation: Conversation, words: str
    ) -> None:
        talk = await begin(update, self.database, context.bot)
        if talk is None:
            if update.callback_query:
                await update.callback_query.answer()
            return
        try:
            await conversation(talk, words)
        except Stale:
            await _tell(talk, talk.texts.stale)
        except Refused as error:
            await _tell(talk, str(error))
        except TelegramError as error:
            await self._shut_out(talk, error)
        await talk.answer()

    async def _shut_out(self, talk: Talk, error: TelegramError) -> None:
        """A reply that Telegram refuses because the chat is closed to us suspends it; every other error goes on."""
        verdict = verdict_of(error)
        if verdict.action is not Action.SUSPEND:
            raise error
        async with self.database.begin() as connection:
            await subscribers.suspend(connection, talk.owner, verdict.detail)

    async def _on_migration(self, update: telegram.Update, _: Context) -> None:
        message = update.effective_message
        if message is not None and message.migrate_to_chat_id:
            async with self.database.begin() as connection:
                await subscribers.migrate_chat(connection, ChatId(message.chat_id), ChatId(message.migrate_to_chat_id))

    async def _on_membership(self, update: telegram.Update, context: Context) -> None:
        change = update.my_chat_member
        if change is None or change.chat.type == telegram.Chat.CHANNEL:
            return
        async with self.database.begin() as connection:
            subscriber = await subscribers.enter(
                connection,
                ChatId(change.chat.id),
                chat_type=change.chat.type,
                language=base_language(change.from_user.language_code),
            )
            if change.new_chat_member.status in (ChatMemberStatus.BANNED, ChatMemberStatus.LEFT):
                await subscribers.suspend(connection, subscriber.id, "the bot was blocked or removed")

    async def _on_error(self, update: object, context: Context) -> None:
        """The door of every handler: log what kind of failure, never what was said; ask for patience."""
        chat = update.effective_chat if isinstance(update, telegram.Update) else None
        number = update.update_id if isinstance(update, telegram.Update) else None
        error = context.error
        log.error(
            "update not handled",
            update_id=number,
            chat_id=chat.id if chat else None,
            error=type(error).__name__,
            place=place_of(error),
        )
        if chat is None or isinstance(error, TelegramError) or not isinstance(update, telegram.Update):
            return
        await _apologise(update, context)


async def _apologise(update: telegram.Update, context: Context) -> None:
    person = update.effective_user
    message = update.effective_message
    sentence = texts_in(base_language(person.language_code if person else None)).went_wrong
    try:
        if update.callback_query:
            await update.callback_query.answer(sentence)
        elif message is not None:
            thread_id = message.message_thread_id if message.is_topic_message else None
            await context.bot.send_message(message.chat_id, sentence, message_thread_id=thread_id)
    except TelegramError as error:
        log.warning("apology not sent", error=type(error).__name__)


async def _stale(_: Talk, __: str) -> None:
    raise Stale


async def _tell(talk: Talk, sentence: str) -> None:
    """Say a refusal: over the button that was pressed, or in the chat."""
    if talk.pressed is not None and not talk.is_answered:
        await talk.answer(sentence, alert=True)
    else:
        await talk.say(sentence)
