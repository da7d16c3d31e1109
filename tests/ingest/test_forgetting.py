"""After forgetting exactly what is kept is there: wherever it was killed, and whoever writes meanwhile."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.forgetting import Forgotten, forget, forget_expired, forget_media, schedule
from storage.database import AlreadyRunning, Database
from storage.disk_usage import FILLED, measure
from storage.forgetting import BATCH
from storage.ids import ChannelId, MessageId
from storage.keeping import Keeping
from storage.posts import mark_deleted
from tests.storage.kept import is_kept
from tests.storage.makers import NOON, change, make_channel, make_post, rows, store

DAY = dt.timedelta(days=1)
MIB = 2**20
EXPIRE = "UPDATE posts SET expires_at = :at WHERE message_id = :id"


@dataclass(frozen=True)
class Sample:
    """A post, as far as forgetting asks."""

    posted_at: dt.datetime
    expires_at: dt.datetime | None

    @property
    def seen_at(self) -> dt.datetime:
        """It came when it was published."""
        return self.posted_at


@dataclass
class Killer:
    """A pause in which the process dies, some pauses after the last death."""

    after: int

    async def __call__(self, seconds: float) -> None:
        self.after -= 1
        if self.after < 0:
            raise asyncio.CancelledError


async def no_pause(seconds: float) -> None:
    await asyncio.sleep(0)


def noon() -> dt.datetime:
    return NOON


async def forget_at_noon(database: Database, keeping: Keeping, **how: Any) -> Forgotten:
    return await forget(database, keeping, noon, **{"batch": 2, "pause": no_pause, **how})


async def left(database: Database) -> list[int]:
    return [number for (number,) in await rows(database, "SELECT message_id FROM posts ORDER BY 1")]


def moments(first: int, last: int) -> st.SearchStrategy[dt.datetime]:
    """Days from noon, and the instants beside them."""
    days = st.integers(first, last).map(lambda day: NOON + day * DAY)
    return st.builds(lambda day, micro: day + dt.timedelta(microseconds=micro), days, st.integers(-1, 1))


SAMPLES = st.lists(st.builds(Sample, moments(-8, 0), st.one_of(st.none(), moments(-2, 2))), max_size=9)
KEEPINGS = st.builds(
    Keeping,
    posts=st.one_of(st.none(), st.integers(0, 8).map(lambda days: days * DAY)),
)


async def make_samples(database: Database, samples: Sequence[Sample]) -> None:
    """Those posts, and no others; the first is number 1."""
    await change(database, "TRUNCATE posts, channel_messages, channels RESTART IDENTITY CASCADE")
    news = await make_channel(database)
    await store(
        database,
        *(
            make_post(news, number, posted_at=post.posted_at, seen_at=post.seen_at)
            for number, post in enumerate(samples, start=1)
        ),
    )
    for number, post in enumerate(samples, start=1):
        if post.expires_at:
            await change(database, EXPIRE, at=post.expires_at, id=number)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SAMPLES, KEEPINGS, st.lists(st.integers(0, 3), max_size=3))
async def test_exactly_what_is_kept_is_there_however_often_it_was_killed(
    database: Database, samples: list[Sample], keeping: Keeping, deaths: list[int]
) -> None:
    await make_samples(database, samples)
    for pauses in deaths:
        with suppress(asyncio.CancelledError):
            await forget_at_noon(database, keeping, pause=Killer(pauses))
    await forget_at_noon(database, keeping)
    kept = [number for number, post in enumerate(samples, start=1) if is_kept(post, keeping, NOON)]
    assert await left(database) == kept
    assert await rows(database, "SELECT count(*) FROM channel_messages") == [(len(samples),)]


async def test_each_kind_is_counted(database: Database) -> None:
    old, young, ended = NOON - 400 * DAY, NOON - DAY, NOON - dt.timedelta(hours=1)
    await make_samples(
        database, [Sample(old, None), Sample(young, ended), Sample(young, None), Sample(old, NOON + DAY)]
    )
    done = await forget_at_noon(database, Keeping())
    assert (done.expired, done.aged, done.over_budget, done.texts, done.posts) == (1, 2, 0, 0, 3)


async def test_posts_with_a_time_to_live_need_not_wait_for_the_night(database: Database) -> None:
    await make_samples(database, [Sample(NOON - 400 * DAY, None), Sample(NOON - DAY, NOON), Sample(NOON, NOON + DAY)])
    assert await forget_expired(database, noon) == 1
    assert await left(database) == [1, 3]


@pytest.mark.parametrize(("is_wanted", "texts"), [(True, ["мир", "мир"]), (False, ["", "мир"])])
async def test_deleted_posts_keep_their_texts_unless_told_otherwise(
    database: Database, is_wanted: bool, texts: list[str]
) -> None:
    news = await make_channel(database)
    await store(database, make_post(news, 1, "мир"), make_post(news, 2, "мир"))
    async with database.begin() as connection:
        await mark_deleted(connection, news, [MessageId(1)], NOON)
    assert (await forget_at_noon(database, Keeping(deleted_texts=is_wanted))).texts == (not is_wanted)
    assert await rows(database, "SELECT text FROM posts ORDER BY message_id") == [(text,) for text in texts]


async def test_records_of_long_ago_are_forgotten(database: Database) -> None:
    await change(database, "INSERT INTO replays (fingerprint, lines, finished_at) VALUES ('a', 1, '2025-01-01Z')")
    await change(
        database, "INSERT INTO notices (kind, detail, created_at, owed_at) VALUES ('clock', '{}', '2025-01-01Z', now())"
    )
    assert (await forget_at_noon(database, Keeping())).replays == 1
    assert await rows(database, "SELECT count(*) FROM notices") == [(0,)]


ENDED = {
    "inbox": "INSERT INTO inbox (update_id, chat_id, raw, state, done_at) VALUES (1, 1, '{}', 'done', '2025-01-01Z')",
    "invites": (
        "INSERT INTO invites (token_hash, role, uses_left, expires_at) VALUES ('', 'subscriber', 1, '2025-01-01Z')"
    ),
    "share_links": "INSERT INTO share_links (token_hash, query, expires_at) VALUES ('', 'мир', '2025-01-01Z')",
    "proposals": "INSERT INTO proposals (subscriber_id, username, proposed_at) VALUES (1, 'demo', '2025-01-01Z')",
    "operator_sessions": (
        "INSERT INTO operator_sessions (operator_id, token_hash, expires_at) VALUES (1, '', '2025-01-01Z')"
    ),
    "operator_actions": (
        "INSERT INTO operator_actions (operator_name, action, done_at) VALUES ('anna', 'signed in', '2025-01-01Z')"
    ),
    "webhook_deliveries": (
        "INSERT INTO webhook_deliveries (webhook_id, post_id, story_id, state, settled_at)"
        " VALUES (1, 1, 1, 'sent', '2025-01-01Z')"
    ),
}
"""By table, a row of long ago that nobody needs."""

OWNERS = (
    "INSERT INTO subscribers (chat_id, chat_type, language, state) VALUES (1, 'private', 'en', 'active')",
    "INSERT INTO operators (name, password_hash) VALUES ('anna', '')",
    (
        "INSERT INTO webhooks (name, kind, query, mode, host, url, state, version)"
        " VALUES ('desk', 'webhook', '', 'every', '', '', 'active', 1)"
    ),
)


async def test_what_has_ended_goes_though_nobody_writes_beside_it_any_more(database: Database) -> None:
    for statement in (*OWNERS, *ENDED.values()):
        await change(database, statement)
    await forget_at_noon(database, Keeping())
    left_of = [await rows(database, f"SELECT count(*) FROM {table}") for table in ENDED]
    assert left_of == [[(0,)]] * len(ENDED)


async def used_mib(database: Database) -> float:
    async with database.begin() as connection:
        return (await measure(connection)).used / MIB


async def fill(database: Database, posts: int) -> None:
    """Posts of some 3 kB that do not compress; the last is of noon, those before it an hour apart."""
    news = await make_channel(database)
    chance = random.Random(1)
    for begin in range(1, posts + 1, 100):
        await store(
            database,
            *(
                make_post(news, number, chance.randbytes(1400).hex(), posted_at=NOON - (posts - number) * DAY / 24)
                for number in range(begin, begin + 100)
            ),
        )


async def test_disk_budget_takes_the_oldest_posts_once_and_no_more(database: Database) -> None:
    empty = await used_mib(database)
    await fill(database, 2000)
    full = await used_mib(database)
    budget = Keeping(disk_budget_mib=round((empty + full) / 2))
    done = await forget_at_noon(database, budget, batch=50)
    assert 700 < done.over_budget < 1800  # what is kept of posts beside their rows is counted, and stays in part
    assert await left(database) == list(range(done.over_budget + 1, 2001))
    assert await used_mib(database) == pytest.approx(budget.disk_budget_mib * FILLED, rel=0.05)  # type: ignore[operator]
    # The files are as large as before: a budget measured by them would take posts every night.
    ((files,),) = await rows(database, "SELECT pg_database_size(current_database())")
    assert files / MIB > full * 0.95
    assert (await forget_at_noon(database, budget, batch=50)).posts == 0


async def test_budget_that_posts_cannot_meet_takes_none(database: Database) -> None:
    await make_samples(database, [Sample(NOON, None)] * 3)
    assert (await forget_at_noon(database, Keeping(disk_budget_mib=1))).posts == 0
    assert await left(database) == [1, 2, 3]


async def test_budget_that_is_not_used_up_takes_none(database: Database) -> None:
    await make_samples(database, [Sample(NOON, None)] * 3)
    assert (await forget_at_noon(database, Keeping(disk_budget_mib=1000))).posts == 0


async def test_between_two_steps_nothing_is_locked(database: Database) -> None:
    await make_samples(database, [Sample(NOON - 400 * DAY, None)] * 6)
    pauses = []

    async def look(seconds: float) -> None:
        held = "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = relation WHERE c.relname = 'posts'"
        pauses.append(await rows(database, held))
        await change(database, "SET LOCAL lock_timeout = '1ms'; UPDATE posts SET views = 1")

    await forget_at_noon(database, Keeping(), pause=look)
    assert pauses == [[(0,)]] * 3


async def write(database: Database, news: ChannelId, is_over: Callable[[], bool]) -> int:
    """Edit old posts and store new ones without end; whoever makes it wait half a second for a lock throws it out."""
    count = 0
    while not is_over():
        count += 1
        old, edited_at = random.Random(count).randrange(1, 2000), NOON + count * dt.timedelta(seconds=1)
        posts = [make_post(news, old, f"{count}", edited_at=edited_at), make_post(news, 5000 + count, "новое")]
        await change(database, "SET LOCAL lock_timeout = '500ms'; UPDATE posts SET views = 1 WHERE message_id % 50 = 7")
        await store(database, *posts)
    return count


async def test_who_writes_meanwhile_never_waits_longer_than_for_a_step(database: Database) -> None:
    news = await make_channel(database)
    for begin in range(1, 4000, 500):
        posts = (
            make_post(news, number, "мир", posted_at=NOON - 400 * DAY, seen_at=NOON - 400 * DAY)
            for number in range(begin, begin + 500)
        )
        await store(database, *posts)
    forgetting = asyncio.create_task(forget(database, Keeping(), noon, batch=BATCH))
    written = await write(database, news, forgetting.done)
    assert (await forgetting).aged > 3000
    assert written > 10
    fresh = "SELECT count(*) FROM posts WHERE text = 'новое'"
    assert await rows(database, fresh) == [(written,)]


async def test_two_processes_do_not_forget_at_once(database: Database) -> None:
    await make_samples(database, [Sample(NOON - 400 * DAY, None)] * 5)

    async def meanwhile(seconds: float) -> None:
        with pytest.raises(AlreadyRunning):
            await forget_at_noon(database, Keeping())

    assert (await forget_at_noon(database, Keeping(), pause=meanwhile)).aged == 5


async def test_jobs_forget_and_survive_a_database_that_refuses(database: Database, tmp_path: Path) -> None:
    await make_samples(database, [Sample(NOON - 400 * DAY, NOON - 399 * DAY)])
    scheduler = AsyncIOScheduler(timezone=dt.UTC)
    schedule(scheduler, database, Keeping(posts=None), tmp_path)
    jobs = {job.id: job.func for job in scheduler.get_jobs()}
    assert jobs.keys() == {"forget", "forget expired"}
    await change(database, "ALTER TABLE posts RENAME TO elsewhere")
    for job in jobs.values():
        await job()
    await change(database, "ALTER TABLE elsewhere RENAME TO posts")
    await jobs["forget expired"]()
    assert await left(database) == []


async def test_media_of_forgotten_posts_go_too(database: Database, tmp_path: Path) -> None:
    await make_samples(database, [Sample(NOON - 400 * DAY, None), Sample(NOON, None)])
    for number in (1, 2):
        file = tmp_path / "media" / "1" / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
        await change(
            database,
            "INSERT INTO media_files (channel_id, message_id, state, path, bytes)"
            f" VALUES (1, {number}, 'stored', 'media/1/{number}.jpg', 1)",
        )
    await forget_at_noon(database, Keeping())
    assert await forget_media(database, tmp_path) == 1
    assert [file.name for file in (tmp_path / "media" / "1").iterdir()] == ["2.jpg"]
