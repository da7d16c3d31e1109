"""The tables, one class each: what every column means, in one place. Statements live beside their subject."""

from __future__ import annotations

from storage.models.base import Base
from storage.models.channels import AccountChannelRow, AccountRow, ChannelMessageRow, ChannelRow, FloodWaitRow
from storage.models.notices import HeartbeatRow, NoticeRow
from storage.models.posts import PostRow, PostVersionRow
from storage.models.progress import BackfillRow, MediaFileRow, ReplayRow, RereadRow
from storage.models.stories import StoryPostRow, StorySignatureRow
from storage.models.subscribers import DeliveryRow, SendBanRow, SubscriberRow, SubscriptionCounterRow, SubscriptionRow

__all__ = [
    "AccountChannelRow",
    "AccountRow",
    "BackfillRow",
    "Base",
    "ChannelMessageRow",
    "ChannelRow",
    "DeliveryRow",
    "FloodWaitRow",
    "HeartbeatRow",
    "MediaFileRow",
    "NoticeRow",
    "PostRow",
    "PostVersionRow",
    "ReplayRow",
    "RereadRow",
    "SendBanRow",
    "StoryPostRow",
    "StorySignatureRow",
    "SubscriberRow",
    "SubscriptionCounterRow",
    "SubscriptionRow",
]
