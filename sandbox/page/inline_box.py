"""The inline box: `@bot words` in any chat asks the bot, and its results stand above the line to be tapped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sandbox.inline_records import InlineQuery, InlineResult
from sandbox.page.markup import Markup, element, safe
from sandbox.page.text import act

if TYPE_CHECKING:
    from sandbox.world import World

PATIENCE_SECONDS = 8.0
"""How long the box waits for the bot; real clients give up at about that time, too."""


async def answered(world: World, query: InlineQuery) -> Markup:
    """The results as HTML, as soon as the bot has answered; words about it when it does not."""
    if query.answer is None and world.chats.bot.supports_inline:
        await _wait(world, query)
    answer = query.answer
    if answer is None:
        return element("p", "The bot does not answer.", class_="none")
    parts = []
    if answer.button:
        parts.append(act("/start", "token", answer.button["start_parameter"], answer.button["text"], class_="result"))
    parts += [_result(query, result) for result in answer.results]
    if answer.next_offset:
        words = {"data_query": query.text, "data_offset": answer.next_offset}
        parts.append(element("button", "More", type="button", class_="result more", **words))
    return safe(parts) if parts else element("p", "Nothing found.", class_="none")


def _result(query: InlineQuery, result: InlineResult) -> Markup:
    picture = element("img", src=f"/file/{result.media.file_id}", alt="") if result.media else None
    words = [element("b", result.title or result.text[:80]), element("span", result.description)]
    return act("/choose", "result", f"{query.id} {result.id}", picture, words, class_="result")


async def _wait(world: World, query: InlineQuery) -> None:
    done = asyncio.Event()

    def on_answer(answered: InlineQuery) -> None:
        if answered is query:
            done.set()

    unsubscribe = world.chats.inline.on_answer(on_answer)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await done.wait()
    except TimeoutError:
        return
    finally:
        unsubscribe()
