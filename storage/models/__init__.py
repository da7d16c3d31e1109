"""The tables, one class each: what every column means, in one place. Statements live beside their subject."""

from __future__ import annotations

from storage.models.api import ApiTokenRow, SavedSearchRow, WebhookDeliveryRow, WebhookRow
from storage.models.base import Base
from storage.models.bursts import BurstRow, RatedHourRow, RateRow
from storage.models.channels import AccountChannelRow, AccountRow, ChannelMessageRow, ChannelRow, FloodWaitRow
from storage.models.conversation import ProposalRow, ShareLinkRow
from storage.models.finding import VersionTermsRow
from storage.models.inbox import InboxRow
from storage.models.notices import HeartbeatRow, NoticeRow
from storage.models.operators import OperatorActionRow, OperatorRow, OperatorSessionRow
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
    "ApiTokenRow",
    "BackfillRow",
    "Base",
    "BurstRow",
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
    "OperatorActionRow",
    "OperatorRow",
    "OperatorSessionRow",
    "OwnTopicRow",
    "PersonRow",
    "PostRow",
    "PostVersionRow",
    "ProposalRow",
    "RateRow",
    "RatedHourRow",
    "RelabellingRow",
    "ReplayRow",
    "RereadRow",
    "SavedSearchRow",
    "SendBanRow",
    "ShareLinkRow",
    "StoryPostRow",
    "StorySignatureRow",
    "SubscriberRow",
    "SubscriberScheduleRow",
    "SubscriptionCounterRow",
    "SubscriptionRow",
    "SubscriptionScheduleRow",
    "VersionTermsRow",
    "WebhookDeliveryRow",
    "WebhookRow",
]
