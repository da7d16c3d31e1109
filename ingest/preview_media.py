"""What a message on a preview page carries beside its text, told as media. Pure; no page makes it raise.

The page tells less than Telegram does: no ids, no exact sizes, and of a link's preview only where it leads.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from ingest.preview_text import classes_of, link_of
from storage.ids import MessageId
from storage.post_values import Medium, storable

_OWN_NUMBER = re.compile(r"(?:https?://)?[^/]+/(?P<name>\w+)/(?P<number>\d{1,10})(?:\?single)?")


@dataclass(frozen=True, slots=True)
class Shown:
    """One medium of a message; `message_id` where the page says which part of an album it is."""

    medium: Medium
    message_id: MessageId | None = None


def read_shown(node: LexborNode, username: str) -> Shown | None:
    """The medium that an element draws; None for an element that draws none."""
    reader = next((_READERS[name] for name in classes_of(node) if name in _READERS), None)
    if reader is None:
        return None
    found = _OWN_NUMBER.fullmatch(link_of(node))
    is_own = found is not None and found["name"].lower() == username.lower()
    return Shown(reader(node), MessageId(int(found["number"])) if found and is_own else None)


def words_of(node: LexborNode | None) -> str | None:
    """The words inside an element, in one line; None where there are none."""
    return storable(" ".join(node.text(deep=True).split())) or None if node is not None else None


def _video(node: LexborNode) -> Medium:
    """A video has a duration and a button to play it; an animation plays by itself and shows neither."""
    time = node.css_first("time")
    is_played = time is not None or node.css_first(".message_video_play") is not None
    return Medium("video" if is_played else "animation", duration=_seconds(time))


def _voice(node: LexborNode) -> Medium:
    return Medium("voice", duration=_seconds(node.css_first("time")))


def _round_video(node: LexborNode) -> Medium:
    return Medium("video", duration=_seconds(node.css_first("time")))


def _document(node: LexborNode) -> Medium:
    """A document by its file's name. Of a song the page shows title and performer, no file name."""
    icon = node.css_first(".tgme_widget_message_document_icon")
    if icon is not None and "audio" in classes_of(icon):
        return Medium("audio")
    return Medium("document", file_name=words_of(node.css_first(".tgme_widget_message_document_title")))


def _poll(node: LexborNode) -> Medium:
    options = [words_of(option) or "" for option in node.css(".tgme_widget_message_poll_option_text")]
    question = words_of(node.css_first(".tgme_widget_message_poll_question")) or ""
    return Medium("poll", poll={"question": question, "options": options})


def _webpage(node: LexborNode) -> Medium:
    return Medium("webpage", url=link_of(node) or None)


def _plain(kind: str) -> Callable[[LexborNode], Medium]:
    return lambda node: Medium(kind)


def _seconds(node: LexborNode | None) -> float | None:
    """0:27 or 1:02:03."""
    found = re.fullmatch(r"(?:(\d{1,4}):)?(\d{1,4}):(\d\d)", words_of(node) or "")
    hours, minutes, seconds = (int(group or 0) for group in found.groups()) if found else (0, 0, 0)
    return float(hours * 3600 + minutes * 60 + seconds) if found else None


_READERS: dict[str, Callable[[LexborNode], Medium]] = {
    "tgme_widget_message_photo_wrap": _plain("photo"),
    "tgme_widget_message_video_player": _video,
    "tgme_widget_message_roundvideo_player": _round_video,
    "tgme_widget_message_voice_player": _voice,
    "tgme_widget_message_document_wrap": _document,
    "tgme_widget_message_sticker_wrap": _plain("sticker"),
    "tgme_widget_message_poll": _poll,
    "tgme_widget_message_location_wrap": _plain("location"),
    "tgme_widget_message_venue_wrap": _plain("location"),
    "tgme_widget_message_contact_wrap": _plain("contact"),
    "tgme_widget_message_invoice_wrap": _plain("other"),
    "tgme_widget_message_game_wrap": _plain("other"),
    "tgme_widget_message_link_preview": _webpage,
}
"""Class of the outermost element that draws a medium -> how it is read."""
