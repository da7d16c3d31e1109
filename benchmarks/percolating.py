"""One number of standing queries: the percolator beside its peers, round by round, and against brute force."""

from __future__ import annotations

import datetime as dt
import gc
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from analysis.labels import label
from analysis.text import analyse
from benchmarks.arguments import Load
from benchmarks.corpus import described
from benchmarks.measuring import Took, median, percentile, progress, resident_mib, rounded, spread, timed
from benchmarks.peers import OneByOne, Peer, RegexLoop, Tantivy
from benchmarks.queries import whole_language
from matching.fields import PostFields
from matching.ids import ChannelId, MessageId
from matching.percolator import Percolator
from matching.query import Query, parse
from storage.post_values import Part, Post
from storage.posts import LabelledPost

BATCH = 1_000
"""Posts that tantivy is given at once."""

PARSED_UP_TO = 100_000
PARSED_OF_MORE = 10_000
"""So many queries are read from their text by our parser. Of a larger number only the first are, and the trees of the
rest are taken as they were made: the parser takes minutes for a million, and makes the same trees of the first."""

TRIED_EACH_ROUND = 1_000_000
"""Tries (posts times queries) that a slow engine is given a round, within the bounds below."""

FEWEST_POSTS, MOST_POSTS = 5, 100
"""Posts of a slow engine's round: spread over all posts by their length, others in each round."""

ADDED = 500
"""Queries added and removed again, each followed by a post."""

MISMATCHES_SHOWN = 5

_NOTHING: frozenset[str] = frozenset()
_MOMENT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. `posts` measured a round; `checked` posts compared with brute force (0: none)."""

    load: Load
    queries: int
    rounds: int
    posts: int
    checked: int
    has_peers: bool


@dataclass(slots=True)
class Rates:
    """One engine's rounds: posts a CPU second and a second on the wall; how many posts a round; matches a post."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    posts: int = 0
    matches: list[float] = field(default_factory=list)

    def note(self, posts: int, took: Took, matches: int) -> None:
        """One more round."""
        self.posts = posts
        self.cpu.append(posts / took.cpu)
        self.wall.append(posts / took.wall)
        self.matches.append(matches / posts)

    def reported(self) -> dict[str, Any]:
        """Medians."""
        return {
            "posts_per_second": rounded(median(self.cpu)),
            "posts_per_wall_second": rounded(median(self.wall)),
            "posts_a_round": self.posts,
            "matches_a_post": rounded(median(self.matches)),
        }


def measure(plan: Plan) -> dict[str, Any]:
    """Run one size from the words to the report. Meant for a process of its own, so that sizes do not mix."""
    corpus = plan.load.corpus(plan.posts * 3 // 2)
    sample, texts = corpus.texts[2::3], [text for place, text in enumerate(corpus.texts) if place % 3 != 2]
    trees = plan.load.queries(corpus, plan.queries)
    others = plan.load.queries(corpus, ADDED, seed=7)
    whole = whole_language(corpus.words, min(plan.queries, 2_000)) if plan.checked else []
    about = described(corpus)
    del corpus
    peers = _peers(trees) if plan.has_peers else {}
    result: dict[str, Any] = {"queries": plan.queries, "corpus": about}
    percolator, standing = _built(trees, sample, result)
    del trees
    progress(f"{plan.queries:,} queries: {plan.rounds} rounds of {len(texts):,} posts")
    _rounds(plan, percolator, peers, texts, result)
    _change(percolator, others, texts, result)
    if plan.checked:
        result["mismatches"] = mismatches(percolator, [*standing, *map(parse, whole)], spread(texts, plan.checked))
        result["checked"] = {"posts": plan.checked, "queries": len(standing) + len(whole)}
    return result


def _peers(trees: Sequence[Query]) -> dict[str, Peer]:
    progress(f"{len(trees):,} queries: compiling the peers'")
    engine = Tantivy(trees)
    return {"regex": RegexLoop(trees), "tantivy": OneByOne(engine), "tantivy_batched": engine}


def _built(
    trees: Sequence[Query], sample: Sequence[str], result: dict[str, Any]
) -> tuple[Percolator[int], list[Query]]:
    """The percolator with all queries, read from their texts; what that took goes into the result.

    `mib` is what the process grew by (resident set): parsed queries, percolator and the lemmas of their words.
    """
    read = len(trees) if len(trees) <= PARSED_UP_TO else PARSED_OF_MORE
    texts = [str(tree) for tree in trees[:read]]
    progress(f"{len(trees):,} queries: reading and adding")
    percolator: Percolator[int] = Percolator(map(analyse, sample))
    before = resident_mib()
    gc.freeze()  # what was made so far is not to slow down the collections from here on
    with timed() as parsing:
        standing = list(map(parse, texts))
    if standing != list(trees[:read]):
        raise AssertionError("the parser reads a generated query otherwise than it was meant")
    standing += trees[read:]
    with timed() as adding:
        for key, query in enumerate(standing):
            percolator.add(key, query)
    result |= {
        "mib": rounded(resident_mib() - before),
        "parse_microseconds": rounded(parsing.cpu / len(texts) * 1e6),
        "build_seconds": rounded(adding.cpu),
        "distinct_queries": len({query.canonical for query in standing[:read]}),
        "parsed": read,
    }
    return percolator, standing


def _fields(text: str) -> PostFields:
    """A post that is nothing but its text."""
    return PostFields(analyse(text), ChannelId(1), _MOMENT, None, _NOTHING, _NOTHING, _NOTHING, _NOTHING)


def _rounds(
    plan: Plan,
    percolator: Percolator[int],
    peers: dict[str, Peer],
    texts: Sequence[str],
    result: dict[str, Any],
) -> None:
    """Ours and the peers in turn. The first pass of ours, over words it has not seen, is reported by itself."""
    with timed() as first:
        for text in texts:
            percolator.match(_fields(text))
    rates = {name: Rates() for name in ("ours", "ours_matching_alone", *peers)}
    latencies: list[tuple[float, float]] = []
    tries = min(max(TRIED_EACH_ROUND // plan.queries, FEWEST_POSTS), MOST_POSTS)
    by_length = sorted(texts, key=len)
    for number in range(plan.rounds):
        latencies += _round_of_ours(percolator, texts, rates)
        for name, peer in peers.items():
            given = spread(texts, BATCH, number) if name == "tantivy_batched" else spread(by_length, tries, number)
            with timed() as took:
                matches = peer.matches(given)
            rates[name].note(len(given), took, matches)
        progress(f"{plan.queries:,} queries, round {number + 1}: {_said(rates)}")
    cpu, wall = ([latency[clock] * 1e3 for latency in latencies] for clock in (0, 1))
    result |= {
        "first_pass_posts_per_second": rounded(len(texts) / first.cpu),
        "p50_ms": rounded(percentile(cpu, 0.50)),
        "p99_ms": rounded(percentile(cpu, 0.99)),
        "p99_wall_ms": rounded(percentile(wall, 0.99)),
        "engines": {name: engine.reported() for name, engine in rates.items()},
    }
    result |= {
        f"vs_{name}": rounded(
            median(ours / theirs for ours, theirs in zip(rates["ours"].cpu, rates[name].cpu, strict=True))
        )
        for name in peers
    }


def _round_of_ours(
    percolator: Percolator[int], texts: Sequence[str], rates: dict[str, Rates]
) -> list[tuple[float, float]]:
    """Every post from its text, and again with its terms given; what each took from its text (CPU, wall seconds)."""
    latencies = []
    matches = 0
    with timed() as took:
        for text in texts:
            wall, cpu = time.perf_counter(), time.process_time()
            matches += len(percolator.match(_fields(text)))
            latencies.append((time.process_time() - cpu, time.perf_counter() - wall))
    rates["ours"].note(len(texts), took, matches)
    given = list(map(_fields, texts))
    with timed() as took:
        for fields in given:
            percolator.match(fields)
    rates["ours_matching_alone"].note(len(texts), took, matches)
    return latencies


def _said(rates: dict[str, Rates]) -> str:
    return ", ".join(f"{name} {engine.cpu[-1]:,.1f}/s" for name, engine in rates.items())


def _change(percolator: Percolator[int], others: Sequence[Query], texts: Sequence[str], result: dict[str, Any]) -> None:
    """What adding and removing cost, their words looked up before, and a post right after a change."""
    for query in others:
        query.canonical  # noqa: B018 - looks the words up: a dictionary's work, not the percolator's
    adding, matching, removing = [], [], []
    for number, query in enumerate(others):
        with timed() as took:
            percolator.add(-1 - number, query)
        adding.append(took.cpu)
        with timed() as took:
            percolator.match(_fields(texts[number % len(texts)]))
        matching.append(took.cpu)
    for number in range(len(others)):
        with timed() as took:
            percolator.remove(-1 - number)
        removing.append(took.cpu)
    result |= {
        "add_microseconds": rounded(sum(adding) / len(adding) * 1e6),
        "add_p99_microseconds": rounded(percentile(adding, 0.99) * 1e6),
        "remove_microseconds": rounded(sum(removing) / len(removing) * 1e6),
        "post_after_add_microseconds": rounded(sum(matching) / len(matching) * 1e6),
    }


def mismatches(percolator: Percolator[int], standing: Sequence[Query], texts: Sequence[str]) -> int:
    """In how many (post, query) pairs percolator and `Query.matches` disagree; the first few are shown.

    `standing` are the percolator's queries by key, and some more that use the whole language, which it is given now.
    """
    progress(f"comparing with brute force: {len(texts)} posts x {len(standing):,} queries")
    for key in range(len(percolator), len(standing)):
        percolator.add(key, standing[key])
    wrong = 0
    for number, text in enumerate(texts):
        post = Post(ChannelId(number % 3), (Part(MessageId(1), text),), _MOMENT, _MOMENT)
        fields = LabelledPost(post, label(text)).fields
        found = percolator.match(fields)
        differing = found ^ {key for key, query in enumerate(standing) if query.matches(fields)}
        for key in sorted(differing)[: max(MISMATCHES_SHOWN - wrong, 0)]:
            said = "missed" if key not in found else "matched wrongly"
            print(f"mismatch: {said} by the percolator: {standing[key]} in: {text}", file=sys.stderr)  # noqa: T201
        wrong += len(differing)
    return wrong
