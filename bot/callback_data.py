"""Buttons that only we can make, each for one chat: their data is signed on the way out and read only if that holds.

At one place, around the limiters through which every request of the library goes, so that no handler can forget it.
A signature is HMAC-SHA256 over the chat and the data, truncated to 80 bits (the least that RFC 2104 advises in its
section 5), as 14 characters of base64url.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from pathlib import Path

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.message import DATA_BYTES, SIGNATURE_CHARACTERS, UnusableButton
from bot.outgoing import Json, Outgoing, Request
from config.keys import write_once

SIGNATURE_BYTES = 10

PURPOSE = b"channelwatch: data of buttons, 1"
"""The file's secret may serve other purposes, each with a key of its own."""


class SecretUnusable(Exception):
    """The file with the secret cannot be read or made; the message names it and the way out."""


class Seal:
    """Signs and reads the data of buttons."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, PURPOSE, hashlib.sha256)

    @classmethod
    def kept_in(cls, path: Path) -> Seal:
        """With the secret in that file; made at the first use, mode 0600 from its first moment.

        Raises SecretUnusable. Without the file of yesterday, buttons of yesterday do nothing; nothing else is lost.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_once(path, secrets.token_hex(32).encode() + b"\n")
            secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
        except OSError as error:
            raise SecretUnusable(f"The secret of buttons {path} cannot be used: {error.strerror}.") from None
        except ValueError:
            secret = b""
        if len(secret) < 32:
            raise SecretUnusable(f"{path} holds no secret of buttons: delete the file, and a new one is made.")
        return cls(secret)

    def sign(self, data: str, chat_id: int) -> str:
        """The data as a button for that chat carries it. Raises UnusableButton when it is longer than DATA_BYTES."""
        if len(data.encode()) > DATA_BYTES:
            raise UnusableButton(f"Button data of {len(data.encode())} bytes; signed, Telegram takes {DATA_BYTES}.")
        return self._signature(data, chat_id) + data

    def read(self, signed: str | None, chat_id: int) -> str | None:
        """The data of a button that we made for that chat; None for anything else, whatever is wrong with it."""
        if not signed or len(signed) <= SIGNATURE_CHARACTERS:
            return None
        given, data = signed[:SIGNATURE_CHARACTERS], signed[SIGNATURE_CHARACTERS:]
        try:
            expected = self._signature(data, chat_id)
        except UnicodeEncodeError:  # half a character: no data of ours
            return None
        return data if hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()) else None

    def keyboard(self, markup: InlineKeyboardMarkup, chat_id: int) -> InlineKeyboardMarkup:
        """The same buttons, signed for that chat."""
        rows = markup.inline_keyboard
        return InlineKeyboardMarkup([[self._button(button, chat_id) for button in row] for row in rows])

    def _button(self, button: InlineKeyboardButton, chat_id: int) -> InlineKeyboardButton:
        if not isinstance(button.callback_data, str):
            return button
        signed = self.sign(button.callback_data, chat_id)
        return InlineKeyboardButton(**{**button.to_dict(), "callback_data": signed})

    def _signature(self, data: str, chat_id: int) -> str:
        digest = hmac.digest(self._key, f"{chat_id}\0{data}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:SIGNATURE_BYTES]).decode("ascii").rstrip("=")


class Sealing(Outgoing):
    """Signs the buttons of every request that goes into a chat, before `inner` sees it."""

    def __init__(self, inner: Outgoing, seal: Seal) -> None:
        self._inner = inner
        self._seal = seal

    async def answer_to(self, request: Request) -> Json:
        """Sign, and hand on: what is repeated further in is signed already."""
        markup, chat_id = request.data.get("reply_markup"), request.data.get("chat_id")
        if isinstance(markup, InlineKeyboardMarkup) and isinstance(chat_id, int):
            request.data["reply_markup"] = self._seal.keyboard(markup, chat_id)
        return await self._inner.answer_to(request)
