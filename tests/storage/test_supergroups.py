"""What was a group's is its supergroup's: what it asked for, how it is spoken to, whether it may come in."""

from __future__ import annotations

from storage import people, subscribers, subscriptions
from storage.database import Database
from storage.deliveries import counts_by_state
from storage.ids import ChatId
from storage.people import Standing
from storage.subscribers import get_subscriber
from storage.subscriptions import changes_since
from storage.supergroups import migrate_chat
from tests.storage.makers import make_owed, make_subscriber, owe, rows, subscribe

GROUP, SUPERGROUP = ChatId(-100), ChatId(-1000000000100)
ANNA = 111


async def migrate(database: Database) -> None:
    async with database.begin() as connection:
        await migrate_chat(connection, GROUP, SUPERGROUP)


async def standing(database: Database, chat_id: ChatId) -> Standing:
    async with database.begin() as connection:
        return await people.standing_of(connection, user_id=None, chat_id=chat_id)


async def test_group_keeps_everything_when_it_becomes_a_supergroup(database: Database) -> None:
    await make_owed(database, chats=[GROUP])
    before = await make_subscriber(database, GROUP)
    async with database.begin() as connection:
        await migrate_chat(connection, GROUP, SUPERGROUP)
        await migrate_chat(connection, GROUP, SUPERGROUP)
        after = await get_subscriber(connection, before.id)
        assert await counts_by_state(connection) == {"pending": 1}
    assert after is not None
    assert (after.chat_id, after.chat_type, after.state) == (SUPERGROUP, "supergroup", "active")


async def test_supergroup_that_spoke_first_takes_over_what_the_group_had(database: Database) -> None:
    posts = await make_owed(database, chats=[GROUP], posts=2)
    left, taking = await make_subscriber(database, GROUP), await make_subscriber(database, SUPERGROUP)
    await owe(database, taking, posts[:1], await subscribe(database, taking, "дом"))
    async with database.begin() as connection:
        version, _ = await changes_since(connection, -1)
        await migrate_chat(connection, GROUP, SUPERGROUP)
    async with database.begin() as connection:
        names = [item.name for item in await subscriptions.list_for(connection, taking.id)]
        _, changes = await changes_since(connection, version)
        assert await subscriptions.list_for(connection, left.id) == []
    assert names == ["мир", "дом"]
    assert [change.subscriber_id for change in changes] == [taking.id]  # ingest hears of it
    owed = await rows(database, "SELECT subscriber_id, state, count(*) FROM deliveries GROUP BY 1, 2 ORDER BY 1")
    assert owed == [(left.id, "cancelled", 1), (taking.id, "pending", 2)]


async def test_who_has_asked_for_nothing_yet_is_spoken_to_as_the_group_was(database: Database) -> None:
    left = await make_subscriber(database, GROUP)
    await subscribe(database, left)
    async with database.begin() as connection:
        await subscribers.set_language(connection, left.id, "uk")
        await subscribers.set_time_zone(connection, left.id, "Europe/Kyiv")
    taking = await make_subscriber(database, SUPERGROUP)
    await migrate(database)
    async with database.begin() as connection:
        after = await get_subscriber(connection, taking.id)
    assert after is not None
    assert (after.language, after.time_zone, after.state) == ("uk", "Europe/Kyiv", "active")


async def test_what_is_chosen_after_the_move_stays_when_it_is_told_again(database: Database) -> None:
    await make_subscriber(database, GROUP)
    taking = await make_subscriber(database, SUPERGROUP)
    await migrate(database)
    async with database.begin() as connection:
        await subscribers.set_time_zone(connection, taking.id, "Asia/Tokyo")
    await migrate(database)
    async with database.begin() as connection:
        after = await get_subscriber(connection, taking.id)
    assert after is not None
    assert after.time_zone == "Asia/Tokyo"


async def test_a_group_that_was_let_in_is_let_in_as_a_supergroup(database: Database) -> None:
    async with database.begin() as connection:
        await people.admit_chat(connection, GROUP, ANNA)
    await migrate(database)
    assert (await standing(database, SUPERGROUP)).is_chat_admitted
    assert await rows(database, "SELECT chat_id, let_in_by FROM admitted_chats") == [(SUPERGROUP, ANNA)]


async def test_a_group_that_is_kept_out_is_not_let_in_by_its_new_number(database: Database) -> None:
    left = await make_subscriber(database, GROUP)
    await subscribe(database, left)
    async with database.begin() as connection:
        await people.block(connection, GROUP)
    await make_subscriber(database, SUPERGROUP)  # it has spoken first
    await migrate(database)
    assert (await standing(database, SUPERGROUP)).is_blocked
    assert await rows(database, "SELECT DISTINCT state FROM subscribers") == [("suspended",)]
