"""What a chat with the bot is made of: chats, messages, pressed buttons, and the ledgers that tests count with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ChatKind = Literal["private", "group", "supergroup", "channel"]
MemberStatus = Literal["creator", "administrator", "member", "left", "kicked"]
MediaKind = Literal["photo", "document", "video", "animation"]
EventKind = Literal["sent", "edited", "deleted", "answered", "action", "state", "profile"]
_ADMINISTRATORS = frozenset({"creator", "administrator"})

Entity = dict[str, Any]
"""A message entity in the form of the Bot API: type, offset, length (UTF-16 units), url, language, user."""
Markup = dict[str, Any]
"""A reply_markup in the form of the Bot API."""


@dataclass(slots=True)
class Topic:
    """A topic of a forum, under the number of the service message that made it."""

    thread_id: int
    name: str
    is_closed: bool = False
    is_deleted: bool = False


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
    is_forum: bool = False
    topics: dict[int, Topic] = field(default_factory=dict)
    may_post: bool = True
    """Channels: whether the bot as an administrator may post."""

    def has_administrator(self, user_id: int) -> bool:
        """Whether this person made the chat or administers it."""
        return self.members.get(user_id) in _ADMINISTRATORS


@dataclass(frozen=True, slots=True)
class Media:
    """A file inside a message; its bytes are in `Chats.files`."""

    kind: MediaKind
    file_id: str
    file_name: str
    mime_type: str
    size: int
    width: int = 800
    height: int = 600


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
    thread_id: int | None = None
    """The forum topic; None is General, or no forum."""
    via_bot: bool = False
    """A person sent it by choosing an inline result of the bot."""
    inline_message_id: str | None = None
    """By which the bot may edit what it did not send: an inline result with buttons."""
    link_preview: Mapping[str, Any] | None = None
    """link_preview_options as the Bot API takes them."""
    is_anonymous: bool = False
    """Written by an administrator in the group's name."""
    is_forwarded: bool = False
    topic_made: str | None = None
    """A service message: the name of the forum topic that was made."""
    is_content_changed: bool = False
    """Clients mark a message as edited when what it says changed, not when only its buttons did."""

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
    thread_id: int | None = None
    media: Media | None = None


@dataclass(frozen=True, slots=True)
class ChatEvent:
    """Something that a chat's screen shows: a message sent, edited or deleted, an answer, an action, a new state.

    "profile" says that the bot presents itself anew, in every chat: its chat_id is 0.
    """

    kind: EventKind
    chat_id: int
    message: ChatMessage | None = None
    answer: CallbackAnswer | None = None
    action: str | None = None
    thread_id: int | None = None
    """Where the action is shown, in a forum."""


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
    """The bot as people see it: what setMy... methods change, and what its maker set at BotFather.

    Keys of the mappings hold a language code or "".
    """

    id: int = 42
    first_name: str = "channelwatch"
    username: str = "channelwatch_demo_bot"
    supports_inline: bool = True
    """Inline mode is on (/setinline)."""
    has_inline_feedback: bool = False
    """The bot hears which inline result was chosen (/setinlinefeedback), always; off by default."""
    commands: dict[tuple[CommandScope, str], list[Mapping[str, str]]] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    short_descriptions: dict[str, str] = field(default_factory=dict)

    def commands_for(
        self, chat: Chat, language_code: str | None, user_id: int | None = None
    ) -> list[Mapping[str, str]]:
        """The commands a person sees in this chat, narrowest scope first, their language before none.

        Source: Bot API documentation, "Determining list of commands".
        """
        for scope in _scopes(chat, user_id):
            for language in ((language_code or "")[:2], ""):
                if commands := self.commands.get((scope, language)):
                    return commands
        return []


def _scopes(chat: Chat, user_id: int | None) -> list[CommandScope]:
    if chat.kind == "private":
        return [CommandScope("chat", chat.id), CommandScope("all_private_chats"), CommandScope()]
    scopes = [CommandScope("chat_member", chat.id, user_id)]
    is_administrator = user_id is not None and chat.has_administrator(user_id)
    if is_administrator:
        scopes.append(CommandScope("chat_administrators", chat.id))
    scopes.append(CommandScope("chat", chat.id))
    if is_administrator:
        scopes.append(CommandScope("all_chat_administrators"))
    return [*scopes, CommandScope("all_group_chats"), CommandScope()]
