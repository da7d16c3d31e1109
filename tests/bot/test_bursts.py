"""News of bursts in a chat: subscribed to by a query, told once, read by people; shown by /bursts."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.bursts import compose_burst
from sandbox.bot_api import BotApiServer
from sandbox.world import World
from storage import bursts
from storage.burst_alerts import ToldBurst, owe_burst
from storage.bursts import Burst, Opening, Said
from storage.ids import PostId
from tests.bot.conftest import Chatting, Newsroom, delivering
from tests.storage.makers import change

NOW = dt.datetime(2026, 3, 12, 15, 30, tzinfo=dt.UTC)


async def opened(newsroom: Newsroom, now: dt.datetime | None = None, what: str = "пожар") -> Burst:
    """A burst whose first post is there."""
    post = await newsroom.post("Пожар на складе в порту", username="demo_harbour", title="Demo Harbour")
    said = Said((post, PostId(post + 1)), 3, (post,))
    opening = Opening("word", what, what, ("склад",), ("склад",), frozenset({"disaster"}), 2.0, 16, said)
    async with newsroom.database.begin() as connection:
        number, _ = await bursts.open_burst(connection, opening, now or dt.datetime.now(dt.UTC))
        burst = await bursts.read_burst(connection, number)
        assert burst is not None
        await owe_burst(connection, burst)
    return burst


@pytest.mark.parametrize("query", ["burst:*", "burst:пожары", "burst:склад", "burst:topic:disaster"])
async def test_burst_is_told_to_who_asked_once(
    world: World, server: BotApiServer, newsroom: Newsroom, query: str
) -> None:
    user = world.add_user("Anna")
    chat = world.chats.add_private(user)
    await newsroom.subscription(await newsroom.subscriber(chat.id), query)
    burst = await opened(newsroom)
    async with newsroom.database.begin() as connection:
        assert await owe_burst(connection, burst) == 0
    async with delivering(newsroom.database, server):
        await newsroom.settled(sent=1)
    [said] = [message.text for message in world.chats.history(chat.id) if message.from_bot]
    assert said.startswith("📈 пожар: 8 times its usual rate\n2 posts in an hour in 3 channels · usually about 2")
    assert "With it: склад" in said
    assert "Demo Harbour" in said
    assert f"🔔 {query}" in said


async def test_who_asked_for_other_bursts_or_for_posts_is_not_told(world: World, newsroom: Newsroom) -> None:
    subscriber = await newsroom.subscriber(world.chats.add_private(world.add_user("Anna")).id)
    for query in ("burst:ярмарка", "burst:topic:sport", "пожар"):
        await newsroom.subscription(subscriber, query)
    await opened(newsroom)
    assert await newsroom.states() == {}


async def test_news_that_nobody_wants_any_more_or_that_is_old_is_cancelled(
    world: World, server: BotApiServer, newsroom: Newsroom
) -> None:
    wanted = await newsroom.subscription(
        await newsroom.subscriber(world.chats.add_private(world.add_user("Anna")).id), "burst:*"
    )
    await opened(newsroom, dt.datetime.now(dt.UTC) - dt.timedelta(hours=13))
    async with delivering(newsroom.database, server):
        await newsroom.settled(cancelled=1)
    await opened(newsroom, what="ярмарка")
    await change(newsroom.database, "UPDATE subscriptions SET state = 'paused' WHERE id = :id", id=wanted.id)
    async with delivering(newsroom.database, server):
        await newsroom.settled(cancelled=2)


async def test_in_quiet_hours_and_pauses_news_waits_for_their_end(world: World, newsroom: Newsroom) -> None:
    subscriber = await newsroom.subscriber(world.chats.add_private(world.add_user("Anna")).id)
    await newsroom.subscription(subscriber, "burst:*")
    await change(
        newsroom.database,
        "INSERT INTO subscriber_schedules (subscriber_id, paused_until_at) VALUES (:id, now() + interval '1 hour')",
        id=subscriber.id,
    )
    await opened(newsroom)
    async with newsroom.database.begin() as connection:
        wait = (await connection.exec_driver_sql("SELECT due_at - now() FROM deliveries")).scalar_one()
    assert wait > dt.timedelta(minutes=50)


async def test_preview_says_what_will_be_told_and_one_tap_subscribes(anna: Chatting, newsroom: Newsroom) -> None:
    await opened(newsroom)
    shown = await anna.say("burst:пожары")
    assert "more posts than usual" in shown.text
    assert "In the last 7 days that was 1 time." in shown.text
    assert "пожар: ×8" in shown.text
    await anna.press(shown, "Subscribe")
    await anna.shows("You hear of it when it happens")


async def test_bursts_command_lists_what_goes_on_and_offers_all(anna: Chatting, newsroom: Newsroom) -> None:
    assert "still learning" in (await anna.say("/bursts")).text
    await opened(newsroom)
    shown = await anna.say("/bursts")
    assert "пожар: ×8" in shown.text
    await anna.press(shown, "every burst")
    await anna.shows("I understood: burst:*")


async def test_burst_among_words_is_refused_with_what_to_write(anna: Chatting) -> None:
    refused = await anna.say("burst:пожар склад")
    assert "stands alone" in refused.text
    assert "burst:пожар" in refused.text


@pytest.mark.parametrize(
    ("language", "said"), [("ru", "чаще обычного в 8 раз"), ("uk", "частіше, ніж зазвичай, у 8 разів")]
)
async def test_news_speaks_the_subscribers_language(newsroom: Newsroom, language: str, said: str) -> None:
    burst = await opened(newsroom)
    told = ToldBurst(burst, (), None, (0,) * 23 + (16,), is_repeat=False)
    assert said in compose_burst(told, language=language, time_zone="UTC", now=NOW).text.text
