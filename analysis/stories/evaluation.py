"""How well stories are told apart: precision and recall over labelled pairs (`channelwatch evaluate stories`).

Each pair is judged by the similarity and the threshold that the window judges by, with word frequencies counted over
all posts of the file, as a window would count them.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.language import detect
from analysis.stories.frequencies import Frequencies
from analysis.stories.joining import THRESHOLD
from analysis.stories.reading import Reading
from analysis.stories.signature import Signature
from analysis.stories.signing import sign
from analysis.stories.similarity import Circumstances, Likeness, compare
from analysis.text import analyse

Name = tuple[str, int]
"""Channel and message id: what tells whether two pairs speak of one post."""


@dataclass(frozen=True, slots=True)
class LabelledPost:
    """One side of a pair. `name` and `posted_at` (seconds since the epoch) are None where the file does not say."""

    text: str
    name: Name | None = None
    posted_at: float | None = None


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two posts, whether they report one event, and the language the file gives, if it does."""

    first: LabelledPost
    second: LabelledPost
    is_same: bool
    language: str | None = None


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """A pair with what was found of it."""

    pair: LabelledPair
    languages: str
    likeness: Likeness

    @property
    def is_joined(self) -> bool:
        """Whether the two are taken for one story."""
        return self.likeness.similarity >= THRESHOLD


def pair_of(row: Mapping[str, Any]) -> LabelledPair:
    """Read a row: `first`, `second`, `label_a`, `label_b`, or `first_title`, `first_text`, ..., `label`, `lang`.

    Of two labels both must be 1; anything else (0, "related") says that the events differ. Raises KeyError, TypeError
    or ValueError for another form.
    """
    if "first" in row:
        is_same = row["label_a"] == 1 and row["label_b"] == 1
        return LabelledPair(_post(row["first"]), _post(row["second"]), is_same)
    first, second = (LabelledPost(f"{row[side + '_title']}\n{row[side + '_text']}") for side in ("first", "second"))
    return LabelledPair(first, second, row["label"] == 1, row.get("lang"))


def _post(side: Mapping[str, Any]) -> LabelledPost:
    """One side of a pair of posts."""
    at = side.get("date")
    name = (str(side["channel"]), int(side["message_id"])) if "message_id" in side else None
    return LabelledPost(str(side["text"]), name, dt.datetime.fromisoformat(at).timestamp() if at else None)


def judge(pairs: Sequence[LabelledPair]) -> list[JudgedPair]:
    """Compare the two posts of each pair."""
    signatures = {text: _signature(text) for pair in pairs for text in (pair.first.text, pair.second.text)}
    frequencies = Frequencies()
    for signature in signatures.values():
        frequencies.add(signature)
    return [_judged(pair, signatures, frequencies) for pair in pairs]


def _signature(text: str) -> Signature:
    terms = analyse(text)
    return sign(text, terms, detect(terms))


def _judged(pair: LabelledPair, signatures: Mapping[str, Signature], frequencies: Frequencies) -> JudgedPair:
    first, second = signatures[pair.first.text], signatures[pair.second.text]
    hours = 0.0
    if pair.first.posted_at is not None and pair.second.posted_at is not None:
        hours = (pair.first.posted_at - pair.second.posted_at) / 3600
    likeness = compare(Reading(first), Reading(second), frequencies.weights(first.language), Circumstances(hours))
    found = sorted({language or "other" for language in (first.language, second.language)})
    return JudgedPair(pair, pair.language or "-".join(found), likeness)


@dataclass(frozen=True, slots=True)
class StoryScores:
    """Shares from 0 to 1, F1 by language, and how many pairs they are of.

    `bcubed_f1` is None where no post comes in two pairs.
    """

    precision: float
    recall: float
    f1: float
    by_language: Mapping[str, float]
    rows: int
    bcubed_f1: float | None = None


def scores_of(pairs: Sequence[LabelledPair]) -> StoryScores:
    """Judge labelled pairs."""
    judged = judge(pairs)
    languages = sorted({pair.languages for pair in judged})
    by_language = {
        language: _scores([pair for pair in judged if pair.languages == language])[2] for language in languages
    }
    return StoryScores(*_scores(judged), by_language, len(judged), bcubed_f1(judged))


def _scores(judged: Sequence[JudgedPair]) -> tuple[float, float, float]:
    """Precision, recall and F1 of joining."""
    counts = Counter((pair.is_joined, pair.pair.is_same) for pair in judged)
    right, wrong, missed = counts[True, True], counts[True, False], counts[False, True]
    return _share(right, wrong), _share(right, missed), _share(2 * right, wrong + missed)


def _share(part: float, rest: float) -> float:
    """A part of a whole; of nothing, 0."""
    return part / (part + rest) if part else 0.0


def bcubed_f1(judged: Sequence[JudgedPair]) -> float | None:
    """B-cubed F1 (Bagga and Baldwin 1998) over the pairs that are labelled: for each post, which share of those joined
    with it belong with it, and the other way round, itself included. None where no post comes in two pairs.
    """
    partners: dict[Name, list[tuple[bool, bool]]] = defaultdict(list)
    for pair in judged:
        if pair.pair.first.name is None or pair.pair.second.name is None:
            return None
        for post in (pair.pair.first.name, pair.pair.second.name):
            partners[post].append((pair.is_joined, pair.pair.is_same))
    if not partners or max(map(len, partners.values())) < 2:
        return None
    right = {post: 1 + sum(joined and same for joined, same in found) for post, found in partners.items()}
    precision = _mean(right[post] / (1 + sum(joined for joined, _ in found)) for post, found in partners.items())
    recall = _mean(right[post] / (1 + sum(same for _, same in found)) for post, found in partners.items())
    return 2 * precision * recall / (precision + recall)


def _mean(values: Iterable[float]) -> float:
    kept = list(values)
    return sum(kept) / len(kept)
