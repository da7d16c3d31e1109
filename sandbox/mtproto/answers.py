"""What goes back for a call: results packed by hand where Telethon has no serialiser, and Telegram's errors."""

from __future__ import annotations

import struct
from typing import Any

from telethon.tl.core import GzipPacked
from telethon.tl.types import RpcError

_RPC_RESULT = 0xF35C6D01
_VECTOR = 0x1CB5C415
_BOOL_TRUE = 0x997275B5
_BOOL_FALSE = 0xBC799737


class Refused(Exception):
    """A call is answered with one of Telegram's errors: its HTTP-like code and its name."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message


def pack_result(result: Any) -> bytes:
    """The bytes of a result: a TL object, a bool or a list of TL objects (a bare vector)."""
    if isinstance(result, bool):
        return struct.pack("<I", _BOOL_TRUE if result else _BOOL_FALSE)
    if isinstance(result, list):
        return struct.pack("<Ii", _VECTOR, len(result)) + b"".join(bytes(item) for item in result)
    return bytes(result)


def pack_error(refused: Refused) -> bytes:
    """The bytes of an error in place of a result."""
    return bytes(RpcError(refused.code, refused.message))


def rpc_result(request_id: int, body: bytes) -> bytes:
    """The answer to one call; a long body is compressed when that makes it smaller, as Telegram does."""
    body = bytes(GzipPacked.gzip_if_smaller(True, body))
    return struct.pack("<Iq", _RPC_RESULT, request_id) + body
