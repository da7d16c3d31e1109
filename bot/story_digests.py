"""A scheduled digest: what a subscriber chose to hear of once an hour, once a day, or after quiet hours. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from bot.alerts import asked_by
from bot.digests import FIRST_WORDS_UNITS, GAP, searches_for
from bot.message import Message
from bot.post_view import link_of, readable, time_of, title_of, without_text, zone_of
from bot.rich_text import (
    MESSAGE_UNITS,
    MOST_ENTITIES,
    RichText,
    fill,
    italic,
    joined,
    link,
    one_line,
    plain,
)
from bot.story_view import NAME_UNITS
from bot.texts import Catalogue, texts_in
from storage.alerts import AlsoTold
from storage.digest_stories import DigestStory, StoryDigest


def compose_story_digest(digest: StoryDigest, *, language: str, time_zone: str, now: dt.datetime) -> Message:
    """Stories, those that most channels tell first: title, time, first words, and a link to every post of them.

    At most one message: what does not fit is counted, with the search that finds it.
    """
    texts, zone = texts_in(language), zone_of(time_zone)
    marks = [italic(texts.repeat)] if digest.is_repeat else []
    head = joined("\n", [*marks, _title(digest, texts, zone, now)])
    foot = asked_by(digest.reasons, texts) if digest.reasons else RichText()
    # As if none fitted: the line only becomes shorter.
    more = _more(digest, digest.count, texts, zone)
    items = [_item(story, texts, zone, now) for story in digest.stories]
    shown = _first_that_fit(items, around=[head, more, foot])
    if left := digest.count - len(shown):
        foot = joined("\n", [piece for piece in (_more(digest, left, texts, zone), foot) if piece])
    return Message(joined(GAP, [piece for piece in (head, *shown, foot) if piece])).shortened()


def _title(digest: StoryDigest, texts: Catalogue, zone: dt.tzinfo, now: dt.datetime) -> RichText:
    since, until = (time_of(moment, zone, texts, now=now) for moment in (digest.since_at, digest.until_at))
    span = since if since == until else f"{since} – {until}"
    return fill(texts.counted(texts.digest_of_stories, digest.count), n=digest.count, span=span)


def _item(story: DigestStory, texts: Catalogue, zone: dt.tzinfo, now: dt.datetime) -> RichText:
    post = story.post
    deleted = f" · {texts.digest_deleted}" if post.deleted_at else ""
    words = "" if post.channel.is_protected else one_line(readable(post.text))
    lines = [
        title_of(post) + f" · {time_of(post.posted_at, zone, texts, now=now)}{deleted}",
        plain(words).truncated(FIRST_WORDS_UNITS) if words else plain(without_text(post, texts)),
        link_of(post),
        _also(story, texts),
    ]
    return joined("\n", [line for line in lines if line])


def _also(story: DigestStory, texts: Catalogue) -> RichText:
    if not story.also:
        return RichText()
    names = joined(", ", [_name(also) for also in story.also])
    if left := story.told - 1 - len(story.also):
        names = names + " " + fill(texts.counted(texts.also_more, left), n=left)
    return fill(texts.also_told, channels=names)


def _name(also: AlsoTold) -> RichText:
    name = plain(one_line(also.channel.title) or also.channel.name).truncated(NAME_UNITS)
    return link(name, also.url)


def _first_that_fit(items: Sequence[RichText], *, around: Sequence[RichText]) -> list[RichText]:
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


def _more(digest: StoryDigest, left: int, texts: Catalogue, zone: dt.tzinfo) -> RichText:
    posts = [story.post for story in digest.stories]
    return fill(
        texts.counted(texts.digest_more_stories, left),
        n=left,
        search=searches_for(digest.reasons, posts, digest.since_at, texts, zone),
    )
