"""Not what I wanted: the smallest changes that would have kept a post away, each with what it would have left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bot.asking import known_now
from bot.handlers.why import alert_behind
from bot.handlers.words import WEEK, name_of
from bot.message import Button, Message
from bot.narrowing import Kind, Narrower, ways_around
from bot.previews import apply_button
from bot.queries import read_stored
from bot.rich_text import RichText, bold, fill, joined, one_line, plain
from bot.talk import Talk
from bot.texts import Catalogue
from bot.topic_names import NO_OWN, topic_name
from matching.query import Query
from storage import back_tests, search, subscriptions
from storage.alerts import Alert
from storage.database import Connection
from storage.ids import SubscriptionId
from storage.own_topics import OwnTopic
from storage.subscriptions import Subscription

OFFERED = 4
"""Changes to choose from."""

LEAST_KEPT = 0.5
"""Share of the matches that a change must leave: what takes more is no small change."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A change as it stands in a draft, and how many of the matches it leaves."""

    way: Narrower
    kept: int
    draft: SubscriptionId


async def offer(talk: Talk, number: str) -> None:
    """The button of the answer to "why?": what would have kept the post away, for the first subscription that asked."""
    now = dt.datetime.now(dt.UTC)
    async with talk.database.begin() as connection:
        alert = await alert_behind(talk, connection, number)
        own, query = await _asking_still(talk, connection, alert)
        if own is None or query is None:
            await talk.say(talk.texts.feedback_not_any_more)
            return
        total, offers = await _offers(talk, connection, own, query, alert, now)
    said = compose_offers(own, total, offers, talk.texts, talk.subscriber.language, alert.own_topics)
    await talk.say(said, as_reply=True)


def compose_offers(
    own: Subscription,
    total: int,
    offers: list[Offer],
    texts: Catalogue,
    language: str,
    own_topics: Sequence[OwnTopic] = NO_OWN,
) -> Message:
    """The changes as lines, a button for each."""
    edit = (Button(texts.edit, data=f"e:{own.id}"), Button(texts.pause, data=f"p:{own.id}"))
    if not offers:
        return Message(plain(texts.feedback_nothing), (edit,))
    forms = texts.feedback_title if total < back_tests.LATEST else texts.feedback_newest
    lines = [fill(texts.counted(forms, total), name=bold(own.name), n=total), plain("")]
    rows = []
    for place, each in enumerate(offers, start=1):
        what = _named(each.way, language, own_topics)
        lines.append(plain(f"{place}. ") + _said(each, what, total, texts))
        label = texts.feedback_stricter_button if each.way.kind is Kind.STRICTER else texts.feedback_button
        rows.append((apply_button(fill(label, place=place, what=what).text, own.id, each.draft, str(each.way.query)),))
    return Message(joined("\n", lines), (*rows, edit))


def _said(each: Offer, what: str, total: int, texts: Catalogue) -> RichText:
    match each.way.kind:
        case Kind.WORD:
            return fill(texts.feedback_word, word=bold(what), kept=each.kept, n=total)
        case Kind.CHANNEL:
            return fill(texts.feedback_channel, channel=bold(what), kept=each.kept, n=total)
        case Kind.TOPIC:
            return fill(texts.feedback_topic, topic=bold(what), kept=each.kept, n=total)
        case Kind.STRICTER:
            return fill(texts.feedback_stricter, topic=bold(what), kept=each.kept, n=total)


def _named(way: Narrower, language: str, own_topics: Sequence[OwnTopic]) -> str:
    is_topic = way.kind in (Kind.TOPIC, Kind.STRICTER)
    return topic_name(way.what, language, own_topics) if is_topic else one_line(way.what)


async def _asking_still(talk: Talk, connection: Connection, alert: Alert) -> tuple[Subscription | None, Query | None]:
    """The first of this chat's subscriptions that asked for the post, and would again."""
    for reason in alert.reasons:
        if reason.subscriber_id != talk.owner or reason.state != "active":
            continue
        for query in read_stored([reason.query]):
            if await search.is_match(connection, query, alert.post.id):
                return reason, query
    return None, None


async def _offers(
    talk: Talk, connection: Connection, own: Subscription, query: Query, alert: Alert, now: dt.datetime
) -> tuple[int, list[Offer]]:
    """How many matches there were, and the changes that leave most of them: the narrowest first."""
    post = alert.post
    forms = await back_tests.forms_in(connection, [post.id])
    # Of a protected channel nothing is shown but that it was asked for.
    only = () if post.channel.is_protected else tuple(forms)
    found = await back_tests.words_of_matches(connection, query, now - WEEK, only=only)
    if found is None or not found.matches:
        return 0, []
    ways = [
        way
        for way in ways_around(query, post, found, post.topic_codes)
        # Something else in the query may ask for it still.
        if way.kind is not Kind.STRICTER or not await search.is_match(connection, way.query, post.id)
    ]
    kept = await back_tests.effects(connection, [way.query for way in ways], found.matches)
    total = len(found.matches)
    narrowest = sorted(
        ((left, way) for left, way in zip(kept, ways, strict=True) if left >= LEAST_KEPT * total),
        key=lambda each: (-each[0], each[1].kind, each[1].what),
    )
    known = await known_now(connection)
    is_named_by_us = own.name == name_of(known.said_again(own.query))
    made = []
    for left, way in narrowest[:OFFERED]:
        name = name_of(known.said(way.query)) if is_named_by_us else own.name
        draft = await subscriptions.draft(connection, talk.owner, name=name, query=way.query)
        made.append(Offer(way, left, draft))
    return total, made
