"""What is due goes, waits for its moment, or is cancelled, by its subscriber's terms as they are now."""

from __future__ import annotations

import datetime as dt

import pytest

from matching.query import parse
from storage import erasure, mutes, schedules, subscribers, supergroups
from storage.database import Database
from storage.deferring import hold_back
from storage.held import held_about
from storage.ids import ChatId, PostId, SubscriberId, SubscriptionId
from storage.schedules import Coming
from storage.stories import Placed, lock_stories, place
from tests.storage.makers import (
    change,
    make_channel,
    make_owed,
    make_post,
    make_subscriber,
    owe,
    rows,
    store_one,
    subscribe,
)

ME, FIRST = SubscriberId(1), SubscriptionId(1)
NOW = dt.datetime.now(dt.UTC)
HOUR = dt.timedelta(hours=1)
DUE = "SELECT id FROM deliveries WHERE state = 'pending' AND due_at <= now() AND priority <> 26 ORDER BY id"
DIGEST_DUE = "SELECT id FROM deliveries WHERE state = 'pending' AND due_at <= now() AND priority = 26 ORDER BY id"
DIGEST = "SELECT id FROM deliveries WHERE state = 'pending' AND priority = 26 ORDER BY id"


async def decide(database: Database, now: dt.datetime | None = None) -> int:
    async with database.begin() as connection:
        moved, _ = await hold_back(connection, [ME], now)
    return moved


async def come(database: Database, number: SubscriptionId = FIRST, **values: object) -> None:
    async with database.begin() as connection:
        coming = Coming(**{"pace": "hourly", "next_run_at": NOW + HOUR} | values)  # type: ignore[arg-type]
        assert await schedules.set_coming(connection, ME, number, coming)


async def be_quiet(database: Database, way: schedules.QuietWay, *, from_now: int = -1, until: int = 1) -> None:
    async with database.begin() as connection:
        await schedules.set_quiet(connection, ME, (1380, 420), way)
    await change(
        database, "UPDATE subscriber_schedules SET quiet_from_at = :start, quiet_until_at = :end",
        start=NOW + from_now * HOUR, end=NOW + until * HOUR,
    )  # fmt: skip


async def test_who_has_set_nothing_gets_everything_at_once(database: Database) -> None:
    await make_owed(database, posts=2)
    assert await decide(database) == 0
    assert len(await rows(database, DUE)) == 2


async def test_alerts_of_a_digest_wait_for_its_moment(database: Database) -> None:
    await make_owed(database, posts=2)
    await come(database)
    assert await decide(database) == 2
    assert await rows(database, "SELECT DISTINCT due_at, priority FROM deliveries") == [(NOW + HOUR, 26)]
    assert await decide(database, NOW + 2 * HOUR) == 0  # then it goes


async def test_what_one_subscription_wants_at_once_comes_at_once(database: Database) -> None:
    posts = await make_owed(database)
    await come(database)
    subscriber = await make_subscriber(database)
    await owe(database, subscriber, posts, await subscribe(database, subscriber, "peace"))
    assert await decide(database) == 0


async def test_a_moment_that_has_passed_is_waited_for_until_it_is_found_out(database: Database) -> None:
    await make_owed(database)
    await come(database, next_run_at=NOW - HOUR)
    assert await decide(database) == 1
    ((priority, wait),) = await rows(database, "SELECT priority, due_at - now() FROM deliveries")
    assert priority == 20
    assert wait < dt.timedelta(seconds=6)


@pytest.mark.parametrize(("way", "priority"), [("hold", 20), ("digest", 26), ("chosen", 26)])
async def test_quiet_hours_hold_until_their_end(database: Database, way: schedules.QuietWay, priority: int) -> None:
    await make_owed(database, posts=2)
    await be_quiet(database, way)
    assert await decide(database) == 2
    assert await rows(database, "SELECT DISTINCT due_at, priority FROM deliveries") == [(NOW + HOUR, priority)]


async def test_chosen_subscriptions_come_through_quiet_hours(database: Database) -> None:
    await make_owed(database)
    await come(database, pace="instant", comes_through=True, next_run_at=None)
    await be_quiet(database, "chosen")
    assert await decide(database) == 0
    await be_quiet(database, "digest")
    assert await decide(database) == 1


async def test_quiet_hours_that_come_later_hold_nothing(database: Database) -> None:
    await make_owed(database)
    await be_quiet(database, "hold", from_now=1, until=9)
    assert await decide(database) == 0


async def test_nothing_slips_through_while_nobody_knows_whether_it_is_quiet(database: Database) -> None:
    await make_owed(database)
    await be_quiet(database, "hold", from_now=-30, until=-20)  # yesterday's: the job has not run yet
    assert await decide(database) == 1
    assert await rows(database, DUE) == []


async def test_a_pause_becomes_one_message_also_when_it_is_ended_before(database: Database) -> None:
    await make_owed(database, posts=3)
    async with database.begin() as connection:
        await schedules.pause(connection, ME, NOW + 8 * HOUR)
    assert await decide(database) == 3
    assert len(await rows(database, DIGEST)) == 3
    assert await rows(database, DIGEST_DUE) == []
    async with database.begin() as connection:
        await schedules.pause(connection, ME, None)
    assert len(await rows(database, DIGEST_DUE)) == 3
    assert await rows(database, DUE) == []


async def test_what_waits_for_a_daily_digest_does_not_come_when_a_pause_is_ended(database: Database) -> None:
    await make_owed(database)
    await come(database)
    async with database.begin() as connection:
        await schedules.pause(connection, ME, NOW + 8 * HOUR)
    await decide(database)
    async with database.begin() as connection:
        await schedules.pause(connection, ME, None)
    await decide(database)
    assert await rows(database, DIGEST_DUE) == await rows(database, DUE) == []


async def test_another_subscribers_terms_change_nothing_here(database: Database) -> None:
    await make_owed(database, chats=[1, 2])
    async with database.begin() as connection:
        await schedules.pause(connection, SubscriberId(2), NOW + HOUR)
        moved, _ = await hold_back(connection, [ME, SubscriberId(2)])
    assert moved == 1
    assert await rows(database, "SELECT subscriber_id FROM deliveries WHERE due_at <= now()") == [(1,)]


async def test_whose_terms_are_being_changed_is_told_and_not_waited_for(database: Database) -> None:
    await make_owed(database)
    async with database.begin() as changing:
        await schedules.pause(changing, ME, None)
    async with database.begin() as changing, database.begin() as deciding:
        await schedules.pause(changing, ME, NOW + HOUR)
        assert await hold_back(deciding, [ME]) == (0, {ME})


async def test_a_muted_word_is_muted_in_all_its_forms(database: Database) -> None:
    channel = await make_channel(database)
    subscriber = await make_subscriber(database)
    posts = [await store_one(database, make_post(channel, 1, "Ferries left.")),
             await store_one(database, make_post(channel, 2, "A train left."))]  # fmt: skip
    number = await subscribe(database, subscriber, "peace")
    async with database.begin() as connection:
        await mutes.mute_word(connection, ME, "ferry", parse("ferry"))
    await owe(database, subscriber, posts, number)
    assert await decide(database) == 1
    assert await rows(database, "SELECT post_id, detail FROM deliveries WHERE state = 'cancelled'") == [
        (posts[0], "muted")
    ]


async def test_of_a_muted_channels_story_another_channels_telling_comes(database: Database) -> None:
    first, second = await make_channel(database, "one"), await make_channel(database, "two")
    subscriber = await make_subscriber(database)
    posts = [await store_one(database, make_post(first, 1, "peace")), await store_one(database, make_post(second, 2))]
    number = await subscribe(database, subscriber, "peace")
    async with database.begin() as connection:
        await lock_stories(connection)
        await place(connection, [Placed(posts[1], posts[0], "copy")])
        await mutes.mute_channel(connection, ME, first)
    await owe(database, subscriber, posts, number)
    assert await rows(database, DUE) == [(1,)]
    assert await decide(database) == 1
    assert await rows(database, "SELECT post_id FROM deliveries WHERE state = 'pending'") == [(posts[1],)]


async def test_a_muted_story_stays_muted_under_another_number(database: Database) -> None:
    channel, other = await make_channel(database), await make_channel(database, "other")
    subscriber = await make_subscriber(database)
    posts = [await store_one(database, make_post(channel, 1, "peace")), await store_one(database, make_post(other, 2))]
    number = await subscribe(database, subscriber, "peace")
    async with database.begin() as connection:
        await mutes.mute_story(connection, ME, posts[1])
        await lock_stories(connection)
        await place(connection, [Placed(posts[1], posts[0], "copy")])
    await owe(database, subscriber, posts[:1], number)
    assert await decide(database) == 1
    assert await rows(database, "SELECT state FROM deliveries") == [("cancelled",)]


async def test_what_is_unmuted_comes_again_and_only_its_owner_can(database: Database) -> None:
    await make_owed(database)
    async with database.begin() as connection:
        await mutes.mute_story(connection, ME, PostId(1))
        (muted,) = await mutes.list_for(connection, ME)
        assert not await mutes.unmute(connection, SubscriberId(2), muted.id)
        assert await mutes.unmute(connection, ME, muted.id)
    assert await decide(database) == 0


async def test_a_query_that_is_no_word_is_not_muted(database: Database) -> None:
    await make_subscriber(database)
    async with database.begin() as connection:
        with pytest.raises(mutes.NotMutable):
            await mutes.mute_word(connection, ME, "x", parse("ferry lang:ru"))


async def test_a_new_zone_makes_every_moment_anew(database: Database) -> None:
    await make_owed(database)
    await come(database)
    await be_quiet(database, "hold", from_now=5, until=6)
    await decide(database)
    async with database.begin() as connection:
        await subscribers.set_time_zone(connection, ME, "Asia/Tokyo")
    assert await rows(database, "SELECT next_run_at FROM subscription_schedules") == [(None,)]
    assert await rows(database, "SELECT quiet_until_at FROM subscriber_schedules") == [(None,)]
    assert len(await rows(database, DUE)) == 1


async def test_terms_go_with_the_subscriptions_of_a_group_that_became_a_supergroup(database: Database) -> None:
    await make_owed(database, chats=[-5])
    await make_subscriber(database, -1005)  # it has spoken first
    await come(database)
    async with database.begin() as connection:
        await schedules.set_quiet(connection, ME, (1380, 420), "digest")
        await mutes.mute_word(connection, ME, "train", parse("train"))
        await supergroups.migrate_chat(connection, ChatId(-5), ChatId(-1005))
    taking = SubscriberId(2)
    async with database.begin() as connection:
        assert await schedules.terms_of(connection, taking) == schedules.Terms(1380, 420, "digest")
        assert [mute.said for mute in await mutes.list_for(connection, taking)] == ["train"]
        assert list(await schedules.coming_of(connection, taking)) == [FIRST]


async def test_of_a_chat_that_is_forgotten_no_terms_are_left(database: Database) -> None:
    await make_owed(database)
    await come(database)
    async with database.begin() as connection:
        await mutes.mute_word(connection, ME, "train", parse("train"))
        held = await held_about(connection, ChatId(100))
    assert {"mutes", "subscriber_schedules", "subscription_schedules"} <= set(held)
    async with database.begin() as connection:
        await erasure.request(connection, ChatId(100))
        await erasure.finish(connection, ChatId(100))
    for table in ("mutes", "subscriber_schedules", "subscription_schedules"):
        assert await rows(database, f"SELECT count(*) FROM {table}") == [(0,)]
