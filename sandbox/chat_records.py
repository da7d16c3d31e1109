"""What a chat with the bot is made of: chats, messages, pressed buttons, and the ledgers that tests count with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ChatKind = Literal["private", "group", "supergroup", "channel"]
MemberStatus = Literal["creator", "administrator", "member", "left", "kicked"]
MediaKind = Literal["photo", "document", "video", "animation"]
EventKind = Literal["sent", "edited", "deleted", "answered", "action", "state"]

Entity = dict[str, Any]
"""A message entity in the form of the Bot API: type, offset, length (UTF-16 units), url, language, user."""
Markup = dict[str, Any]
"""A reply_markup in the form of the Bot API."""


@dataclass(slots=True)
class Chat:
    """One chat the bot may speak in, with what the people in it did to the bot."""

    id: int
    kind: ChatKind
    title: str | None = None
    first_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    is_started: bool = True
    """Private chats: a bot can't speak first."""
    is_blocked: bool = False
    is_kicked: bool = False
    is_deactivated: bool = False
    migrated_to: int | None = None
    member_status: MemberStatus = "member"
    """The bot's own standing; an administrator hears every message of a group."""
    members: dict[int, MemberStatus] = field(default_factory=dict)
    """The people: user id -> standing."""


@dataclass(frozen=True, slots=True)
class Media:
    """A file inside a message; its bytes are in `Chats.files`."""

    kind: MediaKind
    file_id: str
    file_name: str
    mime_type: str
    size: int


@dataclass(slots=True)
class ChatMessage:
    """One message in a chat. `text` is the caption where there is `media`. Ids count up within the chat."""

    message_id: int
    chat_id: int
    sender_id: int
    from_bot: bool
    sent_at: dt.datetime
    text: str = ""
    entities: list[Entity] = field(default_factory=list)
    media: Media | None = None
    media_group_id: str | None = None
    reply_markup: Markup | None = None
    reply_to: int | None = None
    edited_at: dt.datetime | None = None
    is_deleted: bool = False

    @property
    def buttons(self) -> list[Markup]:
        """All inline buttons, row by row."""
        rows = (self.reply_markup or {}).get("inline_keyboard", [])
        return [button for row in rows for button in row]


@dataclass(slots=True)
class CallbackQuery:
    """A pressed button. `message` is the message as it was then; `pressed_monotonic` in seconds of the clock."""

    id: str
    user_id: int
    message: ChatMessage
    data: str
    pressed_monotonic: float
    is_answered: bool = False


@dataclass(frozen=True, slots=True)
class CallbackAnswer:
    """What the bot answered to a pressed button; an empty text only stops the button's spinner."""

    query_id: str
    user_id: int
    chat_id: int
    text: str = ""
    show_alert: bool = False
    url: str | None = None


@dataclass(frozen=True, slots=True)
class MembershipChange:
    """The bot's own standing in a chat changed (my_chat_member): blocked, unblocked, added, removed."""

    chat_id: int
    user_id: int
    old: MemberStatus
    new: MemberStatus
    changed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message, or a new version of one, that the Bot API accepted: what the oracle of a test counts."""

    method: str
    chat_id: int
    message_id: int
    text: str
    entities: tuple[Entity, ...]
    reply_markup: Markup | None
    at: dt.datetime
    monotonic: float


@dataclass(frozen=True, slots=True)
class ChatEvent:
    """Something that a chat's screen shows: a message sent, edited or deleted, an answer, an action, a new state."""

    kind: EventKind
    chat_id: int
    message: ChatMessage | None = None
    answer: CallbackAnswer | None = None
    action: str | None = None


@dataclass(frozen=True, slots=True)
class StoredFile:
    """The bytes behind a file_id."""

    content: bytes
    name: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class CommandScope:
    """Whom a list of commands is for; `kind` as the Bot API names it (default, all_private_chats, chat, ...)."""

    kind: str = "default"
    chat_id: int | None = None
    user_id: int | None = None


@dataclass(slots=True)
class BotProfile:
    """The bot as people see it, all that setMy... methods change. Keys of the mappings hold a language code or ""."""

    id: int = 42
    first_name: str = "channelwatch"
    username: str = "channelwatch_demo_bot"
    commands: dict[tuple[CommandScope, str], list[Mapping[str, str]]] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    short_descriptions: dict[str, str] = field(default_factory=dict)

    def commands_for(self, chat: Chat, language_code: str | None) -> list[Mapping[str, str]]:
        """The commands a person sees in this chat, narrowest scope first, their language before none.

        Source: Bot API documentation, "Determining list of commands".
        """
        shared = "all_private_chats" if chat.kind == "private" else "all_group_chats"
        for scope in (CommandScope("chat", chat.id), CommandScope(shared), CommandScope()):
            for language in ((language_code or "")[:2], ""):
                if commands := self.commands.get((scope, language)):
                    return commands
        return []
