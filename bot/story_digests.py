"""A scheduled digest: what a subscriber chose to hear of once an hour, once a day, or after quiet hours. Pure."""

from __future__ import annotations

import datetime as dt

from bot.digests import as_fits, item_of, searches_for
from bot.message import Message
from bot.post_view import time_of, zone_of
from bot.rich_text import RichText, fill, italic, joined, link
from bot.story_view import name_of, told_by_others
from bot.texts import Catalogue, texts_in
from storage.digest_stories import DigestStory, StoryDigest


def compose_story_digest(digest: StoryDigest, *, language: str, time_zone: str, now: dt.datetime) -> Message:
    """Stories, those that most channels tell first: title, time, first words, and a link to every post of them.

    At most one message: what does not fit is counted, with the search that finds it.
    """
    texts, zone = texts_in(language), zone_of(time_zone)
    marks = [italic(texts.repeat)] if digest.is_repeat else []
    head = joined("\n", [*marks, _title(digest, texts, zone, now)])
    items = [_item(story, texts, zone, now) for story in digest.stories]
    find = searches_for(digest.reasons, [story.post for story in digest.stories], digest.since_at, texts, zone)
    return as_fits(head, items, digest.reasons, digest.count, (texts.digest_more_stories, find), texts)


def _title(digest: StoryDigest, texts: Catalogue, zone: dt.tzinfo, now: dt.datetime) -> RichText:
    since, until = (time_of(moment, zone, texts, now=now) for moment in (digest.since_at, digest.until_at))
    span = since if since == until else f"{since} – {until}"
    return fill(texts.counted(texts.digest_of_stories, digest.count), n=digest.count, span=span)


def _item(story: DigestStory, texts: Catalogue, zone: dt.tzinfo, now: dt.datetime) -> RichText:
    item = item_of(story.post, texts, zone, now)
    if not story.also:
        return item
    names = [link(name_of(also), also.url) for also in story.also]
    return item + "\n" + told_by_others(names, story.told - 1 - len(names), texts)
