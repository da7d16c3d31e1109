"""The preview of a subscription to news of bursts: what it would tell, and of which bursts it would have told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.bursts import burst_line
from bot.message import Button, Message
from bot.previews import apply_button
from bot.rich_text import RichText, bold, code, fill, joined, plain
from bot.talk import Stale, Talk
from bot.texts import Catalogue
from bot.topic_names import topic_path
from matching.bursts import ALL
from matching.bursts import Burst as Asked
from matching.query import Query
from storage import bursts, subscriptions
from storage.burst_alerts import topics_of
from storage.bursts import Burst
from storage.ids import SubscriptionId
from storage.own_topics import OwnTopic, list_topics

LATELY = dt.timedelta(days=7)
"""How far a preview looks back."""

MOST_READ = 500
"""Bursts of that time that are looked at."""

MOST_SHOWN = 10
"""Bursts of one list."""


async def preview(talk: Talk, query: Query, asked: Asked, *, name: str, instead_of: SubscriptionId | None) -> None:
    """Say what the subscription would tell, and of which bursts it would have told lately."""
    texts, now = talk.texts, dt.datetime.now(dt.UTC)
    async with talk.database.begin() as connection:
        found = await bursts.recent_bursts(connection, now - LATELY, MOST_READ)
        own = await list_topics(connection)
        replaced = await subscriptions.get(connection, talk.owner, instead_of) if instead_of is not None else None
        if instead_of is not None and (replaced is None or replaced.state == "draft"):
            raise Stale
        draft = await subscriptions.draft(connection, talk.owner, name=name, query=query)
    told = [each for each in found if asked.tells(each.whats, each.topics | topics_of(each.whats))]
    blocks = [
        fill(texts.understood, query=code(str(query))),
        _explained(asked, texts, talk.subscriber.language, own),
        fill(texts.counted(texts.burst_lately, len(told)), n=len(told)),
    ]
    if told:
        blocks[-1] = blocks[-1] + "\n" + lines(talk, told, own, now)
    if replaced is not None:
        blocks.insert(0, fill(texts.edit_title, name=bold(replaced.name)))
        yes = apply_button(texts.edit_apply, replaced.id, draft, str(query))
    else:
        yes = Button(texts.subscribe, data=f"s:{draft}")
    await talk.say(Message(joined("\n\n", blocks), ((yes, Button(texts.cancel, data=f"x:{draft}")),)))


def lines(talk: Talk, found: Sequence[Burst], own: Sequence[OwnTopic], now: dt.datetime) -> RichText:
    """A line a burst, the first few."""
    language = talk.subscriber.language
    shown = found[:MOST_SHOWN]
    return joined("\n", [burst_line(each, language=language, zone=talk.zone, now=now, own=own) for each in shown])


def _explained(asked: Asked, texts: Catalogue, language: str, own: Sequence[OwnTopic]) -> RichText:
    if asked.subject == ALL:
        return plain(texts.burst_of_all)
    if asked.topic is not None:
        return fill(texts.burst_of_topic, what=topic_path(asked.topic, language, own))
    return fill(texts.burst_of_word, what=bold(asked.subject))
