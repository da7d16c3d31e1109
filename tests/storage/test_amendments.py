"""What changes an alert that was sent is owed to it: once, not too often, not for ever, and never to others."""

from __future__ import annotations

import datetime as dt

from storage import amendments
from storage.amendments import Amendment, mark_amended
from storage.database import Database
from storage.deliveries import Leased, begin_sending, lease_due, mark_dead, mark_sent, mark_unknown
from storage.forgetting import forget_texts
from storage.ids import ChannelId, MessageId, PostId
from storage.posts import mark_deleted
from tests.storage.makers import NOON, change, make_post, owe, rows, store_one
from tests.storage.test_story_alerts import MINUTE, asker, join, part, send_all, tell

NO_TIME = dt.timedelta(0)


async def sent_alert(database: Database, *others: str) -> list[PostId]:
    """Somebody was alerted to the first of these posts; the others are told by other channels, alone so far."""
    subscriber, reason = await asker(database)
    posts = await tell(database, "a", *others)
    await owe(database, subscriber, posts[:1], reason)
    await send_all(database)
    return posts


async def channel_of(database: Database, post: PostId) -> tuple[ChannelId, MessageId]:
    ((channel_id, message_id),) = await rows(database, "SELECT channel_id, message_id FROM posts WHERE id = :p", p=post)
    return channel_id, message_id


async def edit(database: Database, post: PostId, text: str, minutes: int = 5) -> None:
    channel_id, message_id = await channel_of(database, post)
    edited = make_post(channel_id, message_id, text, edited_at=NOON + minutes * MINUTE)
    assert await store_one(database, edited) == post


async def delete(database: Database, post: PostId) -> None:
    channel_id, message_id = await channel_of(database, post)
    async with database.begin() as connection:
        await mark_deleted(connection, channel_id, [message_id], NOON + MINUTE)


async def spread(database: Database) -> int:
    async with database.begin() as connection:
        return await amendments.spread(connection)


async def lease(database: Database) -> Leased | None:
    """The amendment that is due, its time of gathering over."""
    await change(database, "UPDATE deliveries SET due_at = now() WHERE kind = 'amendment' AND due_at < now() + '1 min'")
    async with database.begin() as connection:
        leased = await lease_due(connection, lease=MINUTE, busy_chats=(), limit=1)
    return leased[0] if leased else None


async def begin(database: Database, leased: Leased) -> Amendment | None:
    async with database.begin() as connection:
        return await amendments.begin(connection, leased, lease=MINUTE)


async def amend(database: Database) -> Amendment | None:
    """What the next amendment says, sent."""
    await spread(database)
    leased = await lease(database)
    if leased is None:
        return None
    amendment = await begin(database, leased)
    if amendment is not None:
        async with database.begin() as connection:
            assert await mark_amended(connection, leased, amendment.telegram_message_id)
    return amendment


async def test_another_channel_that_tells_the_story_is_named_in_the_alert(database: Database) -> None:
    a, b = await sent_alert(database, "b")
    await join(database, a, b)
    amendment = await amend(database)
    assert amendment is not None
    assert [also.channel.username for also in amendment.alert.also] == ["b"]
    assert amendment.telegram_message_id == 1000 + a


async def test_an_edit_shows_what_the_alert_said_before(database: Database) -> None:
    (a,) = await sent_alert(database)
    await edit(database, a, "мир и дом", 5)
    await edit(database, a, "мир и лес", 6)
    amendment = await amend(database)
    assert amendment is not None
    assert (amendment.alert.shown_before, amendment.alert.post.text) == ("мир", "мир и лес")


async def test_a_deletion_is_owed_to_the_alert_and_says_whether_the_text_is_kept(database: Database) -> None:
    (a,) = await sent_alert(database)
    await delete(database, a)
    kept = await amend(database)
    async with database.begin() as connection:
        await forget_texts(connection, [a])
    await spread(database)
    await change(database, "UPDATE deliveries SET due_at = now() WHERE kind = 'amendment'")
    forgotten = await amend(database)
    assert kept is not None
    assert forgotten is not None
    assert (kept.alert.post.text, kept.alert.is_text_forgotten) == ("мир", False)
    assert (forgotten.alert.post.text, forgotten.alert.is_text_forgotten) == ("", True)


async def test_an_alert_that_waits_is_not_amended_but_composed_later(database: Database) -> None:
    subscriber, reason = await asker(database)
    a, b = await tell(database, "a", "b")
    await owe(database, subscriber, [a], reason)
    await join(database, a, b)
    assert await spread(database) == 1
    assert await rows(database, "SELECT kind FROM deliveries") == [("alert",)]


async def test_what_happens_while_the_alert_is_being_sent_is_amended_after_it(database: Database) -> None:
    subscriber, reason = await asker(database)
    a, b = await tell(database, "a", "b")
    await owe(database, subscriber, [a], reason)
    async with database.begin() as connection:
        (sending,) = await lease_due(connection, lease=MINUTE, busy_chats=(), limit=1)
        await begin_sending(connection, sending, lease=MINUTE)
    await join(database, a, b)
    assert await amend(database) is None
    async with database.begin() as connection:
        await mark_sent(connection, sending, 5)
    amendment = await amend(database)
    assert amendment is not None
    assert [also.channel.username for also in amendment.alert.also] == ["b"]


async def test_causes_are_gathered_into_one_amendment_and_the_next_waits_two_minutes(database: Database) -> None:
    a, b, c = await sent_alert(database, "b", "c")
    await join(database, a, b)
    await edit(database, a, "мир!")
    first = await amend(database)
    assert first is not None
    assert (len(first.alert.also), first.alert.shown_before) == (1, "мир")
    await join(database, a, c)
    assert await amend(database) is None
    ((wait,),) = await rows(database, "SELECT due_at - now() FROM deliveries WHERE kind = 'amendment'")
    assert MINUTE < wait <= amendments.APART


async def test_what_changes_while_an_amendment_is_under_way_is_followed_by_another(database: Database) -> None:
    a, b, c = await sent_alert(database, "b", "c")
    await join(database, a, b)
    await spread(database)
    leased = await lease(database)
    assert leased is not None
    assert await begin(database, leased) is not None
    await join(database, a, c)
    await spread(database)
    async with database.begin() as connection:
        assert await mark_amended(connection, leased, 5)
    assert await rows(database, "SELECT state, is_stale FROM deliveries WHERE kind = 'amendment'") == [
        ("pending", True)
    ]


async def test_an_alert_of_six_hours_ago_is_not_amended(database: Database) -> None:
    a, b = await sent_alert(database, "b")
    await change(database, "UPDATE deliveries SET settled_at = now() - interval '361 minutes'")
    await join(database, a, b)
    assert await spread(database) == 1
    assert await lease(database) is None


async def test_posts_of_which_nobody_was_alerted_leave_no_causes(database: Database) -> None:
    await sent_alert(database)
    b, c = await tell(database, "b", "c")
    await join(database, b, c)
    await edit(database, b, "другое")
    assert await spread(database) == 0


async def test_a_dead_amendment_ends_those_of_its_alert(database: Database) -> None:
    a, b, c = await sent_alert(database, "b", "c")
    await join(database, a, b)
    await spread(database)
    leased = await lease(database)
    assert leased is not None
    async with database.begin() as connection:
        await mark_dead(connection, leased, "message to edit not found")
    await join(database, a, c)
    assert await amend(database) is None
    assert await rows(database, "SELECT state FROM deliveries WHERE kind = 'amendment'") == [("dead",)]


async def test_an_amendment_of_which_nobody_knows_the_end_is_made_again(database: Database) -> None:
    a, b = await sent_alert(database, "b")
    await join(database, a, b)
    await spread(database)
    for _ in range(3):
        leased = await lease(database)
        assert leased is not None
        assert await begin(database, leased) is not None
        async with database.begin() as connection:
            assert await mark_unknown(connection, leased, "no answer", NO_TIME)
        assert leased.unknowns == 0


async def test_a_channel_whose_own_post_was_alerted_is_not_named_too(database: Database) -> None:
    subscriber, reason = await asker(database, "every")
    a, b = await tell(database, "a", "b")
    await owe(database, subscriber, [a, b], reason)
    await send_all(database)
    await join(database, a, b)
    assert await amend(database) is None


async def test_a_post_taken_out_of_the_story_is_taken_out_of_the_alert(database: Database) -> None:
    a, b = await sent_alert(database, "b")
    await join(database, a, b)
    assert await amend(database) is not None
    await change(database, "UPDATE deliveries SET settled_at = settled_at - interval '1 hour' WHERE kind = 'amendment'")
    await part(database, b)
    amendment = await amend(database)
    assert amendment is not None
    assert amendment.alert.also == ()


async def test_those_who_tell_are_named_in_order_of_time_once_each(database: Database) -> None:
    (a,) = await sent_alert(database)
    others = await tell(database, "x", "y", "x")
    for minutes, post in zip((9, 4, 1), others, strict=True):
        await change(database, f"UPDATE posts SET posted_at = posted_at + interval '{minutes} min' WHERE id = {post}")
    await join(database, a, *others)
    amendment = await amend(database)
    assert amendment is not None
    named = [(also.channel.username, also.posted_at - NOON) for also in amendment.alert.also]
    assert named == [("x", MINUTE), ("y", 4 * MINUTE)]
