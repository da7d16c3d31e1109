"""What is owed becomes the message that is sent: an alert, a digest, an amendment, a burst, notices. Pure."""

from __future__ import annotations

import datetime as dt

from bot.alerts import compose_alert
from bot.bursts import compose_burst
from bot.digests import compose_digest
from bot.message import Message
from bot.notices import compose_notices
from bot.story_digests import compose_story_digest
from storage.amendments import Amendment
from storage.burst_alerts import ToldBurst
from storage.deliveries import Alert, Leased
from storage.digest_stories import StoryDigest
from storage.notices import Notice
from storage.subscribers import Subscriber

Owed = Alert | StoryDigest | Amendment | ToldBurst | list[Notice]
"""What one message is about."""


def message_of(leased: Leased, owed: Owed) -> Message:
    """The message in its subscriber's language and time."""
    to, now = leased.subscriber, dt.datetime.now(dt.UTC)
    if isinstance(owed, list):
        return compose_notices(owed, language=to.language, is_repeat=leased.unknowns > 0)
    if isinstance(owed, ToldBurst):
        return compose_burst(owed, language=to.language, time_zone=to.time_zone, now=now)
    if isinstance(owed, Amendment):
        return _alert(owed.alert, to, owed.sent_at)
    if isinstance(owed, StoryDigest):
        return compose_story_digest(owed, language=to.language, time_zone=to.time_zone, now=now)
    if owed.digest is not None:
        return compose_digest(
            owed.digest, owed.reasons, language=to.language, time_zone=to.time_zone, is_repeat=owed.is_repeat, now=now
        )
    return _alert(owed, to, now)


def _alert(alert: Alert, to: Subscriber, now: dt.datetime) -> Message:
    return compose_alert(
        alert.post,
        alert.reasons,
        delivery_id=alert.delivery_id,
        language=to.language,
        time_zone=to.time_zone,
        is_repeat=alert.is_repeat,
        is_replay=alert.is_replay,
        now=now,
        also=alert.also,
        told_by=alert.told_by,
        shown_before=alert.shown_before,
        is_text_forgotten=alert.is_text_forgotten,
        own_topics=alert.own_topics,
    )
