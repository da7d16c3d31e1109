"""What inline mode is made of: a query typed behind the bot's name, the bot's answer, and what was chosen of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.chat_records import Entity, Markup, Media


@dataclass(frozen=True, slots=True)
class InlineResult:
    """One result as people see it in the list, and the message that a tap sends."""

    id: str
    kind: str
    title: str = ""
    description: str = ""
    text: str = ""
    entities: list[Entity] = field(default_factory=list)
    media: Media | None = None
    link_preview: Mapping[str, Any] | None = None
    reply_markup: Markup | None = None


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """The bot's answer. `cache_seconds`: so long others get it unasked, unless `is_personal` keeps it to the asker."""

    results: tuple[InlineResult, ...]
    cache_seconds: float = 300.0
    is_personal: bool = False
    next_offset: str = ""
    button: Mapping[str, Any] | None = None


@dataclass(slots=True)
class InlineQuery:
    """What a person typed behind @bot, in whatever chat; `asked_monotonic` in seconds of the clock."""

    id: str
    user_id: int
    chat_id: int
    text: str
    offset: str
    asked_monotonic: float
    answer: InlineAnswer | None = None
    is_cached: bool = False
    """Answered from an earlier answer: the bot was not asked."""


@dataclass(frozen=True, slots=True)
class ChosenResult:
    """A person sent this result into a chat (chosen_inline_result)."""

    result_id: str
    user_id: int
    query: str
    inline_message_id: str | None = None
