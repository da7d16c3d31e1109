"""Formatting as Telegram's wire names it, told in the Bot API's names. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from telethon.tl import types

from storage.post_values import Entity, storable

_NAMES: dict[type[Any], str] = {
    types.MessageEntityMention: "mention",
    types.MessageEntityHashtag: "hashtag",
    types.MessageEntityBotCommand: "bot_command",
    types.MessageEntityCashtag: "cashtag",
    types.MessageEntityUrl: "url",
    types.MessageEntityEmail: "email",
    types.MessageEntityPhone: "phone_number",
    types.MessageEntityBold: "bold",
    types.MessageEntityItalic: "italic",
    types.MessageEntityUnderline: "underline",
    types.MessageEntityStrike: "strikethrough",
    types.MessageEntitySpoiler: "spoiler",
    types.MessageEntityCode: "code",
    types.MessageEntityPre: "pre",
    types.MessageEntityTextUrl: "text_link",
    types.MessageEntityMentionName: "text_mention",
    types.MessageEntityCustomEmoji: "custom_emoji",
}
"""Wire class -> `MessageEntity.type` (Bot API documentation). Kinds the Bot API does not name are left out."""


def read_entities(entities: Iterable[Any] | None) -> tuple[Entity, ...]:
    """The entities of a message in its order; offsets stay as they came, in UTF-16 units."""
    return tuple(entity for entity in map(_read_entity, entities or ()) if entity is not None)


def _read_entity(entity: Any) -> Entity | None:
    if isinstance(entity, types.MessageEntityBlockquote):
        name: str | None = "expandable_blockquote" if entity.collapsed else "blockquote"
    else:
        name = _NAMES.get(type(entity))
    if name is None:
        return None
    return Entity(
        name,
        entity.offset,
        entity.length,
        url=storable(getattr(entity, "url", None) or "") or None,
        language=storable(getattr(entity, "language", None) or "") or None,
    )
