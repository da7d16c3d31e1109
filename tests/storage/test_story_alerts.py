"""One alert a story and subscriber: whatever asks for it, and however its posts come, join, part and merge."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from sqlalchemy.exc import IntegrityError

from storage import subscribers, subscriptions, supergroups
from storage.database import Database, StatementRefused
from storage.deliveries import Owed, begin_sending, lease_due, mark_dead, mark_sent, mark_unknown, owe_alerts
from storage.ids import ChatId, PostId, SubscriptionId
from storage.stories import Placed, lock_stories, merge_stories, place
from storage.subscribers import Subscriber
from storage.subscription_modes import Mode, modes_of, set_mode
from storage.told_stories import take_out
from tests.storage.makers import (
    change,
    make_channel,
    make_post,
    make_subscriber,
    owe,
    rows,
    store_one,
    subscribe,
)

MINUTE = dt.timedelta(minutes=1)


async def tell(database: Database, *channels: str) -> list[PostId]:
    """A new post of each channel, joined to no story."""
    said = []
    for channel in channels:
        channel_id = await make_channel(database, channel)
        ((count,),) = await rows(database, "SELECT count(*) FROM posts WHERE channel_id = :c", c=channel_id)
        said.append(await store_one(database, make_post(channel_id, count + 1, "мир")))
    return said


async def join(database: Database, story_id: PostId, *post_ids: PostId) -> None:
    async with database.begin() as connection:
        await lock_stories(connection)
        await place(connection, [Placed(post_id, story_id, "copy") for post_id in post_ids])


async def merge(database: Database, story_id: PostId, into: PostId) -> None:
    async with database.begin() as connection:
        await lock_stories(connection)
        await merge_stories(connection, story_id, into)


async def part(database: Database, post_id: PostId) -> None:
    async with database.begin() as connection:
        await take_out(connection, post_id)


async def asker(
    database: Database, mode: Mode = "first", nth: int | None = None, *, chat_id: int = 100, query: str = "мир"
) -> tuple[Subscriber, SubscriptionId]:
    subscriber = await make_subscriber(database, chat_id)
    number = await subscribe(database, subscriber, query)
    async with database.begin() as connection:
        assert await set_mode(connection, subscriber.id, number, mode, nth)
    return subscriber, number


async def alerts(database: Database) -> dict[int, str]:
    """The state of each alert, by its post."""
    found = await rows(database, "SELECT post_id, state FROM deliveries WHERE kind = 'alert' ORDER BY post_id")
    return dict(found)


async def send_all(database: Database) -> list[int]:
    """Send what is due; the posts of it."""
    sent: list[int] = []
    while True:
        async with database.begin() as connection:
            leased = await lease_due(connection, lease=MINUTE, busy_chats=(), limit=1)
            if not leased:
                return sent
            alert = await begin_sending(connection, leased[0], lease=MINUTE)
            assert alert is not None
            await mark_sent(connection, leased[0], 1000 + alert.post.id)
            sent.append(alert.post.id)


async def test_first_of_a_story_is_the_default_and_modes_are_read_back(database: Database) -> None:
    subscriber = await make_subscriber(database)
    one, two = await subscribe(database, subscriber, "мир"), await subscribe(database, subscriber, "дом")
    async with database.begin() as connection:
        assert await set_mode(connection, subscriber.id, two, "nth", 3)
        assert await modes_of(connection, subscriber.id) == {one: ("first", None), two: ("nth", 3)}
        assert not await set_mode(connection, (await make_subscriber(database, 7)).id, two, "every")


@pytest.mark.parametrize(("mode", "nth"), [("nth", None), ("nth", 1), ("nth", 21), ("every", 3), ("often", None)])
async def test_a_mode_that_makes_no_sense_is_refused(database: Database, mode: Mode, nth: int | None) -> None:
    subscriber, number = await asker(database)
    with pytest.raises(StatementRefused) as refused:
        async with database.begin() as connection:
            await set_mode(connection, subscriber.id, number, mode, nth)
    assert isinstance(refused.value.__cause__, IntegrityError)


async def test_a_story_is_alerted_once_and_what_follows_is_held(database: Database) -> None:
    subscriber, reason = await asker(database)
    a, b = await tell(database, "a", "b")
    await join(database, a, b)
    assert [await owe(database, subscriber, [post], reason) for post in (a, b)] == [1, 0]
    assert await alerts(database) == {a: "pending", b: "held"}
    assert await send_all(database) == [a]


async def test_posts_of_one_story_in_one_batch_are_one_alert(database: Database) -> None:
    subscriber, reason = await asker(database)
    a, b = await tell(database, "a", "b")
    await join(database, a, b)
    assert await owe(database, subscriber, [a, b], reason) == 1
    assert await send_all(database) == [a]


async def test_control_posts_of_two_stories_are_two_alerts(database: Database) -> None:
    subscriber, reason = await asker(database)
    assert await owe(database, subscriber, await tell(database, "a", "b"), reason) == 2


async def test_every_post_is_alerted_to_whoever_wants_every_post(database: Database) -> None:
    subscriber, reason = await asker(database, "every")
    a, b = await tell(database, "a", "b")
    await join(database, a, b)
    assert await owe(database, subscriber, [a, b], reason) == 2
    assert await owe(database, subscriber, [a, b], reason) == 0
    assert await send_all(database) == [a, b]


async def test_two_modes_of_one_subscriber_are_one_alert_a_post_with_the_reasons_of_both(database: Database) -> None:
    subscriber, first = await asker(database, "first", query="мир")
    _, every = await asker(database, "every", query="дом")
    a, b = await tell(database, "a", "b")
    await join(database, a, b)
    await owe(database, subscriber, [a, b], first, every)
    assert await rows(database, "SELECT post_id, is_first, reasons FROM deliveries ORDER BY id") == [
        (a, True, [first, every]),
        (b, False, [first, every]),
    ]


async def test_a_subscription_that_comes_to_want_every_post_gets_a_held_one_that_is_owed_again(
    database: Database,
) -> None:
    subscriber, first = await asker(database, "first", query="мир")
    _, every = await asker(database, "every", query="дом")
    a, b = await tell(database, "a", "b")
    await join(database, a, b)
    await owe(database, subscriber, [a, b], first)
    assert await owe(database, subscriber, [b], every) == 1  # an edit newly matches
    assert await alerts(database) == {a: "pending", b: "pending"}


async def test_an_alert_waits_until_so_many_channels_tell_its_story(database: Database) -> None:
    subscriber, reason = await asker(database, "nth", 3)
    a, b, c = await tell(database, "a", "b", "c")
    assert await owe(database, subscriber, [a], reason) == 0
    await join(database, a, b)
    assert await alerts(database) == {a: "held"}
    await join(database, a, c)  # which does not match itself
    assert await alerts(database) == {a: "pending"}
    async with database.begin() as connection:
        (leased,) = await lease_due(connection, lease=MINUTE, busy_chats=(), limit=1)
        alert = await begin_sending(connection, leased, lease=MINUTE)
    assert alert is not None
    assert (alert.told_by, [also.channel.username for also in alert.also]) == (3, ["b", "c"])


async def test_two_posts_of_one_channel_are_one_channel(database: Database) -> None:
    subscriber, reason = await asker(database, "nth", 2)
    a, again, b = await tell(database, "a", "a", "b")
    await join(database, a, again)
    assert await owe(database, subscriber, [a, again], reason) == 0
    await join(database, a, b)
    assert await owe(database, subscriber, [b], reason) == 0
    assert await send_all(database) == [a]


async def test_the_post_that_makes_the_number_full_is_alerted_when_it_matches_first(database: Database) -> None:
    subscriber, reason = await asker(database, "nth", 2)
    a, b = await tell(database, "a", "b")
    await join(database, a, b)
    assert await owe(database, subscriber, [b], reason) == 1


async def test_two_processes_that_owe_one_story_at_once_owe_one_alert(database: Database) -> None:
    subscriber, reason = await asker(database)
    a, b = await tell(database, "a", "b")
    await join(database, a, b)
    async with database.begin() as connection:
        assert await owe_alerts(connection, [Owed(subscriber.id, a, (reason,))]) == 1
        other = asyncio.create_task(owe(database, subscriber, [b], reason))
        await asyncio.wait([other], timeout=0.2)
        assert not other.done()
    assert await other == 0


async def test_the_database_refuses_a_second_first_alert_of_a_story(database: Database) -> None:
    subscriber, reason = await asker(database)
    a, b = await tell(database, "a", "b")
    await join(database, a, b)
    await owe(database, subscriber, [a, b], reason)
    with pytest.raises(StatementRefused):
        await change(database, "UPDATE deliveries SET is_first = true, state = 'pending' WHERE state = 'held'")


async def test_stories_that_merge_before_anything_was_sent_are_one_alert(database: Database) -> None:
    subscriber, reason = await asker(database)
    a, b = await tell(database, "a", "b")
    await owe(database, subscriber, [a, b], reason)
    await join(database, a, b)
    assert await send_all(database) == [a]
    assert await alerts(database) == {a: "sent", b: "held"}


async def test_of_stories_that_merge_the_alert_that_was_sent_stays(database: Database) -> None:
    subscriber, reason = await asker(database)
    a, b = await tell(database, "a", "b")
    await owe(database, subscriber, [b], reason)
    assert await send_all(database) == [b]
    await owe(database, subscriber, [a], reason)
    await join(database, a, b)
    assert await send_all(database) == []
    assert await rows(database, "SELECT post_id, is_first, state FROM deliveries ORDER BY post_id") == [
        (a, False, "held"),
        (b, True, "sent"),
    ]


async def test_whole_stories_merge_without_an_alert_more(database: Database) -> None:
    subscriber, reason = await asker(database)
    a, b, c, d = await tell(database, "a", "b", "c", "d")
    await join(database, a, b)
    await join(database, c, d)
    await owe(database, subscriber, [b, c, d], reason)
    assert sorted(await send_all(database)) == [b, c]
    await merge(database, c, a)
    assert await send_all(database) == []
    assert set(await rows(database, "SELECT DISTINCT story_id FROM deliveries WHERE kind = 'alert'")) == {(a,)}


async def test_a_leased_alert_that_is_told_by_another_now_is_not_begun(database: Database) -> None:
    subscriber, reason = await asker(database)
    a, b = await tell(database, "a", "b")
    await owe(database, subscriber, [a], reason)
    await send_all(database)
    await owe(database, subscriber, [b], reason)
    async with database.begin() as connection:
        (leased,) = await lease_due(connection, lease=MINUTE, busy_chats=(), limit=1)
    await join(database, a, b)
    async with database.begin() as connection:
        assert await begin_sending(connection, leased, lease=MINUTE) is None
    assert await alerts(database) == {a: "sent", b: "held"}


@pytest.mark.parametrize("out", [0, 1])
async def test_a_post_that_is_taken_out_of_its_story_is_alerted_once(database: Database, out: int) -> None:
    subscriber, reason = await asker(database)
    posts = await tell(database, "a", "b", "c")
    await join(database, posts[0], *posts[1:])
    await owe(database, subscriber, posts, reason)
    assert await send_all(database) == [posts[0]]
    await part(database, posts[out])
    assert await send_all(database) == [posts[1]]
    assert sum(state == "sent" for state in (await alerts(database)).values()) == 2


async def test_the_first_post_of_a_story_taken_out_leaves_the_alert_of_the_others(database: Database) -> None:
    subscriber, reason = await asker(database)
    a, b, c = await tell(database, "a", "b", "c")
    await join(database, a, b, c)
    await owe(database, subscriber, [b, c], reason)
    assert await send_all(database) == [b]
    await part(database, a)
    assert await send_all(database) == []


@pytest.mark.parametrize("end", ["paused", "dead"])
async def test_what_another_alert_would_have_told_goes_when_that_one_ends_unsent(database: Database, end: str) -> None:
    subscriber, reason = await asker(database)
    _, other = await asker(database, query="дом")
    a, b = await tell(database, "a", "b")
    await join(database, a, b)
    await owe(database, subscriber, [a], reason)
    await owe(database, subscriber, [b], other)
    async with database.begin() as connection:
        if end == "paused":
            await subscriptions.pause(connection, subscriber.id, reason)
        else:
            (leased,) = await lease_due(connection, lease=MINUTE, busy_chats=(), limit=1)
            await mark_dead(connection, leased, "refused")
    assert (await alerts(database))[b] == "pending"
    assert await send_all(database) == [b]


async def test_what_may_have_arrived_keeps_its_story(database: Database) -> None:
    subscriber, reason = await asker(database)
    a, b = await tell(database, "a", "b")
    await join(database, a, b)
    await owe(database, subscriber, [a, b], reason)
    for _ in range(2):
        async with database.begin() as connection:
            (leased,) = await lease_due(connection, lease=MINUTE, busy_chats=(), limit=1)
            await begin_sending(connection, leased, lease=MINUTE)
            await mark_unknown(connection, leased, "no answer", dt.timedelta(0))
    assert await alerts(database) == {a: "dead", b: "held"}


async def test_a_cancelled_alert_whose_story_another_tells_now_stays_held(database: Database) -> None:
    subscriber, reason = await asker(database)
    a, b = await tell(database, "a", "b")
    await join(database, a, b)
    await owe(database, subscriber, [a], reason)
    async with database.begin() as connection:
        await subscriptions.pause(connection, subscriber.id, reason)
        await subscriptions.resume(connection, subscriber.id, reason)
    assert await owe(database, subscriber, [b], reason) == 1
    assert await owe(database, subscriber, [a], reason) == 0
    assert await alerts(database) == {a: "held", b: "pending"}


async def test_a_group_taken_over_by_its_supergroup_is_told_each_story_once(database: Database) -> None:
    a, b = await tell(database, "a", "b")
    await join(database, a, b)
    for chat_id, post in ((-1, a), (-2, b)):
        subscriber, reason = await asker(database, chat_id=chat_id)
        await owe(database, subscriber, [post], reason)
    async with database.begin() as connection:
        await supergroups.migrate_chat(connection, ChatId(-1), ChatId(-2))
    assert await send_all(database) == [b]


async def test_a_story_of_a_suspended_chat_releases_nothing(database: Database) -> None:
    subscriber, reason = await asker(database)
    a, b = await tell(database, "a", "b")
    await join(database, a, b)
    await owe(database, subscriber, [a, b], reason)
    async with database.begin() as connection:
        await subscribers.suspend(connection, subscriber.id, "blocked")
    assert await alerts(database) == {a: "cancelled", b: "held"}
