"""How fast a post finds its story, beside datasketch's MinHash LSH, and how surely a near-copy is found.

Both get posts whose words are known already, as the pipeline knows them for labels and search: ours signs, finds and
adds; datasketch makes a MinHash of 128 permutations over shingles of three words, queries and inserts. Its hashes are
updated one shingle at a time, as its documentation shows it (`stories_vs_datasketch`), and all at once, which is its
fastest way (`stories_vs_datasketch_batch`). Ours decides which story a post belongs to; datasketch lists candidates,
which is less. CPU seconds of one process; the posts are read once before, as a process is that has run for a while.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from datasketch import MinHash, MinHashLSH

from analysis.language import detect
from analysis.stories import Telling, Window, sign
from analysis.text import Terms, analyse
from benchmarks.corpus import generated
from benchmarks.measuring import Took, median, percentile, resident_mib, rounded, timed

WINDOW = 200_000
"""Posts in the window whose latency and memory are measured (issue 5)."""

BESIDE_PEER = 8_000
"""Posts in the window when compared with datasketch, which needs some 6 KiB and a millisecond for each."""

TIMED = 1_000
"""Posts timed, in each round."""

ROUNDS = 3

EDITED_SHARE = 0.04
"""Words of a near-copy that are others than the original's (reference: performance, 3.5)."""

LEAST_WORDS = 25
"""Words of a post of which EDITED_SHARE is at least one."""

SECONDS_BETWEEN = 1.2
CHANNELS = 300
NOON = 1_700_000_000.0
"""200,000 posts make 67 hours of 300 channels."""

TELEGRAM_IDS = tuple(range(1_500_000_000, 1_500_000_000 + CHANNELS))
"""What forwards name the channels by: a window keeps it of each post."""

PERMUTATIONS = 128
PEER_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Analysed:
    """A post as the pipeline has it before its story is looked for."""

    text: str
    terms: Terms
    language: str | None


def measure_stories(*, is_quick: bool = False) -> dict[str, Any]:
    """`stories_vs_datasketch`, `stories_recall`, `stories_ms_p99`, and what they rest on.

    `stories_mib`: what the window takes; `stories_mib_with_words`: and the memory of words that signing keeps.
    `stories_cpu_ms_p99`: the same posts by this process's CPU, which other programs of the machine do not lengthen.

    Takes some minutes; quick, seconds.
    """
    window, beside, count = (2_000, 1_000, 200) if is_quick else (WINDOW, BESIDE_PEER, TIMED)
    texts = generated(max(window + count, beside + ROUNDS * count), is_small=is_quick).texts
    large = _in_a_large_window([_analysed(text) for text in texts[: window + count]], window)
    return large | _beside_datasketch([_analysed(text) for text in texts[: beside + ROUNDS * count]], beside, count)


def _analysed(text: str) -> Analysed:
    terms = analyse(text)
    return Analysed(text, terms, detect(terms))


def _warm_up(posts: Iterable[Analysed]) -> None:
    """Read posts once, so that their words are known: the generated ones have more words than memory is kept for."""
    for post in posts:
        sign(post.text, post.terms, post.language)


def _telling(number: int, post: Analysed, story_id: int | None = None) -> Telling:
    signature = sign(post.text, post.terms, post.language)
    at = NOON + number * SECONDS_BETWEEN
    channel = number % CHANNELS
    address = TELEGRAM_IDS[channel], number
    return Telling(number, number if story_id is None else story_id, channel, at, signature, address)


def _tell(window: Window, number: int, post: Analysed) -> None:
    """What the pipeline does with a post."""
    telling = _telling(number, post)
    verdict = window.find(telling)
    if verdict is not None:
        channel, at, signature = telling.channel_id, telling.posted_at, telling.signature
        telling = Telling(number, verdict.story_id, channel, at, signature, telling.address)
    window.add(telling)


def _beside_datasketch(posts: Sequence[Analysed], filled: int, count: int) -> dict[str, Any]:
    """CPU time a post of ours and of datasketch, at the same number of posts; medians over rounds that take turns."""
    _warm_up(posts)
    window = Window()
    peers = {"": _Peer(_by_one), "_batch": _Peer(_at_once)}
    for number, post in enumerate(posts[:filled]):
        _tell(window, number, post)
        for peer in peers.values():
            peer.tell(number, post)
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in peers}
    for start in range(filled, len(posts) - count + 1, count):
        ours.append(_cpu(lambda number, post: _tell(window, number, post), start, posts, count))
        for name, peer in peers.items():
            theirs[name].append(_cpu(peer.tell, start, posts, count))
    figures: dict[str, Any] = {"stories_us_per_post": rounded(median(ours) * 1e6)}
    for name, seconds in theirs.items():
        figures[f"stories_vs_datasketch{name}"] = rounded(median(t / o for t, o in zip(seconds, ours, strict=True)))
    return figures


def _cpu(tell: Callable[[int, Analysed], None], start: int, posts: Sequence[Analysed], count: int) -> float:
    """CPU seconds a post."""
    with timed() as took:
        for number in range(start, start + count):
            tell(number, posts[number])
    return took.cpu / count


class _Peer:
    """datasketch, told posts one by one."""

    def __init__(self, hashed: Callable[[Sequence[bytes]], Any]) -> None:
        self._hashed = hashed
        self._index = MinHashLSH(threshold=PEER_THRESHOLD, num_perm=PERMUTATIONS)

    def tell(self, number: int, post: Analysed) -> None:
        """Query, then insert."""
        hashes = self._hashed(_shingles(post.terms.forms))
        self._index.query(hashes)
        self._index.insert(number, hashes)


def _shingles(forms: Sequence[str]) -> list[bytes]:
    runs = zip(forms, forms[1:], forms[2:], strict=False)
    return [shingle.encode() for shingle in {" ".join(run) for run in runs} or {" ".join(forms)}]


def _by_one(shingles: Sequence[bytes]) -> Any:
    hashes = MinHash(num_perm=PERMUTATIONS)
    for shingle in shingles:
        hashes.update(shingle)
    return hashes


def _at_once(shingles: Sequence[bytes]) -> Any:
    hashes = MinHash(num_perm=PERMUTATIONS)
    hashes.update_batch(shingles)
    return hashes


def _in_a_large_window(posts: Sequence[Analysed], filled: int) -> dict[str, Any]:
    """Latency by the clock on the wall, memory, and how many near-copies find the story of their original."""
    before = resident_mib()
    _warm_up(posts)
    with_words = resident_mib()
    window = Window()
    for number, post in enumerate(posts[:filled]):
        _tell(window, number, post)
    after = resident_mib()
    copied = _recall(window, posts[:filled])
    _warm_up(posts[filled:])
    took: list[Took] = []
    for number, post in enumerate(posts[filled:], start=filled):
        with timed() as one:
            _tell(window, number, post)
        took.append(one)
    walls, cpus = ([seconds * 1e3 for seconds in found] for found in zip(*((t.wall, t.cpu) for t in took), strict=True))
    return {
        "stories_recall": rounded(copied, 4),
        "stories_ms_p99": rounded(percentile(walls, 0.99)),
        "stories_ms_p50": rounded(percentile(walls, 0.5)),
        "stories_cpu_ms_p99": rounded(percentile(cpus, 0.99)),
        "stories_mib": round(after - with_words),
        "stories_mib_with_words": round(after - before),
        "stories_window": filled,
    }


def _recall(window: Window, posts: Sequence[Analysed]) -> float:
    """The share of near-copies of posts, spread over the window, that find their original's story."""
    chance = random.Random(4)  # noqa: S311 - load, not secrets
    numbers = [number for number, post in enumerate(posts) if len(post.text.split()) >= LEAST_WORDS]
    numbers = numbers[:: max(len(numbers) // TIMED, 1)]
    words = [word for post in posts[:TIMED] for word in post.text.split()]
    found = 0
    for number in numbers:
        text = _edited(posts[number].text, words, chance)
        telling = _telling(len(posts), _analysed(text))
        verdict = window.find(Telling(-1, -1, CHANNELS, telling.posted_at, telling.signature))
        found += verdict is not None and verdict.story_id == window.story_of(number)
    return found / len(numbers)


def _edited(text: str, others: Sequence[str], chance: random.Random) -> str:
    """A text with EDITED_SHARE of its words replaced."""
    words = text.split()
    for place in chance.sample(range(len(words)), max(1, round(EDITED_SHARE * len(words)))):
        words[place] = chance.choice(others)
    return " ".join(words)
