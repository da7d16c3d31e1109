"""What the window holds in memory: no more than it may, nothing of what is gone, and the same answers as before."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.language import detect
from analysis.stories import Signature, Telling, Window, sign
from analysis.stories.ages import MOST_STALE, Ages
from analysis.stories.comparing import MOST_READINGS, Comparer
from analysis.stories.memberships import FOUNDERS, Memberships
from analysis.stories.postings import MOST_FILED, Postings
from analysis.text import analyse

COLLAPSE = "В Приозёрске обрушился мост через Ладву, в реку упали три автомобиля"
AGAIN = "Мост через реку Ладву обрушился в Приозёрске: упали три машины, сообщили спасатели"
RATE = "Центробанк Северии повысил ключевую ставку до 19 процентов годовых"


def signature(text: str) -> Signature:
    terms = analyse(text)
    return sign(text, terms, detect(terms))


def telling(post_id: int, text: str, seconds: float = 0.0, address: tuple[int, int] | None = None) -> Telling:
    return Telling(post_id, post_id, post_id, seconds, signature(text), address)


def window_of(*tellings: Telling, most: int) -> Window:
    window = Window(most=most)
    for each in tellings:
        window.add(each)
    return window


def test_oldest_post_goes_when_there_are_too_many() -> None:
    posts = telling(1, COLLAPSE, 0), telling(2, RATE, 1), telling(3, "Горит склад в Каменске", 2)
    window = window_of(*posts, most=2)

    assert len(window) == 2
    assert window.find(telling(9, AGAIN, 3)) is None
    assert window_of(*posts, most=3).find(telling(9, AGAIN, 3)) is not None


def test_oldest_by_time_of_posting_goes_not_the_first_that_came() -> None:
    window = window_of(telling(1, RATE, 5), telling(2, COLLAPSE, 1), telling(3, AGAIN, 9), most=2)

    assert [window.story_of(post_id) for post_id in (1, 2, 3)] == [1, None, 3]


def test_post_older_than_all_of_a_full_window_is_past() -> None:
    posts = telling(1, RATE, 5), telling(2, COLLAPSE, 7)

    assert window_of(*posts, most=2).is_past(4.0)
    assert not window_of(*posts, most=2).is_past(6.0)
    assert not window_of(*posts, most=3).is_past(4.0)


def test_post_that_is_told_again_takes_no_second_place() -> None:
    window = window_of(telling(1, RATE, 1), telling(2, COLLAPSE, 2), telling(2, AGAIN, 2), most=2)

    assert len(window) == 2
    assert window.story_of(1) == 1


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from([COLLAPSE, AGAIN, RATE, ""]), st.integers(0, 99))))
def test_full_window_keeps_the_newest(posts: list[tuple[int, str, int]]) -> None:
    once = {post_id: (text, at * 100 + post_id) for post_id, text, at in posts}
    window = window_of(*(telling(post_id, text, at) for post_id, (text, at) in once.items()), most=4)
    newest = sorted(once, key=lambda post_id: once[post_id][1])[-4:]

    assert {post_id for post_id in once if window.story_of(post_id) is not None} == set(newest)


def test_nothing_is_left_of_posts_that_are_gone() -> None:
    window = Window(most=3)
    for number in range(50):
        window.add(telling(number, f"{COLLAPSE} {number}", number, address=(7, number)))
    for number in range(50):
        window.discard(number)

    held = (window._tellings, window._by_address, window._postings, window._members._posts)
    assert [len(each) for each in held] == [0, 0, 0, 0]


def test_ages_forget_posts_that_come_and_go() -> None:
    tellings: dict[int, Telling] = {}
    ages = Ages(tellings)
    for number in range(3 * MOST_STALE):
        tellings.clear()
        tellings[number] = telling(number, "", number)
        ages.add(tellings[number])

    assert len(ages._oldest) <= MOST_STALE + 2
    assert ages.oldest() == tellings[3 * MOST_STALE - 1]


def test_posts_are_shared_by_as_many_keys_as_they_have_in_common() -> None:
    postings = Postings(100)
    postings.add(1, [10, 11, 12])
    postings.add(2, [11, 12, 13])
    postings.add(3, [13])

    assert sorted(postings.sharing([10, 11, 12], 2)) == [(2, 2), (3, 1)]
    assert postings.sharing([10, 13], 2) == []
    assert sorted(postings.sharing([10, 13], 1)) == [(1, 1), (1, 2), (1, 3)]


def test_of_a_common_key_the_newest_posts_are_remembered() -> None:
    postings = Postings(10 * MOST_FILED)
    for post_id in range(10 * MOST_FILED):
        postings.add(post_id, [7])

    assert {post_id for _, post_id in postings.sharing([7], 1)} == set(range(9 * MOST_FILED, 10 * MOST_FILED))


STEPS = st.tuples(st.integers(0, 40), st.sets(st.integers(1, 6), max_size=4))
"""A post is filed under keys, or under none: taken out."""


def filed(postings: Postings, steps: list[tuple[int, set[int]]]) -> dict[int, set[int]]:
    """What a dictionary would know after the steps, which the postings go as well."""
    known: dict[int, set[int]] = {}
    for post_id, keys in steps:
        postings.remove(post_id)
        known.pop(post_id, None)
        if keys:
            postings.add(post_id, sorted(keys))
            known[post_id] = keys
    return known


@given(st.lists(STEPS, max_size=MOST_FILED))
def test_postings_know_what_a_dictionary_would_know(steps: list[tuple[int, set[int]]]) -> None:
    postings = Postings(100)
    counts = {post_id: len(keys & {1, 2, 3}) for post_id, keys in filed(postings, steps).items()}

    assert {post_id: count for count, post_id in postings.sharing([1, 2, 3], 1)} == {
        post_id: count for post_id, count in counts.items() if count
    }


@given(st.lists(STEPS, min_size=150, max_size=250))
def test_postings_whose_places_were_given_anew_say_nothing_wrong(steps: list[tuple[int, set[int]]]) -> None:
    postings = Postings(1)
    known = filed(postings, [*steps, (99, {1, 3})])
    shared = {post_id: count for count, post_id in postings.sharing([1, 2, 3], 1)}

    assert shared[99] == 2
    assert all(count <= len(known[post_id] & {1, 2, 3}) for post_id, count in shared.items())


def test_place_that_is_given_anew_is_not_found_under_its_old_keys() -> None:
    postings = Postings(1)
    for post_id in range(1_000):
        postings.add(post_id, [1_000 + post_id, 7])

    assert postings.sharing([1_000, 1_001, 1_002], 1) == []
    assert postings.sharing([1_999, 7], 2) == [(2, 999)]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=40))
def test_story_holds_its_posts_in_the_order_in_which_they_came(steps: list[tuple[bool, int]]) -> None:
    members, expected = Memberships(), dict[int, None]()
    for is_added, post_id in steps:
        if is_added and post_id not in expected:
            members.add(post_id, 9)
            expected[post_id] = None
        elif not is_added:
            members.remove(post_id, 9)
            expected.pop(post_id, None)

    assert list(members.of(9)) == list(expected)
    assert members.size(9) == len(expected)
    assert list(members.founders(9)) == list(expected)[:FOUNDERS]


def test_readings_are_forgotten_one_at_a_time() -> None:
    comparer = Comparer()
    for number in range(MOST_READINGS + 5):
        comparer._reading(signature(f"мост {number}"))

    assert len(comparer._readings) == MOST_READINGS
    assert signature("мост 4").packed not in comparer._readings
    assert signature("мост 5").packed in comparer._readings
