"""From several channels that tell one story to one alert, edited in place."""

from __future__ import annotations

import datetime as dt

import pytest

from storage.database import Database
from storage.ids import PostId
from storage.told_stories import take_out
from tests.journeys.people import Person, is_alert, until
from tests.journeys.stage import Stage, link_to

FIRST = (
    "A freight train has derailed near Velden station on Tuesday morning, closing the line to Marsk for at least two "
    "days, the railway company says. Nobody was hurt; 14 wagons with grain lie beside the track."
)
SECOND = (
    "Freight train derails near Velden station: the line to Marsk is closed for at least two days, says the railway "
    "company. 14 wagons with grain lie beside the track, nobody was hurt on Tuesday morning."
)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is gathered: a test has no ten seconds."""
    monkeypatch.setattr("storage.amendments.GATHERED", dt.timedelta(0))
    monkeypatch.setattr("storage.amendments.APART", dt.timedelta(0))


async def want_every_post(database: Database) -> None:
    async with database.begin() as connection:
        await connection.exec_driver_sql("UPDATE subscriptions SET mode = 'every'")


async def shows(person: Person, words: str) -> str:
    """Wait until the person's first alert shows these words; what it says then."""
    chats = person.world.chats
    number = next(item.message_id for item in chats.accepted if is_alert(item.reply_markup))

    def text() -> str:
        return chats.versions(person.user.id, number)[-1].text

    await until(lambda: words in text(), f"an alert that shows {words}")
    return text()


async def test_a_story_of_three_channels_is_one_alert_that_names_them(stage: Stage) -> None:
    names = ("river_news", "town_crier", "rail_watch")
    channels, anna = [await stage.channel(name) for name in names], stage.person()
    async with stage.running():
        await anna.subscribe("train")
        first = stage.world.channels.publish(channels[0], FIRST)
        await anna.alerted(1)
        second = stage.world.channels.publish(channels[1], SECOND)
        third = stage.world.channels.publish(channels[2], FIRST)
        await until(lambda: stage.rows("SELECT 1 FROM story_posts HAVING count(*) = 3"), "the story")
        text = await shows(anna, "Rail Watch +1 min")
    assert "also: Town Crier +1 min, Rail Watch +1 min" in text
    assert anna.alerts()[0].link == link_to(channels[0], first)
    links = {entity.get("url") for edit in stage.world.chats.edits for entity in edit.entities}
    assert {link_to(channels[1], second), link_to(channels[2], third)} <= links
    assert len(anna.alerts()) == 1


async def test_control_who_wants_every_post_gets_one_of_each_channel(stage: Stage) -> None:
    channels, anna = [await stage.channel(name) for name in ("river_news", "town_crier")], stage.person()
    async with stage.running():
        await anna.subscribe("train")
        await want_every_post(stage.database)
        for channel, text in zip(channels, (FIRST, SECOND), strict=True):
            stage.world.channels.publish(channel, text)
        await until(lambda: stage.rows("SELECT 1 FROM story_posts HAVING count(*) = 2"), "the story")
        await anna.alerted(2)


async def test_an_edit_and_a_deletion_of_the_post_are_shown_in_its_alert(stage: Stage) -> None:
    news, anna = await stage.channel("river_news"), stage.person()
    async with stage.running():
        await anna.subscribe("bridge")
        post = stage.world.channels.publish(news, "The bridge over the Marl is closed until Monday, the town says.")
        await anna.alerted(1)
        said = "The bridge over the Marl is closed until Friday, the town says."
        stage.world.channels.edit(news, post.message_id, said)
        edited = await shows(anna, "Changed:")
        stage.world.channels.delete(news, [post.message_id])
        deleted = await shows(anna, "has deleted this post")
    assert "✏️ Changed: … is closed until Monday Friday, the town …" in edited
    assert said in deleted
    assert len(anna.alerts()) == 1


async def test_a_post_that_an_operator_takes_out_of_a_story_is_alerted_after_all(stage: Stage) -> None:
    channels, anna = [await stage.channel(name) for name in ("river_news", "town_crier")], stage.person()
    async with stage.running():
        await anna.subscribe("train")
        stage.world.channels.publish(channels[0], FIRST)
        await anna.alerted(1)
        stage.world.channels.publish(channels[1], SECOND)
        await shows(anna, "also: Town Crier")
        number = await stage.value("SELECT post_id FROM deliveries WHERE state = 'held'")
        async with stage.database.begin() as connection:
            await take_out(connection, PostId(number))
        await anna.alerted(2)
