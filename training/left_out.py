"""How well the top level is found in texts that were left out, by the engine's rules on the odds that others teach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from math import log

from analysis.topics import MOST_TOPICS
from training.topic_texts import NONE, TOP_LEVEL, Labelled

CHATTER_YIELDS = 3.0
"""Log odds by which a topic may be surer than that it is chatter and still be given up (`TWICE_AS_SURE`)."""

LIKELIEST, SURELY_NEWS = log(0.15 / 0.85), 2.0
"""Log odds of the likeliest topic of a post that has no other, and log odds below the threshold of chatter, from which
on the engine gives it (constants of the same names in `analysis.topics`)."""


def found_again(
    texts: Sequence[Labelled], odds: Mapping[str, Mapping[int, float]], cuts: Mapping[str, float]
) -> Iterator[str]:
    """A line for each kind and language of texts that are labelled with all their topics.

    `odds`: log odds by topic and the text's number; `cuts`: what they must reach.
    """
    kinds: dict[str, list[tuple[frozenset[str], frozenset[str]]]] = defaultdict(list)
    for row, text in enumerate(texts):
        if text.judged == TOP_LEVEL | {NONE} and text.source != "joined":
            beyond = {code: by_row[row] - cuts[code] for code, by_row in odds.items()}
            found = _found(beyond, LIKELIEST - cuts["politics"])  # the top level has one threshold
            kinds[f"{text.source} {text.language}"].append((text.codes - {NONE}, found))
    for kind, pairs in sorted(kinds.items()):
        right = sum(len(wanted & found) for wanted, found in pairs)
        given, wished = (sum(len(pair[side]) for pair in pairs) for side in (1, 0))
        chatter = [not found for wanted, found in pairs if not wanted]
        yield (
            f"{kind:16}F1 {2 * right / (given + wished):.3f}  precision {right / given:.3f}"
            f"  recall {right / wished:.3f}  none rejected {sum(chatter) / max(len(chatter), 1):.2f}"
        )


def _found(beyond: Mapping[str, float], likeliest: float) -> frozenset[str]:
    """The topics of one text from its odds beyond the thresholds."""
    ranked = sorted(TOP_LEVEL, key=lambda code: -beyond[code])
    best = [code for code in ranked if beyond[code] >= 0]
    if not best and beyond[NONE] <= -SURELY_NEWS and beyond[ranked[0]] >= likeliest:
        best = ranked[:1]
    if best and beyond[NONE] >= 0 and beyond[NONE] >= beyond[best[0]] - CHATTER_YIELDS:
        best = []
    return frozenset(best[:MOST_TOPICS])
