"""Row 22 of the fault matrix: channels are renamed, made private, lost and found; others do not feel it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable

import pytest

from ingest import channel_states
from sandbox.channels import Channel
from tests.journeys.losses import NOT_SWEEPING, SWEEPING, is_stored, lost, publish
from tests.journeys.people import until
from tests.journeys.stage import Stage

Fate = Callable[[Stage, Channel], None]


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost channels are looked at more often than is polite."""
    monkeypatch.setattr(channel_states, "SOONEST_AGAIN", dt.timedelta(seconds=0.5))


async def notices(stage: Stage) -> list[str]:
    return [kind for (kind,) in await stage.rows("SELECT kind FROM notices ORDER BY id")]


async def state_of(stage: Stage, channel: Channel) -> str:
    return str(await stage.value(f"SELECT state FROM channels WHERE telegram_id = {channel.id}"))


def is_banned(stage: Stage, channel: Channel) -> None:
    stage.world.channels.ban(channel, stage.reader.id)


def is_kicked_out_of_a_private_channel(stage: Stage, channel: Channel) -> None:
    stage.world.channels.make_private(channel)
    stage.world.channels.kick(channel, stage.reader.id)


def is_deleted(stage: Stage, channel: Channel) -> None:
    stage.world.channels.close(channel, "CHANNEL_INVALID")


def is_hidden(stage: Stage, channel: Channel) -> None:
    stage.world.channels.close(channel, "CHANNEL_PRIVATE")


def comes_back(stage: Stage, channel: Channel) -> None:
    stage.world.channels.restore(channel)
    stage.world.channels.unban(channel, stage.reader.id, as_member=True)


@pytest.mark.parametrize(
    ("fate", "state"),
    [
        (is_banned, "kicked"),
        (is_kicked_out_of_a_private_channel, "private"),
        (is_deleted, "deleted"),
        (is_hidden, "private"),
    ],
)
async def test_lost_channel_is_told_and_filled_when_it_is_back(stage: Stage, fate: Fate, state: str) -> None:
    channel, other = await stage.channel("kharv_dispatch"), await stage.channel("plain_ledger")
    async with stage.reading(SWEEPING):
        await publish(stage, channel, 1, "the first")
        await until(lambda: is_stored(stage, "the first"), "the first post")
        fate(stage, channel)
        await until(lambda: _is(stage, channel, state), f"the state {state}")
        stage.world.channels.publish_many(channel, [f"unseen {n}" for n in range(150)])
        await publish(stage, other, 3, "elsewhere")
        await until(lambda: is_stored(stage, "elsewhere 2"), "the other channel's posts")
        comes_back(stage, channel)
        await until(lambda: _is(stage, channel, "active"), "the channel to be active again")
        await until(lambda: _nothing_lost(stage), "what was published meanwhile")
    assert (await notices(stage))[:2] == [state, "restored"]


async def test_without_the_reconciler_a_channel_that_comes_back_stays_short_of_posts(stage: Stage) -> None:
    channel = await stage.channel("kharv_dispatch")
    async with stage.reading(NOT_SWEEPING):
        await publish(stage, channel, 1, "the first")
        await until(lambda: is_stored(stage, "the first"), "the first post")
        stage.telegram.too_long_after(100)  # as Telegram's own difference is
        is_banned(stage, channel)
        stage.world.channels.publish_many(channel, [f"unseen {n}" for n in range(150)])
        comes_back(stage, channel)
        await publish(stage, channel, 1, "the last")
        await asyncio.sleep(3)
        assert await stage.value("SELECT count(*) FROM posts WHERE starts_with(text, 'unseen')") < 150


async def test_renamed_channel_is_read_on_and_told(stage: Stage) -> None:
    channel = await stage.channel("kharv_dispatch")
    async with stage.reading(SWEEPING):
        stage.world.channels.rename(channel, title="Kharv, daily", username="kharv_daily")
        await until(lambda: notices(stage), "the notice")
        await publish(stage, channel, 2)
        await until(lambda: _nothing_lost(stage), "posts under the new name")
    assert await stage.rows("SELECT username, title FROM channels") == [("kharv_daily", "Kharv, daily")]
    assert await stage.rows("SELECT kind, detail FROM notices") == [
        ("renamed", {"old": "kharv_dispatch", "new": "kharv_daily"})
    ]


async def test_reader_that_was_only_thrown_out_joins_again(stage: Stage) -> None:
    channel = await stage.channel("kharv_dispatch")
    async with stage.reading(SWEEPING):
        stage.world.channels.kick(channel, stage.reader.id)
        await publish(stage, channel, 5, "unseen")
        await until(lambda: stage.reader.id in channel.members, "the reader to be back")
        await until(lambda: _is(stage, channel, "active"), "the channel to be active again")
        await until(lambda: _nothing_lost(stage), "what was published meanwhile")


async def test_title_alone_is_no_news(stage: Stage) -> None:
    channel = await stage.channel("kharv_dispatch")
    async with stage.reading(SWEEPING):
        stage.world.channels.rename(channel, title="Another title")
        await until(lambda: _is_called(stage, "Another title"), "the title")
    assert await notices(stage) == []


async def _is(stage: Stage, channel: Channel, state: str) -> bool:
    return await state_of(stage, channel) == state


async def _nothing_lost(stage: Stage) -> bool:
    await asyncio.sleep(0.1)
    return not await lost(stage)


async def _is_called(stage: Stage, title: str) -> bool:
    return bool(await stage.value("SELECT title FROM channels") == title)
