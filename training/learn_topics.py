"""Learn how much the words count for each topic, and write `analysis/taxonomy/learned/`.

`python -m training.learn_topics [--data FOLDER] [--measure]` (needs scikit-learn; the product does not).

One linear decision a topic (logistic regression, this topic against the rest) over what the engine sees at run time:
the evidence of the hand-made lists, the lemmas, and the beginnings of words; whether a post is chatter also tells how
it is written. On the second level the single words are held back: they start from nothing beside what the lists say,
and only what many texts agree on moves them. A topic of the top level is given when its chance reaches CHANCE;
thresholds of the second level are taken where cross-validated F1 is best. `--measure` writes nothing and prints how
well the top level is found in texts that were left out.
"""

from __future__ import annotations

import argparse
import importlib
import random
import sys
from dataclasses import dataclass, replace
from math import log
from pathlib import Path
from typing import Any

from analysis.lexicon import Lexicon, read_documents, read_lexicon
from analysis.manner import MANNERS
from analysis.taxonomy import TOPICS
from analysis.word_lists import NONE
from training.left_out import found_again
from training.material import Material, gather
from training.topic_files import write_learned
from training.topic_texts import CUTS, TOP_LEVEL, Labelled, articles, lengthened, own_texts, sentences, signed

FOLDS = 5
STRENGTH = 0.5
"""scikit-learn's C for the evidence of the hand-made lists and for the decision between news and chatter."""

HELD_BACK = 0.3
"""What single words are multiplied with where a topic is learned, which makes it cost ten times as much to move them:
our texts are not real posts, and what only they agree on is worth less than what the lists say."""

HELD_BACK_ABOVE = 1.0
"""The same on the top level, where articles, which are real, teach too: nothing is held back. Texts left out have an F1
of a point more in articles than with 0.5, as much in posts."""

PALE = 0.06
"""Weights below, in words said once in a short post, are left out: without them F1 stays the same."""

NEAR = 1.0
"""Log odds from a threshold within which texts tell what the words left out would have said."""

NEWS_LOST = 0.01
"""Share of news that may be taken for chatter. With 0.005, 0.01 and 0.02 posts left out have the same F1 within 0.005;
articles, which are real, have a point more with 0.01 than with 0.02 (decision 12)."""

CHANCE = 0.25
"""Chance from which on a topic of the top level is given. Texts left out do better with 0.25 or 0.3 than with 0.35 or
0.4 (decision 12)."""

STRICTEST, LOOSEST = -0.5, -2.2
"""Bounds of the thresholds, in log odds (0.38 and 0.10): few texts of a topic can make them wild."""


@dataclass(slots=True)
class Decision:
    """What was learned for one topic: weights and the threshold that their sum must reach.

    `odds`: what was said of each text by what the others teach (log odds, by row); `cut`: what they must reach.
    """

    code: str
    hand: dict[str, float]
    words: dict[str, float]
    manner: dict[str, float]
    threshold: float
    f1: float
    odds: dict[int, float]
    cut: float


def learn(lexicon: Lexicon, material: Material, code: str) -> Decision:
    """Fit one topic on all texts that judge it, and set its threshold by cross-validation on ours."""
    np = importlib.import_module("numpy")
    rows = [n for n, t in enumerate(material.texts) if code in t.judged]
    texts = [material.texts[row] for row in rows]
    asked = relevant(code)
    scales = _scales(material, code)
    columns = _columns(lexicon, material, code, scales, asked)[rows]
    truth = np.array([code in labelled.codes for labelled in texts])
    weights = np.array([labelled.weight for labelled in texts])
    folds = np.array([labelled.fold for labelled in texts])
    ours = np.array([labelled.source in ("posts", "joined") for labelled in texts])
    odds = np.zeros(len(texts))  # of sentences, which are in no fold, it stays so and is not asked for
    for fold in range(FOLDS):
        model = _fit(columns[folds != fold], truth[folds != fold], weights[folds != fold])
        odds[folds == fold] = model.decision_function(columns[folds == fold])
    cut, f1 = _cut(odds[ours], truth[ours], code)
    if code in TOP_LEVEL:
        cut = log(CHANCE / (1 - CHANCE))
    model = _fit(columns, truth, weights)
    found, bias, size = model.coef_[0], float(model.intercept_[0]), len(scales)
    counted = found[:size] * scales
    pale = np.abs(counted) < PALE
    # What the words left out say together is no nothing: the threshold is lowered by it, as it is where it matters.
    left_out = material.words[rows] @ np.where(pale, counted, 0.0)
    near = np.abs(odds - cut) < NEAR
    missing = float(left_out[near].mean()) if near.any() else 0.0
    threshold = cut - bias - missing
    further = [round(float(weight), 3) for weight in found[size:]]
    return Decision(
        code,
        {other: weight for other, weight in zip(asked, further, strict=False) if abs(weight) >= 0.01},
        {
            word: round(float(weight), 2)
            for word, weight in zip(material.names, counted, strict=True)
            if abs(weight) >= PALE
        },
        dict(zip(MANNERS, further[len(asked) :], strict=True)) if code == NONE else {},
        round(max(threshold, 0.5) if code != NONE else threshold, 3),
        f1,
        dict(zip(rows, map(float, odds), strict=True)),
        cut,
    )


def _scales(material: Material, code: str) -> Any:
    """What each word is multiplied with for this topic: common ones are left to the decision on chatter."""
    np = importlib.import_module("numpy")
    free = 1.0 if code == NONE else HELD_BACK_ABOVE if code in TOP_LEVEL else HELD_BACK
    return material.scales * np.where(material.is_common & (code != NONE), 0.0, free)


def _columns(lexicon: Lexicon, material: Material, code: str, scales: Any, asked: list[str]) -> Any:
    """What is learned of, a row a text: words, the evidence of hand-made lists, of NONE the manner, too."""
    sparse = importlib.import_module("scipy.sparse")
    places = {scale.code: place for place, scale in enumerate(lexicon.scales)}
    parts = [material.words @ sparse.diags(scales), material.hand[:, [places[other] for other in asked]]]
    return sparse.hstack([*parts, material.manner] if code == NONE else parts).tocsr()


def relevant(code: str) -> list[str]:
    """The hand-made lists that may speak for or against a topic: on the top level all of it, below those beside it."""
    parent = TOPICS[code].parent if code in TOPICS else None
    if code == NONE:
        return [NONE]
    if parent is None:
        return [NONE, *(other for other, topic in TOPICS.items() if topic.parent in (None, code))]
    return [NONE, parent, *(other for other, topic in TOPICS.items() if topic.parent == parent)]


def _fit(columns: Any, truth: Any, weights: Any) -> Any:
    linear_model = importlib.import_module("sklearn.linear_model")
    model = linear_model.LogisticRegression(
        C=STRENGTH, solver="liblinear", dual=True, max_iter=300, tol=1e-3, intercept_scaling=10, random_state=0
    )
    return model.fit(columns, truth, sample_weight=weights)


def _cut(odds: Any, truth: Any, code: str) -> tuple[float, float]:
    """Where F1 is best, within the bounds; for NONE where no more than NEWS_LOST of the news is lost."""
    np = importlib.import_module("numpy")
    if code == NONE:
        cut = float(np.quantile(odds[~truth], 1 - NEWS_LOST))
        return cut, float((odds[truth] >= cut).mean())
    order = np.argsort(-odds)
    right = np.cumsum(truth[order])
    f1 = 2 * right / (np.arange(1, len(order) + 1) + truth.sum())
    best = int(np.argmax(f1))
    return float(np.clip(odds[order[best]], LOOSEST, STRICTEST)), float(f1[best])


def gathered_texts(data: Path | None) -> list[Labelled]:
    """All texts, each with the part of the cross-validation in which it is left out."""
    ours = list(own_texts())
    random.Random(7).shuffle(ours)  # noqa: S311 - the same folds each time
    texts = []
    for fold in range(FOLDS):
        part = ours[fold::FOLDS]
        texts += [replace(text, fold=fold) for text in (*part, *lengthened(part), *signed(part))]
    if data is None or not data.is_dir():
        sys.stderr.write("No folder of public data sets: learning from our own texts alone.\n")
        return texts
    cuts = [replace(text, fold=place // len(CUTS) % FOLDS) for place, text in enumerate(articles(data))]
    return [*texts, *cuts, *sentences(data)]


def main(arguments: list[str] | None = None) -> int:
    """Learn every topic and write the files."""
    made = argparse.ArgumentParser(prog="python -m training.learn_topics", description=__doc__)
    made.add_argument("--data", type=Path, help="folder with tgcontest_categories, same_story_pairs, sib200_ru_uk_en")
    made.add_argument("--only", choices=("top", "second"), help="one of the two levels (chatter goes with the top)")
    made.add_argument("--measure", action="store_true", help="write nothing, print how well the top level is found")
    given = made.parse_args(arguments)
    lexicon = read_lexicon(read_documents("lexicon"))
    material = gather(lexicon, gathered_texts(given.data))
    decisions = {}
    for code in (NONE, *TOPICS):
        is_top = code == NONE or code in TOP_LEVEL
        if given.only == ("second" if is_top else "top") or (given.measure and not is_top):
            continue
        decision = decisions[code] = learn(lexicon, material, code)
        if not given.measure:
            write_learned(code, decision.threshold, decision.hand, decision.words, decision.manner)
        sys.stdout.write(
            f"{code:24}{decision.f1:.3f}  threshold {decision.threshold:.2f}  {len(decision.words)} words\n"
        )
        sys.stdout.flush()
    if set(decisions) >= {NONE, *TOP_LEVEL}:
        odds = {code: decisions[code].odds for code in (NONE, *TOP_LEVEL)}
        cuts = {code: decisions[code].cut for code in odds}
        sys.stdout.writelines(f"{line}\n" for line in found_again(material.texts, odds, cuts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
