"""The demo's people make their subscriptions as anybody would: by typing to the bot and pressing its button."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sandbox.chat_records import ChatMessage
from sandbox.chats import Chats
from sandbox.feed.sample import SampleSubscriber
from sandbox.world import User

ANSWER_WITHIN_SECONDS = 30.0


class NoAnswer(Exception):
    """The bot did not answer as the demo needs it."""


async def subscribe(chats: Chats, user: User, person: SampleSubscriber, say: Callable[[str], None]) -> None:
    """Let one person greet the bot and subscribe to each of their queries. Raises NoAnswer."""
    chats.add_private(user)
    await _answer_to(chats, user, "/start")
    for query in person.queries:
        preview = await _answer_to(chats, user, query)
        button = next(
            (b["callback_data"] for b in preview.buttons if b.get("callback_data", "").startswith("s:")), None
        )
        if button is None:
            raise NoAnswer(f"{person.name} typed {query!r}, and the bot offered no subscription: {preview.text}")
        version = preview.edited_at
        chats.press(user.id, user.id, preview.message_id, button)
        await _until(lambda: preview.edited_at != version, f"the button under {query!r}")  # noqa: B023 - awaited here
        say(f"{person.name} subscribes to {query}")


async def _answer_to(chats: Chats, user: User, text: str) -> ChatMessage:
    known = len(chats.history(user.id))
    chats.say(user.id, user.id, text)

    def answers() -> list[ChatMessage]:
        return [message for message in chats.history(user.id)[known:] if message.from_bot]

    await _until(lambda: bool(answers()), repr(text))
    return answers()[-1]


async def _until(holds: Callable[[], bool], what: str) -> None:
    for _ in range(int(ANSWER_WITHIN_SECONDS / 0.02)):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise NoAnswer(f"the bot did not answer {what} within {ANSWER_WITHIN_SECONDS:.0f} seconds")
