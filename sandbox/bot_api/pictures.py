"""Photos as Telegram takes them: a picture that decodes, not too large and not too narrow."""

from __future__ import annotations

import struct

from sandbox.bot_api.errors import BadRequest

PHOTO_BYTES = 10 * 1024 * 1024
"""Bytes of a photo (Bot API documentation, sendPhoto)."""
_SIDES = 10_000
"""Pixels of width and height together (Bot API documentation, sendPhoto)."""
_RATIO = 20
"""Longer side to shorter side (Bot API documentation, sendPhoto)."""

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers that carry the size (ITU T.81, table B.1)."""


def checked_photo(content: bytes) -> tuple[int, int, str]:
    """Width, height and MIME type of a PNG or JPEG; BadRequest for what could not be sent as a photo."""
    if len(content) > PHOTO_BYTES:
        raise BadRequest("file is too big for a photo")
    try:
        width, height, mime_type = _measured(content)
    except (struct.error, IndexError):
        raise BadRequest("IMAGE_PROCESS_FAILED") from None
    shorter, longer = sorted((width, height))
    if not shorter or width + height > _SIDES or longer > _RATIO * shorter:
        raise BadRequest("PHOTO_INVALID_DIMENSIONS")
    return width, height, mime_type


def _measured(content: bytes) -> tuple[int, int, str]:
    if content.startswith(_PNG):
        width, height = struct.unpack_from(">II", content, 16)
        return width, height, "image/png"
    if content.startswith(_JPEG):
        return *_jpeg_size(content), "image/jpeg"
    raise BadRequest("IMAGE_PROCESS_FAILED")


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """The size that the first frame header tells; struct.error where there is none."""
    at = 2
    while True:
        marker, length = struct.unpack_from(">xBH", content, at)
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        at += 2 + length
