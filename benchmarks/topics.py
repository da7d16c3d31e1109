"""How fast a post gets its topics, beside scikit-learn called for each post with the same weights.

Both get posts whose words are known already. scikit-learn's DictVectorizer makes the row of one post from its features
(lemmas, beginnings of words), and one linear decision for all topics is taken on it, as its documentation shows for a
single sample. Ours does that and more: phrases, pairs, thresholds, and the words behind each label. CPU seconds of one
process; every post is labelled once before, as in a process that has run for a while.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from analysis.learned import beginning, read_learned
from analysis.lexicon import read_documents, shipped
from analysis.text import LEMMAS, Terms, analyse
from analysis.topics import classify
from benchmarks.corpus import from_file, generated
from benchmarks.measuring import median, rounded, timed

T = TypeVar("T")

SHORTEST, LONGEST = 55, 70
"""Words of the posts timed (issue 5)."""

POSTS = 1_500
PEER_POSTS = 300
ROUNDS = 5


def measure_topics(*, file: Path | None = None, is_quick: bool = False) -> dict[str, Any]:
    """The figures: `topics_us_per_post`, and `topics_vs_sklearn`, None where scikit-learn is not installed."""
    count = POSTS // 10 if is_quick else POSTS
    texts = (from_file(file, 40 * count) if file else generated(40 * count, is_small=is_quick)).texts
    posts = [terms for terms in map(analyse, texts) if SHORTEST <= len(terms.forms) <= LONGEST][:count]
    ours = _microseconds(classify, posts)
    peer = _peer()
    if peer is None:
        return {"topics_us_per_post": rounded(ours), "topics_vs_sklearn": None, "topics_posts": len(posts)}
    decide, weights = peer
    features = [_features(terms) for terms in posts[:PEER_POSTS]]
    theirs = _microseconds(decide, features)
    return {
        "topics_us_per_post": rounded(ours),
        "topics_sklearn_us_per_post": rounded(theirs),
        "topics_vs_sklearn": rounded(theirs / ours),
        "topics_weights": weights,
        "topics_posts": len(posts),
    }


def _microseconds(work: Callable[[T], Any], items: Sequence[T]) -> float:
    """CPU time of one item, the median of the rounds; the first pass is not counted."""
    times = []
    for _ in range(ROUNDS + 1):
        with timed() as took:
            for item in items:
                work(item)
        times.append(took.cpu / len(items) * 1e6)
    return median(times[1:])


def _features(terms: Terms) -> dict[str, float]:
    """What the learned weights are of, in one post."""
    found: dict[str, float] = {}
    for form in dict.fromkeys(terms.forms):
        for lemma in LEMMAS[form]:
            found[lemma] = 1.0
        if sound := beginning(form):
            found[sound + "*"] = 1.0
    return found


def _peer() -> tuple[Callable[[dict[str, float]], Any], int] | None:
    """scikit-learn's decision over one post with the shipped weights, and how many weights; None without it."""
    try:
        numpy = importlib.import_module("numpy")
        extraction = importlib.import_module("sklearn.feature_extraction")
        linear_model = importlib.import_module("sklearn.linear_model")
    except ImportError:
        return None
    learned = {code: read_learned(code, document) for code, document in read_documents("learned").items()}
    vectorizer = extraction.DictVectorizer()
    vectorizer.fit([dict.fromkeys(weights.words, 1.0) for weights in learned.values()])
    model = linear_model.SGDClassifier()
    model.classes_ = numpy.array(sorted(learned))
    model.coef_ = numpy.zeros((len(learned), len(vectorizer.vocabulary_)))
    model.intercept_ = numpy.array([-learned[code].threshold for code in sorted(learned)])
    for row, code in enumerate(sorted(learned)):
        for word, weight in learned[code].words.items():
            model.coef_[row, vectorizer.vocabulary_[word]] = weight
    model.n_features_in_ = model.coef_.shape[1]
    shipped()
    return (lambda features: model.decision_function(vectorizer.transform([features]))), int((model.coef_ != 0).sum())
