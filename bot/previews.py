"""A message about what a query would have brought in a week: how much, when, from whom, what makes it quieter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bot.message import Button, Message
from bot.post_view import TITLE_UNITS, called, listed
from bot.rich_text import RichText, bold, code, fill, joined, plain
from bot.talk import Talk
from bot.texts import Catalogue
from matching.query import Query
from storage.back_tests import BackTest
from storage.channels import Channel
from storage.ids import SubscriptionId
from storage.subscription_exchange import fingerprint
from storage.subscriptions import Subscription

SHOWN_UNITS = 200
"""How much of each example is shown."""

LOUD = 50
"""Alerts a day from which a preview warns."""

BARS = "▁▂▃▄▅▆▇█"
"""A day without posts, then seven heights."""


@dataclass(frozen=True, slots=True)
class Quieter:
    """A word to leave out, and how much of the matches stays."""

    word: str
    percent: int


@dataclass(frozen=True, slots=True)
class Change:
    """A subscription that is to get the query, and how many posts its present one would have brought."""

    own: Subscription
    before: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A query that was understood, held against the last week."""

    understood: str
    query: Query
    test: BackTest
    quieter: Sequence[Quieter]
    draft: SubscriptionId
    change: Change | None = None
    """Not a new subscription, but other words for one that there is."""


def compose_preview(preview: Preview, talk: Talk, *, now: dt.datetime) -> Message:
    """What was understood, how much it would have brought, the newest of it, and the buttons."""
    texts, test, change = talk.texts, preview.test, preview.change
    blocks = [fill(texts.understood, query=code(preview.understood))]
    if change is not None:
        blocks.insert(0, fill(texts.edit_title, name=bold(change.own.name)))
    blocks.append(_amount(test, change, texts))
    if preview.quieter:
        words = [fill(texts.quieter_word, word=code(f"-{each.word}"), percent=each.percent) for each in preview.quieter]
        blocks.append(plain(texts.quieter) + "\n" + joined("\n", words))
    if test.examples:
        blocks.append(plain(texts.newest))
    blocks += [
        listed(post, [preview.query], language=talk.subscriber.language, zone=talk.zone, now=now, most=SHOWN_UNITS)
        for post in test.examples
    ]
    return Message(joined("\n\n", blocks), _buttons(preview, texts))


def bars(counts: Sequence[int]) -> str:
    """A block a count, as high as its share of the highest; the lowest is for none."""
    highest = max(counts, default=0) or 1
    heights = len(BARS) - 1
    return "".join(BARS[-(-count * heights // highest)] for count in counts)


def _amount(test: BackTest, change: Change | None, texts: Catalogue) -> RichText:
    if test.posts:
        lines = [fill(texts.counted(texts.last_days, test.posts), n=bold(str(test.posts)))]
        lines.append(fill(texts.a_day, bars=bars(test.by_day)))
        shown = [brings(channel, count, texts) for channel, count in test.channels]
        lines.append(fill(texts.brings_most, channels=", ".join(shown)))
    else:
        lines = [plain(texts.no_posts_yet)]
    if change is not None:
        lines.append(fill(texts.counted(texts.edit_before, change.before), n=change.before))
    if test.one_in > 1:
        lines.append(fill(texts.counted_sample, n=test.one_in))
    daily = round(test.a_day)
    if daily >= LOUD:
        lines.append(fill(texts.counted(texts.too_loud, daily), n=daily))
    return joined("\n", lines)


def brings(channel: Channel, count: int, texts: Catalogue) -> str:
    """A channel and how many posts are its."""
    title = plain(called(channel)).truncated(TITLE_UNITS // 2)
    return fill(texts.brings, channel=title, n=count).text


def _buttons(preview: Preview, texts: Catalogue) -> tuple[tuple[Button, ...], ...]:
    behind = "" if preview.change is None else f":{preview.change.own.id}"
    quieter = [
        (Button(fill(texts.quieter_button, word=each.word).text, data=f"v:{place}{behind}"),)
        for place, each in enumerate(preview.quieter, start=1)
    ]
    if preview.change is None:
        yes = Button(texts.subscribe, data=f"s:{preview.draft}")
    else:
        yes = apply_button(texts.edit_apply, preview.change.own.id, preview.draft, str(preview.query))
    return (*quieter, (yes, Button(texts.cancel, data=f"x:{preview.draft}")))


def apply_button(label: str, own: SubscriptionId, draft: SubscriptionId, query: str) -> Button:
    """Gives a subscription the stored query that a draft has now, however often it is pressed."""
    return Button(label, data=f"c:{own}:{draft}:{fingerprint(query)}")
