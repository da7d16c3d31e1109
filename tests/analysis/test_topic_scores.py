"""Measuring labels: invented rows whose figures can be worked out by hand, and the contest's articles."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from analysis.topic_scores import UnknownForm, evaluate_topics

ARTICLES = Path(__file__).parents[3] / "shared" / "data" / "tgcontest_categories" / "dev.jsonl.gz"

GOAL = "Вратарь отбил пенальти, и сборная вышла в полуфинал"
NOTHING = "Доброе утро, друзья! Как ваши дела?"


def row(text: str, first: list[str], second: list[str], lang: str = "ru") -> dict[str, Any]:
    return {"text": text, "lang": lang, "topics_a": first, "topics_b": second}


def test_f1_is_the_mean_over_two_annotators() -> None:
    scores = evaluate_topics([row(GOAL, ["sport"], ["arts"]), row(GOAL, ["sport"], ["sport"])])
    assert scores.micro_f1 == pytest.approx((1.0 + 0.5) / 2)
    assert scores.by_topic["sport"] == pytest.approx((1.0 + 2 / 3) / 2)


def test_precision_is_of_what_was_found_and_recall_of_what_was_wanted() -> None:
    scores = evaluate_topics([row(GOAL, ["sport", "arts"], ["sport"]), row(GOAL, ["arts"], ["sport"])])
    assert (scores.precision, scores.recall) == (0.75, 0.6)
    assert (scores.precision_by_topic["sport"], scores.recall_by_topic["arts"]) == (0.75, 0.0)


def test_a_child_stands_for_its_topic_of_the_top_level() -> None:
    assert evaluate_topics([row(GOAL, ["football"], ["football"])]).micro_f1 == 1.0


def test_none_rejected_is_the_share_of_chatter_without_a_topic() -> None:
    scores = evaluate_topics([row(NOTHING, ["none"], ["none"]), row(GOAL, ["none"], ["none"])])
    assert scores.none_rejected == 0.5
    assert scores.accuracy is None


def test_languages_are_measured_apart() -> None:
    scores = evaluate_topics([row(GOAL, ["sport"], ["sport"]), row(GOAL, ["arts"], ["arts"], lang="uk")])
    assert scores.by_language == {"ru": 1.0, "uk": 0.0}


def test_of_categories_the_best_topic_must_be_one_that_the_category_covers() -> None:
    labels = ["sports", "economy", "not_news"]
    scores = evaluate_topics({"title": GOAL, "text": "", "lang": "ru", "label": label} for label in labels)
    assert (scores.accuracy, scores.micro_f1, scores.none_rejected) == (0.5, None, 0.0)


@pytest.mark.parametrize(
    "broken",
    [{"topics": ["sport"]}, {"text": "a"}, {"text": "a", "label": "gossip"}, {"text": "a", "topics": ["gossip"]}],
)
def test_a_row_of_another_form_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(UnknownForm):
        evaluate_topics([broken])


@pytest.mark.skipif(not ARTICLES.exists(), reason="the articles of ../shared/data are not here; they are never shipped")
def test_quality_on_articles_has_not_fallen() -> None:
    """0.85 in English and 0.82 in Russian when this was written."""
    with gzip.open(ARTICLES, "rt", encoding="utf-8") as lines:
        scores = evaluate_topics(map(json.loads, lines))
    assert scores.by_language["en"] >= 0.8
    assert scores.by_language["ru"] >= 0.78
