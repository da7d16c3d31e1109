"""What is owed arrives, once, whatever the Bot API answers: the error table on the wire."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest

from bot.alerts import compose_alert
from bot.bans import restore_bans
from bot.limits import EVERYBODY, Limits
from bot.message import Message
from sandbox.bot_api import BotApiServer, faults
from sandbox.chat_records import Accepted
from sandbox.world import World
from storage import deliveries, subscribers, subscriptions
from storage.database import Database
from storage.posts import StoredPost
from storage.subscriptions import Subscription
from tests.bot.conftest import Newsroom, delivering, until

REPEATED = "↻ possibly repeated"


@pytest.fixture
async def ferry(world: World, newsroom: Newsroom) -> Subscription:
    """Anna's subscription to ferries."""
    chat = world.chats.add_private(world.add_user("Anna"))
    return await newsroom.subscription(await newsroom.subscriber(chat.id), "ferry")


@pytest.fixture
async def bridge(world: World, newsroom: Newsroom) -> Subscription:
    """Borys's subscription to bridges."""
    chat = world.chats.add_private(world.add_user("Borys"))
    return await newsroom.subscription(await newsroom.subscriber(chat.id), "bridge")


def accepted(world: World) -> list[Accepted]:
    return world.chats.accepted


async def owe_ferry(newsroom: Newsroom, ferry: Subscription, text: str = "The ferry has left.") -> None:
    await newsroom.owe(await newsroom.post(text), ferry)


async def test_an_owed_alert_arrives_and_is_marked_sent(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    async with delivering(database, server):
        await owe_ferry(newsroom, ferry)
        await newsroom.settled(sent=1)
    (alert,) = accepted(world)
    assert "The ferry has left." in alert.text
    assert alert.text.endswith("https://t.me/harbour_news/100")


async def test_what_was_owed_before_the_start_arrives_too(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    await owe_ferry(newsroom, ferry)
    async with delivering(database, server):
        await newsroom.settled(sent=1)


async def test_two_alerts_for_one_chat_keep_another_chat_waiting_for_nothing(
    world: World,
    server: BotApiServer,
    database: Database,
    newsroom: Newsroom,
    ferry: Subscription,
    bridge: Subscription,
) -> None:
    await owe_ferry(newsroom, ferry, "The first ferry.")
    await owe_ferry(newsroom, ferry, "The second ferry.")
    await newsroom.owe(await newsroom.post("The bridge is closed."), bridge)
    async with delivering(database, server):
        await newsroom.settled(sent=3)
    order = [alert.text.split("\n")[2] for alert in accepted(world)]
    assert order == ["The first ferry.", "The bridge is closed.", "The second ferry."]
    assert accepted(world)[2].monotonic - accepted(world)[0].monotonic > 0.9


@pytest.mark.parametrize(
    ("fault", "copies"),
    [
        (faults.DropBefore(), 1),
        (faults.BadGateway(), 1),
        (faults.Garbage(accepted=False), 1),
        (faults.DropAfter(), 2),
        (faults.BadGateway(accepted=True), 2),
        (faults.Garbage(), 2),
    ],
    ids=str,
)
async def test_what_nobody_can_know_is_sent_once_more_and_says_so(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription,
    fault: faults.Fault, copies: int,
) -> None:  # fmt: skip
    world.faults.add("bot_api", "sendMessage", fault)
    async with delivering(database, server):
        await owe_ferry(newsroom, ferry)
        await newsroom.settled(sent=1)
    assert len(accepted(world)) == copies
    assert accepted(world)[-1].text.startswith(REPEATED)


async def test_what_stays_unknown_is_not_sent_a_third_time(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    world.faults.add("bot_api", "sendMessage", faults.DropAfter(), faults.DropAfter())
    async with delivering(database, server):
        await owe_ferry(newsroom, ferry)
        await newsroom.settled(dead=1)
    assert len(accepted(world)) == 2


async def test_a_server_that_is_away_loses_nothing_and_repeats_nothing(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    port = int(server.base_url.rpartition(":")[2])
    async with delivering(database, server):
        await server.stop()
        await owe_ferry(newsroom, ferry)
        await asyncio.sleep(0.3)
        await server.start(port)
        await newsroom.settled(sent=1)
    (alert,) = accepted(world)
    assert REPEATED not in alert.text


async def test_a_flood_is_waited_for_and_nothing_is_sent_inside_it(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    world.faults.add("bot_api", "sendMessage", faults.Flood(2))
    began = world.clock.monotonic()
    async with delivering(database, server):
        await owe_ferry(newsroom, ferry)
        await newsroom.settled(sent=1)
    (alert,) = accepted(world)
    assert alert.monotonic - began >= 2
    assert REPEATED not in alert.text


async def test_a_flood_of_the_whole_bot_silences_every_chat(
    world: World,
    server: BotApiServer,
    database: Database,
    newsroom: Newsroom,
    ferry: Subscription,
    bridge: Subscription,
) -> None:
    world.faults.add("bot_api", "sendMessage", faults.Flood(2, whole_bot=True))
    began = world.clock.monotonic()
    async with delivering(database, server):
        await owe_ferry(newsroom, ferry)
        await until(lambda: server.calls["sendMessage"] == 1)
        await asyncio.sleep(0.2)
        await newsroom.owe(await newsroom.post("The bridge is closed."), bridge)
        await newsroom.settled(sent=2)
    assert all(alert.monotonic - began >= 2 for alert in accepted(world))


async def test_a_flooded_chat_keeps_nobody_else_waiting(
    world: World,
    server: BotApiServer,
    database: Database,
    newsroom: Newsroom,
    ferry: Subscription,
    bridge: Subscription,
) -> None:
    async with delivering(database, server):
        await owe_ferry(newsroom, ferry, "The first ferry.")
        await newsroom.settled(sent=1)
        world.faults.add("bot_api", "sendMessage", faults.Flood(3))
        await owe_ferry(newsroom, ferry, "The second ferry.")
        await until(lambda: not world.faults.pending())
        await newsroom.owe(await newsroom.post("The bridge is closed."), bridge)
        await newsroom.settled(sent=3)
    assert [alert.text.split("\n")[2] for alert in accepted(world)][1] == "The bridge is closed."


async def test_a_flood_without_parameters_is_waited_for_too(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    world.faults.add("bot_api", "sendMessage", faults.Refusal(429, "Too Many Requests"))
    began = world.clock.monotonic()
    async with delivering(database, server):
        await owe_ferry(newsroom, ferry)
        await newsroom.settled(sent=1)
    assert accepted(world)[0].monotonic - began >= 5


async def test_a_ban_is_kept_across_a_restart(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    world.faults.add("bot_api", "sendMessage", faults.Flood(100))
    async with delivering(database, server):
        await owe_ferry(newsroom, ferry)
        await newsroom.settled(pending=1)
    later = Limits()
    await restore_bans(later, database)
    assert 90 < later.banned_for(EVERYBODY) <= 100


async def test_a_blocked_bot_owes_nothing_and_keeps_the_subscription(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    world.chats.block(1001)
    async with delivering(database, server):
        await owe_ferry(newsroom, ferry)
        await newsroom.settled(cancelled=1)
    async with database.begin() as connection:
        subscriber = await subscribers.get_subscriber(connection, ferry.subscriber_id)
        assert [own.state for own in await subscriptions.list_for(connection, ferry.subscriber_id)] == ["active"]
    assert subscriber is not None
    assert subscriber.state == "suspended"


async def test_a_chat_that_is_not_there_is_suspended(
    server: BotApiServer, database: Database, newsroom: Newsroom
) -> None:
    nobody = await newsroom.subscriber(555)
    wanted = await newsroom.subscription(nobody, "ferry")
    async with delivering(database, server):
        await owe_ferry(newsroom, wanted)
        await newsroom.settled(cancelled=1)


async def test_an_alert_follows_a_group_that_became_a_supergroup(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom
) -> None:
    group = world.chats.add_group("Newsroom", [world.add_user("Anna")], kind="group")
    wanted = await newsroom.subscription(await newsroom.subscriber(group.id, chat_type="group"), "ferry")
    new = world.chats.migrate(group.id)
    async with delivering(database, server):
        await owe_ferry(newsroom, wanted)
        await newsroom.settled(sent=1)
    assert [alert.chat_id for alert in accepted(world)] == [new.id]


@pytest.mark.parametrize(
    "refusal", ["Bad Request: can't parse entities: unexpected end", "Bad Request: message is too long"]
)
async def test_a_refused_form_goes_out_plain_once(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription, refusal: str
) -> None:
    world.faults.add("bot_api", "sendMessage", faults.Refusal(400, refusal))
    async with delivering(database, server):
        await owe_ferry(newsroom, ferry)
        await newsroom.settled(sent=1)
    (alert,) = accepted(world)
    assert "The ferry has left." in alert.text
    assert alert.entities == ()


async def test_a_form_refused_twice_is_dead(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    refusal = faults.Refusal(400, "Bad Request: can't parse entities")
    world.faults.add("bot_api", "sendMessage", refusal, refusal)
    async with delivering(database, server):
        await owe_ferry(newsroom, ferry)
        await newsroom.settled(dead=1)


async def test_an_alert_for_a_topic_that_is_gone_goes_to_the_group_itself(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    world.faults.add("bot_api", "sendMessage", faults.Refusal(400, "Bad Request: message thread not found"))
    async with delivering(database, server):
        await owe_ferry(newsroom, ferry)
        await newsroom.settled(sent=1)
    assert accepted(world)[0].entities != ()


async def test_a_ban_that_began_while_the_row_was_committed_is_kept(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    begin_sending = deliveries.begin_sending
    limits = Limits()

    async def banned_meanwhile(*args: Any, **options: Any) -> deliveries.Alert | None:
        limits.ban(EVERYBODY, 1)
        monkeypatch.setattr(deliveries, "begin_sending", begin_sending)
        return await begin_sending(*args, **options)

    monkeypatch.setattr(deliveries, "begin_sending", banned_meanwhile)
    began = world.clock.monotonic()
    async with delivering(database, server, limits):
        await owe_ferry(newsroom, ferry)
        await newsroom.settled(sent=1)
    assert accepted(world)[0].monotonic - began >= 1
    assert REPEATED not in accepted(world)[0].text


async def test_a_refused_token_pauses_and_keeps_what_is_owed(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    world.faults.add("bot_api", "sendMessage", faults.Refusal(401, "Unauthorized"))
    async with delivering(database, server) as limits:
        await owe_ferry(newsroom, ferry)
        await until(lambda: limits.banned_for(EVERYBODY) > 30)
        await newsroom.settled(pending=1)


async def test_a_subscription_deleted_meanwhile_sends_nothing(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    await owe_ferry(newsroom, ferry)
    async with database.begin() as connection:
        await subscriptions.delete(connection, ferry.subscriber_id, ferry.id)
    async with delivering(database, server):
        await newsroom.settled(cancelled=1)
    assert accepted(world) == []


async def test_a_send_that_a_crash_interrupted_is_repeated_with_its_mark(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    await owe_ferry(newsroom, ferry)
    nothing = dt.timedelta(seconds=-1)
    async with database.begin() as connection:
        (leased,) = await deliveries.lease_due(connection, lease=dt.timedelta(hours=1), busy_chats=[], limit=1)
        await deliveries.begin_sending(connection, leased, lease=nothing)
    async with delivering(database, server):
        await newsroom.settled(sent=1)
    assert accepted(world)[0].text.startswith(REPEATED)


async def test_one_failing_row_stops_nothing(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription,
    bridge: Subscription, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def failing(post: StoredPost, *args: Any, **rest: Any) -> Message:
        if "ferry" in post.text:
            raise ValueError("a post that nobody foresaw")
        return compose_alert(post, *args, **rest)

    monkeypatch.setattr("bot.owed_messages.compose_alert", failing)
    async with delivering(database, server):
        await owe_ferry(newsroom, ferry)
        await newsroom.owe(await newsroom.post("The bridge is closed."), bridge)
        await newsroom.settled(sent=1, dead=1)


async def test_an_outage_of_the_database_is_waited_for(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    lease_due, failures = deliveries.lease_due, iter([True, True])

    async def failing(connection: Any, **options: Any) -> list[deliveries.Leased]:
        if next(failures, False):
            raise ConnectionError("the database is away")
        return await lease_due(connection, **options)

    monkeypatch.setattr(deliveries, "lease_due", failing)
    async with delivering(database, server):
        await owe_ferry(newsroom, ferry)
        await newsroom.settled(sent=1)


async def test_an_outage_after_the_send_does_not_repeat_it(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    mark_sent, failures = deliveries.mark_sent, iter([True, True])

    async def failing(*args: Any) -> bool:
        if next(failures, False):
            raise ConnectionError("the database is away")
        return await mark_sent(*args)

    monkeypatch.setattr(deliveries, "mark_sent", failing)
    async with delivering(database, server):
        await owe_ferry(newsroom, ferry)
        await newsroom.settled(sent=1)
    assert len(accepted(world)) == 1


async def test_many_chats_are_served_within_the_servers_limits(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom
) -> None:
    wanted = []
    for number in range(60):
        chat = world.chats.add_private(world.add_user(f"Reader {number}"))
        wanted.append(await newsroom.subscription(await newsroom.subscriber(chat.id), "ferry"))
    await newsroom.owe(await newsroom.post("The ferry has left."), *wanted)
    async with delivering(database, server):
        await newsroom.settled(sent=60)
    assert len({alert.chat_id for alert in accepted(world)}) == 60
    assert server.calls["sendMessage"] == 60


@pytest.mark.parametrize("fault", [faults.DropAfter(), faults.BadGateway(accepted=True), faults.Garbage()], ids=str)
async def test_who_wants_alerts_at_most_once_is_never_sent_one_again(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription,
    fault: faults.Fault,
) -> None:  # fmt: skip
    async with database.begin() as connection:
        await connection.exec_driver_sql("UPDATE subscribers SET at_most_once = true")
    world.faults.add("bot_api", "sendMessage", fault)
    async with delivering(database, server):
        await owe_ferry(newsroom, ferry)
        await newsroom.settled(unknown=1)
        await owe_ferry(newsroom, ferry, "The second ferry.")
        await newsroom.settled(unknown=1, sent=1)
    assert [REPEATED in alert.text for alert in accepted(world)] == [False, False]


async def test_a_topic_that_is_gone_is_asked_for_once(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    async with database.begin() as connection:
        await connection.exec_driver_sql("UPDATE subscribers SET thread_id = 7")
    async with delivering(database, server):
        for text in ("The first ferry.", "The second ferry."):
            await owe_ferry(newsroom, ferry, text)
        await newsroom.settled(sent=2)
    assert server.calls["sendMessage"] == 3
    assert [alert.thread_id for alert in accepted(world)] == [None, None]


async def test_what_piled_up_while_the_bot_was_away_is_one_message(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    for number in range(25):
        await owe_ferry(newsroom, ferry, f"Ferry number {number}.")
    async with delivering(database, server):
        await newsroom.settled(sent=25)
    (digest,) = accepted(world)
    assert digest.text.startswith("📬 25 posts have waited for you")
