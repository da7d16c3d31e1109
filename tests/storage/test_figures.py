"""What is told of the whole installation: nothing that has to wait is called late."""

from __future__ import annotations

from storage.database import Database
from storage.figures import Figures, read_figures
from tests.storage.makers import change, make_owed


async def told(database: Database) -> Figures:
    async with database.begin() as connection:
        return await read_figures(connection)


async def test_what_a_chat_is_owed_that_telegram_refuses_makes_the_queue_no_older(database: Database) -> None:
    await make_owed(database, chats=(100, 200), posts=1)
    await change(database, "UPDATE deliveries SET due_at = now() - interval '2 hours' WHERE subscriber_id = 1")
    assert ((await told(database)).queue_age_s or 0) > 7_000
    await change(database, "UPDATE subscribers SET state = 'suspended' WHERE id = 1")
    found = await told(database)
    assert (found.queue_age_s or 0) < 7_000
    assert found.waiting == {("alert", "pending"): 2}


async def test_channel_that_is_followed_by_its_pages_is_waited_for_by_nobody(database: Database) -> None:
    await change(
        database,
        "INSERT INTO channels (username, title, state, watermark, changed_at) VALUES"
        " ('by_account', 'A', 'active', 5, now() - interval '1 minute'),"
        " ('by_pages', 'B', 'active', NULL, now() - interval '3 hours')",
    )
    assert 59 < ((await told(database)).lag_s or 0) < 70
