"""Messages that a client cannot use: of a newer layer, sealed wrongly, packed wrongly."""

from __future__ import annotations

import datetime as dt
import struct
from typing import Literal

from telethon.tl import types
from telethon.tl.core import GzipPacked
from telethon.tl.tlobject import TLObject

Garbage = Literal["unknown_constructor", "wrong_msg_key", "broken_gzip"]
"""What is wrong: an update that no layer knows, a message key that does not fit, gzip that is none.

Telethon 1.45 drops the first two without a word to its user, and reconnects on the third.
"""

_UNKNOWN_ID = 0x0BADC0DE
_KEY_BYTES = slice(8, 24)


class _UnknownUpdate:
    """An update with a constructor id that no client of today knows; Telethon serialises it as one of its own."""

    def _bytes(self) -> bytes:
        return struct.pack("<Iq", _UNKNOWN_ID, 0)


def spoil_body(body: bytes, kind: Garbage, now: dt.datetime) -> bytes:
    """What goes into the envelope in place of `body`."""
    if kind == "unknown_constructor":
        return bytes(types.Updates([_UnknownUpdate()], [], [], now, 0))
    if kind == "broken_gzip":
        return struct.pack("<I", GzipPacked.CONSTRUCTOR_ID) + bytes(TLObject.serialize_bytes(b"\x1f\x8b" + body[:40]))
    return body


def spoil_packet(packet: bytes, kind: Garbage) -> bytes:
    """What goes onto the wire in place of a sealed packet."""
    if kind != "wrong_msg_key":
        return packet
    wrong = bytes(byte ^ 0xFF for byte in packet[_KEY_BYTES])
    return packet[: _KEY_BYTES.start] + wrong + packet[_KEY_BYTES.stop :]
