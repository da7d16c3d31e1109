"""What topics are called in a chat."""

from __future__ import annotations

from dataclasses import replace

from analysis.topics import TopicScore
from bot.topic_names import topic_path, topics_of
from matching.query import parse
from storage.database import Database
from storage.own_topics import OwnTopic, add_topic
from storage.posts import StoredPost
from tests.bot.conftest import Chatting, Newsroom
from tests.bot.test_narrowing import a_post

OWN = (
    OwnTopic("harbour", "The harbour", "Порт", "", "economy", "harbour"),
    OwnTopic("ferries", "Ferries", "Паромы", "", "harbour", "ferry"),
)


def about(*codes: str) -> StoredPost:
    return replace(a_post(), topics=tuple(TopicScore(code, 1.0, ()) for code in codes))


def test_of_a_topic_and_one_below_it_only_the_one_below_is_shown() -> None:
    assert topics_of(about("conflict", "strikes", "sport"), "en") == "Missile and drone strikes, Sport"
    assert topics_of(about("economy", "harbour", "ferries"), "ru", OWN) == "Паромы"


def test_a_path_leads_from_the_widest_to_the_narrowest() -> None:
    assert topic_path("strikes", "en") == "War and peace › Missile and drone strikes"
    assert topic_path("ferries", "en", OWN).endswith(" › The harbour › Ferries")


def test_a_topic_that_is_gone_is_shown_by_its_code() -> None:
    assert topics_of(about("islands"), "en", OWN) == topic_path("islands", "en") == "islands"


async def test_alert_and_why_name_own_topics(anna: Chatting, newsroom: Newsroom, database: Database) -> None:
    async with database.begin() as connection:
        for topic in OWN:
            await add_topic(connection, replace(topic, query=""), parse(topic.query))
    own = await newsroom.subscription(await newsroom.subscriber(anna.chat_id), "ferry")
    post_id = await newsroom.post("The ferry is late.")
    async with database.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE posts SET topics = %s, topic_codes = %s",
            ('[{"code": "ferries", "score": 1.0, "words": [["ferry", 1.0]]}]', ["ferries", "harbour", "economy"]),
        )
    await newsroom.owe(post_id, own)
    alert = await anna.shows("Topics: Ferries\n")
    await anna.press(alert, "Why?")
    await anna.shows("The harbour › Ferries, because of ferry (100 %)")
