"""Inline mode: who is on the list finds posts from any chat by `@bot words`, and sends one there with its link.

What is sent is sent by the person and seen by that chat, so of protected channels it holds the link alone
(reference: platform-terms). Off unless somebody is listed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import structlog
import telegram
from telegram import InlineQueryResultArticle, InputTextMessageContent, LinkPreviewOptions
from telegram.error import TelegramError

from bot.handlers.search import explain_slowness
from bot.post_view import excerpt_of, listed, without_text
from bot.queries import UnknownChannels, understand
from bot.rich_text import RichText, clean, fill, one_line, plain
from bot.texts import Catalogue, base_language, texts_in
from matching.query import Query, QueryError
from storage import channels, subscribers
from storage.database import Database
from storage.definitions import read_names
from storage.posts import StoredPost
from storage.search import SearchHeldUp, SearchTooSlow, search

log = structlog.get_logger()

MOST = 20
"""Results of an answer (issue 6); Telegram takes 50."""

CACHE_SECONDS = 10
"""How long a client may show the same results again: news are new."""

SENT_UNITS = 600
SHOWN_UNITS = 120
"""How much of a post is sent, and how much stands in the list."""


async def answer(asked: telegram.InlineQuery, database: Database, allowed: Collection[int]) -> None:
    """Answer with posts, newest first; with nothing to who is not on the list; with what is wrong, if something is."""
    results: list[InlineQueryResultArticle] = []
    if asked.from_user.id in allowed and asked.query.strip():
        results = await _results(asked, database)
    try:
        await asked.answer(results, cache_time=CACHE_SECONDS, is_personal=True)
    except TelegramError as error:  # too late: the person has typed on
        log.info("inline query not answered", user_id=asked.from_user.id, error=type(error).__name__)


def compose_result(post: StoredPost, query: Query, language: str, now: dt.datetime) -> InlineQueryResultArticle:
    """A post as a result: in the list its channel and the place that matched, when sent an excerpt and the link."""
    texts = texts_in(language)
    sent = listed(post, [query], language=language, zone=dt.UTC, now=now, most=SENT_UNITS).stripped()
    excerpt = excerpt_of(post, [query], most=SHOWN_UNITS) or plain(without_text(post, texts))
    title = one_line(post.channel.title) or post.channel.name
    return _article(str(post.id), title, one_line(excerpt.text), sent)


async def _results(asked: telegram.InlineQuery, database: Database) -> list[InlineQueryResultArticle]:
    language = base_language(asked.from_user.language_code)
    try:
        async with database.begin() as connection:
            language = await subscribers.language_of(connection, asked.from_user.id) or language
            names = await channels.channel_names(connection)
            defined = await read_names(connection)
            query = understand(asked.query, names, standing=False, names=defined)
            posts = await search(connection, query, limit=MOST)
    except QueryError as error:
        return [_refusal(error, texts_in(language))]
    except UnknownChannels as error:
        texts = texts_in(language)
        template = texts.counted(texts.unknown_channels, len(error.names))
        return [_mistake(fill(template, names=", ".join(f"@{name}" for name in error.names)), texts)]
    except (SearchTooSlow, SearchHeldUp):
        return [_mistake(explain_slowness(texts_in(language)), texts_in(language))]
    now = dt.datetime.now(dt.UTC)
    return [compose_result(post, query, language, now) for post in posts]


def _refusal(error: QueryError, texts: Catalogue) -> InlineQueryResultArticle:
    return _mistake(fill(texts.query_refused, reason=texts.refusal(error)), texts)


def _mistake(what: RichText, texts: Catalogue) -> InlineQueryResultArticle:
    """The one result that says what is wrong."""
    return _article("mistake", texts.inline_error, what.text, what)


def _article(number: str, title: str, description: str, sent: RichText) -> InlineQueryResultArticle:
    content = InputTextMessageContent(
        sent.text, entities=sent.entities(), link_preview_options=LinkPreviewOptions(is_disabled=True)
    )
    return InlineQueryResultArticle(number, clean(title), content, description=description)
