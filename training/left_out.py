"""How well the top level is found in texts that were left out, by the engine's rules on the odds that others teach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from analysis.topics import LIKELIEST, MOST_TOPICS, SURELY_NEWS, TWICE_AS_SURE, is_chatter
from analysis.word_lists import NONE
from training.topic_texts import TOP_LEVEL, Labelled


def found_again(
    texts: Sequence[Labelled], odds: Mapping[str, Mapping[int, float]], cuts: Mapping[str, float]
) -> Iterator[str]:
    """A line for each kind and language of texts that are labelled with all their topics.

    `odds`: log odds by topic and the text's number; `cuts`: what they must reach.
    """
    kinds: dict[str, list[tuple[frozenset[str], frozenset[str]]]] = defaultdict(list)
    for row, text in enumerate(texts):
        if text.judged >= TOP_LEVEL | {NONE} and text.source != "joined":
            beyond = {code: (by_row[row] - cuts[code]) / TWICE_AS_SURE for code, by_row in odds.items()}
            kinds[f"{text.source} {text.language}"].append((text.codes & TOP_LEVEL, _found(beyond)))
    for kind, pairs in sorted(kinds.items()):
        right = sum(len(wanted & found) for wanted, found in pairs)
        given, wished = (sum(len(pair[side]) for pair in pairs) for side in (1, 0))
        chatter = [not found for wanted, found in pairs if not wanted]
        yield (
            f"{kind:16}F1 {2 * right / (given + wished):.3f}  precision {right / given:.3f}"
            f"  recall {right / wished:.3f}  none rejected {sum(chatter) / max(len(chatter), 1):.2f}"
        )


def _found(beyond: Mapping[str, float]) -> frozenset[str]:
    """The topics of one text from what is said of each beyond its threshold, in the unit of scores."""
    ranked = sorted(TOP_LEVEL, key=lambda code: -beyond[code])
    best = [code for code in ranked if beyond[code] >= 0]
    if not best and beyond[NONE] <= SURELY_NEWS and 1 + beyond[ranked[0]] >= LIKELIEST:
        best = ranked[:1]
    if best and is_chatter(beyond[NONE], max(1 + beyond[best[0]], 1.0)):
        best = []
    return frozenset(best[:MOST_TOPICS])
