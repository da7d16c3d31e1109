"""How well posts are labelled with topics: labelled rows held against what `classify` says.

Behind `channelwatch evaluate topics`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from analysis.labels import label
from analysis.taxonomy import ancestors
from analysis.word_lists import NONE

CATEGORY_TOPICS: Mapping[str, frozenset[str]] = {
    "society": frozenset(
        (
            "politics", "conflict", "crime", "disaster", "society", "religion", "education", "labour", "environment",
            "weather", "health", "human_interest",
        )
    ),
    "economy": frozenset(("economy", "labour")),
    "technology": frozenset(("science",)),
    "sports": frozenset(("sport",)),
    "entertainment": frozenset(("arts", "lifestyle", "human_interest")),
    "science": frozenset(("science", "health", "environment")),
    "other": frozenset(),
    "not_news": frozenset(),
}  # fmt: skip
"""The categories of Telegram's data clustering contest and our topics that each covers, as the contest described them.
`other` and `not_news` cover none: their rows are no news, and what the figures of news are of leaves them out."""

GOLD_COLUMNS = (("topics_a", "topics_b"), ("topics",))
"""Where the labels stand, one column an annotator."""


class UnknownForm(ValueError):
    """A row is not of a form that can be measured; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One row: the topics (of the top level) that each annotator gave, and those found, best first.

    `accepted`: the topics of which the best one must be, None where every row gives its topics by name.
    """

    wanted: tuple[frozenset[str], ...]
    found: tuple[str, ...]
    language: str
    accepted: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class TopicScores:
    """Shares from 0 to 1 (None: nothing to say it of), and how many rows they are of.

    F1 is the mean over the annotators, and so are `precision` and `recall`, of all labels and by topic. `accuracy`: of
    the news whose best topic is one that was given (of the contest's categories: one that the category covers); news
    without a topic found is wrong. `none_rejected`: of the rows that are no news, how many got no topic.
    """

    micro_f1: float | None
    macro_f1: float | None
    accuracy: float | None
    by_language: Mapping[str, float]
    by_topic: Mapping[str, float]
    none_rejected: float | None
    rows: int
    precision: float | None = None
    recall: float | None = None
    precision_by_topic: Mapping[str, float] = field(default_factory=dict)
    recall_by_topic: Mapping[str, float] = field(default_factory=dict)


def evaluate_topics(rows: Iterable[Mapping[str, Any]]) -> TopicScores:
    """Judge rows of {"text", "title"?, "lang"?} with `topics_a` and `topics_b`, with `topics`, or with `label`.

    Of the first two `by_language` is the F1; of the last, the accuracy, and there is no F1: a category is no topic.
    Raises UnknownForm for any other row.
    """
    judged = [_judged(row) for row in rows]
    by_category = bool(judged) and all(row.accepted is not None for row in judged)
    languages = sorted({row.language for row in judged})
    score: Callable[[Sequence[Judged]], float | None] = _accuracy if by_category else _micro
    per_language = {language: score([row for row in judged if row.language == language]) for language in languages}
    by_topic = {} if by_category else _by_topic(judged)
    chatter = [row for row in judged if not _is_news(row)]
    return TopicScores(
        micro_f1=None if by_category else _micro(judged),
        macro_f1=sum(by_topic.values()) / len(by_topic) if by_topic else None,
        accuracy=_accuracy(judged),
        by_language={language: value for language, value in per_language.items() if value is not None},
        by_topic=by_topic,
        none_rejected=sum(not row.found for row in chatter) / len(chatter) if chatter else None,
        rows=len(judged),
        precision=None if by_category else _share(judged, "found"),
        recall=None if by_category else _share(judged, "wanted"),
        precision_by_topic={topic: _share(judged, "found", topic) for topic in by_topic},
        recall_by_topic={topic: _share(judged, "wanted", topic) for topic in by_topic},
    )


def _judged(row: Mapping[str, Any]) -> Judged:
    """Read and label one row."""
    text = row.get("text")
    if not isinstance(text, str):
        raise UnknownForm("a row has no text.")
    columns = next((columns for columns in GOLD_COLUMNS if all(name in row for name in columns)), None)
    accepted = None
    if columns is not None:
        wanted = tuple(_top_level(row[name]) for name in columns)
    elif row.get("label") in CATEGORY_TOPICS:
        accepted = CATEGORY_TOPICS[row["label"]]
        wanted = (accepted,)
    else:
        raise UnknownForm(
            "a row has neither topics_a and topics_b, nor topics, nor a label of " + ", ".join(CATEGORY_TOPICS)
        )
    title = row.get("title")
    scores = label(f"{title}\n{text}" if title else text).topics
    return Judged(
        wanted, tuple(s.code for s in scores if ancestors(s.code) == {s.code}), str(row.get("lang")), accepted
    )


def _top_level(names: Any) -> frozenset[str]:
    """The topics of the top level that a list names, by themselves or by a child."""
    try:
        above = {code for name in names if name != NONE for code in ancestors(name)}
    except (KeyError, TypeError) as error:
        raise UnknownForm(f"{names!r} is no list of topics.") from error
    return frozenset(code for code in above if ancestors(code) == {code})


def _is_news(row: Judged) -> bool:
    return any(row.wanted)


def _micro(rows: Sequence[Judged]) -> float | None:
    """Micro-F1 against each annotator, the mean of them."""
    if not rows:
        return None
    scores = []
    for number in range(len(rows[0].wanted)):
        right = sum(len(row.wanted[number] & set(row.found)) for row in rows)
        total = sum(len(row.wanted[number]) + len(row.found) for row in rows)
        scores.append(2 * right / total if total else 1.0)
    return sum(scores) / len(scores)


def _share(rows: Sequence[Judged], side: Literal["found", "wanted"], topic: str | None = None) -> float:
    """Which part of the labels found is right, or of those wanted is found, of all topics or of one; 0 of no labels."""
    right = total = 0
    for row in rows:
        for wanted in row.wanted:
            asked = set(row.found) if side == "found" else wanted
            asked = asked if topic is None else asked & {topic}
            right += len(asked & wanted & set(row.found))
            total += len(asked)
    return right / total if total else 0.0


def _by_topic(rows: Sequence[Judged]) -> dict[str, float]:
    """F1 of each topic that was given to any row, the mean over the annotators."""
    scores: dict[str, list[float]] = defaultdict(list)
    for number in range(len(rows[0].wanted) if rows else 0):
        for topic in sorted(set().union(*(row.wanted[number] for row in rows))):
            right = sum(topic in row.wanted[number] and topic in row.found for row in rows)
            total = sum((topic in row.wanted[number]) + (topic in row.found) for row in rows)
            scores[topic].append(2 * right / total)
    return {topic: sum(values) / len(values) for topic, values in sorted(scores.items())}


def _accuracy(rows: Sequence[Judged]) -> float | None:
    """The share of news whose best topic was given by an annotator."""
    news = [row for row in rows if _is_news(row)]
    if not news:
        return None
    return sum(any(row.found[0] in wanted for wanted in row.wanted) for row in news if row.found) / len(news)
