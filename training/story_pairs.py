"""The labelled pairs that the weights of stories are learned from: news articles, whole and cut, and invented posts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain, combinations
from pathlib import Path
from typing import Any, NamedTuple

from analysis.stories.evaluation import LabelledPair, LabelledPost, pair_of
from analysis.stories.signing import sign
from analysis.text import analyse
from training.reading import lines_of, rows_of

INVENTED = Path(__file__).parent / "stories"

EARLIER = ("invented",)
LATER = ("russian", "ukrainian", "english")
"""The posts that were invented after the first round: longer, as agencies' sentences travel, and harder."""

HARD = ("hard_russian", "hard_ukrainian", "hard_english")
"""Those of the third round: other events that look alike, and tellings of one that do not."""

RECURRING = "recurring"
"""Pairs of which nothing is learned: the next of a series, or the same one told again."""

CUTS = (
    ((True, 0), (True, 0)), ((False, 500), (False, 500)), ((True, 0), (False, 600)), ((False, 600), (True, 0)),
    ((True, 350), (False, 700)), ((False, 700), (True, 350)), ((True, 400), (True, 400)),
)  # fmt: skip
"""Of both articles of a pair: whether the title is kept, and how many characters of the text."""

SHORTEST_SENTENCE = 60

STRANGERS = 2
"""Posts of other affairs, the most alike, that each invented post is paired with: they teach what chance shares."""

LEAST_SHARED = 0.12
"""The part of the shorter post that strangers worth a pair share."""


class Taken(NamedTuple):
    """A pair, and the affair that it is about."""

    pair: LabelledPair
    affair: str


def article_rows(folder: Path) -> list[dict[str, Any]]:
    """The pairs of news articles, of a folder of labelled sets; the others are for measuring only."""
    rows = rows_of(folder / "same_story_pairs/dev.jsonl.gz")
    return [row for row in rows if row["src"].startswith("tgcontest")]


def whole_articles(rows: Sequence[Mapping[str, Any]]) -> list[Taken]:
    """Articles as they are."""
    return [Taken(pair_of(row), affair) for row, affair in zip(rows, _affairs(rows), strict=True)]


def cut_articles(rows: Sequence[Mapping[str, Any]]) -> list[Taken]:
    """Articles cut to what posts are made of them, a title or some first sentences, with and without the title: two
    that report one event need not begin alike, nor be of one length."""
    found: list[Taken] = []
    for row, affair in zip(rows, _affairs(rows), strict=True):
        for cuts in CUTS:
            first, second = (_piece(row, side, *cut) for side, cut in zip(("first", "second"), cuts, strict=True))
            if first and second:
                found.append(Taken(LabelledPair(LabelledPost(first), LabelledPost(second), row["label"] == 1), affair))
    return found


def _piece(row: Mapping[str, Any], side: str, with_title: bool, characters: int) -> str:
    """An article's title, or not, and whole sentences of its first characters."""
    body = row[f"{side}_text"][:characters]
    end = max(body.rfind(". "), body.rfind("\n")) + 1
    body = body[:end] if end > SHORTEST_SENTENCE else body
    return f"{row[f'{side}_title']}\n{body}".strip() if with_title else str(body.strip())


def _affairs(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The affair of each pair of articles: pairs that share an article, or share one with such a pair, are of one."""
    affairs: dict[str, str] = {}
    for row in rows:
        first, second = (affairs.setdefault(row[side], row[side]) for side in ("first_url", "second_url"))
        affairs.update({article: first for article, affair in affairs.items() if affair == second})
    return [affairs[row["first_url"]] for row in rows]


@dataclass(frozen=True, slots=True)
class InventedPost:
    """One post that we wrote. `affair`: what it is about; `event`: which of its events."""

    affair: str
    event: str
    language: str
    text: str


def _invented(file: str) -> list[InventedPost]:
    return [
        InventedPost(f"{file} {affair}", event, language, text.replace("⏎", "\n"))
        for affair, event, language, text in lines_of(INVENTED / f"{file}.tsv")
    ]


def related_posts(files: Iterable[str]) -> list[Taken]:
    """Posts of one affair, two by two: those of one event belong together."""
    affairs: dict[str, list[InventedPost]] = defaultdict(list)
    for post in chain.from_iterable(map(_invented, files)):
        affairs[post.affair].append(post)
    return [_taken(first, second) for posts in affairs.values() for first, second in combinations(posts, 2)]


def strangers(files: Iterable[str]) -> list[Taken]:
    """Each post with the most alike of other affairs of its file."""
    found: dict[frozenset[str], Taken] = {}
    for file in files:
        posts = _invented(file)
        terms = {post.text: set(sign(post.text, analyse(post.text), post.language).terms) for post in posts}
        for post in posts:
            others = [other for other in posts if other.affair != post.affair and other.language == post.language]
            alike = sorted(others, key=lambda other: -_shared(terms[post.text], terms[other.text]))
            for other in alike[:STRANGERS]:
                if _shared(terms[post.text], terms[other.text]) >= LEAST_SHARED:
                    found.setdefault(frozenset((post.text, other.text)), _taken(post, other))
    return list(found.values())


def _shared(first: Set[int], second: Set[int]) -> float:
    """The part of the shorter of two posts that both hold."""
    return len(first & second) / max(min(len(first), len(second)), 1)


def _taken(first: InventedPost, second: InventedPost) -> Taken:
    is_same = (first.affair, first.event) == (second.affair, second.event)
    return Taken(LabelledPair(LabelledPost(first.text), LabelledPost(second.text), is_same), first.affair)


def recurring_pairs() -> list[LabelledPair]:
    """Pairs of posts about what recurs, with the hours between."""
    return [
        LabelledPair(
            LabelledPost(first.replace("⏎", "\n"), posted_at=0.0),
            LabelledPost(second.replace("⏎", "\n"), posted_at=float(hours) * 3600),
            same == "1",
        )
        for same, hours, first, second in lines_of(INVENTED / f"{RECURRING}.tsv")
    ]
