"""What an edit changed, by words."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.differences import MOST_CHANGES, Kind, Piece, differences

WORDS = st.lists(
    st.sampled_from(["мир", "миру", "й", "и\u0306", " ", "\n\n", ",", "!", "-", "’", "👨‍👩‍👧", "🇺🇦", "don't"])
)
TEXTS = st.one_of(st.text(max_size=30), WORDS.map("".join))


def marked(old: str, new: str) -> str:
    """As people read it, one sign a kind."""
    signs = {Kind.KEPT: "{}", Kind.REMOVED: "[-{}-]", Kind.ADDED: "{{+{}+}}"}
    return "".join(signs[piece.kind].format(piece.text) for piece in differences(old, new))


def joined(pieces: tuple[Piece, ...], *kinds: Kind) -> str:
    return "".join(piece.text for piece in pieces if piece.kind in kinds)


@given(TEXTS, TEXTS)
@example("а б " * 900, "в г " * 900)
def test_kept_and_removed_are_the_old_text_and_kept_and_added_the_new_one(old: str, new: str) -> None:
    pieces = differences(old, new)
    assert joined(pieces, Kind.KEPT, Kind.REMOVED) == old
    assert joined(pieces, Kind.KEPT, Kind.ADDED) == new


@given(TEXTS, TEXTS)
def test_neighbours_are_of_different_kinds_and_never_empty(old: str, new: str) -> None:
    pieces = differences(old, new)
    assert all(piece.text for piece in pieces)
    followers = {(piece.kind, after.kind) for piece, after in pairwise(pieces)}
    assert followers.isdisjoint({(kind, kind) for kind in Kind} | {(Kind.ADDED, Kind.REMOVED)})


@given(TEXTS)
def test_the_same_text_is_kept_whole(text: str) -> None:
    assert differences(text, text) == ((Piece(Kind.KEPT, text),) if text else ())


@pytest.mark.parametrize(
    ("old", "new", "readable"),
    [
        ("Погибли 3 человека.", "Погибли 5 человек.", "Погибли [-3 человека-]{+5 человек+}."),
        ("Порт закрыт", "Порт Лиманска закрыт", "Порт {+Лиманска +}закрыт"),
        ("Порт уже закрыт", "Порт закрыт", "Порт [-уже -]закрыт"),
        ("Порт закрыт.", "Порт закрыт!", "Порт закрыт[-.-]{+!+}"),
        ("чёрно-белый об'єкт", "чёрно-красный об'єкти", "[-чёрно-белый об'єкт-]{+чёрно-красный об'єкти+}"),
        ("да 👍🏻 🇺🇦", "да 👍🏿 🇵🇱", "да [-👍🏻 🇺🇦-]{+👍🏿 🇵🇱+}"),
        ("за\u0301мок взят", "замо\u0301к взят", "[-за\u0301мок-]{+замо\u0301к+} взят"),
        ("раз два три четыре", "три четыре пять", "[-раз два -]три четыре{+ пять+}"),
        ("", "новое", "{+новое+}"),
    ],
)
def test_changes_are_whole_words(old: str, new: str, readable: str) -> None:
    assert marked(old, new) == readable


def test_half_of_a_long_post_may_be_written_anew_and_the_rest_is_still_found() -> None:
    old = [f"слово{number}" for number in range(700)]
    new = [f"новое{number}" if number % 2 else word for number, word in enumerate(old)]
    kept = [piece.text.strip() for piece in differences(" ".join(old), " ".join(new)) if piece.kind is Kind.KEPT]
    assert kept == old[::2]


def test_a_text_written_anew_is_one_change_between_what_is_kept_at_its_ends() -> None:
    signs = "!?" * MOST_CHANGES, "?!!" * MOST_CHANGES
    pieces = differences(f"Сводка: {signs[0]} конец", f"Сводка: {signs[1]} конец")
    assert [piece.kind for piece in pieces] == [Kind.KEPT, Kind.REMOVED, Kind.ADDED, Kind.KEPT]
    assert (pieces[0].text, pieces[-1].text) == ("Сводка: ", " конец")
