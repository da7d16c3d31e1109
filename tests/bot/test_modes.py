"""How often a story alerts, chosen by buttons."""

from __future__ import annotations

from bot.handlers.modes import CHOICES
from sandbox.chat_records import ChatMessage
from storage.database import Database
from storage.subscription_modes import modes_of
from tests.bot.conftest import Chatting, Newsroom, until


def marked(message: ChatMessage) -> list[str]:
    return [button["text"] for button in message.buttons if "✓" in button["text"]]


async def test_a_subscriptions_mode_is_chosen_and_shown(anna: Chatting, newsroom: Newsroom, database: Database) -> None:
    own = await newsroom.subscription(await newsroom.subscriber(anna.chat_id), "ferry")
    shown = await anna.say("/list")
    await anna.press(shown, "ferry")
    await anna.press(shown, "one a story")
    await anna.press(shown, "Once 3 channels tell it")
    await until(lambda: marked(shown) == ["✓ Once 3 channels tell it"])
    assert "When does ferry alert?" in shown.text
    async with database.begin() as connection:
        assert await modes_of(connection, own.subscriber_id) == {own.id: ("nth", 3)}


async def test_a_mode_that_is_none_changes_nothing(anna: Chatting, newsroom: Newsroom, database: Database) -> None:
    own = await newsroom.subscription(await newsroom.subscriber(anna.chat_id), "ferry")
    other = await newsroom.subscription(await newsroom.subscriber(999), "ferry")
    shown = await anna.say("/list")
    assert "first" not in CHOICES
    for data in (f"z:{own.id}:first", f"z:{other.id}:e", "z:", "z:x:e"):
        shown.buttons[0]["callback_data"] = data
        assert "not in use any more" in await anna.press_data(shown, data)
    async with database.begin() as connection:
        assert await modes_of(connection, own.subscriber_id) == {own.id: ("first", None)}
        assert await modes_of(connection, other.subscriber_id) == {other.id: ("first", None)}
