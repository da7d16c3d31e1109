"""How a post looks in a chat: its headline, its excerpt with the matched words in bold, its topics, its link. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.rich_text import RichText, bold, clean, fill, highlighted, joined, link, one_line, plain
from bot.texts import Catalogue, texts_in
from matching.query import Query, highlights
from storage.channels import Channel
from storage.posts import StoredPost

EXCERPT_UNITS = 600
"""How much of a post an alert shows, in UTF-16 units (issue 2)."""

BEFORE_MATCH = 150
"""Characters before the first matched word that an excerpt of a long post keeps."""

TITLE_UNITS = 100
"""How much of a channel's title is shown: titles are foreign text of up to 128 characters."""

_BLANK_LINES = re.compile(r"\n\s*\n\s*\n+|[ \t]{3,}")


def zone_of(name: str) -> dt.tzinfo:
    """The time zone of that IANA name; UTC for one that this machine does not know."""
    if name == "UTC":
        return dt.UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return dt.UTC


def time_of(moment: dt.datetime, zone: dt.tzinfo, texts: Catalogue, *, now: dt.datetime) -> str:
    """The moment as a person there reads it: "14:05 UTC" today, with the day before that, with the year if another."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    clock = f"{local:%H:%M} {local:%Z}".strip()
    if local.date() == today.date():
        return clock
    day = f"{local.day} {texts.months[local.month - 1]}"
    return f"{day} {local.year}, {clock}" if local.year != today.year else f"{day}, {clock}"


def span_of(duration: dt.timedelta, texts: Catalogue) -> str:
    """A duration in its largest whole unit: minutes, from an hour on hours, from two days on days."""
    template, unit = texts.minutes, dt.timedelta(minutes=1)
    if duration >= dt.timedelta(days=2):
        template, unit = texts.days, dt.timedelta(days=1)
    elif duration >= dt.timedelta(hours=1):
        template, unit = texts.hours, dt.timedelta(hours=1)
    return fill(template, n=duration // unit).text


def called(channel: Channel) -> str:
    """The channel's title, in one line; its name if it has none."""
    return one_line(channel.title) or channel.name


def title_of(post: StoredPost) -> RichText:
    """The channel's title in bold, a link to the post."""
    return link(bold(plain(called(post.channel)).truncated(TITLE_UNITS)), post.url)


def link_of(post: StoredPost) -> RichText:
    """The post's address, as a link; nothing where there is none."""
    return link(post.url, post.url) if post.url else RichText()


def readable(text: str) -> str:
    """A post's text as it is shown: cleaned, without gaps of many lines."""
    return _BLANK_LINES.sub(lambda found: "\n\n" if "\n" in found.group() else " ", clean(text)).strip()


def matched_places(text: str, queries: Sequence[Query]) -> list[tuple[int, int]]:
    """Character offsets of all words that any of the queries is about: sorted, apart."""
    places: list[tuple[int, int]] = []
    for start, end in sorted(place for query in queries for place in highlights(query, text)):
        if places and start <= places[-1][1]:
            places[-1] = (places[-1][0], max(end, places[-1][1]))
        else:
            places.append((start, end))
    return places


def excerpt_of(post: StoredPost, queries: Sequence[Query], *, most: int = EXCERPT_UNITS) -> RichText:
    """The piece of the post around the first matched word, matched words in bold; empty for a protected channel."""
    if post.channel.is_protected:
        return RichText()
    text = readable(post.text)
    places = matched_places(text, queries)
    whole = highlighted(text, places, most=len(places))
    if whole.units > most and places and places[0][0] > BEFORE_MATCH:
        before = min(BEFORE_MATCH, most // 3)
        whole = whole.from_word_at(places[0][0] - before)
    cut = whole.truncated(most)
    return RichText(cut.text, cut.spans[:MOST_HIGHLIGHTS])


MOST_HIGHLIGHTS = 60
"""Words in bold in one excerpt: Telegram shows 100 entities, and what stands around needs some."""


def media_of(post: StoredPost, texts: Catalogue) -> str:
    """What the post carries beside its text, in words: "🖼 photo ×3, 📎 document"."""
    names = dict(texts.media)
    kinds = [part.medium.kind for part in post.parts if part.medium and part.medium.kind in names]
    counted = {kind: kinds.count(kind) for kind in kinds}
    return ", ".join(names[kind] + (f" ×{count}" if count > 1 else "") for kind, count in counted.items())


def listed(post: StoredPost, queries: Sequence[Query], *, language: str, zone: dt.tzinfo, now: dt.datetime,
           most: int) -> RichText:  # fmt: skip
    """A post in a list of several: channel and time, a short excerpt, the link."""
    texts = texts_in(language)
    lines = [title_of(post) + f" · {time_of(post.posted_at, zone, texts, now=now)}"]
    body = excerpt_of(post, queries, most=most)
    lines.append(body or plain(without_text(post, texts)))
    lines.append(link_of(post))
    return joined("\n", [line for line in lines if line])


def without_text(post: StoredPost, texts: Catalogue) -> str:
    """What stands in place of words: why they are not shown, or what the post carries instead."""
    return texts.protected if post.channel.is_protected else media_of(post, texts) or texts.no_text
