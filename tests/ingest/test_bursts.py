"""Bursts are found in what is committed: opened once, grown, ended; never of reposts, or with too little history."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import pytest

from analysis.text import LEMMAS, analyse
from ingest.bursts import Bursts
from ingest.standing_queries import StandingQueries
from storage import bursts
from storage.bursts import Burst
from storage.database import Database
from storage.ids import ChannelId, PostId
from storage.stories import Placed, place
from tests.storage.makers import change, make_channel, make_post, make_subscriber, rows, store, subscribe

NOW = dt.datetime(2026, 3, 12, 15, 30, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)

CALM = ("Городской совет Лимански обсудил ремонт дорог", "Открыта выставка картин", "Погода останется прежней")


@dataclass
class Newsroom:
    """Five channels with a calm week behind them, and a clock."""

    database: Database
    channels: list[ChannelId]
    now: dt.datetime = NOW
    next_id: int = 1
    watch: Bursts = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Bursts(self.database, clock=lambda: self.now)

    async def say(self, *told: tuple[str, dt.datetime, int], found_by: str = "push") -> list[PostId]:
        """Posts: their words, when, and in which channel."""
        posts = []
        for said, at, channel in told:
            self.next_id += 1
            fields = {"posted_at": at, "seen_at": at, "found_by": found_by}
            posts.append(make_post(self.channels[channel % len(self.channels)], self.next_id, said, **fields))
        return [post_id for post_id, _ in await store(self.database, *posts)]

    async def chorus(self, said: str, count: int = 9, found_by: str = "push") -> list[PostId]:
        """So many posts of the last half hour, of all channels in turn, each with a tail of its own."""
        began = self.now - 30 * MINUTE
        told = [(f"{said} {n}", began + n * MINUTE, n) for n in range(count)]
        return await self.say(*told, found_by=found_by)

    async def live(self, hours: int) -> None:
        """A calm life up to now, as it is counted: in every hour three posts, which say all of CALM."""
        until = self.now.replace(minute=0)
        values = {"since": until - hours * HOUR, "until": until - HOUR, "words": sorted(lemmas_of_calm())}
        await change(self.database, HOURS, **values)
        await change(self.database, DAYS, **values)

    async def open(self) -> list[Burst]:
        async with self.database.begin() as connection:
            return await bursts.open_bursts(connection)


def lemmas_of_calm() -> set[str]:
    return {lemma for said in CALM for form in analyse(said).forms for lemma in LEMMAS[form]}


HOURS = (
    "INSERT INTO rated_hours (hour_at, posts, voices, least)"
    " SELECT generate_series(CAST(:since AS timestamptz), :until, interval '1 hour'), 3, 3, 2"
)
DAYS = (
    "INSERT INTO rates (what, day, total, hours) SELECT what, day, 24, array_fill(CAST(1 AS smallint), ARRAY[24])"
    " FROM unnest(CAST(:words AS text[])) AS what, generate_series(CAST(:since AS date), CAST(:until AS date),"
    " interval '1 day') AS day"
)


@pytest.fixture
async def newsroom(database: Database) -> Newsroom:
    """Four calm days."""
    room = Newsroom(database, [await make_channel(database, f"demo_{n}") for n in range(5)])
    await room.live(96)
    return room


async def test_word_far_above_its_usual_rate_is_a_burst_with_its_first_posts(newsroom: Newsroom) -> None:
    posts = await newsroom.chorus("Взрыв на складе в порту, в Лиманске слышали взрыв")
    [burst] = await newsroom.watch.look()
    assert (burst.peak_posts, burst.peak_channels, burst.usual) == (9, 5, 1.0)
    assert {"взрыв", "склад", "порт"} <= set(burst.whats)
    assert burst.post_ids == tuple(posts[:5])


async def test_what_is_usual_is_no_burst(newsroom: Newsroom) -> None:
    await newsroom.say(*((CALM[n % 3], newsroom.now - 20 * MINUTE, n) for n in range(9)))
    assert await newsroom.watch.look() == []


async def test_burst_opens_once_grows_and_ends(newsroom: Newsroom) -> None:
    await newsroom.chorus("Пожар на складе")
    assert len(await newsroom.watch.look()) == 1
    newsroom.now += 20 * MINUTE
    await newsroom.chorus("Пожар на складе")
    assert await newsroom.watch.look() == []
    assert [burst.peak_posts for burst in await newsroom.open()] == [18]
    newsroom.now += 2 * HOUR
    assert await newsroom.watch.look() == []
    assert await newsroom.open() == []


async def test_what_comes_again_within_hours_is_the_same_burst(newsroom: Newsroom) -> None:
    await newsroom.chorus("Пожар на складе")
    [burst] = await newsroom.watch.look()
    newsroom.now += 3 * HOUR
    await newsroom.watch.look()
    await newsroom.chorus("Пожар на складе")
    assert await newsroom.watch.look() == []
    assert [each.id for each in await newsroom.open()] == [burst.id]


async def test_reposts_of_one_text_are_one_voice(newsroom: Newsroom) -> None:
    posts = await newsroom.chorus("Пожар на складе", 20)
    async with newsroom.database.begin() as connection:
        await place(connection, [Placed(each, posts[0], "copy", posts[0], 0.9) for each in posts[1:]])
    assert await newsroom.watch.look() == []
    async with newsroom.database.begin() as connection:
        await place(connection, [Placed(each, posts[0], "rewrite", posts[0], 0.7) for each in posts[1:]])
    assert len(await newsroom.watch.look()) == 1


async def test_one_channel_alone_makes_no_burst(newsroom: Newsroom) -> None:
    await newsroom.say(*((f"Пожар на складе {n}", newsroom.now - 10 * MINUTE, 3) for n in range(30)))
    assert await newsroom.watch.look() == []


async def test_old_posts_that_somebody_brought_never_alert_and_count_for_what_is_usual(newsroom: Newsroom) -> None:
    await newsroom.chorus("Пожар на складе", found_by="backfill")
    assert await newsroom.watch.look() == []
    yesterday = newsroom.now - 24 * HOUR
    await newsroom.say(*(("Ярмарка мёда", yesterday - (n % 12) * HOUR, n) for n in range(60)), found_by="backfill")
    newsroom.now += HOUR
    assert await newsroom.watch.count_hours(seconds=60) == 13
    kept = await rows(newsroom.database, "SELECT sum(total) FROM rates WHERE what = 'ярмарка'")
    assert kept == [(60,)]


@pytest.mark.parametrize(("hours", "bursts_found"), [(71, 0), (72, 1)])
async def test_nothing_is_unusual_before_enough_is_known(database: Database, hours: int, bursts_found: int) -> None:
    room = Newsroom(database, [await make_channel(database, f"demo_{n}") for n in range(5)])
    await room.live(hours)
    await room.chorus("Взрыв на складе")
    assert len(await room.watch.look()) == bursts_found


async def test_word_that_is_said_every_day_at_this_hour_is_usual(newsroom: Newsroom) -> None:
    for day in range(1, 5):
        await newsroom.say(*((f"Курс гривны {n}", newsroom.now - day * 24 * HOUR, n) for n in range(9)))
    await newsroom.watch.count_hours(seconds=60)
    await newsroom.chorus("Курс гривны")
    assert await newsroom.watch.look() == []


async def test_function_words_and_the_calendar_never_burst(newsroom: Newsroom) -> None:
    await newsroom.chorus("Сегодня в понедельник и утром 12345")
    assert await newsroom.watch.look() == []


async def test_who_asked_is_told_once_and_others_are_not(newsroom: Newsroom) -> None:
    everybody, one, other = [await make_subscriber(newsroom.database, chat) for chat in (1, 2, 3)]
    for who, query in ((everybody, "burst:*"), (everybody, "burst:пожары"), (one, "burst:склад"), (other, "burst:мёд")):
        await subscribe(newsroom.database, who, query)
    await subscribe(newsroom.database, other, "пожар")
    for _ in range(2):
        await newsroom.chorus("Пожар на складе")
        await newsroom.watch.look()
        newsroom.now += 5 * MINUTE
    owed = await rows(newsroom.database, "SELECT subscriber_id, kind, cardinality(reasons) FROM deliveries ORDER BY 1")
    assert owed == [(everybody.id, "burst", 2), (one.id, "burst", 1)]


async def test_two_processes_that_look_at_once_open_one_burst(newsroom: Newsroom) -> None:
    await newsroom.chorus("Пожар на складе")
    second = Bursts(newsroom.database, clock=lambda: newsroom.now)
    assert len(await newsroom.watch.look()) == 1
    assert await second.look() == []


async def test_subscription_to_bursts_asks_for_no_post(database: Database) -> None:
    subscriber = await make_subscriber(database)
    await subscribe(database, subscriber, "burst:*")
    await subscribe(database, subscriber, "мир")
    assert len(await StandingQueries.read(database)) == 1
