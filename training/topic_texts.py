"""The labelled texts that the weights of the topics are learned from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.taxonomy import TOPICS
from analysis.word_lists import NONE
from training.reading import lines_of, rows_of

OWN = Path(__file__).parent / "topics"
"""Posts invented for this, one a line: codes, a tab, the text; ⏎ stands for a line's end."""

ARTICLES = "tgcontest_categories/dev.jsonl.gz"
PAIRS = "same_story_pairs/dev.jsonl.gz"
SENTENCES = "sib200_ru_uk_en/dev.jsonl.gz"

ARTICLES_JUDGED = Path(__file__).parent / "article_topics.tsv"
"""The topics of the top level that we gave to articles, as newsrooms give them: one to three, or none."""

SIGNATURES = Path(__file__).parent / "signatures.tsv"
"""What channels put under their posts, by language; invented."""

SIGNED = 4
"""One post of so many is taken once more with a signature."""

CUTS = (0, 25, 60)
"""Words of an article's text that follow its title: posts are as long as headlines, leads and more."""

SENTENCE_TOPICS: Mapping[str, str] = {
    "science/technology": "science", "travel": "lifestyle", "politics": "politics", "sports": "sport",
    "health": "health", "entertainment": "arts",
}  # fmt: skip

SENTENCE_WEIGHT = 0.1
"""Sentences of an encyclopaedia are no news: they teach words, and little."""

ARTICLE_WEIGHT = 0.5
"""Each cut of an article says little that the others do not."""

JOINED_WEIGHT = 0.5
"""Joined posts say nothing new, only how much is too much."""


TOP_LEVEL = frozenset(code for code, topic in TOPICS.items() if topic.parent is None)


@dataclass(frozen=True, slots=True)
class Labelled:
    """One text. `codes`: its topics, or NONE alone. `judged`: the topics it says something about
    (NONE is one). `weight`: how much it counts. `source`: "posts", "joined", "articles" or "sentences";
    `language` as far as known; `fold`: in which part of a cross-validation it is left out, -1 for none."""

    text: str
    codes: frozenset[str]
    source: str
    language: str
    judged: frozenset[str]
    weight: float = 1.0
    fold: int = -1


def own_texts(folder: Path = OWN) -> Iterator[Labelled]:
    """The invented posts. Raises ValueError naming the line that names an unknown topic.

    Each names all its topics of the top level, and, but for files called *_posts.tsv, of the second: its parent need
    not be named with such a one. Most were given those of the top level by somebody who did not know what they had been
    written for (decision 12).
    """
    for path in sorted(folder.glob("*.tsv")):
        is_above = path.stem.endswith("_posts")
        judged = TOP_LEVEL | {NONE} if is_above else frozenset({NONE, *TOPICS})
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            codes, _, text = line.partition("\t")
            named = frozenset(code.strip() for code in codes.split(","))
            if not text or not named <= {NONE, *TOPICS}:
                raise ValueError(f"{path.name}, line {number}: {codes!r} is no list of topics.")
            yield Labelled(text.replace("⏎", "\n"), named, "posts", path.stem[:2], judged)


def lengthened(texts: list[Labelled]) -> list[Labelled]:
    """Two and three posts of one language and the same topics joined: real posts are longer than most of ours, and
    weights learned from short ones alone find too much in long ones."""
    alike: dict[tuple[str, frozenset[str]], list[Labelled]] = {}
    for labelled in texts:
        if labelled.judged == TOP_LEVEL | {NONE}:
            continue
        top = frozenset(code for code in labelled.codes if code == NONE or TOPICS[code].parent is None)
        alike.setdefault((labelled.language, top), []).append(labelled)
    joined = []
    for group in alike.values():
        for start in range(0, len(group), 2):
            parts = group[start : start + (2 if start % 4 else 3)]
            if len(parts) > 1:
                codes = frozenset().union(*(part.codes for part in parts))
                text = "\n".join(part.text for part in parts)
                judged = frozenset({NONE, *TOPICS}) - TOP_LEVEL
                joined.append(Labelled(text, codes, "joined", parts[0].language, judged, JOINED_WEIGHT))
    return joined


def signed(texts: Iterable[Labelled]) -> Iterator[Labelled]:
    """Some of the posts once more with what channels put under each post: how to subscribe, where else they are. It
    says nothing of what a post is about."""
    signatures = list(lines_of(SIGNATURES))
    for place, labelled in enumerate(texts):
        if place % SIGNED == 0:
            fitting = [text for language, text in signatures if language == labelled.language]
            text = f"{labelled.text}\n{fitting[place // SIGNED % len(fitting)]}"
            yield replace(labelled, text=text, source="joined", weight=JOINED_WEIGHT * labelled.weight)


def articles(folder: Path) -> Iterator[Labelled]:
    """News articles with the topics that we gave them, cut to several lengths."""
    given = dict(lines_of(ARTICLES_JUDGED))
    for address, (language, title, text) in _articles(folder).items():
        codes = frozenset(given[hashlib.sha1(address.encode(), usedforsecurity=False).hexdigest()[:12]].split(","))
        for words in CUTS:
            cut = f"{title}\n{' '.join(text.split()[:words])}"
            yield Labelled(cut, codes, "articles", language, TOP_LEVEL | {NONE}, ARTICLE_WEIGHT)


def _articles(folder: Path) -> dict[str, tuple[str, str, str]]:
    """Address -> language, title, text; those of the contest only, no others may be learned from."""
    found = {row["url"]: (row["lang"], row["title"], row["text"]) for row in rows_of(folder / ARTICLES)}
    for row in rows_of(folder / PAIRS):
        if row["src"].startswith("tgcontest"):
            for side in ("first", "second"):
                found.setdefault(row[f"{side}_url"], (row["lang"], row[f"{side}_title"], row[f"{side}_text"]))
    return found


def sentences(folder: Path) -> Iterator[Labelled]:
    """Encyclopaedic sentences with a topic."""
    for row in rows_of(folder / SENTENCES):
        if known := SENTENCE_TOPICS.get(row["label"]):
            judged = frozenset({known, *SENTENCE_TOPICS.values()} - ({"lifestyle"} if known != "lifestyle" else set()))
            yield Labelled(row["text"], frozenset({known}), "sentences", row["lang"], judged, SENTENCE_WEIGHT)
