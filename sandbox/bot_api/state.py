"""What one bot's server works with, and the rules that many methods share: which chat, may the bot speak there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from sandbox.bot_api.errors import BadRequest, Forbidden, TooManyRequests
from sandbox.bot_api.limits import Limiter, Limits
from sandbox.bot_api.params import Params
from sandbox.chat_records import Chat, ChatMessage

if TYPE_CHECKING:
    from sandbox.chats import Chats
    from sandbox.world import World


class BotState:
    """The world, the limits, and the one long poll that may wait."""

    def __init__(self, world: World, limits: Limits, callback_seconds: float) -> None:
        self.world = world
        self.limiter = Limiter(limits, world.clock)
        self.callback_seconds = callback_seconds
        self.closing = asyncio.Event()
        self.waiting_poll: asyncio.Future[str] | None = None
        self.webhook_url = ""

    @property
    def chats(self) -> Chats:
        """The world's chats."""
        return self.world.chats

    def chat(self, params: Params) -> Chat:
        """The chat that chat_id names (a number, or @name of a group or channel), if the bot may speak there."""
        chat = self.known_chat(params)
        self._refuse_closed(chat)
        return chat

    def place(self, params: Params) -> tuple[Chat, int | None]:
        """The chat and the topic in it that a message is for, if the bot may post there."""
        chat = self.chat(params)
        if chat.kind == "channel" and chat.member_status != "administrator":
            raise BadRequest("need administrator rights in the channel chat")
        if chat.kind == "channel" and not chat.may_post:
            raise BadRequest("not enough rights to post messages in the chat")
        return chat, self._topic(chat, params)

    def _topic(self, chat: Chat, params: Params) -> int | None:
        """message_thread_id: a topic that is there. General has none: 1 is refused, as on the real server."""
        thread_id = params.integer("message_thread_id")
        if not thread_id:
            return None
        topic = chat.topics.get(thread_id)
        if topic is None or topic.is_deleted:
            raise BadRequest("message thread not found")
        if topic.is_closed and chat.member_status != "administrator":
            raise BadRequest("TOPIC_CLOSED")
        return thread_id

    def known_chat(self, params: Params) -> Chat:
        """The chat that chat_id names, whatever its state."""
        reference = params.text("chat_id").strip()
        if not reference:
            raise BadRequest("chat_id is empty")
        chat = self._by_name(reference[1:]) if reference.startswith("@") else self._by_number(reference)
        if chat is None:
            raise BadRequest("chat not found")
        return chat

    def own_message(self, params: Params, verb: str) -> ChatMessage:
        """The bot's message that message_id or inline_message_id names; `verb` (edit, delete) words the refusal."""
        if "inline_message_id" in params:
            try:
                return self.chats.inline.messages[params.text("inline_message_id")]
            except KeyError:
                raise BadRequest("MESSAGE_ID_INVALID") from None
        chat = self.chat(params)
        message = self.chats.message(chat.id, params.integer("message_id"))
        if message is None:
            raise BadRequest(f"message to {verb} not found")
        if not message.from_bot:
            raise BadRequest(f"message can't be {verb}{'ed' if verb == 'edit' else 'd'}")
        return message

    def admit(self, chat: Chat, messages: int = 1) -> None:
        """Count messages against the limits; TooManyRequests goes into the world's ledger of ignored bans."""
        before = self.limiter.inside_bans
        try:
            self.limiter.admit(chat, messages)
        except TooManyRequests:
            self.chats.inside_bans += self.limiter.inside_bans - before
            raise

    def _by_number(self, reference: str) -> Chat | None:
        try:
            return self.chats.by_id.get(int(reference))
        except ValueError:
            return None

    def _by_name(self, name: str) -> Chat | None:
        named = (chat for chat in self.chats.by_id.values() if chat.kind != "private" and chat.username)
        return next((chat for chat in named if (chat.username or "").lower() == name.lower()), None)

    def _refuse_closed(self, chat: Chat) -> None:
        if chat.migrated_to is not None:
            raise BadRequest("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.migrated_to)
        if chat.is_deactivated:
            raise Forbidden("user is deactivated")
        if chat.is_blocked:
            raise Forbidden("bot was blocked by the user")
        if chat.is_kicked and chat.member_status == "left":
            raise Forbidden(f"bot is not a member of the {chat.kind} chat")
        if chat.is_kicked:
            raise Forbidden(f"bot was kicked from the {chat.kind} chat")
        if not chat.is_started:
            raise Forbidden("bot can't initiate conversation with a user")


Handler = Callable[[BotState, Params], Awaitable[Any]]
"""Serves one method: the result of the answer, or ApiError."""
