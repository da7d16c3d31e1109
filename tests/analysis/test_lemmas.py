"""Lemma sets: which forms meet."""

from __future__ import annotations

import pytest
import structlog

from analysis import lemmas
from analysis.lemmas import lemmas_asked, lemmas_of
from analysis.text import fold

PARADIGMS = [
    "день дня дней днями",
    "Київ Києва Києві Києвом",
    "рік року роки років",
    "війна війни воєн війною",
    "война войны войне войн",
    "Байден Байдена Байдену Байденом",
    "Путин Путина Путину Путиным Путине",
    "люди людей людям человек человека",
    "шёл шла шли идти",
    "Україна України Україні",
    "Зеленский Зеленского Зеленскому",
    "Зеленський Зеленського Зеленському",
    "ребёнок дети детей",
    "п'ять п'яти",
    "house houses",
]


@pytest.mark.parametrize("paradigm", PARADIGMS)
def test_every_form_asks_for_every_form(paradigm: str) -> None:
    forms = [fold(word) for word in paradigm.split()]
    for typed in forms:
        for written in forms:
            assert set(lemmas_asked(typed)) & set(lemmas_of(written)), (typed, written)


def test_a_dictionary_form_asks_for_its_own_word_only() -> None:
    assert lemmas_asked("дорога") == ("дорога",)
    assert lemmas_asked("начало") == ("начало",)
    assert not set(lemmas_asked("пара")) & set(lemmas_of("паром"))


def test_an_improbable_dictionary_form_also_asks_for_the_probable_word() -> None:
    assert {"путин", "путина"} <= set(lemmas_asked("путина"))
    assert {"дом", "дома"} <= set(lemmas_asked("дома"))
    assert {"дрон", "дронов"} <= set(lemmas_asked("дронов"))


@pytest.mark.parametrize(
    "form", ["дом", "стали", "петра", "київ", "шел", "щось", "неизвестнослово", "don't", "б52", "2024"]
)
def test_what_is_asked_is_among_what_is_filed(form: str) -> None:
    assert set(lemmas_asked(form)) <= set(lemmas_of(form))
    assert lemmas_of(form) == tuple(sorted(set(lemmas_of(form))))


def test_guesses_do_not_count_beside_a_dictionary() -> None:
    assert lemmas_of("среди") == ("среди",)


def test_words_outside_the_dictionaries_alphabets_are_their_own_lemma() -> None:
    assert [lemmas_of(form) for form in ("2024", "б52", "新聞", "ж" * 50)] == [
        ("2024",),
        ("б52",),
        ("新聞",),
        ("ж" * 50,),
    ]


def test_a_foreign_name_with_an_ending_has_the_names_lemma() -> None:
    assert lemmas_of("facebook'у") == lemmas_of("facebook")


def test_without_the_ukrainian_dictionary_there_is_one_warning_and_russian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lemmas, "_version", lambda package: None if package.endswith("uk") else "1")
    lemmas._analysers.cache_clear()
    try:
        with structlog.testing.capture_logs() as logs:
            assert "война" in lemmas_of("войны")
            assert lemmas_of("война") == ("война",)
    finally:
        lemmas._analysers.cache_clear()
    assert [log["log_level"] for log in logs] == ["warning"]
