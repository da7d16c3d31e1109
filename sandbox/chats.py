"""The chats the bot speaks in: what people do there, what the bot did, and who listens."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from sandbox import utf16
from sandbox.bot_updates import UpdateQueue
from sandbox.chat_records import (
    Accepted,
    BotProfile,
    CallbackAnswer,
    CallbackQuery,
    Chat,
    ChatEvent,
    ChatMessage,
    Entity,
    EventKind,
    Markup,
    Media,
    MembershipChange,
    MemberStatus,
    StoredFile,
)

if TYPE_CHECKING:
    from sandbox.world import Clock, User

_COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(?:@(?P<bot>\w+))?(?=\W|$)")
_FIRST_SUPERGROUP = 2_100_000_000
"""Bare ids of supergroups start here, far from those of the box's channels."""


class NoSuchChat(LookupError):
    """The world holds no chat with this id."""


class NoSuchButton(LookupError):
    """The message is gone or has no button with this callback data: a person could not press it."""


class ChatClosed(PermissionError):
    """The person blocked the bot, or is no member of the group: nothing can be typed or pressed there."""


class Chats:
    """All chats of the bot. Message ids count per chat, so that an id without its chat is soon found out."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.bot = BotProfile()
        self.updates = UpdateQueue()
        self.people: dict[int, User] = {}
        self.by_id: dict[int, Chat] = {}
        self.files: dict[str, StoredFile] = {}
        self.queries: dict[str, CallbackQuery] = {}
        self.accepted: list[Accepted] = []
        self.edits: list[Accepted] = []
        self.answers: list[CallbackAnswer] = []
        self.inside_bans = 0
        """Requests that arrived inside a ban window, where a bot that heard its 429 stays silent."""
        self._messages: dict[int, list[ChatMessage]] = defaultdict(list)
        self._groups = count(1)
        self._query_ids = count(1)
        self._listeners: list[Callable[[ChatEvent], None]] = []

    # What there is.

    def add_private(self, user: User, *, started: bool = True) -> Chat:
        """A person's private chat with the bot, under the person's id; not started means 403 until they speak."""
        self.people[user.id] = user
        chat = Chat(
            user.id,
            "private",
            first_name=user.first_name,
            username=user.username,
            language_code=user.language_code,
            is_started=started,
            members={user.id: "member"},
        )
        self.by_id[chat.id] = chat
        return chat

    def add_group(
        self,
        title: str,
        members: Iterable[User] = (),
        *,
        kind: Literal["group", "supergroup"] = "supergroup",
        username: str | None = None,
    ) -> Chat:
        """A group with the bot in it; the first of the members made it."""
        number = next(self._groups)
        chat_id = -number if kind == "group" else -(1_000_000_000_000 + _FIRST_SUPERGROUP + number)
        people = list(members)
        self.people |= {user.id: user for user in people}
        standing: dict[int, MemberStatus] = {
            user.id: "member" if place else "creator" for place, user in enumerate(people)
        }
        chat = Chat(chat_id, kind, title=title, username=username, members=standing)
        self.by_id[chat_id] = chat
        return chat

    def chat(self, chat_id: int) -> Chat:
        """The chat with this id; NoSuchChat when there is none."""
        try:
            return self.by_id[chat_id]
        except KeyError:
            raise NoSuchChat(f"there is no chat {chat_id} in the world") from None

    def history(self, chat_id: int) -> list[ChatMessage]:
        """The messages of a chat as its screen shows them: oldest first, without deleted ones."""
        return [message for message in self._messages[chat_id] if not message.is_deleted]

    def message(self, chat_id: int, message_id: int) -> ChatMessage | None:
        """One message that has not been deleted."""
        messages = self._messages[chat_id]
        if not 1 <= message_id <= len(messages) or messages[message_id - 1].is_deleted:
            return None
        return messages[message_id - 1]

    def subscribe(self, listener: Callable[[ChatEvent], None]) -> Callable[[], None]:
        """Call the listener with every event of every chat; the answer takes it off again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    # What people do.

    def say(self, user_id: int, chat_id: int, text: str, *, reply_to: int | None = None) -> ChatMessage:
        """A person types a message; a /command becomes a bot_command entity. ChatClosed where they can't."""
        chat = self._open_chat(user_id, chat_id)
        chat.is_started = True
        commands = list(_COMMAND.finditer(text))
        entities = [
            Entity(type="bot_command", offset=utf16.length(text[: found.start()]), length=len(found[0]))
            for found in commands
        ]
        message = self._add(chat, user_id, from_bot=False, text=text, entities=entities, reply_to=reply_to)
        if self._bot_hears(chat, commands, reply_to):
            self.updates.push("message", message)
        return message

    def press(self, user_id: int, chat_id: int, message_id: int, callback_data: str) -> CallbackQuery:
        """A person presses an inline button. NoSuchButton when that message does not show it now."""
        self._open_chat(user_id, chat_id)
        message = self.message(chat_id, message_id)
        if message is None or all(b.get("callback_data") != callback_data for b in message.buttons):
            raise NoSuchButton(f"message {message_id} of chat {chat_id} has no such button")
        snapshot = dataclasses.replace(message)
        now = self.clock.monotonic()
        query = CallbackQuery(f"9{next(self._query_ids):017d}", user_id, snapshot, callback_data, now)
        self.queries[query.id] = query
        self.updates.push("callback_query", query)
        return query

    def block(self, user_id: int) -> None:
        """A person blocks the bot: sends are refused with 403, and the bot hears of it."""
        chat = self.chat(user_id)
        chat.is_blocked = True
        self._standing(chat, user_id, "kicked")

    def unblock(self, user_id: int) -> None:
        """A person lets the bot speak again."""
        chat = self.chat(user_id)
        chat.is_blocked = False
        self._standing(chat, user_id, "member")

    def deactivate(self, user_id: int) -> None:
        """A person deletes their account; Telegram tells the bot nothing until it tries to send."""
        self.chat(user_id).is_deactivated = True

    def kick(self, user_id: int, chat_id: int) -> None:
        """A member throws the bot out of a group."""
        chat = self.chat(chat_id)
        chat.is_kicked = True
        self._standing(chat, user_id, "kicked")

    def readmit(self, user_id: int, chat_id: int, status: MemberStatus = "member") -> None:
        """A member lets the bot into the group again, or makes it an administrator."""
        chat = self.chat(chat_id)
        chat.is_kicked = False
        self._standing(chat, user_id, status)

    def migrate(self, chat_id: int) -> Chat:
        """A group becomes a supergroup with another id; sends to the old id are refused with the new one."""
        old = self.chat(chat_id)
        members = [self.people[user_id] for user_id in old.members]
        new = self.add_group(old.title or "", members)
        old.migrated_to = new.id
        return new

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
        )
        self.accepted.append(self._ledger_entry(method, message))
        return message

    def bot_edits(
        self, method: str, message: ChatMessage, *, text: str, entities: list[Entity], reply_markup: Markup | None
    ) -> None:
        """The bot's message changes in place, and the ledger `edits` grows."""
        message.text, message.entities, message.reply_markup = text, entities, reply_markup
        message.edited_at = self.clock.now()
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

    def emit(self, event: ChatEvent) -> None:
        """Tell everybody who listens."""
        for listener in list(self._listeners):
            listener(event)

    # Inside.

    def _open_chat(self, user_id: int, chat_id: int) -> Chat:
        chat = self.chat(chat_id)
        if chat.is_blocked or user_id not in chat.members:
            raise ChatClosed(f"user {user_id} can't speak in chat {chat_id}")
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

    def _standing(self, chat: Chat, user_id: int, new: MemberStatus) -> None:
        old, chat.member_status = chat.member_status, new
        change = MembershipChange(chat.id, user_id, old, new, self.clock.now())
        self.updates.push("my_chat_member", change)
        self.emit(ChatEvent("state", chat.id))

    def _add(self, chat: Chat, sender_id: int, *, from_bot: bool, **content: Any) -> ChatMessage:
        number = len(self._messages[chat.id]) + 1
        message = ChatMessage(number, chat.id, sender_id, from_bot, self.clock.now(), **content)
        self._messages[chat.id].append(message)
        self._tell("sent", message)
        return message

    def _tell(self, kind: EventKind, message: ChatMessage) -> None:
        self.emit(ChatEvent(kind, message.chat_id, message))

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
        )
