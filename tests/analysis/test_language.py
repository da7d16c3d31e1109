"""Which language a text is in: invented sentences, and the laws of the rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.language import detect
from analysis.text import analyse


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Вечером над Озёрском прошла сильная гроза, часть улиц осталась без света", "ru"),
        ("Мэр рассказал о ремонте моста", "ru"),
        ("Увечері над Озерськом пройшла сильна гроза, частина вулиць залишилася без світла", "uk"),
        ("Мер розповів про ремонт мосту", "uk"),
        ("A heavy storm passed over the town of Lakeside in the evening", "en"),
        ("Mayor opens bridge", "en"),
    ],
)
def test_a_sentence_is_told_by_its_letters_and_small_words(text: str, language: str) -> None:
    assert detect(analyse(text)) == language


def test_names_in_latin_letters_do_not_make_a_russian_post_english() -> None:
    assert detect(analyse("Новый Pixel против iPhone и Galaxy: что купить")) == "ru"


def test_a_belarusian_name_in_a_russian_post_changes_nothing() -> None:
    assert detect(analyse("Режиссёр Каліноўскі приехал на фестиваль, чтобы показать фильм")) == "ru"


def test_a_ukrainian_name_in_a_russian_post_changes_nothing() -> None:
    assert detect(analyse("Вы слышали, что «Київ» снова на вывеске этого кафе? Мы были там")) == "ru"


def test_a_post_without_ukrainian_letters_is_known_by_its_words() -> None:
    assert detect(analyse("Чому ви не там, де вона була")) == "uk"


@pytest.mark.parametrize("text", ["", "12 345", "🔥🔥🔥", "https://example.org/news @somebody"])
def test_a_text_without_words_has_no_language(text: str) -> None:
    assert detect(analyse(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "Учора ўвечары над горадам прайшла навальніца, і ўсе вуліцы засталіся без святла",
        "Gestern Abend zog ein heftiges Gewitter über die kleine Stadt hinweg",
        "昨夜は激しい雷雨がありました",
    ],
)
def test_another_language_is_not_taken_for_ours(text: str) -> None:
    assert detect(analyse(text)) is None


@given(st.text(max_size=200))
def test_any_text_has_one_of_three_languages_or_none(text: str) -> None:
    assert detect(analyse(text)) in {"ru", "uk", "en", None}


@given(st.text(alphabet="абвгдеєжзиіїйклмнопрстуфхцчшщьюяыэъ .,", max_size=120))
def test_case_makes_no_difference(text: str) -> None:
    assert detect(analyse(text)) == detect(analyse(text.upper()))
