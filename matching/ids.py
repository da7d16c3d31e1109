"""Kinds of numbers that must not be mixed up."""

from __future__ import annotations

from typing import NewType

ChannelId = NewType("ChannelId", int)
"""Our own number of a channel (`channels.id`), never Telegram's: a renamed or resold username keeps its subscribers
apart."""

ChannelSetId = NewType("ChannelSetId", int)
"""The number of a set of channels that the operator has named."""

MessageId = NewType("MessageId", int)
"""Telegram's number of a post in its channel; it means nothing without its ChannelId."""
