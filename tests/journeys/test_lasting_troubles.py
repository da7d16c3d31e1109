"""Troubles that do not pass: what one method refuses is found by another, and other channels do not wait."""

from __future__ import annotations

import pytest

from sandbox.channels import Channel
from sandbox.mtproto import reading
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
            await until(lambda: _waits(stage), "the flood wait to be stored")
    asked = stage.telegram.calls["messages.getPeerDialogs"]
    async with stage.reading(SWEEPING):
        await publish(stage, channel, 1, "heard as ever")
        await until(lambda: is_stored(stage, "heard as ever 0"), "the post")
    assert stage.telegram.calls["messages.getPeerDialogs"] == asked


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


async def _waits(stage: Stage) -> bool:
    return bool(await stage.value("SELECT count(*) FROM flood_waits WHERE method = 'GetPeerDialogs'"))


async def _all_stored(stage: Stage) -> bool:
    return not await lost(stage)


async def _is_complete(stage: Stage, channel: Channel) -> bool:
    async with stage.database.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE channel_messages SET seen_at = seen_at - interval '5 minutes' WHERE message_id IN"
            " (SELECT message_id FROM channel_messages WHERE kind = 'missing' FOR UPDATE SKIP LOCKED)"
        )
    return bool(await stage.value("SELECT watermark FROM channels") == channel.top_message_id)
