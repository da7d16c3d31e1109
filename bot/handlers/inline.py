"""Inline mode: who is on the list finds posts from any chat by `@bot words`, and sends one there with its link.

What is sent is sent by the person and seen by that chat, so of protected channels it holds the link alone
(reference: platform-terms). Off unless somebody is listed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import telegram
from telegram import InlineQueryResultArticle, InputTextMessageContent, LinkPreviewOptions

from bot.asking import NOT_ANSWERED, known_now, reason_of
from bot.post_view import called, excerpt_of, listed, without_text
from bot.rich_text import RichText, clean, one_line, plain
from bot.texts import Catalogue, base_language, texts_in
from matching.query import Query
from storage import subscribers
from storage.database import Database
from storage.posts import StoredPost
from storage.search import search

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
    await asked.answer(results, cache_time=CACHE_SECONDS, is_personal=True)


def compose_result(post: StoredPost, query: Query, language: str, now: dt.datetime) -> InlineQueryResultArticle:
    """A post as a result: in the list its channel and the place that matched, when sent an excerpt and the link."""
    texts = texts_in(language)
    sent = listed(post, [query], language=language, zone=dt.UTC, now=now, most=SENT_UNITS).stripped()
    excerpt = excerpt_of(post, [query], most=SHOWN_UNITS) or plain(without_text(post, texts))
    return _article(str(post.id), called(post.channel), one_line(excerpt.text), sent)


async def _results(asked: telegram.InlineQuery, database: Database) -> list[InlineQueryResultArticle]:
    language = base_language(asked.from_user.language_code)
    try:
        async with database.begin() as connection:
            language = await subscribers.language_of(connection, asked.from_user.id) or language
            query = (await known_now(connection)).understood(asked.query, standing=False)
            posts = await search(connection, query, limit=MOST)
    except NOT_ANSWERED as error:
        return [_mistake(reason_of(error, texts_in(language), standing=False), texts_in(language))]
    now = dt.datetime.now(dt.UTC)
    return [compose_result(post, query, language, now) for post in posts]


def _mistake(what: RichText, texts: Catalogue) -> InlineQueryResultArticle:
    """The one result that says what is wrong."""
    return _article("mistake", texts.inline_error, what.text, what)


def _article(number: str, title: str, description: str, sent: RichText) -> InlineQueryResultArticle:
    content = InputTextMessageContent(
        sent.text, entities=sent.entities(), link_preview_options=LinkPreviewOptions(is_disabled=True)
    )
    return InlineQueryResultArticle(number, clean(title), content, description=description)
