"""Which post people mean: a link to it, or its channel and number. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from storage.ids import MessageId, TelegramChannelId


class BadPostAddress(ValueError):
    """This names no post; the message says what a post's address looks like."""


_LINK = re.compile(r"(?:https?://)?(?:www\.)?(?:t|telegram)\.(?:me|dog)/(?P<path>[^?#]*)(?:[?#].*)?", re.IGNORECASE)
_BY_NAME = re.compile(r"(?:s/)?@?(?P<name>[A-Za-z][A-Za-z0-9_]{3,31})/(?P<message>[0-9]{1,10})/?")
_BY_NUMBER = re.compile(r"(?:c/)?(?:-100)?(?P<number>[0-9]{1,13})/(?P<message>[0-9]{1,10})/?")
"""core.telegram.org/api/links: t.me/NAME/123, t.me/s/NAME/123 (the public page) and t.me/c/NUMBER/123."""


@dataclass(frozen=True, slots=True)
class PostAddress:
    """A message of a channel, which is named by its username (without @) or by Telegram's number."""

    channel: str | TelegramChannelId
    message_id: MessageId

    def __str__(self) -> str:
        return f"{self.channel_name}/{self.message_id}"

    @property
    def channel_name(self) -> str:
        """The channel as people write it."""
        return f"@{self.channel}" if isinstance(self.channel, str) else str(self.channel)

    @classmethod
    def parse(cls, text: str) -> PostAddress:
        """Read a t.me link, @NAME/123 or NUMBER/123. Raises BadPostAddress."""
        stripped = text.strip()
        link = _LINK.fullmatch(stripped)
        path = link["path"] if link else stripped
        if by_name := _BY_NAME.fullmatch(path):
            return cls(by_name["name"], MessageId(int(by_name["message"])))
        if by_number := _BY_NUMBER.fullmatch(path):
            return cls(TelegramChannelId(int(by_number["number"])), MessageId(int(by_number["message"])))
        raise BadPostAddress(
            "A post is named by its link or by its channel and number: t.me/news_kremlin/123, @news_kremlin/123, or "
            "t.me/c/1234567890/123 where the channel has no name."
        )
