"""One block of a preview page as a message: a post, an album as one post, or a service message. Pure.

What a page cannot tell stays unknown: exact views above 999, when a post was edited, the numbers of files and albums,
whose name a forward without a post's number is. An album is one block; each of its media links to its own message, so
its parts have their true numbers. Where that link is missing, parts are counted up from the one before. On which part
the caption stands, and an album's grouped_id, the page does not say: the words are given to the first part, and
grouped_id is left None.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from dataclasses import dataclass, field
from typing import Any

from selectolax.lexbor import LexborNode

from ingest.messages import ServiceMessage
from ingest.preview_media import Shown, read_shown, words_of
from ingest.preview_text import classes_of, link_of, read_text
from storage.ids import ChannelId, MessageId
from storage.post_values import Entity, Forward, Medium, Part, Post

FOUND_BY = "preview"


@dataclass(frozen=True, slots=True)
class PreviewMessage:
    """One block of a page: a post (an album is one), or a service message, which has one part without words."""

    parts: tuple[Part, ...]
    posted_at: dt.datetime | None
    is_service: bool = False
    is_edited: bool = False
    """The page says that, but not when."""
    reply_to: MessageId | None = None
    forward: Forward | None = None
    views: int | None = None
    views_are_rounded: bool = False

    @property
    def message_ids(self) -> frozenset[MessageId]:
        """The numbers it takes."""
        return frozenset(part.message_id for part in self.parts)

    def tell(
        self, channel_id: ChannelId, *, seen_at: dt.datetime, edited_at: dt.datetime | None = None
    ) -> Post | ServiceMessage:
        """As what the rest of ingest knows. `edited_at`: when an edit was noticed, where the caller knows of one."""
        if self.is_service:
            return ServiceMessage(channel_id, self.parts[0].message_id)
        return Post(
            channel_id=channel_id,
            parts=self.parts,
            posted_at=self.posted_at or seen_at,
            seen_at=seen_at,
            edited_at=edited_at,
            reply_to=self.reply_to,
            forward=self.forward,
            views=self.views,
            found_by=FOUND_BY,
            views_are_rounded=self.views_are_rounded,
        )


@dataclass(slots=True)
class _Pieces:
    """What a block is made of."""

    text: str = ""
    entities: tuple[Entity, ...] = ()
    shown: list[Shown] = field(default_factory=list)
    is_unsupported: bool = False

    def add_text(self, node: LexborNode) -> None:
        text, entities = read_text(node)
        before = f"{self.text}\n\n" if self.text and text else self.text
        moved = len(before.encode("utf-16-le", "surrogatepass")) // 2
        self.text = before + text
        self.entities += tuple(Entity(e.type, e.offset + moved, e.length, e.url, e.language) for e in entities)


def read_block(block: LexborNode) -> PreviewMessage | None:
    """A block of the page as a message; None where it does not say which."""
    address = address_of(block)
    if address is None:
        return None
    username, number = address[1], MessageId(int(address[2]))
    time = block.css_first(".tgme_widget_message_date time")
    posted_at = _moment(time.attributes.get("datetime")) if time is not None else None
    if "service_message" in classes_of(block):
        return PreviewMessage((Part(number, ""),), posted_at, is_service=True)
    views, are_rounded = read_count(block.css_first(".tgme_widget_message_views"))
    return PreviewMessage(
        _parts(number, _pieces(block, username)),
        posted_at,
        is_edited=_is_edited(block.css_first(".tgme_widget_message_meta")),
        reply_to=_reply_to(block.css_first(".tgme_widget_message_reply"), username),
        forward=_forward(block.css_first(".tgme_widget_message_forwarded_from")),
        views=views,
        views_are_rounded=are_rounded,
    )


_PASSED_OVER = frozenset(
    {"tgme_widget_message_user", "tgme_widget_message_author", "tgme_widget_message_reply"}
    | {"tgme_widget_message_forwarded_from", "tgme_widget_message_footer"}
)


def _pieces(block: LexborNode, username: str) -> _Pieces:
    """The texts and media of a block, outermost ones only: a reply quotes another post's text, a link its picture."""
    pieces = _Pieces()
    waiting = [block]
    while waiting:
        node = waiting.pop()
        classes = classes_of(node)
        if classes & _PASSED_OVER:
            continue
        if shown := read_shown(node, username):
            pieces.shown.append(shown)
        elif "js-message_text" in classes or "tgme_widget_message_text" in classes:
            pieces.add_text(node)
        else:
            pieces.is_unsupported |= "message_media_not_supported_wrap" in classes
            child = node.last_child
            while child is not None:
                waiting += [child] if child.is_element_node else []
                child = child.prev
    return pieces


def _parts(number: MessageId, pieces: _Pieces) -> tuple[Part, ...]:
    """The block as parts, by number; the words stand on the first."""
    shown = [each for each in pieces.shown if each.medium.kind != "webpage"] or pieces.shown[:1]
    if not shown:
        medium = Medium("other") if pieces.is_unsupported or not pieces.text else None
        return (Part(number, pieces.text, pieces.entities, medium),)
    if len(shown) == 1:
        return (Part(number, pieces.text, pieces.entities, shown[0].medium),)
    media: dict[MessageId, Medium] = {}
    last = MessageId(number - 1)
    for each in shown:
        own = each.message_id
        last = own if own is not None and own not in media else MessageId(last + 1)
        media[last] = each.medium
    first, *rest = sorted(media)
    return (
        Part(first, pieces.text, pieces.entities, media[first]),
        *(Part(each, "", (), media[each]) for each in rest),
    )


_ADDRESS = re.compile(r"(\w+)/(\d{1,10})")
_POST_LINK = re.compile(r"https?://t\.me/(?:c/(?P<channel>\d{1,18})|(?P<name>\w+))/(?P<number>\d{1,10})(?:\?.*)?")


def address_of(block: LexborNode) -> re.Match[str] | None:
    """`data-post`: the channel's name (group 1) and the message id (group 2)."""
    found = _ADDRESS.fullmatch(block.attributes.get("data-post") or "")
    return found if found and int(found[2]) > 0 else None


def telegram_id_of(block: LexborNode) -> int | None:
    """`data-view` is base64 of {"c": -1234567890, "p": 84, …}: the channel's number. It is read, never sent back."""
    coded = block.attributes.get("data-view") or ""
    try:
        content: Any = json.loads(base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)))
        number = content["c"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return -number if isinstance(number, int) and number < 0 else None


def _moment(value: str | None) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(value or "")
        return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def read_count(node: LexborNode | None) -> tuple[int | None, bool]:
    """(number, whether it is rounded): 2, 436.6K, 3.1M."""
    found = re.fullmatch(r"(\d{1,15})(?:\.(\d))?([KMB]?)", words_of(node) or "")
    if found is None:
        return None, False
    tenths = int(found[1]) * 10 + int(found[2] or 0)
    return tenths * {"": 1, "K": 10**3, "M": 10**6, "B": 10**9}[found[3]] // 10, bool(found[3])


def _is_edited(meta: LexborNode | None) -> bool:
    """Telegram's word stands in the line itself, beside the author's name, who may be called anything."""
    child = meta.first_child if meta is not None else None
    while child is not None:
        if child.is_text_node and "edited" in (child.text_content or ""):
            return True
        child = child.next
    return False


def _reply_to(reply: LexborNode | None, username: str) -> MessageId | None:
    found = _POST_LINK.fullmatch(link_of(reply)) if reply is not None else None
    is_own = found is not None and (found["name"] or "").lower() == username.lower()
    return MessageId(int(found["number"])) if found and is_own else None


def _forward(origin: LexborNode | None) -> Forward | None:
    """A link to a post names a channel; one without a number may be a person's, of whom only the name is kept."""
    if origin is None:
        return None
    named = origin.css_first(".tgme_widget_message_forwarded_from_name")
    found = _POST_LINK.fullmatch(link_of(named)) if named is not None else None
    return Forward(
        channel_telegram_id=int(found["channel"]) if found and found["channel"] else None,
        username=found["name"] if found else None,
        name=words_of(named),
        message_id=int(found["number"]) if found else None,
    )
