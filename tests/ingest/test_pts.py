"""What Telegram counts beyond ours was missed; what came twice, late or in disorder was not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.pts import PtsCount
from storage.ids import ChannelId

NEWS = ChannelId(1)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=20), st.data())
def test_only_what_was_dropped_is_missed(counts: list[int], data: st.DataObject) -> None:
    updates, pts = [], 100
    for count in counts:
        pts += count
        updates.append((pts, count))
    heard = data.draw(st.lists(st.sampled_from(updates), max_size=40))
    follower = PtsCount()
    follower.settle(NEWS, 100)
    for update in heard:
        follower.applied(NEWS, *update)
    assert follower.is_behind(NEWS, pts) == (set(heard) != set(updates))


def test_a_channel_that_was_never_looked_at_is_behind() -> None:
    follower = PtsCount()
    follower.applied(NEWS, 5, 1)
    assert follower.is_behind(NEWS, 5)
    follower.settle(NEWS, 5)
    assert not follower.is_behind(NEWS, 5)


def test_updates_of_a_difference_count_nothing() -> None:
    follower = PtsCount()
    follower.settle(NEWS, 5)
    follower.applied(NEWS, 0, 0)
    assert not follower.is_behind(NEWS, 5)
    assert follower.is_behind(NEWS, 6)


def test_a_look_that_is_older_than_the_pushes_takes_nothing_back() -> None:
    follower = PtsCount()
    follower.settle(NEWS, 5)
    follower.applied(NEWS, 7, 2)
    follower.settle(NEWS, 6)
    assert not follower.is_behind(NEWS, 7)
