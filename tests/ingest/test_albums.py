"""Parts of albums are held until the album seems complete."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.albums import Albums, join
from storage.ids import ChannelId, MessageId
from storage.post_values import Post
from tests.ingest.values import NEWS, HandTimers, post


class Desk:
    """Albums with a clock moved by hand; `given` is what they gave on."""

    def __init__(self) -> None:
        self.timers = HandTimers()
        self.given: list[Post] = []
        self.albums = Albums(self.given.append, timers=self.timers)

    @property
    def ids(self) -> list[list[int]]:
        return [[part.message_id for part in each.parts] for each in self.given]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_single_post_passes_at_once(desk: Desk) -> None:
    desk.albums.add(post(1))
    assert desk.ids == [[1]]


def test_parts_become_one_post_300_ms_after_the_last(desk: Desk) -> None:
    for number in (1, 2, 3):
        desk.albums.add(post(number, grouped_id=9))
        desk.timers.advance(0.29)
    assert desk.ids == []
    desk.timers.advance(0.01)
    assert desk.ids == [[1, 2, 3]]
    assert len(desk.albums) == 0


def test_parts_stand_in_the_order_of_their_ids(desk: Desk) -> None:
    for number in (12, 10, 11):
        desk.albums.add(post(number, grouped_id=9))
    desk.timers.advance(0.3)
    assert desk.ids == [[10, 11, 12]]


def test_a_late_part_is_a_post_of_its_own(desk: Desk) -> None:
    desk.albums.add(post(1, grouped_id=9))
    desk.timers.advance(0.3)
    desk.albums.add(post(2, grouped_id=9))
    desk.timers.advance(0.3)
    assert desk.ids == [[1], [2]]
    assert {each.grouped_id for each in desk.given} == {9}


def test_ten_parts_are_complete_at_once(desk: Desk) -> None:
    for number in range(1, 11):
        desk.albums.add(post(number, grouped_id=9))
    assert desk.ids == [list(range(1, 11))]
    desk.timers.advance(1)
    assert len(desk.given) == 1


def test_albums_of_two_channels_with_one_number_stay_apart(desk: Desk) -> None:
    desk.albums.add(post(1, grouped_id=9))
    other = post(1, grouped_id=9)
    desk.albums.add(Post(ChannelId(8), other.parts, other.posted_at, other.seen_at, grouped_id=9))
    desk.albums.drain()
    assert sorted(each.channel_id for each in desk.given) == [NEWS, 8]


def test_an_edit_replaces_the_part_that_is_held(desk: Desk) -> None:
    desk.albums.add(post(1, "draft", grouped_id=9))
    desk.albums.add(post(2, grouped_id=9))
    desk.albums.edit(post(1, "final", grouped_id=9))
    desk.timers.advance(0.3)
    assert [each.text for each in desk.given] == ["final"]


def test_an_edit_of_what_is_not_held_passes_at_once(desk: Desk) -> None:
    desk.albums.edit(post(1, "new words", grouped_id=9))
    assert desk.ids == [[1]]


def test_what_is_to_be_deleted_is_given_on_first(desk: Desk) -> None:
    desk.albums.add(post(1, grouped_id=9))
    desk.albums.add(post(5, grouped_id=10))
    desk.albums.release(NEWS, [MessageId(1)])
    assert desk.ids == [[1]]


def test_draining_gives_on_everything_once(desk: Desk) -> None:
    desk.albums.add(post(1, grouped_id=9))
    desk.albums.add(post(5, grouped_id=10))
    desk.albums.drain()
    desk.timers.advance(1)
    assert desk.ids == [[1], [5]]


def test_joining_keeps_the_caption_and_the_largest_counts() -> None:
    album = join([post(2, "caption", views=7, forwards=1), post(1, views=9, reactions={"👍": 1})])
    assert (album.message_id, album.text, album.views, album.forwards) == (1, "caption", 9, 1)
    assert album.reactions == {"👍": 1}


@given(st.lists(st.tuples(st.integers(1, 60), st.sampled_from([None, 8, 9]), st.sampled_from([0.0, 0.1, 0.31]))))
def test_every_message_is_given_on_exactly_once(arrivals: list[tuple[int, int | None, float]]) -> None:
    desk = Desk()
    distinct = {number: (group, pause) for number, group, pause in arrivals}
    for number, (group, pause) in distinct.items():
        desk.albums.add(post(number, grouped_id=group))
        desk.timers.advance(pause)
    desk.albums.drain()
    assert sorted(number for ids in desk.ids for number in ids) == sorted(distinct)
