"""Inline mode as Telegram's server runs it: who asks, what may come from its cache, and what was chosen."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from sandbox.inline_records import ChosenResult, InlineAnswer, InlineQuery, InlineResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.bot_updates import UpdateQueue
    from sandbox.chat_records import BotProfile, ChatMessage
    from sandbox.world import Clock

_CacheKey = tuple[str, str, int | None]
QUERY_LIMIT = 256
"""Characters of an inline query (Bot API documentation)."""


class NoSuchResult(LookupError):
    """The query has no answer with this result: a person could not tap it."""


class InlineQueries:
    """All queries that people typed behind the bot's name, and the answers."""

    def __init__(self, updates: UpdateQueue, clock: Clock, bot: BotProfile) -> None:
        self.queries: dict[str, InlineQuery] = {}
        self.messages: dict[str, ChatMessage] = {}
        """What was sent through the bot with buttons, by its inline_message_id."""
        self.chosen_results: list[ChosenResult] = []
        self._updates = updates
        self._clock = clock
        self._bot = bot
        self._cache: dict[_CacheKey, tuple[float, InlineAnswer]] = {}
        self._numbers = count(1)
        self._listeners: list[Callable[[InlineQuery], None]] = []

    def ask(self, user_id: int, chat_id: int, text: str, offset: str = "") -> InlineQuery:
        """A person typed `@bot text` in this chat. The bot is asked, unless an answer is still in the cache.

        With inline mode off nobody is asked, and no answer will come.
        """
        now = self._clock.monotonic()
        query = InlineQuery(
            f"7{next(self._numbers):017d}", user_id, chat_id, text[:QUERY_LIMIT], offset, asked_monotonic=now
        )
        self.queries[query.id] = query
        query.answer = self._cached(query, now)
        query.is_cached = query.answer is not None
        if not query.is_cached and self._bot.supports_inline:
            self._updates.push("inline_query", query)
        return query

    def answer(self, query: InlineQuery, answer: InlineAnswer) -> None:
        """The bot answered; whoever waits for it is told."""
        query.answer = answer
        owner = query.user_id if answer.is_personal else None
        until = self._clock.monotonic() + answer.cache_seconds
        self._cache[query.text, query.offset, owner] = (until, answer)
        for listener in list(self._listeners):
            listener(query)

    def on_answer(self, listener: Callable[[InlineQuery], None]) -> Callable[[], None]:
        """Call the listener with every query that is answered; the answer takes it off again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def result(self, query_id: str, result_id: str) -> tuple[InlineQuery, InlineResult]:
        """The query and its result; NoSuchResult."""
        query = self.queries.get(query_id)
        results = query.answer.results if query and query.answer else ()
        for result in results:
            if query is not None and result.id == result_id:
                return query, result
        raise NoSuchResult(f"no result {result_id} for query {query_id}")

    def chosen(self, user_id: int, query: InlineQuery, result: InlineResult) -> str | None:
        """A result was sent; the bot hears of it if it asked to. The inline_message_id, if the bot may edit it."""
        inline_message_id = f"IM{next(self._numbers):012d}" if result.reply_markup else None
        choice = ChosenResult(result.id, user_id, query.text, inline_message_id)
        self.chosen_results.append(choice)
        if self._bot.has_inline_feedback:
            self._updates.push("chosen_inline_result", choice)
        return inline_message_id

    def _cached(self, query: InlineQuery, now: float) -> InlineAnswer | None:
        for owner in (query.user_id, None):
            until, answer = self._cache.get((query.text, query.offset, owner), (0.0, None))
            if answer is not None and now < until:
                return answer
        return None
