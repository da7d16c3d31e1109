"""An administrator of a channel configures it from a private chat, while both of them may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from bot.rules import Entry, Rules
from sandbox.bot_api import BotApiServer
from sandbox.chat_records import Chat
from sandbox.world import User, World
from storage import people, subscriptions
from storage.database import Database
from storage.subscriptions import Subscription
from tests.bot.conftest import Chatting, Newsroom, running_bot


@dataclass
class Desk:
    """Anna, who made a channel, and Borys, who reads it."""

    anna: Chatting
    borys: Chatting
    channel: Chat
    database: Database

    async def subscribed(self) -> list[Subscription]:
        """What the channel is subscribed to."""
        async with self.database.begin() as connection:
            owners = await people.subscribers_of(connection, self.channel.id)  # type: ignore[arg-type]
            return [own for owner in owners for own in await subscriptions.list_for(connection, owner)]


@pytest.fixture
async def desk(world: World, server: BotApiServer, database: Database) -> AsyncIterator[Desk]:
    anna, borys = world.add_user("Anna"), world.add_user("Borys")
    channel = world.chats.add_channel("Harbour Desk", [anna, borys], username="harbour_desk")

    def chatting(user: User) -> Chatting:
        return Chatting(world, user, world.chats.add_private(user).id)

    rules = Rules(Entry.INVITE, listed=frozenset({anna.id, borys.id}))
    async with running_bot(database, server, rules=rules):
        yield Desk(chatting(anna), chatting(borys), channel, database)


async def test_what_is_subscribed_while_connected_goes_to_the_channel(
    desk: Desk, newsroom: Newsroom, world: World
) -> None:
    assert "Harbour Desk" in (await desk.anna.say("/connect @harbour_desk")).text
    preview = await desk.anna.say("ferry")
    assert preview.text.startswith("📣 For the channel Harbour Desk")
    await desk.anna.press(preview, "Subscribe")
    await desk.anna.shows("Subscribed: ferry")
    (own,) = await desk.subscribed()
    await newsroom.owe(await newsroom.post("The ferries have left."), own)
    await Chatting(world, desk.anna.user, desk.channel.id).shows("The ferries have left.")


async def test_after_disconnecting_the_chat_speaks_for_itself(desk: Desk) -> None:
    await desk.anna.say("/connect https://t.me/harbour_desk")
    await desk.anna.say("/disconnect")
    await desk.anna.press(await desk.anna.say("ferry"), "Subscribe")
    await desk.anna.shows("Subscribed: ferry")
    assert await desk.subscribed() == []


async def test_who_only_reads_a_channel_cannot_connect_it(desk: Desk) -> None:
    assert "Only administrators" in (await desk.borys.say("/connect @harbour_desk")).text


async def test_a_channel_where_the_bot_may_not_post_is_not_connected(desk: Desk) -> None:
    desk.channel.may_post = False
    assert "may not post there yet" in (await desk.anna.say("/connect @harbour_desk")).text


@pytest.mark.parametrize("words", ["@no_such_channel", "-100123456789"])
async def test_a_channel_that_is_not_there_is_explained(words: str, desk: Desk) -> None:
    assert "cannot see that channel" in (await desk.anna.say(f"/connect {words}")).text


async def test_a_group_is_no_channel(desk: Desk, world: World) -> None:
    world.chats.add_group("Newsroom", [desk.anna.user], username="newsroom_group")
    assert "That is no channel" in (await desk.anna.say("/connect @newsroom_group")).text


async def test_who_is_no_administrator_any_more_changes_nothing(desk: Desk, world: World) -> None:
    await desk.anna.say("/connect @harbour_desk")
    preview = await desk.anna.say("ferry")
    world.chats.set_member(desk.channel.id, desk.anna.user, "member")
    assert "may not post there any more" in await desk.anna.press(preview, "Subscribe")
    assert "not in use any more" in await desk.anna.press(preview, "Subscribe")  # the preview was the channel's
    assert await desk.subscribed() == []


async def test_a_refusal_with_a_long_name_of_emoji_fits_over_a_button(desk: Desk, world: World) -> None:
    desk.channel.title = "📣" * 128
    await desk.anna.say("/connect @harbour_desk")
    preview = await desk.anna.say("ferry")
    world.chats.set_member(desk.channel.id, desk.anna.user, "member")
    assert "📣📣" in await desk.anna.press(preview, "Subscribe")


async def test_a_channel_that_threw_the_bot_out_is_owed_nothing(desk: Desk, world: World, database: Database) -> None:
    await desk.anna.say("/connect @harbour_desk")
    world.chats.kick(desk.anna.user.id, desk.channel.id)
    await desk.anna.say("/start")
    async with database.begin() as connection:
        states = {each.number: each.state for each in await people.list_all(connection)}
    assert states[desk.channel.id] == "suspended"
