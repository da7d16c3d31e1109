"""How an alert names those who tell its story too: "also: B +4 min, C +9 min". Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.post_view import called, span_of
from bot.rich_text import RichText, fill, joined, link, plain
from bot.texts import Catalogue
from storage.alerts import AlsoTold

MOST_NAMED = 6
"""Channels that are named; of more, how many there are (issue 6)."""

NAME_UNITS = 40
"""How much of a channel's title is shown beside others."""

MINUTE = dt.timedelta(minutes=1)


def also_told(also: Sequence[AlsoTold], since_at: dt.datetime, texts: Catalogue) -> RichText:
    """Who else tells the story and how long after `since_at`, each a link to its post; nothing when nobody does."""
    if not also:
        return RichText()
    items = [_item(each, since_at, texts) for each in also[:MOST_NAMED]]
    return told_by_others(items, len(also) - len(items), texts)


def told_by_others(names: list[RichText], left: int, texts: Catalogue) -> RichText:
    """Those who tell it too, and how many more do."""
    more = [fill(texts.counted(texts.also_more, left), n=left)] if left else []
    return fill(texts.also_told, channels=joined(" ", [joined(", ", names), *more]))


def name_of(also: AlsoTold) -> RichText:
    """The channel, as it stands beside others."""
    return plain(called(also.channel)).truncated(NAME_UNITS)


def _item(also: AlsoTold, since_at: dt.datetime, texts: Catalogue) -> RichText:
    later = also.posted_at - since_at
    template = texts.also_later if later >= dt.timedelta(0) else texts.also_sooner
    return link(name_of(also), also.url) + " " + fill(template, span=span_of(max(abs(later), MINUTE), texts))
