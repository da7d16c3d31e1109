"""/stats: what this chat has, and what is stored for everybody."""

from __future__ import annotations

import datetime as dt

from bot.post_view import span_of
from bot.rich_text import RichText, bold, fill, joined, one_line, plain
from bot.talk import Talk
from bot.texts import Catalogue
from storage.chat_figures import ChatFigures, StoredFigures, chat_figures, stored_figures


async def tell(talk: Talk, _: str) -> None:
    """/stats."""
    now = dt.datetime.now(dt.UTC)
    async with talk.database.begin() as connection:
        own = await chat_figures(connection, talk.owner, now)
        stored = await stored_figures(connection, now)
    await talk.say(joined("\n\n", [of_chat(own, talk.texts), of_store(stored, talk.texts, now=now)]))


def of_chat(own: ChatFigures, texts: Catalogue) -> RichText:
    """Subscriptions and alerts."""
    first = fill(texts.counted(texts.stats_here, own.subscriptions), n=bold(str(own.subscriptions)))
    if own.paused:
        first += fill(texts.counted(texts.stats_paused, own.paused), n=own.paused)
    alerts = fill(texts.stats_alerts, day=bold(str(own.alerts_of_day)), week=bold(str(own.alerts_of_week)))
    lines = [first + ".", alerts]
    if own.busiest is not None:
        name, number = own.busiest
        lines.append(fill(texts.counted(texts.stats_busiest, number), name=bold(one_line(name)), n=number))
    return joined("\n", lines)


def of_store(stored: StoredFigures, texts: Catalogue, *, now: dt.datetime) -> RichText:
    """Posts and channels, and how soon posts are here."""
    channels = fill(texts.counted(texts.stats_channels, stored.channels), n=bold(str(stored.channels)))
    posts = fill(texts.counted(texts.stats_posts, stored.posts), n=bold(str(stored.posts)), channels=channels)
    lines = [plain(texts.stats_stored), posts]
    if stored.newest_at is not None:
        lines.append(fill(texts.stats_newest, ago=span_of(max(now - stored.newest_at, dt.timedelta(0)), texts)))
    if stored.half_s is not None and stored.most_s is not None:
        lines.append(fill(texts.stats_lag, half=texts.decimal(stored.half_s), most=texts.decimal(stored.most_s)))
    return joined("\n", lines)
