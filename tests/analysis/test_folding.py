"""Folding: one spelling for all ways of writing a word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.folding import fold

WORDS = st.one_of(
    st.text(max_size=8),
    st.text(alphabet="aаbвcсeеhнiікkmмoоpрtтxхyуёЁ'’ʼ\u0301\u0306йиїЇґqжAАB", max_size=8),
)


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("ВОЙНА", "война"),
        ("Ёлка", "елка"),
        ("е\u0308лка", "елка"),
        ("и\u0306од", "йод"),
        ("П’ЯТЬ", "п'ять"),
        ("Моcквa", "москва"),
        ("POCCИЯ", "россия"),
        ("Тelegram", "telegram"),
        ("iPhoneами", "iphoneами"),
        ("facebook’у", "facebook'у"),
        ("ﬁnance", "finance"),
        ("Ｎｅｗｓ", "news"),
        ("Straße", "strasse"),
        ("café", "café"),
        ("ґанок", "ґанок"),
        ("’", ""),
        ("\ud800\x00", ""),
    ],
)
def test_spellings_that_are_folded(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(WORDS)
def test_folding_twice_changes_nothing(word: str) -> None:
    assert fold(fold(word)) == fold(word)


@given(WORDS)
def test_case_makes_no_difference(word: str) -> None:
    assert fold(word.casefold()) == fold(word)


@given(WORDS)
def test_a_folded_word_is_letters_digits_and_inner_apostrophes(word: str) -> None:
    folded = fold(word)
    assert all(part.isalnum() for part in folded.split("'")) or folded == ""
