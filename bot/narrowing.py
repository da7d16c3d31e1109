"""Small changes that make a query find less: which of its matches' words, channels or topics to leave out. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from analysis.labels import sure_codes
from analysis.text import analyse
from matching.conditions import Channel, Topic
from matching.nodes import Node, all_of, leaves, negate, replace_leaves, wanted
from matching.query import Query, QueryError, parse
from matching.words import Word
from storage.back_tests import Words
from storage.posts import StoredPost

RARER = 3
"""A word tells of the matches when its share among them is so many times that elsewhere."""

LEAST_SHARE = 0.03
"""Share of the matches below which leaving a word out makes nothing quieter."""

MOST_SHARE = 0.6
"""Share above which the word is what the query is about."""

TRIED = 6
"""Words whose effect is measured."""

COMMON = 0.1
"""Share of other posts from which on a word says nothing about a post."""

SHORTEST = 4
"""Letters of a word that is suggested: shorter ones are mostly grammar."""


class Kind(StrEnum):
    """What a change leaves out."""

    WORD = "word"
    CHANNEL = "channel"
    TOPIC = "topic"
    STRICTER = "stricter"
    """Only what is surely about a topic that is asked for already."""


@dataclass(frozen=True, slots=True)
class Narrower:
    """A query that finds less by one thing; `what` is the word, the channel's name or the topic's code."""

    kind: Kind
    what: str
    query: Query


def loud_words(query: Query, found: Words) -> list[Narrower]:
    """Words that are frequent in the matches and rare elsewhere, those that leave out most first."""
    total, others = len(found.matches), len(found.others)
    if not total:
        return []
    here, elsewhere, written = _by_word(query, found)
    told: dict[str, float] = {}
    for word, count in here.items():
        share, share_elsewhere = count / total, elsewhere[word] / max(others, 1)
        if LEAST_SHARE <= share <= MOST_SHARE and count > 1 and share > RARER * share_elsewhere:
            told[word] = share - share_elsewhere
    best = sorted(told, key=lambda word: (-told[word], written[word]))[:TRIED]
    return _possible(without_word(query, written[word]) for word in best)


def ways_around(query: Query, post: StoredPost, found: Words, codes: Iterable[str]) -> list[Narrower]:
    """Changes of the query after which it does not find the post. `found` counts the post's own words.

    Of words those that some other match has, too: what nothing else says would keep nothing else away. `codes`: the
    post's topics.
    """
    here, elsewhere, written = _by_word(query, found)
    others = max(len(found.others), 1)
    telling = [word for word, count in here.items() if count > 1 and elsewhere[word] / others < COMMON]
    rarest = sorted(telling, key=lambda word: (here[word], written[word]))[:TRIED]
    asked = {leaf.code for leaf in leaves(query.root) if isinstance(leaf, Topic)}
    channels = {leaf.channel for leaf in leaves(query.root) if isinstance(leaf, Channel)}
    ways = [without_word(query, written[word]) for word in rarest]
    if post.channel.id not in channels:
        ways.append(_without(query, Channel(post.channel.id), Kind.CHANNEL, post.channel.name))
    ways += [_without(query, Topic(code), Kind.TOPIC, code) for code in sorted(codes) if code not in asked]
    ways += _stricter(query, post)
    return _possible(ways)


def _stricter(query: Query, post: StoredPost) -> list[Narrower | None]:
    """The query with a topic that has to be sure, for each that the post is not surely about."""
    denied = Counter(leaves(query.root)) - Counter(wanted(query.root))
    topics = {leaf for leaf in wanted(query.root) if isinstance(leaf, Topic) and leaf not in denied}
    unsure = {leaf for leaf in topics if not leaf.is_strict and leaf.code not in sure_codes(post.topics)}
    return [_changed(Kind.STRICTER, leaf.code, _with_strict(query, leaf)) for leaf in sorted(unsure, key=str)]


def _with_strict(query: Query, topic: Topic) -> Query:
    strict = replace(topic, is_strict=True)
    return Query(replace_leaves(query.root, lambda leaf: strict if leaf == topic else leaf))


def without_word(query: Query, form: str) -> Narrower | None:
    """The query without posts that have the word in any of its forms; None where that cannot be written."""
    return _without(query, Word(form), Kind.WORD, form)


def _without(query: Query, leaf: Node, kind: Kind, what: str) -> Narrower | None:
    return _changed(kind, what, Query(all_of([query.root, negate(leaf)])))


def _changed(kind: Kind, what: str, changed: Query) -> Narrower | None:
    """The change, unless it cannot be written so that it is understood again: it may have become too long."""
    try:
        again = parse(str(changed), stored=True, standing=False)
    except QueryError:
        return None
    return Narrower(kind, what, changed) if again == changed else None


def _possible(ways: Iterable[Narrower | None]) -> list[Narrower]:
    return [way for way in ways if way is not None]


def _by_word(query: Query, found: Words) -> tuple[Counter[str], Counter[str], dict[str, str]]:
    """By word, whatever its form: how many matches have it, how many others, and as what it is written mostly.

    A post with two forms of a word counts twice, at most as often as there are posts: what is offered is measured.
    Words that the query asks for, or leaves out, are left out here.
    """
    asked = set(analyse(str(query)).lexemes())
    here, elsewhere = Counter[str](), Counter[str]()
    forms: defaultdict[str, list[str]] = defaultdict(list)
    for form, count in found.in_matches.items():
        if len(form) < SHORTEST or not form.isalpha() or Word(form).lexemes & asked:
            continue
        word = Word(form).canonical
        here[word] = min(here[word] + count, len(found.matches))
        elsewhere[word] = min(elsewhere[word] + found.in_others.get(form, 0), len(found.others))
        forms[word].append(form)
    return here, elsewhere, {word: _mostly(found.in_matches, known) for word, known in forms.items()}


def _mostly(counts: Mapping[str, int], forms: list[str]) -> str:
    return max(forms, key=lambda form: (counts[form], form))
