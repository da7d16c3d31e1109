"""Measuring stories: labelled pairs of both forms, streams, and the figure on a set kept beside the project."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from analysis.stories.evaluation import LabelledPair, LabelledPost, pair_of, scores_of
from analysis.stories.near_copies import near_copies
from analysis.stories.streams import StreamedPost, evaluate_stream
from tests.analysis.test_stories import AGAIN, COLLAPSE, RATE

DATA = Path(__file__).parents[3] / "shared" / "data"


def post(text: str, number: int) -> dict[str, Any]:
    return {"channel": "a", "message_id": number, "date": "2024-11-26T10:00:00+00:00", "text": text}


def gold(first: dict[str, Any], second: dict[str, Any], label: object = 1) -> LabelledPair:
    return pair_of({"first": first, "second": second, "label_a": label, "label_b": label})


def test_pair_is_the_same_only_when_both_labels_say_so() -> None:
    row = {"first": post(COLLAPSE, 1), "second": post(AGAIN, 2), "label_a": 1, "label_b": "related"}

    assert not pair_of(row).is_same
    assert pair_of(row | {"label_b": 1}).is_same


def test_pairs_of_articles_are_read_with_their_language() -> None:
    row = {"first_title": "Мост", "first_text": "упал", "second_title": "", "second_text": "", "label": 1, "lang": "ru"}

    assert pair_of(row) == LabelledPair(LabelledPost("Мост\nупал"), LabelledPost("\n"), is_same=True, language="ru")


def test_row_of_another_form_is_refused() -> None:
    with pytest.raises(KeyError):
        pair_of({"text": "мост"})


def test_scores_count_what_is_joined_wrongly_and_missed() -> None:
    scores = scores_of([gold(post(COLLAPSE, 1), post(AGAIN, 2)), gold(post(COLLAPSE, 1), post(RATE, 3))])

    assert (scores.precision, scores.recall, scores.rows) == (1.0, 0.5, 2)
    assert scores.by_language == {"ru": scores.f1}


def test_bcubed_needs_a_post_in_two_pairs() -> None:
    once = [gold(post(COLLAPSE, 1), post(AGAIN, 2)), gold(post(COLLAPSE, 3), post(RATE, 4), 0)]
    twice = [gold(post(COLLAPSE, 1), post(AGAIN, 2)), gold(post(COLLAPSE, 1), post(RATE, 4), 0)]

    assert scores_of(once).bcubed_f1 is None
    assert scores_of(twice).bcubed_f1 == 1.0


def test_near_copies_differ_by_few_letters() -> None:
    assert list(near_copies([COLLAPSE, RATE, COLLAPSE + "!"])) == [(0, 2)]


def test_stream_shows_its_largest_stories_and_joined_copies() -> None:
    posts = [
        StreamedPost(name, text, at) for at, (name, text) in enumerate(zip("abc", [COLLAPSE, RATE, AGAIN], strict=True))
    ]
    scores = evaluate_stream([*posts, StreamedPost("d", COLLAPSE, 9.0)])

    assert (scores.posts, scores.stories, scores.near_copies_joined) == (4, 2, 1.0)
    assert (scores.largest[0].posts, scores.largest[0].first_line) == (3, COLLAPSE)


def rows(name: str) -> list[dict[str, Any]]:
    with gzip.open(DATA / name, "rt") as lines:
        return [json.loads(line) for line in lines]


@pytest.mark.skipif(not DATA.exists(), reason="needs the labelled sets beside the project")
def test_article_pairs_are_told_apart_as_issue_5_asks() -> None:
    scores = scores_of([pair_of(row) for row in rows("same_story_pairs/dev.jsonl.gz")])

    assert scores.f1 >= 0.83
