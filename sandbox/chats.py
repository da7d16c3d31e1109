"""The chats the bot speaks in: what people do there, what the bot did, and who listens."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from sandbox import utf16
from sandbox.chat_records import (
    Accepted,
    CallbackAnswer,
    CallbackQuery,
    Chat,
    ChatEvent,
    ChatMessage,
    Entity,
    Markup,
    Media,
)
from sandbox.chat_registry import ChatRegistry, NoSuchChat
from sandbox.inline_queries import InlineQueries, NoSuchResult

if TYPE_CHECKING:
    from sandbox.world import Clock

__all__ = ["ChatClosed", "Chats", "NoSuchButton", "NoSuchChat", "NoSuchResult"]

_COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(?:@(?P<bot>\w+))?(?=\W|$)")


class NoSuchButton(LookupError):
    """The message is gone or has no button with this callback data: a person could not press it."""


class ChatClosed(PermissionError):
    """The person blocked the bot, is no member of the group, or only reads there: nothing can be typed."""


class Chats(ChatRegistry):
    """All chats of the bot, with the ledgers of what the Bot API accepted."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.inline = InlineQueries(self.updates, clock, self.bot)
        self.queries: dict[str, CallbackQuery] = {}
        self.accepted: list[Accepted] = []
        self.edits: list[Accepted] = []
        self.answers: list[CallbackAnswer] = []
        self.inside_bans = 0
        """Requests that arrived inside a ban window, where a bot that heard its 429 stays silent."""
        self._query_ids = count(1)

    def versions(self, chat_id: int, message_id: int) -> list[Accepted]:
        """Every version of one of the bot's messages as it was accepted, the first one first."""
        ledger = [*self.accepted, *self.edits]
        return [entry for entry in ledger if (entry.chat_id, entry.message_id) == (chat_id, message_id)]

    # What people do.

    def say(
        self,
        user_id: int,
        chat_id: int,
        text: str,
        *,
        reply_to: int | None = None,
        thread_id: int | None = None,
        is_anonymous: bool = False,
        is_forwarded: bool = False,
    ) -> ChatMessage:
        """A person types a message; a /command becomes a bot_command entity. ChatClosed where they can't.

        `is_anonymous`: an administrator writes in the group's name.
        """
        chat = self._open_chat(user_id, chat_id, thread_id)
        chat.is_started = True
        commands = list(_COMMAND.finditer(text))
        message = self._add(
            chat,
            user_id,
            from_bot=False,
            text=text,
            entities=[
                Entity(type="bot_command", offset=utf16.length(text[: found.start()]), length=len(found[0]))
                for found in commands
            ],
            reply_to=reply_to,
            thread_id=thread_id,
            is_anonymous=is_anonymous,
            is_forwarded=is_forwarded,
        )
        if self._bot_hears(chat, commands, reply_to):
            self.updates.push("channel_post" if chat.kind == "channel" else "message", message)
        return message

    def press(self, user_id: int, chat_id: int, message_id: int, callback_data: str) -> CallbackQuery:
        """A person presses an inline button. NoSuchButton when that message does not show it now."""
        self._member_of(user_id, chat_id)
        message = self.message(chat_id, message_id)
        if message is None or all(b.get("callback_data") != callback_data for b in message.buttons):
            raise NoSuchButton(f"message {message_id} of chat {chat_id} has no such button")
        snapshot = dataclasses.replace(message)
        now = self.clock.monotonic()
        query = CallbackQuery(f"9{next(self._query_ids):017d}", user_id, snapshot, callback_data, now)
        self.queries[query.id] = query
        self.updates.push("callback_query", query)
        return query

    def choose(
        self, user_id: int, chat_id: int, query_id: str, result_id: str, *, thread_id: int | None = None
    ) -> ChatMessage:
        """A person taps an inline result: it is sent into the chat as theirs, "via" the bot. NoSuchResult, ChatClosed.

        A bot that is in the chat hears the message too (Bot API documentation, privacy mode).
        """
        chat = self._open_chat(user_id, chat_id, thread_id)
        query, result = self.inline.result(query_id, result_id)
        inline_message_id = self.inline.chosen(user_id, query, result)
        message = self._add(
            chat,
            user_id,
            from_bot=False,
            text=result.text,
            entities=result.entities,
            media=result.media,
            reply_markup=result.reply_markup,
            link_preview=result.link_preview,
            thread_id=thread_id,
            via_bot=True,
            inline_message_id=inline_message_id,
        )
        if inline_message_id:
            self.inline.messages[inline_message_id] = message
        if not chat.is_kicked:
            self.updates.push("channel_post" if chat.kind == "channel" else "message", message)
        return message

    # What the bot does, once its request was found good.

    def bot_sends(
        self,
        method: str,
        chat: Chat,
        *,
        text: str = "",
        entities: list[Entity] | None = None,
        media: Media | None = None,
        media_group_id: str | None = None,
        reply_markup: Markup | None = None,
        reply_to: int | None = None,
        thread_id: int | None = None,
        link_preview: Mapping[str, Any] | None = None,
    ) -> ChatMessage:
        """The bot's message appears in the chat and in the ledger `accepted`."""
        message = self._add(
            chat,
            self.bot.id,
            from_bot=True,
            text=text,
            entities=entities or [],
            media=media,
            media_group_id=media_group_id,
            reply_markup=reply_markup,
            reply_to=reply_to,
            thread_id=thread_id,
            link_preview=link_preview,
        )
        self.accepted.append(self._ledger_entry(method, message))
        return message

    def bot_edits(
        self,
        method: str,
        message: ChatMessage,
        *,
        text: str,
        entities: list[Entity],
        reply_markup: Markup | None,
        media: Media | None = None,
        link_preview: Mapping[str, Any] | None = None,
    ) -> None:
        """The message changes in place, and the ledger `edits` grows; no `media` leaves the file as it is."""
        before = (message.text, message.entities, message.media)
        message.text, message.entities, message.reply_markup = text, entities, reply_markup
        message.media = media or message.media
        message.link_preview = link_preview or message.link_preview
        message.edited_at = self.clock.now()
        message.is_content_changed |= before != (message.text, message.entities, message.media)
        self.edits.append(self._ledger_entry(method, message))
        self._tell("edited", message)

    def bot_deletes(self, message: ChatMessage) -> None:
        """A message disappears."""
        message.is_deleted = True
        self._tell("deleted", message)

    def bot_answers(self, answer: CallbackAnswer) -> None:
        """The person who pressed a button sees the answer."""
        self.queries[answer.query_id].is_answered = True
        self.answers.append(answer)
        self.emit(ChatEvent("answered", answer.chat_id, answer=answer))

    # Inside.

    def _member_of(self, user_id: int, chat_id: int) -> Chat:
        chat = self.chat(chat_id)
        if chat.is_blocked or chat.members.get(user_id, "left") in ("left", "kicked"):
            raise ChatClosed(f"user {user_id} can't speak in chat {chat_id}")
        return chat

    def _open_chat(self, user_id: int, chat_id: int, thread_id: int | None) -> Chat:
        chat = self._member_of(user_id, chat_id)
        topic = chat.topics.get(thread_id or 0)
        is_closed = topic is not None and topic.is_closed
        if (is_closed or chat.kind == "channel") and not chat.has_administrator(user_id):
            raise ChatClosed(f"user {user_id} may only read in chat {chat_id}")
        if thread_id and (topic is None or topic.is_deleted):
            raise ChatClosed(f"there is no topic {thread_id} in chat {chat_id}")
        return chat

    def _bot_hears(self, chat: Chat, commands: list[re.Match[str]], reply_to: int | None) -> bool:
        """Privacy mode: in a group the bot hears commands (its own, or addressed to nobody) and replies to it."""
        if chat.is_kicked:
            return False
        if chat.kind == "private" or chat.member_status == "administrator":
            return True
        answered = self.message(chat.id, reply_to or 0)
        if answered is not None and answered.from_bot:
            return True
        own = self.bot.username.lower()
        return any(found["bot"] is None or found["bot"].lower() == own for found in commands)

    def _ledger_entry(self, method: str, message: ChatMessage) -> Accepted:
        return Accepted(
            method,
            message.chat_id,
            message.message_id,
            message.text,
            tuple(message.entities),
            message.reply_markup,
            self.clock.now(),
            self.clock.monotonic(),
            message.thread_id,
            message.media,
        )
