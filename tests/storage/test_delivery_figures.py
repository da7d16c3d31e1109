"""What waits and what failed, as operators see it; and what they can do about it."""

from __future__ import annotations

import datetime as dt

from storage.checkup import look
from storage.database import Database
from storage.delivery_figures import Refusal, cancel, failed_ids, failures, figures, list_deliveries, retry, waiting_ids
from storage.ids import DeliveryId
from tests.storage.makers import NOON, change, make_owed, rows

DEAD = "UPDATE deliveries SET state = 'dead', detail = 'chat not found', settled_at = now(), attempt = 5"


async def states(database: Database) -> list[str]:
    return [state for (state,) in await rows(database, "SELECT state FROM deliveries ORDER BY id")]


async def test_what_waits_is_counted_by_state_with_what_is_late(database: Database) -> None:
    await make_owed(database, chats=(100, 200), posts=2)
    await change(database, "UPDATE deliveries SET due_at = now() - interval '5 minutes' WHERE id = 1")
    await change(database, f"{DEAD} WHERE id > 2")
    async with database.begin() as connection:
        found = [(each.state, each.kind, each.count, each.late) for each in await figures(connection)]
        [failure] = await failures(connection, NOON)
    assert found == [("pending", "alert", 2, 1), ("dead", "alert", 2, 0)]
    assert (failure.reason, failure.count) == ("chat not found", 2)


async def test_what_waits_for_a_chat_that_telegram_refuses_is_not_late(database: Database) -> None:
    await make_owed(database, chats=(100, 200), posts=1)
    await change(database, "UPDATE deliveries SET due_at = now() - interval '2 hours'")
    await change(database, "UPDATE subscribers SET state = 'suspended' WHERE chat_id = 100")
    async with database.begin() as connection:
        assert [(each.count, each.late) for each in await figures(connection)] == [(2, 1)]
        assert (await look(connection)).late == 1
    await change(database, "UPDATE subscribers SET state = 'suspended'")
    async with database.begin() as connection:
        found = await look(connection)
    assert (found.late, found.late_since_at) == (0, None)


async def test_what_will_be_sent_once_more_by_itself_has_not_failed_yet(database: Database) -> None:
    await make_owed(database, posts=2)
    await change(database, "UPDATE deliveries SET state = 'unknown', unknowns = 1, detail = 'no answer'")
    await change(database, "UPDATE deliveries SET settled_at = now() WHERE id = 2")
    async with database.begin() as connection:
        [failure] = await failures(connection, NOON)
    assert (failure.state, failure.count) == ("unknown", 1)


async def test_dead_deliveries_are_due_again_and_what_may_have_arrived_stays_marked(database: Database) -> None:
    await make_owed(database, posts=2)
    await change(database, f"{DEAD}, unknowns = id - 1")
    async with database.begin() as connection:
        assert await retry(connection, await failed_ids(connection)) == {}
    found = await rows(database, "SELECT state, attempt, unknowns, due_at <= now() FROM deliveries ORDER BY id")
    assert found == [("pending", 0, 0, True), ("pending", 0, 1, True)]


async def test_what_has_not_failed_is_left_as_it_is(database: Database) -> None:
    await make_owed(database, posts=2)
    await change(database, "UPDATE deliveries SET state = 'sending' WHERE id = 2")
    async with database.begin() as connection:
        refused = await retry(connection, [DeliveryId(1), DeliveryId(2), DeliveryId(99)])
    assert refused == {1: Refusal.NOT_FAILED, 2: Refusal.UNDER_WAY, 99: Refusal.UNKNOWN_NUMBER}
    assert await states(database) == ["pending", "sending"]


async def test_of_two_failed_alerts_of_one_story_only_one_is_sent_again(database: Database) -> None:
    await make_owed(database, posts=2)
    await change(database, f"{DEAD}, is_first = true, story_id = 1")
    async with database.begin() as connection:
        assert await retry(connection, await failed_ids(connection)) == {DeliveryId(2): Refusal.TOLD_OTHERWISE}
    assert await states(database) == ["pending", "dead"]


async def test_all_that_waits_is_cancelled_but_not_what_is_being_sent(database: Database) -> None:
    await make_owed(database, posts=3)
    await change(database, "UPDATE deliveries SET state = 'sending' WHERE id = 2")
    await change(database, "UPDATE deliveries SET state = 'sent', settled_at = now() WHERE id = 3")
    async with database.begin() as connection:
        assert await cancel(connection, await waiting_ids(connection)) == {}
        assert await cancel(connection, [DeliveryId(2), DeliveryId(3)]) == {
            2: Refusal.UNDER_WAY,
            3: Refusal.NOT_WAITING,
        }
    assert await states(database) == ["cancelled", "sending", "sent"]


async def test_posts_are_shown_with_their_words_only_if_asked_for(database: Database) -> None:
    await make_owed(database)
    async with database.begin() as connection:
        [plain] = await list_deliveries(connection, ["pending"], limit=5)
        [whole] = await list_deliveries(connection, ["pending"], limit=5, with_text=True)
    assert (plain.channel, plain.message_id, plain.chat_id, plain.text) == ("@news", 1, 100, None)
    assert whole.text == "мир"


async def test_failures_of_long_ago_are_not_told(database: Database) -> None:
    await make_owed(database)
    await change(database, DEAD)
    async with database.begin() as connection:
        assert await failures(connection, dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)) == []
