"""Downloads: a file's bytes, piece by piece."""

from __future__ import annotations

from typing import Any

from telethon.tl import functions, types

from sandbox.mtproto.answers import Refused
from sandbox.mtproto.state import Call
from sandbox.mtproto.tl_objects import file_reference

_PIECE_STEP = 1024
_PIECE_LIMIT = 1024 * 1024
"""Offsets and sizes are multiples of 1 KB, a piece at most 1 MB (core.telegram.org/api/files)."""


def _get_file(call: Call, request: Any) -> Any:
    _ = call.user
    if request.offset < 0 or request.offset % _PIECE_STEP:
        raise Refused(400, "OFFSET_INVALID")
    if not 0 < request.limit <= _PIECE_LIMIT or request.limit % _PIECE_STEP:
        raise Refused(400, "LIMIT_INVALID")
    location = request.location
    media = call.world.channels.files.get(getattr(location, "id", 0))
    if media is None or location.access_hash != media.access_hash:
        raise Refused(400, "LOCATION_INVALID")
    if location.file_reference != file_reference(media):
        raise Refused(400, "FILE_REFERENCE_EXPIRED")
    kind = types.storage.FileJpeg() if media.kind == "photo" else types.storage.FileUnknown()
    return types.upload.File(kind, 0, media.data[request.offset : request.offset + request.limit])


HANDLERS = {functions.upload.GetFileRequest: _get_file}
"""Request class -> handler."""
