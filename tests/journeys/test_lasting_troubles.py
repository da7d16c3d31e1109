"""Troubles that do not pass: what one method refuses is found by another, and other channels do not wait."""

from __future__ import annotations

import asyncio

import pytest

from sandbox.channels import Channel
from sandbox.mtproto import reading
from tests.ingest.unreadable import make_unreadable
from tests.journeys.losses import SWEEPING, is_stored, lost, publish
from tests.journeys.people import until
from tests.journeys.stage import Stage


async def test_posts_are_found_while_telegram_tells_no_differences(stage: Stage) -> None:
    channel = await stage.channel("kharv_dispatch")
    async with stage.reading(SWEEPING):
        with (
            stage.telegram.troubles.refuse(500, "PERSISTENT_TIMESTAMP_OUTDATED", "GetChannelDifference") as trouble,
            stage.telegram.pushes.drop(),
        ):
            await publish(stage, channel, 5)
            await until(lambda: _all_stored(stage), "the posts")
            assert not trouble.is_lifted


async def test_long_hole_is_filled_while_history_is_closed(stage: Stage) -> None:
    channel = await stage.channel("kharv_dispatch")
    async with stage.reading(SWEEPING):
        stage.telegram.too_long_after(50)
        stage.telegram.troubles.flood(86_400, "GetHistory")
        stage.world.channels.publish_many(channel, [f"unseen {n}" for n in range(250)])
        await until(lambda: _all_stored(stage), "the posts")


async def test_next_program_leaves_alone_what_telegram_closed(stage: Stage) -> None:
    channel = await stage.channel("kharv_dispatch")
    with stage.telegram.troubles.flood(3_600, "GetPeerDialogs"):
        async with stage.reading(SWEEPING):
            await until(lambda: _waits(stage, "GetPeerDialogs"), "the flood wait to be stored")
    asked = stage.telegram.calls["messages.getPeerDialogs"]
    async with stage.reading(SWEEPING):
        await publish(stage, channel, 1, "heard as ever")
        await until(lambda: is_stored(stage, "heard as ever 0"), "the post")
    assert stage.telegram.calls["messages.getPeerDialogs"] == asked


async def test_differences_that_telegram_closed_are_not_asked_for_by_telethon_either(stage: Stage) -> None:
    channel = await stage.channel("kharv_dispatch")
    with stage.telegram.troubles.flood(3_600, "GetChannelDifference"):
        async with stage.reading(SWEEPING):
            await publish(stage, channel, 1)  # from here on Telethon follows the channel
            with stage.telegram.pushes.drop():
                await publish(stage, channel, 3)
            await until(lambda: _waits(stage, "GetChannelDifference"), "the flood wait to be stored")
    asked = stage.telegram.calls["GetChannelDifference"]
    async with stage.reading(SWEEPING):
        with stage.telegram.pushes.drop():
            await publish(stage, channel, 1, "unseen")
        await publish(stage, channel, 1, "reveals the gap")
        await asyncio.sleep(1)  # longer than Telethon waits before it asks
        await until(lambda: _all_stored(stage), "the posts")
    assert stage.telegram.calls["GetChannelDifference"] == asked


async def test_account_that_is_to_wait_at_the_start_hears_all_the_same(stage: Stage) -> None:
    channel = await stage.channel("kharv_dispatch")
    with stage.telegram.troubles.flood(3_600, "GetState") as flood:
        async with stage.reading(SWEEPING):
            await publish(stage, channel, 1, "heard as ever")
            await until(lambda: is_stored(stage, "heard as ever 0"), "the post")
            await until(lambda: _waits(stage, "GetState"), "the flood wait to be stored")
        assert flood.hits == 1


async def test_message_that_cannot_be_read_holds_up_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    channel, other = await stage.channel("kharv_dispatch"), await stage.channel("plain_ledger")
    make_unreadable(monkeypatch, channel, 2)
    async with stage.reading(SWEEPING):
        lives = stage.telegram.calls["updates.GetState"]
        with stage.telegram.pushes.drop():
            await publish(stage, channel, 3, "unseen")
            await publish(stage, other, 3, "elsewhere")
            await until(lambda: is_stored(stage, "elsewhere 2"), "the other channel's posts")
        await publish(stage, channel, 3, "reveals the gap")
        await until(lambda: _are_lost(stage, {(channel.id, 2)}), "all but that message")
        assert stage.telegram.calls["updates.GetState"] == lives  # each life asks it once
    assert await stage.value("SELECT count(*) FROM channel_messages WHERE message_id = 2 AND kind <> 'post'") == 0


async def test_channel_of_which_telegram_cannot_speak_holds_up_no_other(stage: Stage) -> None:
    troubled, other = await stage.channel("kharv_dispatch"), await stage.channel("plain_ledger")
    async with stage.reading(SWEEPING):
        with (
            stage.telegram.troubles.refuse(-505, "ANYTHING", "GetPeerDialogs", channel=troubled) as trouble,
            stage.telegram.pushes.drop(),
        ):
            await publish(stage, other, 5, "elsewhere")
            await until(lambda: is_stored(stage, "elsewhere 4"), "the other channel's posts")
            assert trouble.hits
            await publish(stage, troubled, 3)
        await until(lambda: _all_stored(stage), "the troubled channel's posts")


async def test_channel_that_is_not_shown_holds_up_no_other(stage: Stage) -> None:
    hidden, other = await stage.channel("kharv_dispatch"), await stage.channel("plain_ledger")
    async with stage.reading(SWEEPING):
        stage.telegram.troubles.flood(3_600, "GetChannels")
        stage.world.channels.kick(hidden, stage.reader.id)
        with stage.telegram.pushes.drop():
            await publish(stage, other, 5, "elsewhere")
            await until(lambda: is_stored(stage, "elsewhere 4"), "the other channel's posts")


async def test_short_pages_make_nothing_gone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = await stage.channel("kharv_dispatch")
    monkeypatch.setattr(reading, "HISTORY_PAGE", 70)
    async with stage.reading(SWEEPING):
        stage.telegram.too_long_after(50)
        stage.world.channels.publish_many(channel, [f"unseen {n}" for n in range(700)])
        await until(lambda: _all_stored(stage), "the posts")
    assert await stage.value("SELECT count(*) FROM channel_messages WHERE kind IN ('gone', 'missing')") == 0


async def test_hundreds_of_deleted_messages_are_gone_after_a_second_look(stage: Stage) -> None:
    channel = await stage.channel("kharv_dispatch")
    async with stage.reading(SWEEPING):
        stage.telegram.too_long_after(50)
        hidden = stage.world.channels.publish_many(channel, ["unseen"] * 400)
        stage.world.channels.delete(channel, hidden[:350], push=False)
        await publish(stage, channel, 1, "the last")
        await until(lambda: _is_complete(stage, channel), "the watermark to reach the last")
    assert await stage.value("SELECT count(*) FROM channel_messages WHERE kind = 'gone'") == 350


async def _waits(stage: Stage, method: str) -> bool:
    return bool(await stage.value(f"SELECT count(*) FROM flood_waits WHERE method = '{method}'"))


async def _are_lost(stage: Stage, messages: set[tuple[int, int]]) -> bool:
    return await lost(stage) == messages


async def _all_stored(stage: Stage) -> bool:
    return not await lost(stage)


async def _is_complete(stage: Stage, channel: Channel) -> bool:
    async with stage.database.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE channel_messages SET seen_at = seen_at - interval '5 minutes' WHERE message_id IN"
            " (SELECT message_id FROM channel_messages WHERE kind = 'missing' FOR UPDATE SKIP LOCKED)"
        )
    return bool(await stage.value("SELECT watermark FROM channels") == channel.top_message_id)
