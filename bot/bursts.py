"""News of a burst as a message, and bursts in a list: what, how much more than usual, since when, who began. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from analysis.bursts import LEAST_USUAL, TOPIC
from bot.alerts import asked_by
from bot.message import Button, Message
from bot.post_view import listed, time_of, zone_of
from bot.previews import bars
from bot.rich_text import RichText, bold, fill, italic, joined, one_line, plain
from bot.texts import Catalogue, texts_in
from bot.topic_names import NO_OWN, topic_path
from storage.burst_alerts import ToldBurst
from storage.bursts import Burst
from storage.own_topics import OwnTopic

SHOWN_UNITS = 300
"""How much of the first post is shown."""

WORD_UNITS = 60
"""How much of a word is shown."""


def compose_burst(told: ToldBurst, *, language: str, time_zone: str, now: dt.datetime) -> Message:
    """What bursts, how much, since when, with what else, hour by hour, the first post, and who asked."""
    texts, burst, zone = texts_in(language), told.burst, zone_of(time_zone)
    marks = [italic(texts.repeat)] if told.is_repeat else []
    lines = [_head(burst, texts, language, told.own_topics), _amount(burst, texts, zone, now)]
    if burst.companions:
        words = ", ".join(_word(each) for each in burst.companions)
        lines.append(fill(texts.burst_also, words=words))
    blocks = [joined("\n", [*marks, *lines])]
    if any(told.by_hour):
        blocks.append(fill(texts.burst_hours, bars=bars(told.by_hour)))
    buttons: tuple[Button, ...] = ()
    if told.first is not None:
        post = listed(told.first, (), language=language, zone=zone, now=now, most=SHOWN_UNITS)
        blocks.append(plain(texts.burst_first) + "\n" + post)
        if told.first.channel.username and told.first.url:
            buttons = (Button(texts.open, url=told.first.url),)
    if told.reasons:
        blocks.append(asked_by(told.reasons, texts))
    return Message(joined("\n\n", blocks), (buttons,)).shortened()


def burst_line(
    burst: Burst, *, language: str, zone: dt.tzinfo, now: dt.datetime, own: Sequence[OwnTopic] = NO_OWN
) -> RichText:
    """A burst in a list."""
    texts = texts_in(language)
    since = time_of(burst.began_at, zone, texts, now=now)
    what = bold(_name(burst, language, own))
    line = fill(texts.burst_item, what=what, times=round(burst.times), time=since)
    if not burst.companions:
        return line
    return line + f" ({', '.join(_word(each) for each in burst.companions)})"


def _head(burst: Burst, texts: Catalogue, language: str, own: Sequence[OwnTopic]) -> RichText:
    what = bold(_name(burst, language, own))
    if burst.usual <= LEAST_USUAL:
        return fill(texts.burst_new, what=what)
    times = round(burst.times)
    return fill(texts.counted(texts.burst_head, times), what=what, times=times)


def _amount(burst: Burst, texts: Catalogue, zone: dt.tzinfo, now: dt.datetime) -> RichText:
    posts = fill(texts.counted(texts.burst_posts, burst.peak_posts), n=burst.peak_posts)
    channels = fill(texts.counted(texts.burst_channels, burst.peak_channels), n=burst.peak_channels)
    is_rare = burst.usual <= LEAST_USUAL
    usual = plain(texts.burst_rare) if is_rare else fill(texts.burst_usual, n=round(burst.usual))
    return joined(" · ", [posts + " " + channels, usual, plain(time_of(burst.peak_at, zone, texts, now=now))])


def _name(burst: Burst, language: str, own: Sequence[OwnTopic]) -> str:
    if burst.kind == "topic":
        return topic_path(burst.what.removeprefix(TOPIC), language, own)
    return _word(burst.shown)


def _word(word: str) -> str:
    return plain(one_line(word)).truncated(WORD_UNITS).text
