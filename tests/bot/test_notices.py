"""What operators are told: the sentences, and that they arrive with those who may be told."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.notices import MOST_NAMED, compose_notices
from bot.rich_text import MESSAGE_UNITS
from bot.texts import CATALOGUES
from sandbox.bot_api import BotApiServer, faults
from sandbox.world import World
from storage import channels
from storage.channels import Channel
from storage.database import Database
from storage.ids import ChannelId, TelegramChannelId
from storage.notices import Kind, Notice, notify_operators
from tests.bot.conftest import Chatting, Newsroom, running_bot, until

AT = dt.datetime(2026, 3, 5, 12, 0, tzinfo=dt.UTC)


def notice(kind: str, name: str | None = "harbour_news", **detail: object) -> Notice:
    channel = Channel(ChannelId(3), TelegramChannelId(77), name, name, "active", None, False) if name else None
    return Notice(kind, detail, channel, AT)


def told(*notices: Notice, is_repeat: bool = False) -> str:
    return compose_notices(notices, language="en", is_repeat=is_repeat).text.text


@pytest.mark.parametrize("language", CATALOGUES)
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_sentence_in_every_language(kind: Kind, language: str) -> None:
    message = compose_notices([notice(kind, old="ferries", new=None)], language=language, is_repeat=False)
    assert "{" not in message.text.text
    assert len(message.text.text) > 30


@pytest.mark.parametrize("kind", [Kind.PRIVATE, Kind.KICKED, Kind.DELETED, Kind.RESTORED, Kind.SEES_AGAIN])
def test_a_notice_about_a_channel_names_it(kind: Kind) -> None:
    assert ": @harbour_news." in told(notice(kind))


def test_a_renamed_channel_is_told_with_both_names() -> None:
    assert "@ferries → @boats" in told(notice(Kind.RENAMED, old="ferries", new="boats"))
    assert "@ferries → (no public name)" in told(notice(Kind.RENAMED, old="ferries", new=None))


def test_a_lost_account_is_told_with_what_became_of_its_channels() -> None:
    text = told(notice(Kind.ACCOUNT_LOST, None, account="second", reason="revoked", moved=12, left=3))
    assert "the account second (revoked). Channels that another account reads now: 12; without a reader: 3." in text


def test_two_lost_accounts_are_two_sentences() -> None:
    text = told(*(notice(Kind.ACCOUNT_LOST, None, account=name, reason="revoked") for name in ("first", "second")))
    assert text.count("Telegram refuses the account") == 2


def test_channels_to_which_the_same_happened_share_one_sentence() -> None:
    text = told(*(notice(Kind.PRIVATE, f"news_{number}") for number in range(20)), notice(Kind.PRIVATE, "news_0"))
    assert text.count("🔒") == 1
    assert text.count("@news_0,") == 1
    assert "@news_19. Nothing new" in text


def test_a_thousand_channels_are_counted_and_fit() -> None:
    notices = [notice(Kind.BLIND, f"news_{number}" + "x" * 60, minutes=17) for number in range(1000)]
    message = compose_notices(notices, language="en", is_repeat=False)
    assert f"and {1000 - MOST_NAMED} more" in message.text.text
    assert message.text.units <= MESSAGE_UNITS


def test_the_later_word_on_ingest_comes_last() -> None:
    text = told(notice(Kind.SILENT, None, minutes=2), notice(Kind.BACK, None, minutes=9))
    assert text.index("for 2 min") < text.index("after 9 min")


def test_a_repeated_notice_says_so() -> None:
    assert told(notice(Kind.DELETED), is_repeat=True).startswith("↻ possibly repeated\n")


def test_a_kind_of_a_later_version_is_told_by_its_name() -> None:
    assert "sold" in told(notice("sold"))


async def note(database: Database, kind: Kind, username: str) -> None:
    async with database.begin() as connection:
        channel_id = await channels.archived_channel(connection, username=username, title=username)
        await notify_operators(connection, kind, channel_id=channel_id)


async def test_an_operator_is_told_and_nobody_else(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom
) -> None:
    olga, anna = world.add_user("Olga"), world.add_user("Anna")
    for person in (olga, anna):
        await newsroom.subscriber(world.chats.add_private(person).id)
    async with running_bot(database, server, operators=[olga.id]):
        for number in range(3):
            await note(database, Kind.PRIVATE, f"news_{number}")
        await Chatting(world, olga, olga.id).shows("@news_0, @news_1, @news_2.")
        await newsroom.settled(sent=3)
    assert [message.chat_id for message in world.chats.accepted] == [olga.id]


async def test_a_notice_whose_answer_is_lost_comes_once_more_and_says_so(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom
) -> None:
    olga = world.add_user("Olga")
    await newsroom.subscriber(world.chats.add_private(olga).id)
    world.faults.add("bot_api", "sendMessage", faults.DropAfter())
    async with running_bot(database, server, operators=[olga.id]):
        await note(database, Kind.KICKED, "harbour_news")
        await until(lambda: world.chats.accepted)
        await newsroom.settled(unknown=1)
        async with database.begin() as connection:
            await connection.exec_driver_sql("UPDATE deliveries SET due_at = now()")
        await newsroom.settled(sent=1)
    first, second = (message.text for message in world.chats.accepted)
    assert second == f"↻ possibly repeated\n\n{first}"
