"""Telethon's internals as we rely on them: each place where it loses updates raises a doubt, and what it does stays.

A new Telethon that works otherwise fails here, not in production (reference: telethon, section 3).
"""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from telethon import TelegramClient
from telethon._updates import EntityCache, MessageBox
from telethon._updates.messagebox import ENTRY_ACCOUNT, GapError, PrematureEndReason
from telethon.sessions import MemorySession
from telethon.tl import functions, types

from ingest.clock import ServerClock
from ingest.listener import utc_now
from ingest.telethon_gaps import DoubtingMessageBox, watch_gaps

CHANNEL = 1234567890

Raised = list[tuple[int | None, str]]
"""Channel and cause of each doubt."""


@pytest.fixture
def doubts() -> Raised:
    return []


@pytest.fixture
async def box(doubts: Raised) -> DoubtingMessageBox:
    made = DoubtingMessageBox(logging.getLogger("messagebox"), lambda number, cause: doubts.append((number, cause)))
    state = SimpleNamespace(pts=1, qts=0, date=0, seq=0)
    made.load(state, [SimpleNamespace(channel_id=CHANNEL, pts=10)])
    return made


def difference_request() -> Any:
    return functions.updates.GetChannelDifferenceRequest(
        types.InputChannel(CHANNEL, 1), types.ChannelMessagesFilterEmpty(), 10, 100
    )


def dialog(pts: int) -> Any:
    settings = types.PeerNotifySettings()
    return types.Dialog(types.PeerChannel(CHANNEL), 5, 0, 0, 0, 0, 0, 0, settings, pts=pts)


async def test_a_channel_difference_that_is_too_long(box: DoubtingMessageBox, doubts: Raised) -> None:
    box.try_begin_get_diff(CHANNEL, "test")
    too_long = types.updates.ChannelDifferenceTooLong(dialog(400), [], [], [], final=True)
    assert box.apply_channel_difference(difference_request(), too_long, EntityCache()) == ([], [], [])
    assert doubts == [(CHANNEL, "channel difference too long")]
    assert box.map[CHANNEL].pts == 400  # the defect: what was between is never asked for


async def test_an_account_difference_that_is_too_long(box: DoubtingMessageBox, doubts: Raised) -> None:
    box.try_begin_get_diff(ENTRY_ACCOUNT, "test")
    assert box.apply_difference(types.updates.DifferenceTooLong(700), EntityCache()) == ([], [], [])
    assert doubts == [(None, "account difference too long")]
    assert box.map[ENTRY_ACCOUNT].pts == 700  # the defect: the list of changed channels is never asked for


@pytest.mark.parametrize("reason", list(PrematureEndReason))
async def test_a_difference_that_failed(box: DoubtingMessageBox, doubts: Raised, reason: PrematureEndReason) -> None:
    box.try_begin_get_diff(CHANNEL, "test")
    box.end_channel_difference(difference_request(), reason, EntityCache())
    assert doubts == [(CHANNEL, "channel difference failed")]


@pytest.mark.parametrize("pts", [None, 500])
async def test_a_channel_that_is_only_said_to_have_changed(
    box: DoubtingMessageBox, doubts: Raised, pts: int | None
) -> None:
    for number in (CHANNEL, 999):  # the second is unknown to Telethon, which forgets the update
        update = types.Updates([types.UpdateChannelTooLong(number, pts)], [], [], utc_now(), 0)
        box.process_updates(update, EntityCache(), [])
    assert doubts == [(CHANNEL, "told of a change"), (999, "told of a change")]


async def test_updates_too_long(box: DoubtingMessageBox, doubts: Raised) -> None:
    with pytest.raises(GapError):  # Telethon asks for the account's difference, which may be too long
        box.process_updates(types.UpdatesTooLong(), EntityCache(), [])
    assert doubts == [(None, "updates too long")]


async def test_an_ordinary_update_raises_no_doubt(box: DoubtingMessageBox, doubts: Raised) -> None:
    message = types.Message(6, types.PeerChannel(CHANNEL), utc_now(), "x", post=True)
    update = types.Updates([types.UpdateNewChannelMessage(message, 11, 1)], [], [], utc_now(), 0)
    processed: list[Any] = []
    box.process_updates(update, EntityCache(), processed)
    assert (len(processed), doubts) == (1, [])


async def test_the_sender_tells_of_sessions_connections_and_what_it_cannot_read(
    doubts: Raised,
) -> None:
    client = TelegramClient(MemorySession(), 1, "0" * 32)
    watch_gaps(client, lambda number, cause: doubts.append((number, cause)), ServerClock())
    assert isinstance(client._message_box, MessageBox)
    sender = client._sender
    created = SimpleNamespace(msg_id=1, obj=types.NewSessionCreated(1, 2, 3))
    await sender._process_message(created)
    with pytest.raises(Exception, match="invalid auth key"):
        sender._state.decrypt_message_data(b"x" * 64)
    with pytest.raises(AttributeError):
        await sender._process_message(SimpleNamespace(msg_id=1, obj=None))
    assert [cause for _, cause in doubts] == ["new session", "message not readable", "update not readable"]
