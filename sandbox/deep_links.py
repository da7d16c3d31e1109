"""Links that open the bot with a word for it: t.me/<bot>?start=token, and ?startgroup=token for a group."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sandbox.chat_records import ChatMessage
    from sandbox.chats import Chats

_LINK = re.compile(
    r"(?:(?:https?://)?(?:www\.)?(?:t|telegram)\.me/(?P<bot>\w+)/?\?|tg://resolve\?domain=(?P<domain>\w+)&)"
    r"(?P<kind>start|startgroup)(?:=(?P<token>[A-Za-z0-9_-]{0,64}))?",
    re.IGNORECASE,
)
"""The token: 64 of A-Z a-z 0-9 _ - at most (Bot API documentation, "Deep linking")."""


@dataclass(frozen=True, slots=True)
class DeepLink:
    """What such a link asks for."""

    bot: str
    kind: Literal["start", "startgroup"]
    token: str


def read_link(text: str) -> DeepLink | None:
    """The deep link that a text is, whole; None for any other."""
    found = _LINK.fullmatch(text.strip())
    if found is None:
        return None
    kind: Literal["start", "startgroup"] = "startgroup" if found["kind"].lower() == "startgroup" else "start"
    return DeepLink(found["bot"] or found["domain"], kind, found["token"] or "")


def open_link(chats: Chats, user_id: int, link: DeepLink, group_id: int | None = None) -> ChatMessage:
    """A person opens the link and presses Start; `group_id` is the group they pick for a startgroup link.

    The bot joins that group if it is not there. NoSuchChat without one, ChatClosed where the person can't speak.
    """
    if link.kind == "start":
        return chats.say(user_id, user_id, f"/start {link.token}".strip())
    group = chats.chat(group_id or 0)
    if group.is_kicked or group.member_status in ("left", "kicked"):
        chats.readmit(user_id, group.id)
    return chats.say(user_id, group.id, f"/start@{chats.bot.username} {link.token}".strip())
