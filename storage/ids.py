"""Numbers that must not be mixed up: mypy treats each as a type of its own."""

from __future__ import annotations

from typing import NewType

from matching.ids import ChannelId, MessageId

__all__ = [
    "AccountId",
    "ChannelId",
    "ChatId",
    "DeliveryId",
    "MessageId",
    "PostId",
    "SubscriberId",
    "SubscriptionId",
    "TelegramChannelId",
]

PostId = NewType("PostId", int)
SubscriberId = NewType("SubscriberId", int)
SubscriptionId = NewType("SubscriptionId", int)
DeliveryId = NewType("DeliveryId", int)
AccountId = NewType("AccountId", int)
ChatId = NewType("ChatId", int)
"""A chat as the Bot API numbers it: a person positive, a group or channel negative."""

TelegramChannelId = NewType("TelegramChannelId", int)
"""Telegram's own bare number of a channel; ours is `ChannelId` (docs/decisions: an archive may not know Telegram's)."""
