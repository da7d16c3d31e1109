"""What is read, and proposals of more."""

from __future__ import annotations

import pytest

from bot.handlers.channels import ON_A_PAGE, compose_page
from bot.texts.en import ENGLISH
from sandbox.world import World
from storage import channels, people
from storage.channels import Channel
from storage.database import Database
from storage.ids import ChannelId
from tests.bot.conftest import Chatting, Newsroom


def known(count: int) -> list[Channel]:
    return [Channel(ChannelId(n), None, f"news_{n}", f"News {n}", "active", None, False) for n in range(count)]


def test_pages_hold_every_channel_once() -> None:
    pages = [compose_page(known(45), page, ENGLISH) for page in range(3)]
    shown = [line for page in pages for line in page.text.text.split("\n") if line.startswith("• ")]
    assert len(shown) == len(set(shown)) == 45
    assert [[button.data for row in page.buttons for button in row] for page in pages] == [
        ["u:1"],
        ["u:0", "u:2"],
        ["u:1"],
    ]
    assert compose_page(known(ON_A_PAGE), 99, ENGLISH).keyboard() is None


async def test_channels_are_listed_with_their_names(anna: Chatting, newsroom: Newsroom) -> None:
    assert "I read no channel yet." in (await anna.say("/channels")).text
    await newsroom.post("The ferry is late.")
    said = (await anna.say("/channels")).text
    assert "I read 1 channel:" in said
    assert "Harbour News @harbour_news" in said


@pytest.fixture
async def olga(world: World, database: Database, anna: Chatting) -> Chatting:
    """An operator in her private chat."""
    user = world.add_user("Olga")
    async with database.begin() as connection:
        await people.allow(connection, user.id, people.OPERATOR)
    operator = Chatting(world, user, world.chats.add_private(user).id)
    await operator.say("/start")
    return operator


@pytest.mark.parametrize(("button", "told", "state"), [("Read it", "will be read", "requested"), ("No", "not", None)])
async def test_an_operator_decides_about_a_proposal_and_the_proposer_is_told(
    anna: Chatting, olga: Chatting, database: Database, button: str, told: str, state: str | None
) -> None:
    assert "@island_post is proposed" in (await anna.say("/channels t.me/Island_Post")).text
    await olga.press(await olga.shows("@island_post"), button)
    answer = await anna.shows("which you proposed")
    assert told in answer.text
    async with database.begin() as connection:
        channel = await channels.find_channel(connection, "island_post")
    assert (channel.state if channel else None) == state
    assert "has been proposed from here" in (await anna.say("/channels @island_post")).text


async def test_nobody_but_an_operator_can_approve(anna: Chatting, olga: Chatting, database: Database) -> None:
    await anna.say("/channels @island_post")
    listed = await anna.say("/topics")
    for data in ("j:1", "i:1", "j:x"):
        listed.buttons[0]["callback_data"] = data
        assert "not in use any more" in await anna.press_data(listed, data)
    async with database.begin() as connection:
        assert await channels.find_channel(connection, "island_post") is None


async def test_what_cannot_be_proposed_is_said(anna: Chatting) -> None:
    assert "no name of a channel" in (await anna.say("/channels a b")).text
    assert "Nobody has been named" in (await anna.say("/channels @island_post")).text
