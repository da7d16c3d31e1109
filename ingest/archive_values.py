"""What is read from archives, whatever their form, and the checks that both forms share. Pure."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from storage.ids import ChannelId, MessageId
from storage.post_values import Forward, Part, Post

LARGEST_ID = 2**63 - 1
"""What a bigint column holds."""


class NotAMessage(ValueError):
    """A piece of an archive cannot be read as a post; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class ArchivedChannel:
    """A channel as an archive names it: by Telegram's bare number, by username, or by both."""

    telegram_id: int | None
    username: str | None
    title: str


@dataclass(frozen=True, slots=True)
class ArchivedMessage:
    """One message of an archive; `number` is its line (JSON lines) or its place (result.json), from 1."""

    number: int
    channel: ArchivedChannel
    part: Part
    posted_at: dt.datetime
    edited_at: dt.datetime | None = None
    grouped_id: int | None = None
    reply_to: MessageId | None = None
    forward: Forward | None = None
    views: int | None = None
    forwards: int | None = None
    reactions: dict[str, int] | None = None

    def to_post(self, channel_id: ChannelId, *, seen_at: dt.datetime, found_by: str) -> Post:
        """As a post of one part."""
        return Post(
            channel_id=channel_id,
            parts=(self.part,),
            posted_at=self.posted_at,
            seen_at=seen_at,
            edited_at=self.edited_at,
            grouped_id=self.grouped_id,
            reply_to=self.reply_to,
            forward=self.forward,
            views=self.views,
            forwards=self.forwards,
            reactions=self.reactions,
            found_by=found_by,
        )


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A piece of an archive that is no message, and why, in a few words."""

    number: int
    reason: str


def whole_number(content: dict[str, Any], field: str, *, least: int = 0) -> int | None:
    """A count or an id; None where there is none. Raises NotAMessage."""
    value = content.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST_ID:
        raise NotAMessage(f"{field} is no whole number from {least}")
    return value


def message_number(content: dict[str, Any], field: str) -> MessageId:
    """The message id, which must be there. Raises NotAMessage."""
    value = whole_number(content, field, least=1)
    if value is None:
        raise NotAMessage(f"{field} is missing")
    return MessageId(value)


def moment(value: Any, field: str) -> dt.datetime:
    """A time in ISO 8601; without an offset it is taken for UTC. Raises NotAMessage."""
    try:
        found = dt.datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (TypeError, ValueError, OverflowError):
        raise NotAMessage(f"{field} is no date such as 2024-11-26T00:05:59Z") from None


def moment_of_seconds(value: Any, field: str) -> dt.datetime:
    """A time as whole seconds since 1970, a number or its digits. Raises NotAMessage."""
    try:
        return dt.datetime.fromtimestamp(int(value), tz=dt.UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise NotAMessage(f"{field} is no number of seconds since 1970") from None


USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,31}")
_NUMBER = re.compile(r"(?:id(?=\d{6})|-100)?(\d{1,18})")


def channel_reference(text: str) -> tuple[int | None, str | None]:
    """(Telegram's number, username) of a channel as archives write it: a name, id1754252633, -1001754252633, digits.

    Raises NotAMessage.
    """
    if number := _NUMBER.fullmatch(text):
        return int(number[1]), None
    name = text.removeprefix("@")
    if USERNAME.fullmatch(name):
        return None, name
    raise NotAMessage("channel is neither a username nor Telegram's number")
