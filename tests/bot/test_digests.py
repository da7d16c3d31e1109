"""Posts found late are one message: what it says, and that it comes once, or twice with its mark."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digests import compose_digest
from bot.message import Message
from bot.rich_text import MESSAGE_UNITS, MOST_ENTITIES
from sandbox.bot_api import BotApiServer, faults
from sandbox.bot_api.texts import checked_message, format_text
from sandbox.chat_records import Accepted
from sandbox.world import World
from storage import deliveries
from storage.alerts import FoundLate
from storage.database import Database
from storage.ids import ChannelId, MessageId
from storage.posts import StoredPost
from storage.subscriptions import Subscription
from tests.bot.conftest import Newsroom, delivering
from tests.bot.test_alerts import FOREIGN, HARBOUR, NOW, reason, stored

REPEATED = "↻ possibly repeated"


def late_posts(*texts: str) -> tuple[StoredPost, ...]:
    return tuple(
        replace(stored(text), message_id=MessageId(number), posted_at=NOW - dt.timedelta(minutes=90 - number))
        for number, text in enumerate(texts, 1)
    )


def digest(posts: tuple[StoredPost, ...], *reasons: Subscription, count: int | None = None, is_repeat: bool = False,
           now: dt.datetime = NOW) -> Message:  # fmt: skip
    found = FoundLate(posts, count or len(posts), posts[0].posted_at)
    return compose_digest(found, reasons, language="en", time_zone="UTC", is_repeat=is_repeat, now=now)


def test_a_digest_lists_channel_time_first_words_and_link_the_newest_last() -> None:
    text = digest(late_posts("The ferry has left.", "A ferry\n\nis back."), reason("ferry", name="Ships")).text.text
    assert text.split("\n") == [
        "⏱ 2 posts were found late:",
        "",
        "Harbour News · 10:31 UTC",
        "The ferry has left.",
        "https://t.me/harbour_news/1",
        "",
        "Harbour News · 10:32 UTC",
        "A ferry is back.",
        "https://t.me/harbour_news/2",
        "",
        "🔔 Ships",
    ]


def test_first_words_are_cut_between_words() -> None:
    line = digest(late_posts("ferry " * 100, "x"), reason("ferry")).text.text.split("\n")[3]
    assert line.endswith("ferry…")
    assert 100 < len(line) <= 120


def test_a_protected_channel_shows_no_words_in_a_digest() -> None:
    hidden, shown = late_posts("The secret ferry", "A ferry")
    hidden = replace(hidden, channel=replace(HARBOUR, is_protected=True))
    text = digest((hidden, shown), reason("ferry")).text.text
    assert "secret" not in text
    assert "https://t.me/harbour_news/1" in text


def test_a_post_that_was_deleted_meanwhile_says_so() -> None:
    gone, there = late_posts("One ferry", "Another ferry")
    assert "10:31 UTC · deleted since\n" in digest((replace(gone, deleted_at=NOW), there), reason("ferry")).text.text


def test_a_repeated_digest_begins_with_its_mark() -> None:
    assert digest(late_posts("a", "b"), is_repeat=True).text.text.startswith(REPEATED + "\n⏱ 2 posts")


def test_what_does_not_fit_is_counted_and_can_be_searched_for() -> None:
    texts = [f"ferry {number} " + "of many words " * 20 for number in range(1, 41)]
    message = digest(late_posts(*texts), reason("ferry channel:3"), count=1000)
    *_, last, more, _ = message.text.text.split("\n")
    assert last == ""
    shown = message.text.text.count("https://t.me/harbour_news/")
    assert 10 < shown < 40
    assert "ferry 40 of" in message.text.text
    assert more == (
        f"and {1000 - shown} earlier ones. To see them, search with "
        "/search ferry channel:@harbour_news after:2026-03-05"
    )


def test_a_digest_holds_no_more_formatting_than_telegram_shows() -> None:
    message = digest(late_posts(*"x" * 40), reason("ferry"))
    assert MOST_ENTITIES - 3 < len(message.text.spans) <= MOST_ENTITIES
    assert message.text.units < MESSAGE_UNITS - 500
    assert "earlier ones" in message.text.text


def test_a_query_that_nobody_could_type_is_not_offered() -> None:
    text = digest(late_posts("ferry"), reason("ferry " * 50), count=2).text.text
    assert "/search WORDS after:2026-03-05" in text


@given(st.lists(st.tuples(FOREIGN, FOREIGN), min_size=2, max_size=40), st.booleans(), st.booleans())
def test_any_late_posts_become_a_message_that_telegram_takes(
    said: list[tuple[str, str]], repeat: bool, named: bool
) -> None:
    posts = tuple(
        replace(post, channel=replace(HARBOUR, id=ChannelId(7), title=title, username="harbour" if named else None))
        for post, (_, title) in zip(late_posts(*(text for text, _ in said)), said, strict=True)
    )
    reasons = [reason("ferry OR whale", name=said[0][0][:60] or "x"), reason("(ferry OR whale) lang:ru", number=2)]
    message = digest(posts, *reasons, is_repeat=repeat, count=500)
    entities = [entity.to_dict() for entity in message.text.entities()]
    assert message.text.units <= MESSAGE_UNITS
    assert len(message.text.spans) <= MOST_ENTITIES
    assert checked_message(format_text(message.text.text, "", entities)).text == message.text.text


@pytest.fixture
async def ferry(world: World, newsroom: Newsroom) -> Subscription:
    """Anna's subscription to ferries."""
    chat = world.chats.add_private(world.add_user("Anna"))
    return await newsroom.subscription(await newsroom.subscriber(chat.id), "ferry")


def accepted(world: World) -> list[Accepted]:
    return world.chats.accepted


async def test_late_posts_arrive_as_one_message(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    await newsroom.owe_late(ferry, *(f"Ferry number {number}" for number in range(100)))
    async with delivering(database, server):
        await newsroom.settled(sent=100)
    (message,) = accepted(world)
    assert message.text.startswith("⏱ 100 posts were found late:")
    assert "Ferry number 99" in message.text


async def test_control_without_the_mark_late_posts_are_a_flood(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    await newsroom.owe_late(ferry, "Ferry one", "Ferry two")
    async with database.begin() as connection:
        await connection.exec_driver_sql("UPDATE deliveries SET is_late = false")
    async with delivering(database, server):
        await newsroom.settled(sent=2)
    assert len(accepted(world)) == 2


async def test_a_single_late_post_is_an_alert_that_says_how_late(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    await newsroom.owe_late(ferry, "The ferry has left.")
    async with delivering(database, server):
        await newsroom.settled(sent=1)
    (message,) = accepted(world)
    assert "seen 1 h later\nHarbour News" in message.text
    assert message.reply_markup is not None


@pytest.mark.parametrize(
    ("fault", "copies"),
    [(faults.DropBefore(), 1), (faults.DropAfter(), 2), (faults.BadGateway(accepted=True), 2)],
    ids=str,
)
async def test_a_digest_whose_answer_is_lost_comes_once_more_and_says_so(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription,
    fault: faults.Fault, copies: int,
) -> None:  # fmt: skip
    world.faults.add("bot_api", "sendMessage", fault)
    await newsroom.owe_late(ferry, "Ferry one", "Ferry two", "Ferry three")
    async with delivering(database, server):
        await newsroom.settled(sent=3)
    assert len(accepted(world)) == copies
    assert accepted(world)[-1].text.startswith(f"{REPEATED}\n⏱ 3 posts")


async def test_a_digest_that_stays_unknown_is_not_sent_a_third_time(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    world.faults.add("bot_api", "sendMessage", faults.DropAfter(), faults.DropAfter())
    await newsroom.owe_late(ferry, "Ferry one", "Ferry two")
    async with delivering(database, server):
        await newsroom.settled(dead=2)
    assert len(accepted(world)) == 2


async def test_a_digest_that_a_flood_kept_back_comes_unmarked(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    world.faults.add("bot_api", "sendMessage", faults.Flood(1))
    await newsroom.owe_late(ferry, "Ferry one", "Ferry two")
    async with delivering(database, server):
        await newsroom.settled(sent=2)
    (message,) = accepted(world)
    assert message.text.startswith("⏱ 2 posts")


async def test_a_digest_for_who_blocked_the_bot_is_cancelled(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom
) -> None:
    nobody = await newsroom.subscription(await newsroom.subscriber(555), "ferry")
    await newsroom.owe_late(nobody, "Ferry one", "Ferry two")
    async with delivering(database, server):
        await newsroom.settled(cancelled=2)


async def test_a_digest_that_a_crash_interrupted_is_repeated_with_its_mark(
    world: World, server: BotApiServer, database: Database, newsroom: Newsroom, ferry: Subscription
) -> None:
    await newsroom.owe_late(ferry, "Ferry one", "Ferry two")
    async with database.begin() as connection:
        (leased,) = await deliveries.lease_due(connection, lease=dt.timedelta(hours=1), busy_chats=[], limit=1)
        await deliveries.begin_sending(connection, leased, lease=dt.timedelta(seconds=-1))
    async with delivering(database, server):
        await newsroom.settled(sent=2)
    (message,) = accepted(world)
    assert message.text.startswith(REPEATED)
