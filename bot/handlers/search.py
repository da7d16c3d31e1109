"""/search: everything that was posted so far, newest first, page by page."""

from __future__ import annotations

import datetime as dt

from bot.asking import NOT_ANSWERED, explain, known_now
from bot.message import Button, Message
from bot.post_view import listed
from bot.previews import bars, brings
from bot.rich_text import RichText, code, fill, joined
from bot.talk import Stale, Talk
from bot.texts import Catalogue
from matching.query import Query
from storage.back_tests import BackTest, back_test
from storage.database import Connection
from storage.ids import PostId
from storage.posts import StoredPost
from storage.search import Cursor, search

ON_A_PAGE = 5
"""Posts of one page."""

FACET_DAYS = 30
"""Days of which the first page says how many posts there were, when and from whom."""

FACET_BUDGET = dt.timedelta(seconds=0.5)
"""How long counting them exactly may take beside the search itself: an answer is there within two seconds (issue 6)."""

SHOWN_UNITS = 250
"""How much of each post a page shows."""


async def find(talk: Talk, text: str) -> None:
    """/search WORDS: the first page."""
    if not text:
        example = code(f"/search {talk.texts.examples[0]}")
        await talk.say(fill(talk.texts.search_usage, example=example))
        return
    await _show(talk, text, None)


async def more(talk: Talk, place: str) -> None:
    """The next page: the button knows where the last one ended, its message which query it was."""
    await _show(talk, talk.quoted(0), cursor_of(place), said_by_us=True)


async def try_suggestion(talk: Talk, _: str) -> None:
    """The button under a refused search: its mended form, which stands in that very message."""
    await _show(talk, talk.quoted(-1), None)


def place_after(post: StoredPost) -> str:
    """A page's end, as its button carries it: microseconds since 1970 and the post's number."""
    return f"{(post.posted_at - _EPOCH) // dt.timedelta(microseconds=1)}:{post.id}"


def cursor_of(place: str) -> Cursor:
    """The page's end that a button carries; Stale for anything else."""
    try:
        microseconds, number = map(int, place.split(":"))
        return Cursor(_EPOCH + dt.timedelta(microseconds=microseconds), PostId(number))
    except (ValueError, OverflowError):
        raise Stale from None


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


async def _show(talk: Talk, text: str, before: Cursor | None, *, said_by_us: bool = False) -> None:
    try:
        async with talk.database.begin() as connection:
            known = await known_now(connection)
            query = known.understood(text, standing=False, zone=talk.zone, said_by_us=said_by_us)
            posts = await search(connection, query, limit=ON_A_PAGE + 1, before=before)
            facets = await _facets(connection, query) if before is None and len(posts) > ON_A_PAGE else None
    except NOT_ANSWERED as error:
        await talk.say(explain(text, error, talk.texts, known, standing=False))
    else:
        await talk.say(compose_page(query, known.said(query), posts, talk, facets, is_first=before is None))


def compose_page(
    query: Query,
    understood: str,
    posts: list[StoredPost],
    talk: Talk,
    facets: BackTest | None = None,
    *,
    is_first: bool,
) -> Message:
    """A page of posts, with a button for the next one if there is more than fits; above them what `facets` counted."""
    texts, now = talk.texts, dt.datetime.now(dt.UTC)
    if not posts:
        return Message(fill(texts.search_nothing, query=code(understood)) if is_first else fill(texts.search_end))
    shown = posts[:ON_A_PAGE]
    pieces = [
        listed(post, [query], language=talk.subscriber.language, zone=talk.zone, now=now, most=SHOWN_UNITS)
        for post in shown
    ]
    more_button = ((Button(texts.search_more, data=f"m:{place_after(shown[-1])}"),),) if len(posts) > ON_A_PAGE else ()
    head = fill(texts.search_title, query=code(understood))
    if facets is not None and facets.posts:
        head = head + "\n" + _counted(facets, texts)
    return Message(joined("\n\n", [head, *pieces]), more_button)


async def _facets(connection: Connection, query: Query) -> BackTest:
    """How many posts there were lately, when and from whom; an estimate where counting takes too long."""
    now = dt.datetime.now(dt.UTC)
    return await back_test(connection, query, now=now, days=FACET_DAYS, examples=0, budget=FACET_BUDGET)


def _counted(facets: BackTest, texts: Catalogue) -> RichText:
    template = texts.counted(texts.search_facets, facets.posts)
    channels = ", ".join(brings(channel, count, texts) for channel, count in facets.channels)
    line = fill(template, n=facets.posts, days=texts.in_days(FACET_DAYS), bars=bars(facets.by_day), channels=channels)
    return line if facets.one_in == 1 else line + "\n" + fill(texts.counted_sample, n=facets.one_in)
