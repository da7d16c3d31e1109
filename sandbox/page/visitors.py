"""Who looks at the page: the people that a visitor plays, the chats they are in, and what one browser tab shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sandbox.chat_records import Chat, ChatMessage

if TYPE_CHECKING:
    from sandbox.world import User, World


@dataclass(frozen=True, slots=True)
class View:
    """One person's screen with one chat open, in a forum with one topic (None is General)."""

    user: User
    chat: Chat
    thread_id: int | None = None

    @property
    def address(self) -> str:
        """The page's address of this view."""
        return f"/?{urlencode(self.fields())}"

    def fields(self) -> dict[str, int]:
        """What addresses and forms carry, so that the server knows who does it where."""
        place = {"as": self.user.id, "chat": self.chat.id}
        return place | ({"thread": self.thread_id} if self.thread_id else {})

    def shows(self, message: ChatMessage) -> bool:
        """Whether this message stands on this screen."""
        return message.chat_id == self.chat.id and message.thread_id == self.thread_id


class Visitors:
    """The people on the page, the first of whom opened it."""

    def __init__(self, world: World, first: User) -> None:
        self.world = world
        self.people: list[User] = []
        self.enter(first)

    def enter(self, user: User) -> None:
        """One more person to play, with a private chat that is not started yet."""
        if user.id not in self.world.chats.by_id:
            self.world.chats.add_private(user, started=False)
        self.people.append(user)

    def chats_of(self, user: User) -> list[Chat]:
        """The person's chats: the one with the bot first."""
        own = [chat for chat in self.world.chats.by_id.values() if is_inside(chat, user)]
        return sorted(own, key=lambda chat: chat.kind != "private")

    def view(self, fields: Mapping[str, str]) -> View:
        """The view that an address or form names; where it names nothing that is there, the nearest."""
        user = next((user for user in self.people if str(user.id) == fields.get("as")), self.people[0])
        chats = self.chats_of(user)
        chat = next((chat for chat in chats if str(chat.id) == fields.get("chat")), chats[0])
        thread_id = next((each for each in chat.topics if str(each) == fields.get("thread")), None)
        if thread_id is not None and chat.topics[thread_id].is_deleted:
            thread_id = None
        return View(user, chat, thread_id)


def is_inside(chat: Chat, user: User) -> bool:
    """Whether this person sees the chat."""
    return chat.migrated_to is None and chat.members.get(user.id, "left") not in ("left", "kicked")
