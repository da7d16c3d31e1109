"""The people of the journeys: what they type and press in their chats, and the alerts that reach them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.message import SIGNATURE_CHARACTERS
from bot.texts import texts_in
from sandbox import utf16
from sandbox.chat_records import Accepted, ChatMessage
from sandbox.world import User, World

PATIENCE_SECONDS = 60
"""How long anything is waited for: far longer than it takes, for machines that do something else meanwhile."""


async def until(condition: Callable[[], object | Awaitable[object]], what: str = "") -> None:
    """Wait until the condition (a coroutine function or a plain one) holds; AssertionError after a generous while."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                holds = condition()
                if await holds if isinstance(holds, Awaitable) else holds:
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"waited in vain for {what or 'the condition'}") from None


@dataclass(frozen=True, slots=True)
class SeenAlert:
    """An alert as the Bot API accepted it. `bold`: the pieces in bold, in order; `link`: where its headline leads."""

    chat_id: int
    text: str
    link: str
    bold: tuple[str, ...]


@dataclass(slots=True)
class Person:
    """Somebody in their private chat with the bot."""

    world: World
    user: User

    def alerts(self) -> list[SeenAlert]:
        """The alerts that reached this person, oldest first."""
        return [alert for alert in alerts_in(self.world) if alert.chat_id == self.user.id]

    def digests(self) -> list[Accepted]:
        """The digests of late posts that reached this person, oldest first."""
        return [digest for digest in digests_in(self.world) if digest.chat_id == self.user.id]

    async def alerted(self, count: int = 1) -> list[SeenAlert]:
        """Wait until so many alerts are there; all of them."""
        await until(lambda: len(self.alerts()) >= count, f"alert {count} of {self.user.first_name}")
        return self.alerts()

    async def ask(self, text: str) -> ChatMessage:
        """Type something; the bot's answer."""
        known = len(self._answers())
        self.world.chats.say(self.user.id, self.user.id, text)
        await until(lambda: len(self._answers()) > known, f"an answer to {text!r}")
        return self._answers()[known]

    async def press(self, message: ChatMessage, verb: str) -> ChatMessage:
        """Press the button whose data is, or begins with, this verb; the message once the bot has changed it."""
        version = message.edited_at
        self._press(message, verb)
        await until(lambda: message.edited_at != version, f"the button {verb} of {message.text!r}")
        return message

    async def press_for_answer(self, message: ChatMessage, verb: str) -> ChatMessage:
        """Press a button that is answered with a message of its own; that message."""
        known = len(self._answers())
        self._press(message, verb)
        await until(lambda: len(self._answers()) > known, f"an answer to the button {verb} of {message.text!r}")
        return self._answers()[known]

    async def subscribe(self, query: str) -> ChatMessage:
        """Type the words and press the button under the preview; the preview as it was is lost."""
        return await self.press(await self.ask(query), "s")

    async def open_subscription(self) -> ChatMessage:
        """/list, and the first subscription of it opened."""
        return await self.press(await self.ask("/list"), "o")

    def message_of(self, alert: SeenAlert) -> ChatMessage:
        """The chat message of an alert, whose buttons can be pressed."""
        return next(
            message
            for message in self.world.chats.history(self.user.id)
            if is_alert(message.reply_markup) and message.text == alert.text
        )

    def _answers(self) -> list[ChatMessage]:
        history = self.world.chats.history(self.user.id)
        return [message for message in history if message.from_bot and not is_alert(message.reply_markup)]

    def _press(self, message: ChatMessage, verb: str) -> None:
        datas = [button.get("callback_data", "") for button in message.buttons]
        data = next((each for each in datas if asked_by(each) == verb or asked_by(each).startswith(f"{verb}:")), None)
        assert data is not None, f"no button {verb} under {message.text!r}, only {datas}"
        self.world.chats.press(self.user.id, self.user.id, message.message_id, data)


def asked_by(data: str) -> str:
    """What a button asks for, signed by the bot (`bot.callback_data`) or as it is."""
    return data if re.match(r"[a-z]+(:|$)", data) else data[SIGNATURE_CHARACTERS:]


def is_alert(markup: dict[str, Any] | None) -> bool:
    """Whether a message is an alert: only alerts carry the button that says why."""
    rows = (markup or {}).get("inline_keyboard", [])
    return any(asked_by(str(button.get("callback_data", ""))).startswith("w:") for row in rows for button in row)


def alerts_in(world: World) -> list[SeenAlert]:
    """Every alert that the Bot API accepted, oldest first."""
    return [_seen(item) for item in world.chats.accepted if is_alert(item.reply_markup)]


def digests_in(world: World) -> list[Accepted]:
    """Every digest of late posts that the Bot API accepted, oldest first: a list with that title, without buttons."""
    title = texts_in("en").digest_title[1].rpartition("{n}")[2]
    return [item for item in world.chats.accepted if item.reply_markup is None and f"{title}\n" in item.text]


def _seen(item: Accepted) -> SeenAlert:
    places = utf16.boundaries(item.text)
    bold = tuple(
        item.text[places[entity["offset"]] : places[entity["offset"] + entity["length"]]]
        for entity in item.entities
        if entity["type"] == "bold"
    )
    link = next((entity["url"] for entity in item.entities if entity["type"] == "text_link"), "")
    return SeenAlert(item.chat_id, item.text, link, bold)
