"""What people do in their chats, while the channels go on speaking."""

from __future__ import annotations

import asyncio

from sandbox.channels import Channel
from tests.journeys.people import until
from tests.journeys.stage import Stage, link_to


async def test_a_subscription_made_while_posts_flow_is_matched_from_the_next_post_on(stage: Stage) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    async with stage.running():
        flow = asyncio.create_task(_speak_without_end(stage, news))
        await anna.subscribe("bridge")
        before = news.top_message_id
        await until(lambda: news.top_message_id > before + 20, "more posts")
        flow.cancel()
        await until(lambda: _holds(stage, "bridge", news.top_message_id), "all posts")
        rows = await stage.rows("SELECT message_id FROM deliveries JOIN posts ON posts.id = post_id ORDER BY 1")
    owed = [number for (number,) in rows]
    assert owed == list(range(owed[0], news.top_message_id + 1))  # from one post on, every one, and once
    assert 1 < owed[0] <= before + 1


async def test_a_paused_subscription_is_owed_nothing_and_a_resumed_one_again(stage: Stage) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    async with stage.running():
        await anna.subscribe("bridge")
        await anna.press(await anna.open_subscription(), "p")
        stage.world.channels.publish(news, "The bridge while she sleeps")
        await stage.found("sleeps")
        assert await stage.value("SELECT count(*) FROM deliveries") == 0
        await anna.press(await anna.open_subscription(), "r")
        after = stage.world.channels.publish(news, "The bridge after she woke")
        alerts = await anna.alerted(1)
    assert [alert.link for alert in alerts] == [link_to(news, after)]


async def test_a_deleted_subscription_is_gone_from_the_list_and_owed_nothing(stage: Stage) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    async with stage.running():
        await anna.subscribe("bridge")
        asked = await anna.press(await anna.open_subscription(), "d")
        await anna.press(asked, "k")
        stage.world.channels.publish(news, "The bridge is gone")
        await stage.found("bridge")
        listed = await anna.ask("/list")
    assert "no subscription" in listed.text
    assert await stage.value("SELECT count(*) FROM deliveries") == 0
    assert await stage.rows("SELECT query, name FROM subscriptions") == [("", "")]


async def test_whoever_blocks_the_bot_is_suspended_and_returns_by_start_with_their_subscriptions(stage: Stage) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    async with stage.running():
        await anna.subscribe("bridge")
        stage.world.chats.block(anna.user.id)
        await until(lambda: stage.rows("SELECT 1 FROM subscribers WHERE state = 'suspended'"), "the suspension")
        stage.world.channels.publish(news, "The bridge unseen")
        await stage.found("unseen")
        assert await stage.value("SELECT count(*) FROM deliveries WHERE state <> 'cancelled'") == 0
        stage.world.chats.unblock(anna.user.id)
        await anna.ask("/start")
        seen = stage.world.channels.publish(news, "The bridge seen again")
        alerts = await anna.alerted(1)
    assert [alert.link for alert in alerts] == [link_to(news, seen)]


async def test_a_refused_alert_suspends_whoever_cannot_be_reached(stage: Stage) -> None:
    news, anna, boris = await stage.channel("river_news"), stage.person("Anna"), stage.person("Boris")
    async with stage.running():
        await anna.subscribe("bridge")
        await boris.subscribe("bridge")
        stage.world.chats.deactivate(anna.user.id)  # of which Telegram tells nobody
        stage.world.channels.publish(news, "The bridge")
        await boris.alerted(1)
        await until(lambda: stage.rows("SELECT 1 FROM subscribers WHERE state = 'suspended'"), "the suspension")
    assert anna.alerts() == []
    assert await stage.rows("SELECT state FROM deliveries ORDER BY state") == [("cancelled",), ("sent",)]


async def test_the_preview_counts_what_a_search_finds(stage: Stage) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    async with stage.running():
        for number in range(7):
            stage.world.channels.publish(news, f"Bridges, part {number}")
        stage.world.channels.publish(news, "Something else")
        await until(lambda: _holds(stage, "bridge", 7), "seven posts")
        preview = await anna.ask("bridge")
    assert "In the last 7 days: 7 posts." in preview.text
    assert preview.text.count("https://t.me/river_news/") == 3
    assert "Bridges, part 6" in preview.text


async def test_search_shows_pages_of_everything_posted_newest_first(stage: Stage) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    async with stage.running():
        for number in range(7):
            stage.world.channels.publish(news, f"Bridges, part {number}")
        await until(lambda: _holds(stage, "bridge", 7), "seven posts")
        first = await anna.ask("/search bridge")
        second = await anna.press_for_answer(first, "m")
    assert [number for number in range(7) if f"part {number}" in first.text] == [2, 3, 4, 5, 6]
    assert [number for number in range(7) if f"part {number}" in second.text] == [0, 1]
    assert first.text.index("part 6") < first.text.index("part 2")


async def test_a_topic_can_be_subscribed_to(stage: Stage) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    async with stage.running():
        topics = await anna.ask("/topics")
        economy = next(b["callback_data"] for b in topics.buttons if b["callback_data"] == "t:economy")
        preview = await anna.press_for_answer(topics, economy)
        await anna.press(preview, "s")
        stage.world.channels.publish(news, "The cat sleeps on the roof")
        post = stage.world.channels.publish(
            news, "The central bank raised interest rates as inflation and prices grow; markets and banks fall"
        )
        [alert] = await anna.alerted(1)
    assert alert.link == link_to(news, post)
    assert "Topics: " in alert.text


async def _speak_without_end(stage: Stage, channel: Channel) -> None:
    while True:
        stage.world.channels.publish(channel, f"The bridge, post {channel.next_id}")
        await asyncio.sleep(0.02)


async def _holds(stage: Stage, query: str, count: int) -> bool:
    return len(await stage.find(query)) == count
