"""Who does something in which chat, as an update says: read before anything is stored about them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import telegram
from telegram.constants import ChatType

from bot.texts import base_language

ANONYMOUS_ADMINISTRATOR = 1087968824
"""In whose name anonymous administrators write (Bot API documentation, Message.from)."""

INVITATION = re.compile(r"/start(?:@\w+)? i_([A-Za-z0-9_-]{1,62})")
"""The message that opening an invitation sends; tokens of other purposes have other beginnings."""


@dataclass(frozen=True, slots=True)
class Coming:
    """Somebody at the door: who, where, and what they want."""

    chat: telegram.Chat
    user_id: int | None
    """None: a channel or an anonymous administrator; nobody can know who."""
    thread_id: int
    language: str
    """The client's: what is spoken to who has not spoken before."""
    verb: str
    text: str

    @classmethod
    def of(cls, update: telegram.Update, verb: str) -> Coming | None:
        """None for what comes out of no chat, or out of a channel."""
        chat, message = update.effective_chat, update.message
        if chat is None or chat.type == ChatType.CHANNEL:
            return None
        text = (message.text if message else None) or ""
        return cls(chat, person_of(update), thread_of(update), language_of(update), verb, text)

    @property
    def is_private(self) -> bool:
        """Whether one person talks to the bot alone."""
        return self.chat.type == ChatType.PRIVATE

    @property
    def invitation(self) -> str | None:
        """The invitation's word, if this is somebody who opens one."""
        found = INVITATION.fullmatch(self.text.strip())
        return found[1] if found and self.is_private and self.user_id is not None else None


def thread_of(update: telegram.Update) -> int:
    """The forum topic that something was written in, 0 for none."""
    message = update.effective_message
    return (message.message_thread_id or 0) if message is not None and message.is_topic_message else 0


def language_of(update: telegram.Update) -> str:
    """What the client of who acts says that they speak."""
    return base_language(update.effective_user.language_code if update.effective_user else None)


def person_of(update: telegram.Update) -> int | None:
    """Who acts, if it is a person known by number: not a channel, nor an administrator in the group's name."""
    if update.message is not None and update.message.sender_chat is not None:
        return None
    person = update.effective_user
    return person.id if person is not None and person.id != ANONYMOUS_ADMINISTRATOR else None
