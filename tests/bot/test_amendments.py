"""Alerts that were sent are edited in place, once for all that changed, and nothing of that is ever sent again."""

from __future__ import annotations

import datetime as dt

import pytest

from sandbox.bot_api import BotApiServer, faults
from sandbox.world import World
from storage.database import Database
from storage.ids import PostId
from storage.stories import Placed, lock_stories, place
from storage.subscriptions import Subscription
from tests.bot.conftest import Newsroom, delivering, until

NO_TIME = dt.timedelta(0)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is gathered: a test has no ten seconds."""
    monkeypatch.setattr("storage.amendments.GATHERED", NO_TIME)
    monkeypatch.setattr("storage.amendments.APART", NO_TIME)


@pytest.fixture
async def ferry(world: World, newsroom: Newsroom) -> Subscription:
    """Anna's subscription to ferries."""
    chat = world.chats.add_private(world.add_user("Anna"))
    return await newsroom.subscription(await newsroom.subscriber(chat.id), "ferry")


async def alerted(newsroom: Newsroom, ferry: Subscription) -> PostId:
    """A post, after its alert was sent."""
    post = await newsroom.post("The ferry has left.")
    await newsroom.owe(post, ferry)
    await newsroom.settled(sent=1)
    return post


async def told_too(newsroom: Newsroom, first: PostId, name: str) -> PostId:
    """Another channel tells the story of that post."""
    also = await newsroom.post("A ferry has left.", username=f"{name.lower()}_news", title=name)
    async with newsroom.database.begin() as connection:
        await lock_stories(connection)
        await place(connection, [Placed(also, first, "copy")])
    return also


async def test_an_alert_is_edited_in_place_when_others_tell_its_story(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    async with delivering(database, server):
        post = await alerted(newsroom, ferry)
        await newsroom.owe(await told_too(newsroom, post, "Beta"), ferry)
        await until(lambda: world.chats.edits)
        await newsroom.settled(sent=2, held=1)
    (alert,), (edit,) = world.chats.accepted, world.chats.edits
    assert edit.message_id == alert.message_id
    assert "also: Beta +1 min" in edit.text
    assert edit.text.startswith(alert.text.split("\n\n🔔")[0])
    assert edit.reply_markup == alert.reply_markup


async def test_control_a_post_of_another_story_is_an_alert_of_its_own(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    async with delivering(database, server):
        for name in ("Harbour", "Beta"):
            await newsroom.owe(await newsroom.post("The ferry has left.", username=name), ferry)
        await newsroom.settled(sent=2)
    assert (len(world.chats.accepted), len(world.chats.edits)) == (2, 0)


@pytest.mark.parametrize(
    ("fault", "edits"),
    [
        (faults.DropAfter(), 1),
        (faults.DropBefore(), 1),
        (faults.BadGateway(accepted=True), 1),
        (faults.Flood(1), 1),
        (faults.Refusal(400, "Bad Request: message is not modified: same content"), 0),
    ],
    ids=str,
)
async def test_an_edit_that_fails_is_made_again_and_is_no_message_more(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription,
    fault: faults.Fault, edits: int,
) -> None:  # fmt: skip
    world.faults.add("bot_api", "editMessageText", fault)
    async with delivering(database, server):
        post = await alerted(newsroom, ferry)
        await told_too(newsroom, post, "Beta")
        await until(lambda: not world.faults.pending())
        await newsroom.settled(sent=2)
    assert (len(world.chats.accepted), len(world.chats.edits)) == (1, edits)


async def test_a_message_that_is_gone_is_not_edited_again(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    async with delivering(database, server):
        post = await alerted(newsroom, ferry)
        (message,) = world.chats.history(1001)
        world.chats.bot_deletes(message)
        await told_too(newsroom, post, "Beta")
        await newsroom.settled(sent=1, dead=1)
        await told_too(newsroom, post, "Coast")
        await newsroom.owe(await newsroom.post("Another ferry.", username="delta"), ferry)
        await newsroom.settled(sent=2, dead=1)
    assert server.calls["editMessageText"] == 1


async def test_a_refused_form_of_an_edit_is_made_plain_once(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    world.faults.add("bot_api", "editMessageText", faults.Refusal(400, "Bad Request: can't parse entities: no"))
    async with delivering(database, server):
        post = await alerted(newsroom, ferry)
        await told_too(newsroom, post, "Beta")
        await newsroom.settled(sent=2)
    (edit,) = world.chats.edits
    assert ("also: Beta" in edit.text, edit.entities) == (True, ())


async def test_alerts_go_before_an_amendment_that_was_owed_sooner(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    async with delivering(database, server):
        post = await alerted(newsroom, ferry)
    await told_too(newsroom, post, "Beta")
    async with database.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO deliveries (kind, subscriber_id, post_id, priority, due_at, state, reasons)"
            " SELECT 'amendment', subscriber_id, post_id, 40, now() - interval '1 hour', 'pending', '{}'"
            " FROM deliveries"
        )
    await newsroom.owe(await newsroom.post("Another ferry."), ferry)
    async with delivering(database, server):
        await newsroom.settled(sent=3)
    assert world.chats.edits[0].monotonic > world.chats.accepted[1].monotonic
