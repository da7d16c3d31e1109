"""Learn what `analysis/stories` ships: how common words are, and how much each sign of a common event weighs.

`python -m training.learn_stories WHAT DATA` prints `words` (`common_words.tsv`), `weights` (`likeness_weights.py`),
`check` (how well such weights tell pairs apart that were left out), or `recurring` (how well what ships tells the next
of a series from the same one told again; nothing of DATA is read). DATA is the folder of labelled sets; of them only
those are read that may be learned from: news articles (tgcontest) and encyclopedic sentences (sib200); and the invented
posts in `training/stories` and `training/topics`. No Telegram post is read (API terms 1.5; decision 13).
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import log
from pathlib import Path

from analysis.folding import fold
from analysis.stories.evaluation import judge, scores_of
from analysis.stories.likeness_weights import LEARNED
from analysis.stories.words import common_letters, lemma_of
from analysis.text import analyse
from training.logistic import fitted
from training.reading import lines_of, rows_of
from training.story_pairs import (
    EARLIER,
    HARD,
    INVENTED,
    LATER,
    article_rows,
    cut_articles,
    recurring_pairs,
    related_posts,
    strangers,
    whole_articles,
)
from training.topic_texts import OWN

THRESHOLDS = (0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)

LEAD_WORDS = 60
"""Words of an article that count as one text: as many as a post has."""

SENTENCES = 3
"""Single sentences that count as one text."""

LEAST_TEXTS = 8
"""A lemma in fewer texts is as good as unknown."""

CUT_WEIGHT = 0.25
"""What a pair of cut articles weighs beside the pair of whole ones, of which there are several cuts."""

EARLIER_WEIGHT, LATER_WEIGHT, HARD_WEIGHT, STRANGERS_WEIGHT = 0.08, 0.15, 0.15, 0.1
"""What a pair of invented posts weighs beside one of articles: there are many, and they were made to be hard."""

SAME_SHARE = 0.45
"""The share, by weight, of pairs of invented posts of one affair that report one event."""

FOLDS = 10

PENALTY = 0.5


def main(arguments: list[str]) -> None:
    """Print what was asked for."""
    what, folder = arguments
    made = {"words": _words, "weights": _weights, "check": _checked, "recurring": _recurring}[what]
    print("\n".join(made(Path(folder))))  # noqa: T201 - the program's product


def _words(folder: Path) -> Iterator[str]:
    """Lemma in common letters and share of the texts of the language in which it is commonest, commonest first."""
    shares: dict[str, float] = dict(_staples())
    for texts in _texts(folder).values():
        found = Counter(lemma for text in texts for lemma in set(text))
        for lemma, count in found.items():
            if count >= LEAST_TEXTS and not lemma[0].isdigit():
                shares[lemma] = max(shares.get(lemma, 0.0), count / len(texts))
    for lemma, share in sorted(shares.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"{lemma}\t{share:.3f}"


def _weights(folder: Path) -> Iterator[str]:
    """The bias, and what each feature weighs."""
    lessons = _lessons(folder)
    for name, weight in zip(("bias", *LEARNED), _fitted(lessons), strict=True):
        yield f"{name}\t{weight:.2f}"


def _checked(folder: Path) -> Iterator[str]:
    """Precision and recall at each threshold when pairs of one affair are judged by what the others teach."""
    lessons = _lessons(folder)
    affairs = sorted({lesson.affair for lesson in lessons})
    random.Random(1).shuffle(affairs)  # noqa: S311 - nothing secret
    judged: list[tuple[Lesson, float]] = []
    for part in range(FOLDS):
        left_out = set(affairs[part::FOLDS])
        weights = _fitted([lesson for lesson in lessons if lesson.affair not in left_out])
        judged += [(lesson, _odds(weights, lesson)) for lesson in lessons if lesson.affair in left_out]
    for kind in ("articles", "cut articles", "posts", "hard posts"):
        of_kind = [(lesson, odds) for lesson, odds in judged if lesson.kind == kind]
        for threshold in THRESHOLDS:
            joined = [lesson.is_same for lesson, odds in of_kind if odds >= log(threshold / (1 - threshold))]
            precision = sum(joined) / max(len(joined), 1)
            recall = sum(joined) / sum(lesson.is_same for lesson, _ in of_kind)
            yield f"{kind}\t{threshold}\tprecision {precision:.2f}\trecall {recall:.2f}"


def _recurring(_: Path) -> Iterator[str]:
    """How well what ships tells the next of a series from the same one told again."""
    scores = scores_of(recurring_pairs())
    yield f"{scores.rows} pairs\tprecision {scores.precision:.2f}\trecall {scores.recall:.2f}\tF1 {scores.f1:.2f}"


@dataclass(frozen=True, slots=True)
class Lesson:
    """A pair of one language: its features, whether it is one event, how much it counts. `affair`: what it must not be
    apart from in a cross-validation."""

    kind: str
    values: Sequence[float]
    is_same: bool
    weight: float
    affair: str


def _fitted(lessons: Sequence[Lesson]) -> list[float]:
    return fitted(
        [lesson.values for lesson in lessons],
        [int(lesson.is_same) for lesson in lessons],
        [lesson.weight for lesson in lessons],
        penalty=PENALTY,
    )


def _odds(weights: Sequence[float], lesson: Lesson) -> float:
    return weights[0] + sum(weight * value for weight, value in zip(weights[1:], lesson.values, strict=True))


def _lessons(folder: Path) -> list[Lesson]:
    """All that may be learned from; how rare words are is counted over all of it."""
    rows = article_rows(folder)
    groups = [
        ("articles", whole_articles(rows), 1.0),
        ("cut articles", cut_articles(rows), CUT_WEIGHT),
        ("posts", related_posts(EARLIER), EARLIER_WEIGHT),
        ("posts", related_posts(LATER), LATER_WEIGHT),
        ("hard posts", related_posts(HARD), HARD_WEIGHT),
        ("posts", strangers((*EARLIER, *LATER, *HARD)), STRANGERS_WEIGHT),
    ]
    judged = iter(judge([taken.pair for _, pairs, _ in groups for taken in pairs]))
    lessons: list[Lesson] = []
    for kind, pairs, weight in groups:
        found = [
            Lesson(kind, [pair.likeness.values[name] for name in LEARNED], pair.pair.is_same, weight, taken.affair)
            for taken, pair in zip(pairs, islice(judged, len(pairs)), strict=True)
            if "lead" in pair.likeness.values
        ]
        lessons += _balanced(found) if "posts" in kind else found
    return lessons


def _balanced(lessons: Sequence[Lesson]) -> list[Lesson]:
    """The lessons with weights of which SAME_SHARE are those of one event; strangers, of which none is, as they are."""
    same = sum(lesson.is_same for lesson in lessons) / len(lessons)
    factors = {True: SAME_SHARE / same, False: (1 - SAME_SHARE) / (1 - same)} if same else {False: 1.0}
    return [replace(lesson, weight=lesson.weight * factors[lesson.is_same]) for lesson in lessons]


def _staples() -> Iterator[tuple[str, float]]:
    """What general knowledge adds: words of which news posts are full, and the sets are not."""
    for share, words in lines_of(INVENTED / "staples.tsv"):
        yield from ((common_letters(lemma_of(fold(word))), float(share)) for word in words.split())


def _texts(folder: Path) -> dict[str, list[list[str]]]:
    """Language -> texts as lists of lemmas."""
    texts: dict[str, list[list[str]]] = {"ru": [], "uk": [], "en": []}
    for row in rows_of(folder / "tgcontest_categories/dev.jsonl.gz"):
        texts[row["lang"]].append(_lemmas([row["title"], row["text"]]))
    for row in article_rows(folder):
        for side in ("first", "second"):
            texts[row["lang"]].append(_lemmas([row[f"{side}_title"], row[f"{side}_text"]]))
    for language, found in texts.items():
        sentences = [row["text"] for row in rows_of(folder / "sib200_ru_uk_en/dev.jsonl.gz") if row["lang"] == language]
        found += [_lemmas(sentences[start : start + SENTENCES]) for start in range(0, len(sentences), SENTENCES)]
    for path in sorted(OWN.glob("*.tsv")):
        texts.setdefault(f"{path.name[:2]} topics", []).extend(_lemmas([text]) for _, text in lines_of(path))
    return texts


def _lemmas(pieces: Iterable[str]) -> list[str]:
    forms = analyse(" . ".join(pieces)).forms[:LEAD_WORDS]
    return [common_letters(lemma_of(form)) for form in forms if form]


if __name__ == "__main__":
    main(sys.argv[1:])
