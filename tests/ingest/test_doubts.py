"""Doubts are gathered until somebody settles them, and none is forgotten."""

from __future__ import annotations

import asyncio

from ingest.doubts import Doubts
from storage.ids import ChannelId

ONE, TWO = ChannelId(1), ChannelId(2)


async def test_doubts_fall_together() -> None:
    doubts = Doubts()
    for channel_id in (ONE, TWO, ONE):
        doubts.raise_about(channel_id, "id skipped")
    await doubts.wait(0)
    assert doubts.take() == {ONE, TWO}
    assert doubts.take() == set()
    assert doubts.causes == {"id skipped": 3}


async def test_a_doubt_about_all_is_about_each() -> None:
    doubts = Doubts()
    doubts.raise_about_each([ONE], "id skipped")
    doubts.raise_about(None, "reconnected")
    assert doubts.take() is None
    assert doubts.take() == set()


async def test_a_doubt_that_comes_while_others_are_settled_is_one_more_look() -> None:
    doubts = Doubts()
    doubts.raise_about(ONE, "id skipped")
    doubts.take()
    doubts.raise_about(TWO, "id skipped")
    async with asyncio.timeout(1):
        await doubts.wait(3600)
    assert doubts.take() == {TWO}
