"""Texts as words with positions."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.text import MAX_LEXEME_BYTES, MAX_PER_LEXEME, MAX_POSITIONS, analyse, fold, quote_lexeme, spans
from analysis.tokens import TOKEN, WORD, is_link

MARKUP = st.sampled_from(
    ["#", "@", "_", "-", "'", "’", "\u0301", "\u00ad", "https://", "t.me/", " ", "\n", "б", "b", "Ё"]
)
TEXTS = st.lists(st.one_of(MARKUP, st.text(max_size=4)), max_size=20).map("".join)


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("Путин, Зеленский!", ("путин", "зеленский")),
        ("Івано-Франківськ", ("івано", "франківськ")),
        ("п’ять обʼєктів don`t", ("п'ять", "об'єктів", "don't")),
        ("цена 1,5 млрд", ("цена", "1", "5", "млрд")),
        ("см. https://t.me/x/1?a=b здесь", ("см", "", "здесь")),
        ("t.me/news и www.bbc.com/x", ("", "и", "")),
        ("пишет @News_Kremlin сам", ("пишет", "", "сам")),
        ("a@b.com", ("a", "b", "com")),
        ("#мир_и_дом #war2024", ("мир", "и", "дом", "war2024")),
        ("snake_case", ("snake", "case")),
        ("‘цитата’ 'quote'", ("цитата", "quote")),
        ("за\u0301мок сло\u00adво", ("замок", "слово")),
        ("👍 — … \u0000 \ud800", ()),
        ("", ()),
    ],
)
def test_words_and_their_positions(text: str, forms: tuple[str, ...]) -> None:
    assert analyse(text).forms == forms
    assert analyse(text).forms == forms  # the second time every word is known


def test_marks_stand_where_they_begin() -> None:
    terms = analyse("вот #Мир_и_Дом и @News_Kremlin, слово#нет")
    assert dict(terms.marks) == {1: "#мир_и_дом", 5: "@news_kremlin"}
    assert terms.lexemes()["#мир_и_дом"] == (2,)
    assert "@news" not in terms.lexemes()


def test_lexemes_are_lemmas_and_forms_with_positions() -> None:
    lexemes = analyse("Войны и война").lexemes()
    assert lexemes["война"] == (1, 3)
    assert lexemes["=войны"] == (1,)
    assert lexemes["=война"] == (3,)


def test_links_and_mentions_hold_no_word() -> None:
    terms = analyse("https://example.com/война @somebody")
    assert terms.lemmas == ((), ())
    assert set(terms.lexemes()) == {"@somebody"}


@given(TEXTS)
def test_spans_line_up_with_forms(text: str) -> None:
    terms, places = analyse(text), spans(text)
    assert len(places) == len(terms.forms) == len(terms.lemmas)
    assert all(fold(text[start:end]) == form for (start, end), form in zip(places, terms.forms, strict=True) if form)
    assert all(end <= start for (_, end), (start, _) in pairwise(places))


@given(TEXTS)
def test_reading_piece_by_piece_is_reading_the_whole(text: str) -> None:
    """No token holds white space, so `analyse` may remember pieces; here the text is read at once."""
    forms: list[str] = []
    marks: dict[int, str] = {}
    for token in TOKEN.findall(text):
        if token[0] in "#@":
            marks[len(forms)] = token.lower()
        is_word = token[0] != "@" and not is_link(token)
        forms += [fold(word) for word in WORD.findall(token)] if is_word else [""]
    terms = analyse(text)
    assert terms.forms == tuple(forms)
    assert set(terms.marks) == set(marks)
    assert all(terms.marks[place] == mark for place, mark in marks.items() if mark[0] == "@")


@given(TEXTS)
def test_lexemes_are_fit_for_postgresql(text: str) -> None:
    for lexeme, places in analyse(text).lexemes().items():
        assert 0 < len(lexeme.encode()) <= MAX_LEXEME_BYTES
        assert "\x00" not in lexeme
        assert list(places) == sorted(set(places))


@given(TEXTS)
def test_equal_texts_make_equal_terms(text: str) -> None:
    assert analyse(text) == analyse(text)
    assert hash(analyse(text)) == hash(analyse(text))


def test_no_more_positions_than_a_tsvector_holds() -> None:
    terms = analyse("а " * 20_000)
    assert len(terms.forms) == len(spans("а " * 20_000)) == MAX_POSITIONS
    assert terms.lexemes()["=а"] == tuple(range(1, MAX_PER_LEXEME + 1))


def test_marks_behind_the_last_position_are_dropped() -> None:
    terms = analyse("а " * MAX_POSITIONS + "#тег")
    assert not terms.marks


def test_the_position_of_a_mark_counts_what_stands_before_it() -> None:
    terms = analyse("раз-два #Мир_и_Дом,@bbc_news #мир, «три» #мир")
    assert dict(terms.marks) == {2: "#мир_и_дом", 5: "@bbc_news", 6: "#мир", 8: "#мир"}


def test_a_word_too_long_to_be_a_lexeme_is_no_word() -> None:
    longest = "я" * ((MAX_LEXEME_BYTES - 1) // 2)
    assert analyse(f"{longest} мир").forms == (longest, "мир")
    assert analyse(f"{longest}яя мир #{longest}яя").forms == ("", "мир", "")
    assert not analyse(f"#{longest}яя").marks


def test_tsvector_is_quoted() -> None:
    assert analyse("п'ять").tsvector().startswith("'=п''ять':1")
    assert quote_lexeme("a\\b'c") == "'a\\\\b''c'"
