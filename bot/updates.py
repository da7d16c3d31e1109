"""From the library's updates to talks: who may be answered, and what happens when something fails.

Handlers run from the inbox, each as an errand (`bot.errands`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
import telegram
from telegram.constants import ChatMemberStatus
from telegram.error import TelegramError
from telegram.ext import (
    Application,
    CallbackContext,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ExtBot,
    InlineQueryHandler,
    MessageHandler,
    filters,
)

from bot import errands
from bot.access import Door, texts_of
from bot.callback_data import Seal
from bot.coming import language_of, thread_of
from bot.errors import place_of
from bot.handlers import inline
from bot.handlers.connect import act_for
from bot.handlers.registry import BUTTONS, COMMANDS, Conversation, hear, hear_no_words, hear_unknown_command
from bot.talk import Refused, Stale, Talk, begin
from storage import people, subscribers, supergroups
from storage.database import Database
from storage.ids import ChatId

log = structlog.get_logger()

ALLOWED_UPDATES = ["message", "callback_query", "my_chat_member", "inline_query", "chosen_inline_result"]
"""my_chat_member tells that somebody blocked the bot or threw it out; Telegram sends it only when asked."""

App = Application[Any, Any, Any, Any, Any, Any]
Context = CallbackContext[Any, Any, Any, Any]


@dataclass(frozen=True)
class Updates:
    """The handlers of one application, on one database."""

    database: Database
    joined: Database
    """The same one, for what an update changes: part of its errand's transaction."""
    door: Door
    seal: Seal | None
    """Reads what buttons carry; None: they carry it as it is."""

    def register(self, application: App) -> None:
        """Every handler, in the order in which they are asked."""
        new = filters.UpdateType.MESSAGE
        for command, conversation in COMMANDS.items():
            application.add_handler(CommandHandler(command, self._on_command(command, conversation), filters=new))
        application.add_handler(CallbackQueryHandler(self._on_button))
        application.add_handler(MessageHandler(new & filters.StatusUpdate.MIGRATE, self._on_migration))
        application.add_handler(MessageHandler(new & filters.COMMAND, self._on_message(hear_unknown_command)))
        application.add_handler(MessageHandler(new & filters.TEXT, self._on_message(hear)))
        no_words = new & ~filters.StatusUpdate.ALL & ~filters.TEXT
        application.add_handler(MessageHandler(no_words, self._on_message(hear_no_words)))
        application.add_handler(InlineQueryHandler(self._on_inline))
        application.add_handler(ChatMemberHandler(self._on_membership, ChatMemberHandler.MY_CHAT_MEMBER))
        application.add_error_handler(self._on_error)

    def _on_command(self, command: str, conversation: Conversation) -> Any:
        async def handle(update: telegram.Update, context: Context) -> None:
            await self._converse(update, context, conversation, " ".join(context.args or []), command)

        return handle

    def _on_message(self, conversation: Conversation) -> Any:
        async def handle(update: telegram.Update, context: Context) -> None:
            text = update.message.text if update.message else None
            await self._converse(update, context, conversation, text or "")

        return handle

    async def _on_button(self, update: telegram.Update, context: Context) -> None:
        query = update.callback_query
        data = query.data if query else None
        if self.seal is not None and query is not None and query.message is not None:
            data = self.seal.read(data, query.message.chat.id)
        verb, _, words = (data or "").partition(":")
        await self._converse(update, context, BUTTONS.get(verb, _stale), words, verb or "button")

    async def _on_inline(self, update: telegram.Update, _: Context) -> None:
        """`@bot words` in any chat: for who is listed, at a bearable pace; everybody else finds nothing."""
        asked = update.inline_query
        if asked is not None:
            is_bearable = self.door.may_ask_inline(asked.from_user.id)
            await inline.answer(asked, self.joined, self.door.rules.inline if is_bearable else ())

    async def _converse(
        self, update: telegram.Update, context: Context, conversation: Conversation, words: str, verb: str = ""
    ) -> None:
        if not await self.door.lets_in(update, context.bot, self.database, verb):
            return
        talk = await begin(update, self.database, context.bot, self.door.rules)
        if talk is None:
            if update.callback_query:
                await update.callback_query.answer()
            return
        # Who spoke is entered before, in a transaction of its own: whoever suspends them must not wait for a handler.
        talk.database = self.joined
        if (errand := errands.current()) is not None:
            errand.owner, errand.repeat_mark = (talk.subscriber.chat_id, talk.subscriber.id), talk.texts.repeat
        try:
            await act_for(talk)
            await conversation(talk, words)
        except Stale:
            await _tell(talk, talk.texts.stale)
        except Refused as error:
            await _tell(talk, str(error))
        await talk.answer()

    async def _on_migration(self, update: telegram.Update, _: Context) -> None:
        message = update.effective_message
        if message is not None and message.migrate_to_chat_id:
            async with self.joined.begin() as connection:
                await supergroups.migrate_chat(connection, ChatId(message.chat_id), ChatId(message.migrate_to_chat_id))

    async def _on_membership(self, update: telegram.Update, context: Context) -> None:
        change = update.my_chat_member
        if change is None:
            return
        chat_id, kind = ChatId(change.chat.id), change.chat.type
        is_gone = change.new_chat_member.status in (ChatMemberStatus.BANNED, ChatMemberStatus.LEFT)
        is_welcome = is_gone or kind == telegram.Chat.CHANNEL or await self.door.knows(update, self.database)
        async with self.joined.begin() as connection:
            held = await people.subscribers_of(connection, chat_id)
            if is_gone:
                for subscriber_id in held:
                    await subscribers.suspend(connection, subscriber_id, "the bot was blocked or removed")
            elif is_welcome and (held or kind != telegram.Chat.CHANNEL):
                await subscribers.enter(connection, chat_id, chat_type=kind, language=language_of(update))

    async def _on_error(self, update: object, context: Context) -> None:
        """The door of every handler: log what kind of failure, never what was said; the errand fails with it."""
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
        if (errand := errands.current()) is not None:
            errand.failure = error


async def apologise(update: telegram.Update, bot: ExtBot[Any], database: Database) -> None:
    """Say that something went wrong on our side, where there is somebody to say it to."""
    message = update.effective_message
    sentence = (await texts_of(database, update)).went_wrong
    try:
        if update.callback_query:
            await update.callback_query.answer(sentence)
        elif message is not None and message.chat.type != telegram.Chat.CHANNEL:
            await bot.send_message(message.chat_id, sentence, message_thread_id=thread_of(update) or None)
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
