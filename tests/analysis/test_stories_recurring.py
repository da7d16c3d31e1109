"""What recurs and what is reversed: the next drone, trading resumed after it was suspended."""

from __future__ import annotations

import pytest

from analysis.folding import fold
from analysis.stories import Window
from analysis.stories.recurring import are_opposed, kinds, kinds_of, sides_of
from analysis.stories.words import TERMS
from analysis.text import analyse
from tests.analysis.test_stories import found, telling, window_of

DRONE = "ПВО сбила беспилотник, летевший на Лиманск, сообщил мэр города Градов"
DRONE_REWRITTEN = "Силы ПВО уничтожили беспилотник на подлёте к Лиманску, сообщил мэр Градов. Обломки упали в поле"
DRONE_UK = "ППО збила безпілотник, що летів на Лиманськ, повідомив мер міста Градов"
SUSPENDED = "Биржа Лиманска приостановила торги на срочном рынке"
RESUMED = "Биржа Лиманска возобновит торги на срочном рынке в 16:50"


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


def test_what_was_suspended_and_is_resumed_are_two_stories() -> None:
    window: Window = window_of(telling(1, SUSPENDED))
    assert found(window, telling(2, f"{SUSPENDED}, сообщила пресс-служба", hours=0.1)).into == 1
    assert window.find(telling(3, RESUMED, hours=0.2)) is None


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


def test_most_news_is_of_no_kind() -> None:
    assert kinds_of(title("Министр Градов подписал договор о поставках дронов")) == frozenset()


def test_every_word_of_the_lists_counts() -> None:
    assert all(group for kind in kinds() for group in kind.groups)
    assert all(kind.hours > 0 and len(kind.groups) == 2 for kind in kinds())
    for word in ("приостановить", "відбій", "reopen", "опровергнуть"):
        assert sides_of(frozenset({TERMS[fold(word)]}))
