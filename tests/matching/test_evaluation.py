"""How keywords are judged, and that they are good enough."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from matching.evaluation import KeywordScores, evaluate_keywords
from matching.query import QueryError

ROWS = Path(__file__).parents[3] / "shared" / "data" / "morph_keywords"


def test_found_missed_and_wrong_rows_are_counted() -> None:
    rows = [
        {"keyword": "война", "text": "после войны", "label": 1},
        {"keyword": "война", "text": "бойня", "label": 1},
        {"keyword": "война", "text": "мир", "label": 0},
        {"keyword": "мир", "text": "мир", "label": 0},
    ]
    assert evaluate_keywords(rows) == KeywordScores(precision=0.5, recall=0.5, f1=0.5, rows=4)


def test_nothing_found_scores_nothing() -> None:
    assert evaluate_keywords([]) == KeywordScores(0.0, 0.0, 0.0, 0)


def test_a_keyword_that_is_no_query_is_refused() -> None:
    with pytest.raises(QueryError):
        evaluate_keywords([{"keyword": "-", "text": "мир", "label": 0}])


@pytest.mark.parametrize(("name", "least"), [("dev_ru", 0.968), ("dev_uk", 0.973)])
def test_labelled_keywords_are_found_in_any_form(name: str, least: float) -> None:
    path = ROWS / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"../shared/data/morph_keywords/{name}.jsonl.gz is not here")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        scores = evaluate_keywords(json.loads(line) for line in lines)
    assert scores.f1 >= least
