"""The labelled texts that the weights of the topics are learned from."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.taxonomy import TOPICS, ancestors

OWN = Path(__file__).parent / "topics"
"""Posts invented for this, one a line: codes, a tab, the text; ⏎ stands for a line's end."""

NONE = "none"

ARTICLES = "tgcontest_categories/dev.jsonl.gz"
SENTENCES = "sib200_ru_uk_en/dev.jsonl.gz"

ARTICLE_TOPICS: Mapping[str, str] = {
    "economy": "economy",
    "sports": "sport",
    "entertainment": "arts",
    "technology": "science",
}
"""What an article's category says for certain; of the others (society, science, other) it is not known which of several
topics it is, so they teach only what they are not about."""

NOT_IN: Mapping[str, frozenset[str]] = {
    "society": frozenset({"sport", "arts", "science"}),
    "economy": frozenset({"sport", "arts", "religion", "weather"}),
    "sports": frozenset({"arts", "economy", "politics", "conflict", "science", "religion", "weather", "education"}),
    "entertainment": frozenset({"sport", "economy", "conflict", "weather", "politics"}),
    "technology": frozenset({"sport", "arts", "conflict", "religion", "weather"}),
    "science": frozenset({"sport", "arts", "conflict", "economy", "politics"}),
}
"""Topics that an article of a category is not about, as the categories are described."""

SENTENCE_TOPICS: Mapping[str, str] = {
    "science/technology": "science", "travel": "lifestyle", "politics": "politics", "sports": "sport",
    "health": "health", "entertainment": "arts",
}  # fmt: skip

SENTENCE_WEIGHT = 0.1
"""Sentences of an encyclopaedia are no news: they teach words, and little."""


JOINED_WEIGHT = 0.5
"""Joined posts say nothing new, only how much is too much."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One text. `codes`: its topics with their ancestors, or NONE alone. `judged`: the topics it says something about,
    None for all. `weight`: how much it counts. `source`: where it is from; `language` as far as known; `fold`: in which
    part of a cross-validation it is left out, -1 for none."""

    text: str
    codes: frozenset[str]
    source: str
    language: str
    judged: frozenset[str] | None = None
    weight: float = 1.0
    fold: int = -1


def own_texts(folder: Path = OWN) -> Iterator[Labelled]:
    """The invented posts. Raises ValueError naming the line that names an unknown topic."""
    for path in sorted(folder.glob("*.tsv")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            codes, _, text = line.partition("\t")
            named = [code.strip() for code in codes.split(",")]
            if not text or any(code != NONE and code not in TOPICS for code in named):
                raise ValueError(f"{path.name}, line {number}: {codes!r} is no list of topics.")
            labels = frozenset(above for code in named for above in (ancestors(code) if code != NONE else {NONE}))
            yield Labelled(text.replace("⏎", "\n"), labels, path.stem, path.stem[:2])


def lengthened(texts: list[Labelled]) -> list[Labelled]:
    """Two and three posts of one language and the same topics joined: real posts are longer than most of ours, and
    weights learned from short ones alone find too much in long ones."""
    alike: dict[tuple[str, frozenset[str]], list[Labelled]] = {}
    for labelled in texts:
        top = frozenset(code for code in labelled.codes if code == NONE or TOPICS[code].parent is None)
        alike.setdefault((labelled.language, top), []).append(labelled)
    joined = []
    for group in alike.values():
        for start in range(0, len(group), 2):
            parts = group[start : start + (2 if start % 4 else 3)]
            if len(parts) > 1:
                codes = frozenset().union(*(part.codes for part in parts))
                text = "\n".join(part.text for part in parts)
                joined.append(Labelled(text, codes, parts[0].source, parts[0].language, None, JOINED_WEIGHT))
    return joined


def articles(folder: Path) -> Iterator[Labelled]:
    """News articles with a category, by people's hands."""
    for row in _rows(folder / ARTICLES):
        known, excluded = ARTICLE_TOPICS.get(row["label"]), NOT_IN.get(row["label"], frozenset())
        judged = excluded | ({known} if known else frozenset()) | ({NONE} if excluded else frozenset())
        codes = frozenset({known}) if known else frozenset()
        yield Labelled(f"{row['title']}\n{row['text']}", codes, "tgcontest", row["lang"], judged)


def sentences(folder: Path) -> Iterator[Labelled]:
    """Encyclopaedic sentences with a topic."""
    for row in _rows(folder / SENTENCES):
        if known := SENTENCE_TOPICS.get(row["label"]):
            judged = frozenset({known, *SENTENCE_TOPICS.values()} - ({"lifestyle"} if known != "lifestyle" else set()))
            yield Labelled(row["text"], frozenset({known}), "sib200", row["lang"], judged, SENTENCE_WEIGHT)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)
