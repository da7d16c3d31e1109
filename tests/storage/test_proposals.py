"""Channels that people propose."""

from __future__ import annotations

from storage.database import Database
from storage.proposals import MOST_OPEN, decide, propose
from tests.storage.makers import make_subscriber


async def test_a_channel_is_proposed_once_by_a_chat(database: Database) -> None:
    owner = await make_subscriber(database)
    async with database.begin() as connection:
        made = await propose(connection, owner.id, "Harbour_News")
        assert made is not None
        assert made.username == "harbour_news"
        assert await propose(connection, owner.id, "harbour_news") is None


async def test_a_chat_has_only_so_many_proposals_open(database: Database) -> None:
    owner = await make_subscriber(database)
    async with database.begin() as connection:
        made = [await propose(connection, owner.id, f"channel_{number}") for number in range(MOST_OPEN + 1)]
        assert made[-1] is None
        assert made[0] is not None
        await decide(connection, made[0].id, approved=False)
        assert await propose(connection, owner.id, "one_more") is not None


async def test_a_decision_answers_everybody_who_proposed_the_channel_once(database: Database) -> None:
    anna, boris = await make_subscriber(database), await make_subscriber(database, 101)
    async with database.begin() as connection:
        made = [await propose(connection, who.id, "harbour_news") for who in (anna, boris)]
        assert made[1] is not None
        decided = await decide(connection, made[1].id, approved=True)
        assert {each.subscriber_id for each in decided} == {anna.id, boris.id}
        assert await decide(connection, made[1].id, approved=False) == []
