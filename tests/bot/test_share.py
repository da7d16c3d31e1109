"""Sharing a subscription by a link."""

from __future__ import annotations

import re

from sandbox.bot_api import BotApiServer
from sandbox.world import World
from storage import subscriptions
from storage.database import Database
from tests.bot.conftest import Chatting, Newsroom


async def shared_by(anna: Chatting, newsroom: Newsroom) -> str:
    """The link's word of a subscription with a name of Anna's own."""
    await anna.say("ferry channel:@harbour_news")
    await anna.press(anna.history()[-1], "Subscribe")
    await anna.shows("Subscribed")
    listed = await anna.say("/list")
    await anna.press(listed, "ferry")
    await anna.press(listed, "Share")
    said = await anna.shows("?start=q_")
    found = re.search(r"\?start=(q_\S+)", said.text)
    assert found is not None
    return found[1]


async def test_whoever_opens_a_link_makes_a_subscription_of_their_own(
    anna: Chatting, newsroom: Newsroom, world: World, database: Database, server: BotApiServer
) -> None:
    await newsroom.post("The ferry is late.")
    word = await shared_by(anna, newsroom)
    boris = world.add_user("Boris")
    other = Chatting(world, boris, world.chats.add_private(boris).id)
    preview = await other.say(f"/start {word}")
    assert "I understood: ferry channel:@harbour_news" in preview.text
    assert "In the last 7 days: 1 post." in preview.text
    await other.press(preview, "Subscribe")
    await other.shows("Subscribed")
    async with database.begin() as connection:
        (own,) = await subscriptions.list_for(connection, (await newsroom.subscriber(other.chat_id)).id)
    assert own.query.startswith("ferry channel:")


async def test_a_link_that_is_none_is_answered_kindly(anna: Chatting) -> None:
    for word in ("q_", "q_nothing", "q_" + "A" * 22):
        assert "expired" in (await anna.say(f"/start {word}")).text
    assert "Hello" in (await anna.say("/start")).text
