"""The tables, one class each: what every column means, in one place. Statements live beside their subject."""

from __future__ import annotations

from storage.models.base import Base
from storage.models.channels import AccountChannelRow, AccountRow, ChannelMessageRow, ChannelRow, FloodWaitRow
from storage.models.conversation import ProposalRow, ShareLinkRow
from storage.models.inbox import InboxRow
from storage.models.notices import HeartbeatRow, NoticeRow
from storage.models.own_topics import (
    ChannelSetMemberRow,
    ChannelSetRow,
    DefinitionCounterRow,
    OwnTopicRow,
    RelabellingRow,
)
from storage.models.people import AdmittedChatRow, ConnectedChannelRow, ErasureRow, InviteRow, PersonRow
from storage.models.posts import PostRow, PostVersionRow
from storage.models.progress import BackfillRow, MediaFileRow, ReplayRow, RereadRow
from storage.models.schedules import MuteRow, SubscriberScheduleRow, SubscriptionScheduleRow
from storage.models.stories import StoryPostRow, StorySignatureRow
from storage.models.subscribers import (
    AmendmentCauseRow,
    DeliveryRow,
    SendBanRow,
    SubscriberRow,
    SubscriptionCounterRow,
    SubscriptionRow,
)

__all__ = [
    "AccountChannelRow",
    "AccountRow",
    "AdmittedChatRow",
    "AmendmentCauseRow",
    "BackfillRow",
    "Base",
    "ChannelMessageRow",
    "ChannelRow",
    "ChannelSetMemberRow",
    "ChannelSetRow",
    "ConnectedChannelRow",
    "DefinitionCounterRow",
    "DeliveryRow",
    "ErasureRow",
    "FloodWaitRow",
    "HeartbeatRow",
    "InboxRow",
    "InviteRow",
    "MediaFileRow",
    "MuteRow",
    "NoticeRow",
    "OwnTopicRow",
    "PersonRow",
    "PostRow",
    "PostVersionRow",
    "ProposalRow",
    "RelabellingRow",
    "ReplayRow",
    "RereadRow",
    "SendBanRow",
    "ShareLinkRow",
    "StoryPostRow",
    "StorySignatureRow",
    "SubscriberRow",
    "SubscriberScheduleRow",
    "SubscriptionCounterRow",
    "SubscriptionRow",
    "SubscriptionScheduleRow",
]
