"""/trend: how often something was posted, as a picture; its numbers stand below it."""

from __future__ import annotations

import asyncio
import datetime as dt
import statistics
from collections.abc import Sequence

from telegram import MessageEntity

from bot.asking import NOT_ANSWERED, explain, known_now
from bot.charts import bar_chart
from bot.message import Button, Message
from bot.rich_text import RichText, bold, code, fill, joined
from bot.talk import Stale, Talk
from bot.texts import Catalogue
from storage.trends import Trend, trend

DAYS, HOURS = 30, 48
"""Bars of the two pictures (issue 6)."""

CAPTION_UNITS = 1024
"""The longest caption, in UTF-16 units after entities are parsed (Bot API documentation, sendPhoto)."""

DAYS_APART, HOURS_APART = 3, 6
"""Between two labels below the bars."""


async def draw(talk: Talk, text: str) -> None:
    """/trend WORDS: posts a day for thirty days."""
    if not text:
        example = code(f"/trend {talk.texts.examples[0]}")
        await talk.say(fill(talk.texts.trend_usage, example=example))
        return
    await _show(talk, text, by_hour=False)


async def switch(talk: Talk, which: str) -> None:
    """The button below a picture: the other one, of the query that stands below it."""
    said = list(talk.message.parse_caption_entities([MessageEntity.CODE]).values())
    if not said or which not in ("d", "h"):
        raise Stale
    await _show(talk, said[0], by_hour=which == "h", said_by_us=True)


def days_until(now: dt.datetime, zone: dt.tzinfo) -> list[dt.datetime]:
    """The beginnings of the last days there, today's the last, and now."""
    today = now.astimezone(zone).date()
    dates = [today - dt.timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    return [*(dt.datetime.combine(date, dt.time.min, zone).astimezone(dt.UTC) for date in dates), now]


def hours_until(now: dt.datetime, zone: dt.tzinfo) -> list[dt.datetime]:
    """The beginnings of the last hours there, the present one's the last, and now."""
    begun = now.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(dt.UTC)
    return [*(begun - dt.timedelta(hours=back) for back in range(HOURS - 1, -1, -1)), now]


def labels_of(bounds: Sequence[dt.datetime], zone: dt.tzinfo, *, by_hour: bool) -> list[str]:
    """Digits below the bars: every third day of the month, counted from today, or every sixth hour of the clock."""
    local = [moment.astimezone(zone) for moment in bounds[:-1]]
    if by_hour:
        return [f"{moment.hour:02}" if moment.hour % HOURS_APART == 0 else "" for moment in local]
    last = len(local) - 1
    return [str(moment.day) if (last - place) % DAYS_APART == 0 else "" for place, moment in enumerate(local)]


def caption_of(
    understood: str, found: Trend, bounds: Sequence[dt.datetime], zone: dt.tzinfo, texts: Catalogue, *, by_hour: bool
) -> RichText:
    """What the picture shows, in words and numbers."""
    counts, total = found.counts, sum(found.counts)
    forms = texts.trend_hours if by_hour else texts.trend_days
    number = bold(str(total))
    span = {"hours": texts.in_hours(HOURS), "days": texts.in_days(DAYS)}
    lines = [fill(texts.counted(forms, total), query=code(understood), n=number, **span)]
    if total:
        highest = max(counts)
        when = bounds[counts.index(highest)].astimezone(zone)
        day = f"{when.day} {texts.months[when.month - 1]}"
        if by_hour:
            lines.append(fill(texts.trend_most_hour, hour=f"{day}, {when:%H:%M %Z}".strip(), n=highest))
        else:
            lines.append(fill(texts.trend_most_day, day=day, n=highest))
            lines.append(fill(texts.trend_usual, n=int(statistics.median_low(counts[:-1]))))
    if found.one_in > 1:
        lines.append(fill(texts.counted_sample, n=found.one_in))
    return joined("\n", lines)


async def _show(talk: Talk, text: str, *, by_hour: bool, said_by_us: bool = False) -> None:
    now = dt.datetime.now(dt.UTC)
    bounds = hours_until(now, talk.zone) if by_hour else days_until(now, talk.zone)
    try:
        async with talk.database.begin() as connection:
            known = await known_now(connection)
            query = known.understood(text, standing=False, zone=talk.zone, said_by_us=said_by_us)
            found = await trend(connection, query, bounds)
    except NOT_ANSWERED as error:
        await talk.say(explain(text, error, talk.texts, known, standing=False))
        return
    caption = caption_of(known.said(query), found, bounds, talk.zone, talk.texts, by_hour=by_hour)
    if not any(found.counts):
        await talk.say(caption)
        return
    picture = await asyncio.to_thread(bar_chart, found.counts, labels_of(bounds, talk.zone, by_hour=by_hour))
    other = Button(talk.texts.trend_to_days if by_hour else talk.texts.trend_to_hours, data=f"b:{'dh'[not by_hour]}")
    await _send(talk, picture, Message(caption, ((other,),)))


async def _send(talk: Talk, picture: bytes, below: Message) -> None:
    await talk.answer()
    caption = below.text.truncated(CAPTION_UNITS)
    await talk.bot.send_photo(
        talk.subscriber.chat_id,
        picture,
        caption=caption.text,
        caption_entities=caption.entities(),
        reply_markup=below.markup(),
        message_thread_id=talk.subscriber.thread_id or None,
        filename="trend.png",
    )
