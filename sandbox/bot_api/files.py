"""Files: taken from requests, found by file_id, and given back by getFile and the download path."""

from __future__ import annotations

import mimetypes

from sandbox.bot_api.errors import BadRequest
from sandbox.bot_api.params import Params, Upload
from sandbox.bot_api.pictures import checked_photo
from sandbox.bot_api.state import BotState, Handler
from sandbox.bot_api.wire import Json
from sandbox.chat_records import Media, MediaKind, StoredFile

DOWNLOAD_LIMIT = 20 * 1024 * 1024
"""Bytes that getFile gives back at most (Bot API documentation)."""
_FOLDERS: dict[MediaKind, str] = {
    "photo": "photos",
    "document": "documents",
    "video": "videos",
    "animation": "animations",
}


def read_media(state: BotState, kind: MediaKind, given: Upload | str | None) -> Media:
    """The file of a request: an upload is stored under a new file_id, a known file_id is sent again."""
    if given is None:
        raise BadRequest(f"there is no {kind} in the request")
    if isinstance(given, str):
        return _known_media(state, kind, given)
    if not given.content:
        raise BadRequest("file must be non-empty")
    file_id = f"{kind[:2].upper()}{len(state.chats.files) + 1:08d}"
    if kind == "photo":
        width, height, mime_type = checked_photo(given.content)
    else:
        width, height = 800, 600
        mime_type = mimetypes.guess_type(given.name)[0] or given.mime_type
    state.chats.files[file_id] = StoredFile(given.content, given.name, mime_type)
    return Media(kind, file_id, given.name, mime_type, len(given.content), width, height)


def file_path(file_id: str, name: str) -> str:
    """Where the file is downloaded from, as getFile tells it."""
    prefix = file_id[:2]
    folder = next((folder for kind, folder in _FOLDERS.items() if kind[:2].upper() == prefix), "files")
    return f"{folder}/{file_id}/{name}"


def file_at(state: BotState, path: str) -> StoredFile | None:
    """The file behind a path of `file_path`."""
    parts = path.split("/")
    return state.chats.files.get(parts[1]) if len(parts) == 3 else None


def _known_media(state: BotState, kind: MediaKind, file_id: str) -> Media:
    if file_id.startswith(("http://", "https://")):
        raise BadRequest("failed to get HTTP URL content")  # the box fetches nothing from elsewhere
    stored = state.chats.files.get(file_id)
    if stored is None:
        raise BadRequest("wrong file identifier/HTTP URL specified")
    if not file_id.startswith(kind[:2].upper()):
        raise BadRequest(f"can't use file of another type as {kind.capitalize()}")
    width, height = checked_photo(stored.content)[:2] if kind == "photo" else (800, 600)
    return Media(kind, file_id, stored.name, stored.mime_type, len(stored.content), width, height)


async def _get_file(state: BotState, params: Params) -> Json:
    file_id = params.text("file_id")
    stored = state.chats.files.get(file_id)
    if stored is None:
        raise BadRequest("invalid file_id")
    if len(stored.content) > DOWNLOAD_LIMIT:
        raise BadRequest("file is too big")
    return {
        "file_id": file_id,
        "file_unique_id": f"u{file_id}",
        "file_size": len(stored.content),
        "file_path": file_path(file_id, stored.name),
    }


METHODS: dict[str, Handler] = {"getFile": _get_file}
