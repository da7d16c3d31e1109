"""Where Telegram keeps the medium of a message, and what a file of it may be called. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from telethon.tl import types

FETCHABLE = frozenset({"photo", "video", "animation", "audio", "voice", "document", "sticker"})
"""Kinds of `storage.post_values.Medium` that are files; the others are only words and numbers."""

SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "video/quicktime": ".mov",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/x-m4a": ".m4a",
    "audio/wav": ".wav",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "text/plain": ".txt",
    "application/x-tgsticker": ".tgs",
}
"""Endings of file names by type. Whoever published a file chose its name and its type: any other is called .bin."""

UNKNOWN_SUFFIX = ".bin"


@dataclass(frozen=True, slots=True)
class Located:
    """A file of Telegram's: `size` in bytes as announced, `location` as upload.getFile wants it, for a while."""

    file_id: int
    dc_id: int
    size: int
    suffix: str
    location: Any


def locate(message: Any) -> Located | None:
    """The file that a message carries; None where it carries none, or none that is shown to us."""
    media = getattr(message, "media", None)
    if isinstance(media, types.MessageMediaPhoto) and isinstance(media.photo, types.Photo):
        return _photo(media.photo)
    if isinstance(media, types.MessageMediaDocument) and isinstance(media.document, types.Document):
        return _document(media.document)
    return None


def _photo(photo: Any) -> Located | None:
    sizes = [(size, name) for size, name in _sizes(photo.sizes) if size > 0]
    if not sizes:
        return None
    size, name = max(sizes)
    location = types.InputPhotoFileLocation(photo.id, photo.access_hash, photo.file_reference, thumb_size=name)
    return Located(photo.id, photo.dc_id, size, ".jpg", location)


def _sizes(sizes: Iterable[Any]) -> Iterable[tuple[int, str]]:
    """Bytes and name of each size that can be fetched; a progressive one has all its stages in one file."""
    for size in sizes:
        if isinstance(size, types.PhotoSize):
            yield size.size, size.type
        elif isinstance(size, types.PhotoSizeProgressive):
            yield max(size.sizes, default=0), size.type


def _document(document: Any) -> Located | None:
    if document.size <= 0:
        return None
    location = types.InputDocumentFileLocation(
        document.id, document.access_hash, document.file_reference, thumb_size=""
    )
    suffix = SUFFIXES.get((document.mime_type or "").lower(), UNKNOWN_SUFFIX)
    return Located(document.id, document.dc_id, document.size, suffix, location)
