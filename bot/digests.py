"""Posts that were found late become one message instead of a flood. Pure: values in, a message out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from bot.alerts import asked_by
from bot.message import Message
from bot.post_view import link_of, readable, time_of, title_of, without_text, zone_of
from bot.queries import read_stored
from bot.rich_text import (
    MESSAGE_UNITS,
    MOST_ENTITIES,
    RichText,
    code,
    fill,
    italic,
    joined,
    one_line,
    plain,
)
from bot.texts import Catalogue, texts_in
from bot.texts.catalogue import Forms
from matching.conditions import After
from matching.nodes import all_of
from matching.query import Query, QueryError, parse
from storage.alerts import FoundLate
from storage.ids import ChannelId
from storage.posts import StoredPost
from storage.subscriptions import Subscription

FIRST_WORDS_UNITS = 120
"""How much of each post a digest shows: two lines on a phone."""

MOST_SEARCHES = 3
"""Queries that are offered for what did not fit."""

GAP = "\n\n"


def compose_digest(
    digest: FoundLate,
    reasons: Sequence[Subscription],
    *,
    language: str,
    time_zone: str,
    is_repeat: bool,
    now: dt.datetime,
) -> Message:
    """Channel, time, first words and link of each post, the newest last; how to find those that did not fit."""
    texts, zone = texts_in(language), zone_of(time_zone)
    marks = [italic(texts.repeat)] if is_repeat else []
    title = texts.digest_waited if digest.has_waited else texts.digest_title
    head = joined("\n", [*marks, fill(texts.counted(title, digest.count), n=digest.count)])
    newest_first = [item_of(post, texts, zone, now) for post in reversed(digest.posts)]
    find = searches_for(reasons, digest.posts, digest.since_at, texts, zone)
    return as_fits(head, newest_first, reasons, digest.count, (texts.digest_more, find), texts, last_at_top=True)


def as_fits(
    head: RichText,
    items: Sequence[RichText],
    reasons: Sequence[Subscription],
    count: int,
    more: tuple[Forms, RichText],
    texts: Catalogue,
    *,
    last_at_top: bool = False,
) -> Message:
    """One message with the first items for which there is room, and who asked.

    `count`: how many there are in all; `more`: the sentence about those that did not fit, and the search for them.
    """

    def foot(left: int) -> list[RichText]:
        others = [fill(texts.counted(more[0], left), n=left, search=more[1])] if left else []
        return others + ([asked_by(reasons, texts)] if reasons else [])

    shown = _that_fit(items, around=[head, *foot(count)])  # as if none fitted: the sentence only becomes shorter
    ordered = shown[::-1] if last_at_top else shown
    below = joined("\n", foot(count - len(shown)))
    return Message(joined(GAP, [piece for piece in (head, *ordered, below) if piece])).shortened()


def item_of(post: StoredPost, texts: Catalogue, zone: dt.tzinfo, now: dt.datetime) -> RichText:
    """Channel, time, first words and link of a post."""
    deleted = f" · {texts.digest_deleted}" if post.deleted_at else ""
    lines = [title_of(post) + f" · {time_of(post.posted_at, zone, texts, now=now)}{deleted}"]
    words = "" if post.channel.is_protected else one_line(readable(post.text))
    lines += [plain(words).truncated(FIRST_WORDS_UNITS) if words else plain(without_text(post, texts)), link_of(post)]
    return joined("\n", [line for line in lines if line])


def _that_fit(items: Sequence[RichText], *, around: Sequence[RichText]) -> list[RichText]:
    """The first items for which there is room beside what stands around them: in length, and in entities."""
    units = MESSAGE_UNITS - sum(piece.units + len(GAP) for piece in around)
    spans = MOST_ENTITIES - sum(len(piece.spans) for piece in around)
    shown: list[RichText] = []
    for item in items:
        units -= item.units + len(GAP)
        spans -= len(item.spans)
        if units < 0 or spans < 0:
            break
        shown.append(item)
    return shown


def searches_for(
    reasons: Sequence[Subscription],
    posts: Iterable[StoredPost],
    since_at: dt.datetime,
    texts: Catalogue,
    zone: dt.tzinfo,
) -> RichText:
    """How to find what did not fit into a message: /search with the queries that asked, from that day on."""
    usernames = {post.channel.id: post.channel.username for post in posts if post.channel.username}
    midnight = since_at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    since = After(midnight.date(), midnight.astimezone(dt.UTC))
    queries = read_stored(reason.query for reason in reasons)[:MOST_SEARCHES]
    searches = [found for query in queries if (found := _narrowed(query, since, usernames))]
    return joined(", ", [code(f"/search {words}") for words in searches or [f"{texts.digest_words} {since}"]])


def _narrowed(query: Query, since: After, usernames: Mapping[ChannelId, str]) -> str | None:
    """The query as a person may type it for posts since that day; None where the language would refuse it."""
    words = Query(all_of([query.root, since])).render(usernames)
    try:
        parse(words, standing=False)
    except QueryError:
        return None
    return words
