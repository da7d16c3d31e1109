"""From a channel's post to a subscriber's chat."""

from __future__ import annotations

import asyncio

from sandbox.channels import ForwardOrigin
from tests.journeys.people import alerts_in, until
from tests.journeys.stage import Stage, link_to


async def test_a_published_post_becomes_one_alert_with_its_words_in_bold_and_its_link(stage: Stage) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    async with stage.running():
        await anna.subscribe("bridge")
        stage.world.channels.publish(news, "A concert tonight in the park")
        post = stage.world.channels.publish(news, "The bridges over the river are closed")
        last = stage.world.channels.publish(news, "The bridge is open again")
        first, second = await anna.alerted(2)
    assert (first.link, second.link) == (link_to(news, post), link_to(news, last))
    assert first.bold == ("River News", "bridges")
    assert "The bridges over the river are closed" in first.text
    assert link_to(news, post) in first.text
    assert len(anna.alerts()) == 2


async def test_a_post_that_two_subscriptions_ask_for_is_one_alert_and_why_names_both(stage: Stage) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    async with stage.running():
        await anna.subscribe("bridge")
        await anna.subscribe("river flood")
        stage.world.channels.publish(news, "A flood: the river took the bridge")
        stage.world.channels.publish(news, "The bridge is lost")
        first, _ = await anna.alerted(2)
        why = await anna.press_for_answer(anna.message_of(first), "w")
    assert {"bridge", "river", "flood"} <= set(first.bold)
    assert "bridge: bridge" in why.text
    assert "river flood: river flood" in why.text
    assert len(anna.alerts()) == 2


async def test_each_of_two_people_gets_an_alert_of_their_own(stage: Stage) -> None:
    news, anna, boris = await stage.channel("river_news"), stage.person("Anna"), stage.person("Boris")
    async with stage.running():
        await anna.subscribe("bridge")
        await boris.subscribe("flood")
        both = stage.world.channels.publish(news, "The flood took the bridge")
        only_boris = stage.world.channels.publish(news, "The flood goes on")
        await boris.alerted(2)
        await anna.alerted(1)
    assert [alert.link for alert in anna.alerts()] == [link_to(news, both)]
    assert [alert.link for alert in boris.alerts()] == [link_to(news, both), link_to(news, only_boris)]


async def test_an_edit_that_newly_matches_alerts_once(stage: Stage) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    async with stage.running():
        await anna.subscribe("bridge")
        post = stage.world.channels.publish(news, "Something has happened")
        await stage.found("happened")
        stage.world.channels.edit(news, post.message_id, "The bridge has fallen")
        await anna.alerted(1)
        stage.world.channels.edit(news, post.message_id, "The bridge has fallen, nobody is hurt")
        await stage.found("bridge hurt")
        stage.world.channels.publish(news, "A new bridge is promised")
        alerts = await anna.alerted(2)
    assert [alert.link for alert in alerts] == [link_to(news, post), f"https://t.me/river_news/{post.message_id + 1}"]
    assert "edited" in alerts[0].text
    assert await stage.value("SELECT count(*) FROM post_versions") == 2


async def test_an_album_alerts_once_with_its_caption(stage: Stage) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    async with stage.running():
        await anna.subscribe("bridge has:photo")
        parts = stage.world.channels.publish_album(news, "The new bridge, seen from above", [b"one", b"two", b"three"])
        [alert] = await anna.alerted(1)
        stored = await stage.found("bridge")
    assert alert.link == link_to(news, parts[0])
    assert "The new bridge, seen from above" in alert.text
    assert "photo ×3" in alert.text
    assert [part.message_id for part in stored.parts] == [part.message_id for part in parts]
    assert len(anna.alerts()) == 1


async def test_a_forward_keeps_where_it_came_from(stage: Stage) -> None:
    news, source, anna = await stage.channel("river_news"), stage.world.channels.add("Town", "town"), stage.person()
    async with stage.running():
        await anna.subscribe("bridge from:@town")
        stage.world.channels.publish(news, "Our own bridge")
        post = stage.world.channels.publish(
            news, "The bridge of the town", forwarded_from=ForwardOrigin(source.id, message_id=7)
        )
        [alert] = await anna.alerted(1)
        stored = await stage.found("bridge town")
    assert alert.link == link_to(news, post)
    assert "Forwarded from @town" in alert.text
    assert stored.forwarded_from == {"@town", str(source.id)}


async def test_a_deleted_post_is_marked_and_kept(stage: Stage) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    async with stage.running():
        await anna.subscribe("bridge")
        post = stage.world.channels.publish(news, "The bridge is haunted")
        await anna.alerted(1)
        stage.world.channels.delete(news, [post.message_id])
        await until(lambda: stage.rows("SELECT 1 FROM posts WHERE deleted_at IS NOT NULL"), "the deletion")
        nothing = await anna.ask("/search haunted")
    assert await stage.value("SELECT text FROM posts") == "The bridge is haunted"
    assert await stage.rows("SELECT kind FROM channel_messages") == [("gone",)]
    assert "Nothing" in nothing.text
    assert len(anna.alerts()) == 1


async def test_words_find_their_forms_in_three_languages_and_nothing_else(stage: Stage) -> None:
    news = await stage.channel("river_news")
    said = {
        "мост": ("Движение по мостам закрыто", "мостам"),
        "рух": ("Потяги в русі з ночі", "русі"),
        "bridge": ("Traffic over both bridges is stopped", "bridges"),
        '"мирный план"': ("О мирном плане говорили весь день", "мирном плане"),
        "ёлка": ("Во дворе поставили елку", "елку"),
    }
    people = {query: stage.person(f"Asks for {query}") for query in said}
    async with stage.running():
        async with asyncio.TaskGroup() as talks:
            for query, person in people.items():
                talks.create_task(person.subscribe(query))
        for text, _ in said.values():
            stage.world.channels.publish(news, text)
        bold = {query: (await person.alerted(1))[0].bold[1:] for query, person in people.items()}
    assert {query: " ".join(words) for query, words in bold.items()} == {
        query: form for query, (_, form) in said.items()
    }
    assert len(alerts_in(stage.world)) == len(said)
