"""The count of calls."""

from __future__ import annotations

from sandbox.mtproto.calls import Calls
from sandbox.world import ManualClock


def test_calls_are_counted_in_all_and_since_a_mark() -> None:
    clock = ManualClock()
    calls = Calls(clock.monotonic)
    calls.record("messages.getHistory")
    clock.advance(10)
    mark = calls.mark()
    calls.record("messages.getHistory")
    calls.record("updates.getState")
    assert (calls.total, calls["GetHistory"], calls["messages.getHistory"]) == (3, 2, 2)
    assert calls.since(mark) == {"messages.getHistory": 1, "updates.getState": 1}
    assert calls.since(mark + 1) == {}


def test_calls_know_when_they_came() -> None:
    clock = ManualClock()
    calls = Calls(clock.monotonic)
    for method in ("channels.getMessages", "messages.getMessages", "channels.getMessages"):
        calls.record(method)
        clock.advance(1)
    assert calls.times("channels.getMessages") == [1000.0, 1002.0]
    assert calls.times("getmessages") == [1000.0, 1001.0, 1002.0]
