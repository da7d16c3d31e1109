"""Which chats the bot has, who is in them, and what stands in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from sandbox.bot_updates import UpdateQueue
from sandbox.chat_records import (
    BotProfile,
    Chat,
    ChatEvent,
    ChatMessage,
    EventKind,
    MembershipChange,
    MemberStatus,
    StoredFile,
    Topic,
)

if TYPE_CHECKING:
    from sandbox.world import Clock, User

_FIRST_SUPERGROUP = 2_100_000_000
"""Bare ids of supergroups and of the bot's channels start here, far from those of the channels that are read."""


class NoSuchChat(LookupError):
    """The world holds no chat with this id."""


class ChatRegistry:
    """Chats, people, messages and files. Message ids count per chat: an id without its chat is soon found out."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.bot = BotProfile()
        self.updates = UpdateQueue()
        self.people: dict[int, User] = {}
        self.by_id: dict[int, Chat] = {}
        self.files: dict[str, StoredFile] = {}
        self._messages: dict[int, list[ChatMessage]] = defaultdict(list)
        self._numbers = count(1)
        self._listeners: list[Callable[[ChatEvent], None]] = []

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
        is_forum: bool = False,
    ) -> Chat:
        """A group with the bot in it; the first of the members made it. Only supergroups are forums."""
        number = next(self._numbers)
        chat_id = -number if kind == "group" else _supergroup_id(number)
        return self._enter(chat_id, kind, members, title=title, username=username, is_forum=is_forum)

    def add_channel(
        self, title: str, members: Iterable[User] = (), *, username: str | None = None, may_post: bool = True
    ) -> Chat:
        """A channel that the bot administers; the first of the members made it, the others only read."""
        chat = self._enter(_supergroup_id(next(self._numbers)), "channel", members, title=title, username=username)
        chat.member_status, chat.may_post = "administrator", may_post
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

    def emit(self, event: ChatEvent) -> None:
        """Tell everybody who listens."""
        for listener in list(self._listeners):
            listener(event)

    # The bot's standing, and the people's.

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
        """A member throws the bot out of a group or channel."""
        chat = self.chat(chat_id)
        chat.is_kicked = True
        self._standing(chat, user_id, "kicked")

    def readmit(self, user_id: int, chat_id: int, status: MemberStatus = "member") -> None:
        """A member lets the bot into the group again, or makes it an administrator."""
        chat = self.chat(chat_id)
        chat.is_kicked = False
        self._standing(chat, user_id, status)

    def set_member(self, chat_id: int, user: User, status: MemberStatus) -> None:
        """A person joins, leaves, or gets another role; the bot did not ask to be told (chat_member)."""
        self.people[user.id] = user
        self.chat(chat_id).members[user.id] = status
        self.emit(ChatEvent("state", chat_id))

    def set_language(self, user_id: int, language_code: str) -> None:
        """A person's client speaks another language from now on."""
        self.people[user_id].language_code = language_code
        if user_id in self.by_id:
            self.by_id[user_id].language_code = language_code
            self.emit(ChatEvent("state", user_id))

    def migrate(self, chat_id: int) -> Chat:
        """A group becomes a supergroup with another id; sends to the old id are refused with the new one."""
        old = self.chat(chat_id)
        members = [self.people[user_id] for user_id in old.members]
        new = self.add_group(old.title or "", members)
        old.migrated_to = new.id
        return new

    # Topics of forums.

    def create_topic(self, user_id: int, chat_id: int, name: str) -> Topic:
        """Somebody (a person, or the bot itself) makes a topic in a forum, and a service message says so."""
        chat = self.chat(chat_id)
        by_bot = user_id == self.bot.id
        message = self._add(chat, user_id, from_bot=by_bot, topic_made=name)
        topic = chat.topics[message.message_id] = Topic(message.message_id, name)
        self.emit(ChatEvent("state", chat_id))
        return topic

    def close_topic(self, chat_id: int, thread_id: int) -> None:
        """Nobody but administrators writes there any more."""
        self.chat(chat_id).topics[thread_id].is_closed = True

    def delete_topic(self, chat_id: int, thread_id: int) -> None:
        """The topic is gone with all that was said in it."""
        self.chat(chat_id).topics[thread_id].is_deleted = True
        for message in self._messages[chat_id]:
            message.is_deleted = message.is_deleted or message.thread_id == thread_id
        self.emit(ChatEvent("state", chat_id))

    # Inside.

    def _enter(self, chat_id: int, kind: Literal["group", "supergroup", "channel"], members: Iterable[User],
               *, title: str, username: str | None, is_forum: bool = False) -> Chat:  # fmt: skip
        people = list(members)
        self.people |= {user.id: user for user in people}
        standing: dict[int, MemberStatus] = {
            user.id: "member" if place else "creator" for place, user in enumerate(people)
        }
        chat = Chat(chat_id, kind, title=title, username=username, members=standing, is_forum=is_forum)
        self.by_id[chat_id] = chat
        return chat

    def _standing(self, chat: Chat, user_id: int, new: MemberStatus) -> None:
        old, chat.member_status = chat.member_status, new
        change = MembershipChange(chat.id, user_id, old, new, self.clock.now())
        self.updates.push("my_chat_member", change)
        self.emit(ChatEvent("state", chat.id))

    def _add(self, chat: Chat, sender_id: int, *, from_bot: bool, **content: Any) -> ChatMessage:
        number = len(self._messages[chat.id]) + 1
        message = ChatMessage(number, chat.id, sender_id, from_bot, self.clock.now(), **content)
        if message.topic_made is not None:
            message.thread_id = number
        self._messages[chat.id].append(message)
        self._tell("sent", message)
        return message

    def _tell(self, kind: EventKind, message: ChatMessage) -> None:
        self.emit(ChatEvent(kind, message.chat_id, message))


def _supergroup_id(number: int) -> int:
    return -(1_000_000_000_000 + _FIRST_SUPERGROUP + number)
