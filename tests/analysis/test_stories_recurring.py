"""What recurs and what is reversed: the next drone, trading resumed after it was suspended."""

from __future__ import annotations

import pytest

from analysis.folding import fold
from analysis.stories import Window
from analysis.stories.recurring import are_opposed, kinds_of, lines_of, sides_of
from analysis.stories.words import TERMS
from analysis.text import analyse
from tests.analysis.test_stories import found, telling, window_of

DRONE = "ПВО сбила беспилотник, летевший на Лиманск, сообщил мэр города Градов"
DRONE_REWRITTEN = "Силы ПВО уничтожили беспилотник на подлёте к Лиманску, сообщил мэр Градов. Обломки упали в поле"
DRONE_UK = "ППО збила безпілотник, що летів на Лиманськ, повідомив мер міста Градов"
IMPOSED = "В Лиманске введён комендантский час для всех районов города"
LIFTED = "Комендантский час для всех районов снят в Лиманске, сообщил мэр"


def title(text: str) -> frozenset[int]:
    return frozenset(filter(None, map(TERMS.__getitem__, analyse(text).forms)))


@pytest.mark.parametrize("text", [DRONE_REWRITTEN, DRONE_UK])
def test_a_drone_that_two_channels_report_within_minutes_is_one_story(text: str) -> None:
    assert found(window_of(telling(1, DRONE)), telling(2, text, hours=0.2)).into == 1


@pytest.mark.parametrize("text", [DRONE, DRONE_REWRITTEN, DRONE_UK])
def test_what_is_said_of_a_drone_an_hour_later_is_the_next_ones_story(text: str) -> None:
    assert window_of(telling(1, DRONE)).find(telling(2, text, hours=1.3)) is None


def test_what_does_not_recur_is_one_story_hours_later() -> None:
    collapse = "В Лиманске обрушился мост через Ладву, в реку упали три автомобиля"
    assert found(window_of(telling(1, collapse)), telling(2, f"⚡️ {collapse}", hours=5)).into == 1


def test_what_was_imposed_and_is_lifted_are_two_stories() -> None:
    window: Window = window_of(telling(1, IMPOSED))
    assert found(window, telling(2, f"{IMPOSED}, сообщил мэр", hours=0.1)).into == 1
    assert window.find(telling(3, LIFTED, hours=0.2)) is None


def test_a_post_that_says_both_is_opposed_to_neither() -> None:
    closed, opened = sides_of(title("Аэропорт закрыт")), sides_of(title("Аэропорт открыт"))
    both = sides_of(title("Аэропорт закрыли утром и открыли вечером"))
    assert are_opposed(closed, opened)
    assert not are_opposed(closed, both)
    assert not are_opposed(both, opened)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (DRONE, "air_defence"),
        (DRONE_UK, "air_defence"),
        ("Air defences shot down two drones over Limansk", "air_defence"),
        ("Повітряна тривога у Лиманську", "air_alert"),
        ("Курс доллара на Лиманской бирже превысил 90", "exchange"),
        ("A magnitude 5.1 earthquake struck near Limansk", "earthquake"),
        ("В аэропорту Лиманска сняты ограничения на приём и выпуск самолётов", "airport"),
    ],
)
def test_kinds_are_told_by_the_words_of_three_languages(text: str, kind: str) -> None:
    assert kinds_of(title(text)) == {kind}


@pytest.mark.parametrize(
    "text",
    [
        "Министр Градов подписал договор о поставках дронов",
        "Цель компании — уничтожить конкурентов",
        "Siren: police raid on a warehouse in Limansk",
        "Аэропорт Лиманска принял двухмиллионного пассажира",
    ],
)
def test_most_news_is_of_no_kind(text: str) -> None:
    assert kinds_of(title(text)) == frozenset()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("В аэропорту введены ограничения", "В аэропорту сняты ограничения"),
        ("Рух мостом призупинено", "Рух мостом відновлено"),
        ("Trading was suspended", "Trading resumed"),
        ("Курс вырос", "Курс снизился"),
        ("Задержан вице-мэр", "Вице-мэр отпущен под залог"),
    ],
)
def test_participles_and_verbs_take_the_sides_of_their_words(one: str, other: str) -> None:
    assert are_opposed(sides_of(title(one)), sides_of(title(other)))


def test_every_word_of_the_lists_counts_and_takes_one_side() -> None:
    sides: dict[int, int] = {}
    for number, line in enumerate(lines_of("opposites.tsv"), start=1):
        for side, words in zip((number, -number), line.split("\t"), strict=True):
            for term in (TERMS[fold(word)] for word in words.split()):
                assert term
                assert sides.setdefault(term, side) == side
    for line in lines_of("recurring.tsv"):
        name, hours, *groups = line.split("\t")
        assert float(hours) > 0
        assert len(groups) == 2, name
        assert all(TERMS[fold(word)] for group in groups for word in group.split()), name
