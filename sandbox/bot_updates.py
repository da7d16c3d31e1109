"""The updates that wait for the bot: numbered, kept until their offset is confirmed, then gone for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.chat_records import CallbackQuery, ChatMessage, MembershipChange
from sandbox.inline_records import ChosenResult, InlineQuery

UpdateKind = Literal[
    "message", "channel_post", "callback_query", "my_chat_member", "inline_query", "chosen_inline_result", "raw"
]
UpdateBody = ChatMessage | CallbackQuery | MembershipChange | InlineQuery | ChosenResult | dict[str, Any]


@dataclass(frozen=True, slots=True)
class BotUpdate:
    """One update; of kind "raw" the body is the JSON that stands beside update_id, however odd."""

    update_id: int
    kind: UpdateKind
    body: UpdateBody


class UpdateQueue:
    """Updates in order, with the ledger of those that the bot confirmed."""

    def __init__(self) -> None:
        self.pending: list[BotUpdate] = []
        self.confirmed: list[BotUpdate] = []
        self.allowed: frozenset[str] | None = None
        self._next_id = 1
        self._listeners: list[Callable[[], None]] = []

    def push(self, kind: UpdateKind, body: UpdateBody) -> BotUpdate | None:
        """Queue an update; None when the bot said by allowed_updates that it does not want this kind."""
        if kind != "raw" and self.allowed is not None and kind not in self.allowed:
            return None
        update = BotUpdate(self._next_id, kind, body)
        self._next_id += 1
        self.pending.append(update)
        for listener in list(self._listeners):
            listener()
        return update

    def read(self, offset: int, limit: int) -> list[BotUpdate]:
        """Confirm what lies before the offset and show up to `limit` of what waits.

        A negative offset counts from the end and forgets all before it; zero confirms nothing.
        Source: Bot API documentation, getUpdates.
        """
        if offset < 0:
            offset = self.pending[offset:][0].update_id if self.pending else 0
        if offset > 0:
            self.confirmed += [update for update in self.pending if update.update_id < offset]
            self.pending = [update for update in self.pending if update.update_id >= offset]
        return self.pending[:limit]

    def drop(self) -> None:
        """Forget all that waits (drop_pending_updates)."""
        self.pending.clear()

    def on_push(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call the listener after every push; the answer takes it off again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
