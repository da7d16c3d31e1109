"""Where Telethon loses updates without a word, each place turned into a doubt (reference: telethon, section 3).

Telethon is pinned to one version: these are its internals, and tests/ingest/test_telethon_gaps.py holds it to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telethon import TelegramClient
from telethon._updates import MessageBox
from telethon.crypto import AES
from telethon.tl import types

from ingest.clock import ServerClock

Doubt = Callable[[int | None, str], None]
"""Told Telegram's bare number of a channel (None: any channel) and the cause."""


def watch_gaps(client: TelegramClient, doubt: Doubt, clock: ServerClock | None = None) -> None:
    """Raise a doubt wherever this client is about to lose something. Before it connects.

    `clock` is told the number of every message, also of those that Telethon drops for their time.
    """
    client._message_box = DoubtingMessageBox(client._log["messagebox"], doubt)
    _watch_sender(client._sender, doubt, clock or ServerClock())


class DoubtingMessageBox(MessageBox):  # type: ignore[misc]  # Telethon publishes no types
    """Telethon's keeper of update numbers, which says so when a difference is too long or ends early."""

    __slots__ = ("_doubt",)

    def __init__(self, log: Any, doubt: Doubt) -> None:
        super().__init__(log)
        self._doubt = doubt

    def apply_channel_difference(self, request: Any, diff: Any, chat_hashes: Any) -> Any:
        """Everything between is skipped when it is too long."""
        if isinstance(diff, types.updates.ChannelDifferenceTooLong):
            self._doubt(request.channel.channel_id, "channel difference too long")
        return super().apply_channel_difference(request, diff, chat_hashes)

    def apply_difference(self, diff: Any, chat_hashes: Any) -> Any:
        """The same for the account: its list of changed channels never comes."""
        if isinstance(diff, types.updates.DifferenceTooLong):
            self._doubt(None, "account difference too long")
        return super().apply_difference(diff, chat_hashes)

    def end_channel_difference(self, request: Any, reason: Any, chat_hashes: Any) -> None:
        """Flood waits and errors of the server: Telethon drops what it held and tries again in a quarter of an hour."""
        self._doubt(request.channel.channel_id, "channel difference failed")
        super().end_channel_difference(request, reason, chat_hashes)

    def end_difference(self) -> None:
        """The same for the account."""
        self._doubt(None, "account difference failed")
        super().end_difference()

    def process_updates(self, updates: Any, chat_hashes: Any, result: Any) -> Any:
        """Updates that only say that something was: of channels without a known state Telethon ignores them."""
        if isinstance(updates, types.UpdatesTooLong):
            self._doubt(None, "updates too long")
        for update in getattr(updates, "updates", None) or ():
            if isinstance(update, types.UpdateChannelTooLong | types.UpdateChannel):
                self._doubt(update.channel_id, "told of a change")
        return super().process_updates(updates, chat_hashes, result)


def _watch_sender(sender: Any, doubt: Doubt, clock: ServerClock) -> None:
    """New sessions, new connections, and messages that cannot be read."""
    state = sender._state
    decrypt, process = state.decrypt_message_data, sender._process_message
    new_session = sender._handlers[types.NewSessionCreated.CONSTRUCTOR_ID]
    reconnected = sender._auto_reconnect_callback

    def decrypt_message_data(body: bytes) -> Any:
        try:
            message = decrypt(body)
        except Exception:
            doubt(None, "message not readable")
            raise
        if message is None:
            doubt(None, "message dropped")  # too old, too new, or seen: by its number, never by its content
            clock.heard(_number_of(state, body))
        else:
            clock.heard(message.msg_id)
        return message

    async def process_message(message: Any) -> Any:
        try:
            return await process(message)
        except Exception:
            doubt(None, "update not readable")
            raise

    async def handle_new_session(message: Any) -> Any:
        doubt(None, "new session")
        return await new_session(message)

    async def after_reconnecting() -> Any:
        doubt(None, "reconnected")
        return await reconnected()

    state.decrypt_message_data, sender._process_message = decrypt_message_data, process_message
    sender._handlers[types.NewSessionCreated.CONSTRUCTOR_ID] = handle_new_session
    sender._auto_reconnect_callback = after_reconnecting


def _number_of(state: Any, body: bytes) -> int:
    """The number of a message that Telethon has decrypted, checked, and dropped."""
    key, vector = state._calc_key(state.auth_key.key, body[8:24], False)
    plain = AES.decrypt_ige(body[24:], key, vector)
    return int.from_bytes(plain[16:24], "little", signed=True)
