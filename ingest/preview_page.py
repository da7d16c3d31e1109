"""The public preview of a channel (t.me/s/NAME) as values. Pure: HTML in, messages out; no page makes it raise."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ingest.preview_media import words_of
from ingest.preview_message import PreviewMessage, address_of, read_block, telegram_id_of
from storage.ids import MessageId


class NoPreview(StrEnum):
    """Why Telegram shows no page of a name."""

    UNKNOWN = "unknown"
    """Nobody has the name: it was given up, the channel is private now, or never was."""
    DISABLED = "disabled"
    """A channel, but Telegram shows no preview of it (restricted, or its owner's wish)."""
    NOT_A_CHANNEL = "not_a_channel"
    """A person, a bot or a group."""


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """A page: its messages in their order, oldest first, and what it says about the channel."""

    messages: tuple[PreviewMessage, ...]
    username: str | None = None
    telegram_id: int | None = None
    """Telegram's bare number of the channel, from its messages: a name may be sold, the number stays."""
    unreadable: int = 0
    """Blocks that have no number we could read: perhaps the layout has changed."""

    @property
    def oldest(self) -> MessageId | None:
        """The smallest message id on the page."""
        return min((number for message in self.messages for number in message.message_ids), default=None)

    @property
    def newest(self) -> MessageId | None:
        """The largest message id on the page."""
        return max((number for message in self.messages for number in message.message_ids), default=None)


def read_page(html: str) -> PreviewPage | NoPreview | None:
    """A page as values; NoPreview for the page that stands where there is no preview; None for anything else."""
    document = LexborHTMLParser(html)
    blocks = document.css(".tgme_widget_message")
    if blocks or document.css_first(".tgme_channel_history, .tgme_channel_info, .tgme_channel_info_counters"):
        return _page(document, blocks)
    return _no_preview(document) if document.css_first(".tgme_page") else None


def _page(document: LexborHTMLParser, blocks: list[LexborNode]) -> PreviewPage:
    messages: list[PreviewMessage] = []
    seen: set[MessageId] = set()
    for block in blocks:
        message = read_block(block)
        if message is not None and seen.isdisjoint(message.message_ids):
            messages.append(message)
            seen |= message.message_ids
    numbers = {number for block in blocks if (number := telegram_id_of(block)) is not None}
    header = words_of(document.css_first(".tgme_channel_info_header_username"))
    name = (
        header.removeprefix("@") if header else next((found[1] for each in blocks if (found := address_of(each))), None)
    )
    return PreviewPage(
        tuple(sorted(messages, key=lambda message: message.parts[0].message_id)),
        name,
        numbers.pop() if len(numbers) == 1 else None,
        len(blocks) - len(messages),
    )


def _no_preview(document: LexborHTMLParser) -> NoPreview:
    if document.css_first(".tgme_page_title") is None:
        return NoPreview.UNKNOWN
    extra = words_of(document.css_first(".tgme_page_extra")) or ""
    return NoPreview.DISABLED if "subscriber" in extra else NoPreview.NOT_A_CHANNEL
