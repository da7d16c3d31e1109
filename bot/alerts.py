"""A post becomes the alert that a subscriber sees, and the answer to "why?". Pure: values in, a message out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence

from bot.changes import changes_between
from bot.message import Button, Message
from bot.post_view import (
    excerpt_of,
    link_of,
    matched_places,
    media_of,
    readable,
    span_of,
    time_of,
    title_of,
    zone_of,
)
from bot.queries import NO_SETS, read_stored, understood_again
from bot.rich_text import RichText, bold, code, fill, highlighted, italic, joined, one_line, plain
from bot.story_view import also_told
from bot.texts import Catalogue, texts_in
from bot.topic_names import NO_OWN, topic_path, topics_of
from matching.ids import ChannelSetId
from matching.query import Query
from storage.alerts import AlsoTold
from storage.ids import ChannelId, DeliveryId
from storage.own_topics import OwnTopic
from storage.posts import StoredPost
from storage.subscriptions import Subscription

LATE = dt.timedelta(minutes=15)
"""From when on an alert that we kept back says that it is late (design)."""

SEEN_LATE = dt.timedelta(minutes=2)
"""From when on an alert says how late its post was found: four rounds of the reconciler (30 s at most, issue 4), which
nothing but a fault takes. What is found sooner is what a channel's ordinary delays are made of."""

NAME_UNITS = 60
"""How much of a subscription's name an alert shows."""

SNIPPETS = 3
"""Places of the post that the answer to "why?" shows."""

AROUND = 40
"""Characters on either side of a matched word in such a place."""


def compose_alert(
    post: StoredPost,
    reasons: Sequence[Subscription],
    *,
    delivery_id: DeliveryId,
    language: str,
    time_zone: str,
    is_repeat: bool,
    now: dt.datetime,
    is_replay: bool = False,
    also: Sequence[AlsoTold] = (),
    told_by: int | None = None,
    shown_before: str | None = None,
    is_text_forgotten: bool = False,
    own_topics: Sequence[OwnTopic] = NO_OWN,
) -> Message:
    """What a subscriber sees of a post: channel, time, excerpt, topics, reasons, link, and the buttons why and open.

    `is_repeat`: it may have arrived before, and says so. `is_replay`: an archive brought it, so it was not found late.
    `now` decides what we kept back for long, and whether the day is named: of an amendment, when the alert was sent.
    `also` and `told_by` (channels) say who tells the story. `shown_before` is the text that the alert showed first.
    """
    texts = texts_in(language)
    queries = read_stored(reason.query for reason in reasons)
    marks = [texts.repeat] if is_repeat else []
    if told_by is None:
        marks += _lateness(post, texts, time_zone, now, is_replay=is_replay)
    else:
        marks.append(fill(texts.counted(texts.told_by, told_by), n=told_by).text)
    if post.deleted_at:
        marks.append(texts.deleted_and_forgotten if is_text_forgotten else texts.deleted_at_source)
    blocks = [
        joined("\n", [*(italic(mark) for mark in marks), _headline(post, texts, time_zone, now)]),
        RichText() if is_text_forgotten else _body(post, queries, texts),
        RichText() if is_text_forgotten else _changes(post, shown_before, texts),
        also_told(also, post.posted_at, texts),
        joined("\n", _footer(post, reasons, texts, topics_of(post, language, own_topics))),
    ]
    buttons = [Button(texts.why, data=f"w:{delivery_id}"), Button(texts.mute, data=f"mute:{delivery_id}")]
    if post.channel.username and post.url:
        buttons.append(Button(texts.open, url=post.url))
    text = joined("\n\n", [block for block in blocks if block])
    return Message(text, (tuple(buttons),), preview_url=_preview(post)).shortened()


def compose_why(
    post: StoredPost,
    reasons: Sequence[Subscription],
    *,
    usernames: Mapping[ChannelId, str],
    sets: Mapping[ChannelSetId, str] = NO_SETS,
    language: str,
    own_topics: Sequence[OwnTopic] = NO_OWN,
) -> Message:
    """Why a post was sent: subscriptions and their queries as understood, the words in place, what made its topics."""
    texts = texts_in(language)
    lines = [plain(texts.why_title)]
    living = [reason for reason in reasons if reason.state != "deleted"]
    for reason in living:
        understood = code(understood_again(reason.query, usernames, sets))
        lines.append(fill(texts.why_reason, name=bold(_name(reason)), query=understood))
    if len(living) < len(reasons):  # its words were forgotten when it was deleted
        lines.append(plain(texts.why_deleted))
    blocks = [joined("\n", lines), _places(post, read_stored(reason.query for reason in reasons), texts)]
    blocks.append(joined("\n", _topic_words(post, texts, language, own_topics)))
    return Message(joined("\n\n", [block for block in blocks if block])).shortened()


def _lateness(post: StoredPost, texts: Catalogue, time_zone: str, now: dt.datetime, *, is_replay: bool) -> list[str]:
    """That the post was found late, or else that it waited here for long."""
    late = post.seen_at - post.posted_at
    if late > SEEN_LATE and not is_replay:
        published = time_of(post.posted_at, zone_of(time_zone), texts, now=now)
        return [fill(texts.seen_late, time=published, ago=span_of(late, texts)).text]
    return [texts.late] if now - post.seen_at > LATE else []


def _headline(post: StoredPost, texts: Catalogue, time_zone: str, now: dt.datetime) -> RichText:
    when = time_of(post.posted_at, zone_of(time_zone), texts, now=now)
    edited = f" · {texts.edited}" if post.edited_at else ""
    return title_of(post) + f" · {when}{edited}"


def _body(post: StoredPost, queries: Sequence[Query], texts: Catalogue) -> RichText:
    if post.channel.is_protected:
        return italic(texts.protected)
    origin = next((name for name in sorted(post.forwarded_from) if name.startswith("@")), None)
    lines = [italic(fill(texts.forwarded_from, name=origin))] if origin else []
    excerpt, media = excerpt_of(post, queries), media_of(post, texts)
    lines += [excerpt or italic(media or texts.no_text)]
    if excerpt and media:
        lines.append(italic(media))
    return joined("\n", lines)


def _changes(post: StoredPost, before: str | None, texts: Catalogue) -> RichText:
    """What differs from the text that was shown first; nothing of a protected channel, of which none was."""
    if before is None or post.channel.is_protected:
        return RichText()
    changes = changes_between(readable(before), readable(post.text))
    return fill(texts.changed, changes=changes) if changes else changes


def _footer(post: StoredPost, reasons: Sequence[Subscription], texts: Catalogue, topics: str) -> list[RichText]:
    lines = []
    if topics:
        lines.append(fill(texts.alert_topics, topics=topics))
    if reasons:
        lines.append(asked_by(reasons, texts))
    return [*lines, link_of(post)] if post.url else lines


def asked_by(reasons: Sequence[Subscription], texts: Catalogue) -> RichText:
    """The names of the subscriptions that asked, the first five of them."""
    names = ", ".join(_name(reason) for reason in reasons[:5]) + (", …" if len(reasons) > 5 else "")
    return fill(texts.alert_reasons, names=names)


def _preview(post: StoredPost) -> str | None:
    """Only a public post with a picture shows its preview: text we have, and protected posts are not shown at all."""
    has_picture = bool(post.has & {"photo", "video"})
    return post.url if has_picture and post.channel.username and not post.channel.is_protected else None


def _name(subscription: Subscription) -> str:
    return RichText(one_line(subscription.name)).truncated(NAME_UNITS).text


def _places(post: StoredPost, queries: Sequence[Query], texts: Catalogue) -> RichText:
    if post.channel.is_protected:
        return italic(texts.why_protected)
    text = readable(post.text)
    places = matched_places(text, queries)
    if not places:
        return italic(texts.why_no_words)
    return joined("\n", [plain(texts.why_words), *_snippets(text, places)])


def _snippets(text: str, places: list[tuple[int, int]]) -> list[RichText]:
    """The first places, each with some words around it; places near each other share one."""
    found: list[RichText] = []
    shown_to = -1
    for start, end in places:
        if start < shown_to:
            continue
        if len(found) == SNIPPETS:
            break
        shown_to = _end_of_word(text, end + AROUND)
        whole = highlighted(text.replace("\n", " "), places, most=len(places))
        piece = RichText(whole.text[:shown_to], tuple(span for span in whole.spans if span.end <= shown_to))
        more = "…" if shown_to < len(text) else ""
        found.append(plain("• ") + piece.from_word_at(max(0, start - AROUND)) + more)
    return found


def _end_of_word(text: str, place: int) -> int:
    found = re.compile(r"\s|$").search(text, place, place + AROUND)
    return min(found.start() if found else place, len(text))


def _topic_words(post: StoredPost, texts: Catalogue, language: str, own_topics: Sequence[OwnTopic]) -> list[RichText]:
    lines = []
    for topic in post.topics:
        words = ", ".join(
            fill(texts.why_topic_word, word=word, percent=round(100 * share)).text for word, share in topic.words[:5]
        )
        if words and not post.channel.is_protected:
            lines.append(fill(texts.why_topic, topic=bold(topic_path(topic.code, language, own_topics)), words=words))
    return lines
