"""What a message on the wire carries beside its text, told as one Medium. Pure; the bytes stay with Telegram."""

from __future__ import annotations

from typing import Any

from telethon.tl import types

from storage.post_values import Medium, storable

_LOCATIONS = (types.MessageMediaGeo, types.MessageMediaGeoLive, types.MessageMediaVenue)


def read_medium(media: Any) -> Medium | None:
    """The medium of a message; None where it has none. A constructor we do not know is kept as `other`."""
    match media:
        case None | types.MessageMediaEmpty():
            return None
        case types.MessageMediaPhoto():
            return _photo(media.photo)
        case types.MessageMediaDocument():
            return _document(media)
        case types.MessageMediaWebPage():
            return _page(media.webpage)
        case types.MessageMediaPoll():
            return _poll(media.poll)
        case types.MessageMediaContact():
            return Medium("contact")
        case types.MessageMediaPaidMedia():
            return _paid(media)
    return Medium("location") if isinstance(media, _LOCATIONS) else Medium("other")


def _photo(photo: Any) -> Medium:
    if not isinstance(photo, types.Photo):
        return Medium("photo")  # expired or withheld: that it was one is known
    return Medium("photo", size=max((_bytes_of(size) for size in photo.sizes), default=0) or None, telegram_id=photo.id)


def _bytes_of(size: Any) -> int:
    return max((getattr(size, "size", None) or 0, *(getattr(size, "sizes", None) or ())), default=0)


def _document(media: Any) -> Medium:
    document = media.document
    if not isinstance(document, types.Document):
        return Medium("voice" if media.voice else "video" if media.video or media.round else "document")
    named = {type(attribute): attribute for attribute in document.attributes}
    name = named.get(types.DocumentAttributeFilename)
    timed = named.get(types.DocumentAttributeVideo) or named.get(types.DocumentAttributeAudio)
    return Medium(
        _document_kind(media, named),
        size=document.size,
        mime=storable(document.mime_type or "") or None,
        file_name=storable(name.file_name) if name else None,
        duration=float(timed.duration) if timed else None,
        telegram_id=document.id,
    )


def _document_kind(media: Any, named: dict[type[Any], Any]) -> str:
    """A document says what it is by its attributes; the most telling one counts (core.telegram.org/api/files)."""
    if types.DocumentAttributeSticker in named or types.DocumentAttributeCustomEmoji in named:
        return "sticker"
    if types.DocumentAttributeAnimated in named:
        return "animation"
    if types.DocumentAttributeVideo in named or media.video or media.round:
        return "video"
    if audio := named.get(types.DocumentAttributeAudio):
        return "voice" if audio.voice else "audio"
    return "voice" if media.voice else "document"


def _page(page: Any) -> Medium | None:
    if isinstance(page, types.WebPageEmpty):
        return None  # the link had no preview: it still stands in the text
    return Medium("webpage", url=storable(getattr(page, "url", None) or "") or None)


def _poll(poll: Any) -> Medium:
    return Medium(
        "poll",
        telegram_id=poll.id,
        poll={"question": _plain(poll.question), "options": [_plain(answer.text) for answer in poll.answers]},
    )


def _plain(text: Any) -> str:
    """Polls speak in TextWithEntities since layer 180, in bare strings before."""
    return storable(text if isinstance(text, str) else str(getattr(text, "text", "")))


def _paid(media: Any) -> Medium:
    """Paid media hide the thing itself; a bought one is shown."""
    for extended in media.extended_media:
        if isinstance(extended, types.MessageExtendedMedia):
            return read_medium(extended.media) or Medium("other")
    return Medium("other")
