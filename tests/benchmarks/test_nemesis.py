"""The nemesis judges rightly: the same seed rages alike, what is missing is counted, and a short storm is survived."""

from __future__ import annotations

import json
import random
import time
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

pytest.importorskip("psutil", reason="the benchmarks' requirements are not installed (dependency group bench)")

from benchmarks import nemesis
from benchmarks.nemesis_healing import healing
from benchmarks.nemesis_kinds import KINDS
from benchmarks.nemesis_oracle import Oracle
from benchmarks.nemesis_posts import Publishing, shares
from benchmarks.nemesis_schedule import EARLY, SURE_TO_LOSE, Happened, drawn
from benchmarks.nemesis_steady import grown, slope
from benchmarks.nemesis_verdict import Verdict, judged
from sandbox.channels import Channel
from sandbox.world import World


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """To a database in which one channel, number 1, is read."""
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as opened:
        await opened.execute(
            "INSERT INTO channels (telegram_id, title, state, watermark) VALUES (2000000001, 'Harbour', 'active', 0)"
        )
        yield opened


@pytest.fixture
def world() -> World:
    """A box with that channel."""
    made = World()
    made.channels.add("Harbour", "harbour")
    return made


def channel_of(world: World) -> Channel:
    return next(iter(world.channels))


async def store(connection: psycopg.AsyncConnection, message_id: int, text: str, kind: str = "post") -> None:
    """As ingest would."""
    await connection.execute(
        "WITH p AS (INSERT INTO posts (channel_id, message_id, text, parts, content_hash, terms, topics, topic_codes,"
        " has, forwarded_from, links, analysis, found_by, posted_at, seen_at)"
        " VALUES (1, %(m)s, %(t)s, jsonb_build_array(jsonb_build_object('message_id', %(m)s::bigint)), '', '', '[]',"
        " '{}', '{}', '{}', '{}', 'done', 'push', now(), now()) RETURNING id)"
        " INSERT INTO channel_messages (channel_id, message_id, kind, post_id) SELECT 1, %(m)s, %(k)s, id FROM p",
        {"m": message_id, "t": text, "k": kind},
    )


async def verdict_on(connection: psycopg.AsyncConnection, world: World, *faults: Happened) -> Verdict:
    oracle = Oracle(world, connection)
    await oracle.look()
    return await judged(connection, world, oracle.vanished, faults, bearable=5)


def test_same_seed_draws_the_same_faults_and_another_one_others() -> None:
    assert drawn(1, 120) == drawn(1, 120)
    assert drawn(1, 120) != drawn(2, 120)


def test_faults_keep_within_the_time_and_every_kind_comes_once_before_any_comes_twice() -> None:
    plan = drawn(3, 3600)
    assert all(each.at + each.seconds <= 3600 for each in plan)
    assert {each.kind for each in plan[: len(KINDS)]} == KINDS.keys()


@pytest.mark.parametrize("seed", range(10))
def test_even_a_short_run_has_a_fault_that_the_control_cannot_heal(seed: int) -> None:
    assert SURE_TO_LOSE in [each.kind for each in drawn(seed, 120)[:EARLY]]


def test_one_channel_is_busy_and_all_share_everything() -> None:
    found = shares(20)
    assert found[0] > found[1] > found[-1] > 0
    assert sum(found) == pytest.approx(1)
    assert shares(1) == [1.0]


def test_channels_do_the_same_for_the_same_seed(world: World) -> None:
    other = World()
    other.channels.add("Harbour", "harbour")
    for each in (world, other):
        publishing = Publishing(each, list(each.channels), 100, seed=4)
        for _ in range(300):
            publishing.act()
    assert [line.text for line in world.channels.ledger] == [line.text for line in other.channels.ledger]
    assert {event.kind for event in channel_of(world).events} == {"new", "edit", "delete"}


async def test_published_and_not_stored_is_lost(connection: psycopg.AsyncConnection, world: World) -> None:
    for text in ("stored", "missing"):
        world.channels.publish(channel_of(world), text)
    await store(connection, 1, "stored")
    found = await verdict_on(connection, world)
    assert (found.published, found.stored, found.lost, found.holes) == (2, 1, 1, 1)
    assert found.lost_messages == [(2000000001, 2)]


async def test_deleted_before_anybody_could_see_it_is_not_lost(
    connection: psycopg.AsyncConnection, world: World
) -> None:
    world.channels.publish(channel_of(world), "gone at once")
    world.channels.delete(channel_of(world), [1])
    found = await verdict_on(connection, world)
    assert (found.lost, found.deleted_before_seen) == (0, 1)


async def test_deleted_after_a_long_calm_in_which_it_stood_there_is_lost(
    connection: psycopg.AsyncConnection, world: World
) -> None:
    now = time.monotonic()
    world.channels.publish(channel_of(world), "stood for ten seconds")
    world.channels.delete(channel_of(world), [1])
    unseen = {(2000000001, 1): (now - 10, now)}
    assert (await judged(connection, world, unseen, (), bearable=5)).lost == 1
    disturbed = [Happened("killed", now - 6, now - 4)]
    assert (await judged(connection, world, unseen, disturbed, bearable=5)).lost == 0


async def test_other_text_unmarked_deletion_and_wrong_mark_are_counted(
    connection: psycopg.AsyncConnection, world: World
) -> None:
    channel = channel_of(world)
    for text in ("first", "second", "third"):
        world.channels.publish(channel, text)
    world.channels.edit(channel, 1, "first, edited")
    world.channels.delete(channel, [2])
    await store(connection, 1, "first")
    await store(connection, 2, "second")
    await store(connection, 3, "third", kind="gone")
    found = await verdict_on(connection, world)
    assert (found.stale_texts, found.unmarked_deletions, found.wrongly_gone, found.lost) == (1, 1, 1, 0)


async def test_fault_is_healed_when_all_from_before_its_end_is_stored(
    connection: psycopg.AsyncConnection, world: World
) -> None:
    world.channels.publish(channel_of(world), "before")
    fault = Happened("pushes dropped", time.monotonic() - 1, time.monotonic())
    world.channels.publish(channel_of(world), "after")
    oracle = Oracle(world, connection, [fault])
    await oracle.look()
    assert not fault.healed
    await store(connection, 1, "before")
    await oracle.look()
    assert fault.healed is not None
    assert list(oracle.pending) == [(2000000001, 2)]


def test_time_in_which_another_fault_kept_ingest_from_asking_is_no_healing() -> None:
    dropped = Happened("pushes dropped", 0, 10, healed=40)
    frozen = Happened("network frozen", 12, 20, healed=40)
    renamed = Happened("channel renamed", 22, 30, healed=40)
    found = healing([dropped, frozen, renamed], until=100)
    assert found["faults_by_kind"]["pushes dropped"]["heal_seconds_worst"] == 22
    assert found["faults_by_kind"]["pushes dropped"]["heal_wall_seconds_worst"] == 30
    assert found["faults_by_kind"]["network frozen"]["heal_seconds_worst"] == 20


def test_fault_that_never_healed_counts_until_the_end() -> None:
    found = healing([Happened("killed", 5, 5)], until=65)
    assert (found["heal_seconds_p99"], found["unhealed"]) == (60, 1)


def test_slope_of_memory_does_not_mind_outliers() -> None:
    chance = random.Random(1)
    looks = [(float(second), 100 + second * 0.01 + chance.uniform(-0.5, 0.5)) for second in range(1000)]
    looks[::50] = [(second, mib + 500) for second, mib in looks[::50]]
    assert slope(looks) == pytest.approx(0.01, rel=0.1)
    assert grown(looks, warm_up=100)["rss_mib_an_hour"] == pytest.approx(36, rel=0.1)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_short_storm_is_survived_and_its_control_is_not(capfd: pytest.CaptureFixture[str]) -> None:
    short = ["--minutes", "0.2", "--control-minutes", "0.2", "--rate", "60", "--channels", "6", "--sweep", "2"]
    kinds = f"{SURE_TO_LOSE},killed,pushes dropped"
    assert nemesis.main(["--json", "--seed", "5", *short, "--only", kinds]) == 0
    found = last_line(capfd.readouterr().out)
    assert (found["lost"], found["unhealed"], found["duplicates"], found["holes"]) == (0, 0, 0, 0)
    assert found["control_lost"] > 0
    assert found["published"] > 500


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_backlog_and_steady_run_report_their_figures(capfd: pytest.CaptureFixture[str]) -> None:
    assert nemesis.main(["--json", "--backlog", "1500", "--channels", "3", "--sweep", "2"]) == 0
    found = last_line(capfd.readouterr().out)
    assert found["seconds_until_all_stored"] > 0
    assert found["others_lag_seconds_p99"] > 0
    assert nemesis.main(["--json", "--steady", "--minutes", "0.1", "--rate", "50", "--channels", "3"]) == 0
    found = last_line(capfd.readouterr().out)
    assert found["rss_mib_start"] > 10
    assert "calls_a_channel_a_minute" in found


def last_line(output: str) -> dict[str, Any]:
    found = json.loads(output.splitlines()[-1])
    assert isinstance(found, dict)
    return found
