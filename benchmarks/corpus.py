"""Posts and standing queries to measure with: generated ones, or a file of real posts with queries about its words.

The generated posts imitate news channels: words follow a Zipf law, every lemma appears in a random form, the length
is log-normal with a mean of about 62 words, and a fifth of the posts are near-duplicates. Same arguments, same load;
a shorter run is a prefix of a longer one. It is load, not test data for accuracy: the sentences carry no meaning.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

from analysis.language import detect
from analysis.text import analyse
from benchmarks.vocabulary import Vocabulary, vocabulary

SHARES = {"ru": 0.60, "uk": 0.25, "en": 0.15}
"""Languages of the posts and of the queries."""

ZIPF_SHIFT = 2.7
MEAN_LOG_LENGTH, SPREAD_LOG_LENGTH = 3.93, 0.6
SHORTEST, LONGEST = 5, 400
"""Length of a post: the logarithm's mean and deviation, and the bounds, in words."""

RECENT = 2_000
DUPLICATE_SHARE = 0.2
WORDS_AN_EDIT = 25
"""A near-duplicate copies one of the last RECENT posts with one word in so many replaced or dropped."""

TAILS = ("", "", "", "", " #новости", " https://t.me/channel/{}", " 🔥", " ❗️", " Подписаться: @channel")

RANKED_FROM_FILE = 40_000
"""Words of a file, by language, that queries are made of: the most frequent ones of all its posts."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts of posts, and the ranked words (language -> lemmas) that queries about them are made of."""

    texts: list[str]
    words: Vocabulary
    origin: str


def generated(count: int, *, is_small: bool = False) -> Corpus:
    """The first `count` posts of the generated stream. `is_small`: of the hand-picked words only, without a cache."""
    words = vocabulary(is_small=is_small)
    return Corpus(list(islice(_stream(words), count)), words, f"generated: {words.origin}")


def from_file(path: Path, count: int) -> Corpus:
    """`count` posts with words spread evenly over a file (JSON lines with `text`, gzip or not), and its words.

    Queries ask for the words of the file by how many of its posts hold them, so that they match about as generously
    as the generated ones. Raises ValueError for a file without a post.
    """
    texts = [text for text in _texts(path) if any(analyse(text).forms)]
    if not texts:
        raise ValueError(f"{path.name} holds no posts: lines of JSON with a text are expected.")
    count = min(count, len(texts))
    chosen = [texts[place * len(texts) // count] for place in range(count)]
    return Corpus(chosen, Vocabulary(_ranked(texts), path.name), f"{path.name}, {count:,} of {len(texts):,} posts")


def _texts(path: Path) -> Iterator[str]:
    """The `text` of every line."""
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rt", encoding="utf-8") if is_gzip else path.open(encoding="utf-8") as lines:
        for line in lines:
            text = json.loads(line).get("text")
            if isinstance(text, str):
                yield text


def _ranked(texts: Sequence[str]) -> dict[str, list[tuple[str, list[str]]]]:
    """Language -> its words by the number of posts that hold them, each a lemma with one form: itself."""
    counts: dict[str, Counter[str]] = {language: Counter() for language in SHARES}
    for text in texts:
        terms = analyse(text)
        language = detect(terms)
        if language is not None:
            counts[language].update({form for form in terms.forms if len(form) > 2 and form.isalpha()})
    return {
        language: [(form, [form]) for form, _ in found.most_common(RANKED_FROM_FILE)]
        for language, found in counts.items()
    }


def _stream(words: Vocabulary) -> Iterator[str]:
    """Generated posts, for ever."""
    chance = random.Random(1)  # noqa: S311 - load, not secrets
    writers = {language: _Writer(lemmas, chance) for language, lemmas in words.lemmas.items()}
    recent: deque[tuple[str, str]] = deque(maxlen=RECENT)
    languages, shares = list(SHARES), list(SHARES.values())
    number = 0
    while True:
        number += 1
        if recent and chance.random() < DUPLICATE_SHARE:
            language, text = chance.choice(recent)
            yield writers[language].edited(text)
            continue
        language = chance.choices(languages, shares)[0]
        text = writers[language].written() + chance.choice(TAILS).format(number)
        recent.append((language, text))
        yield text


class _Writer:
    """Writes posts of one language."""

    def __init__(self, lemmas: Sequence[tuple[str, list[str]]], chance: random.Random) -> None:
        self._forms = [forms for _, forms in lemmas]
        self._weights = list(accumulate(1 / (rank + ZIPF_SHIFT) for rank in range(len(lemmas))))
        self._chance = chance

    def written(self) -> str:
        """A new post."""
        length = int(self._chance.lognormvariate(MEAN_LOG_LENGTH, SPREAD_LOG_LENGTH))
        words: list[str] = []
        starts_sentence = True
        for forms in self._drawn(min(max(length, SHORTEST), LONGEST)):
            word = self._chance.choice(forms)
            word, starts_sentence = self._punctuated(word.capitalize() if starts_sentence else word)
            words.append(word)
        return " ".join(words) + "."

    def edited(self, text: str) -> str:
        """A near-duplicate of a post."""
        words = text.split(" ")
        for _ in range(max(1, len(words) // WORDS_AN_EDIT)):
            place = self._chance.randrange(len(words))
            words[place] = self._chance.choice(self._drawn(1)[0]) if self._chance.random() < 0.7 else ""
        return " ".join(filter(None, words))

    def _drawn(self, count: int) -> list[list[str]]:
        """The forms of random lemmas, common ones oftener."""
        return self._chance.choices(self._forms, cum_weights=self._weights, k=count)

    def _punctuated(self, word: str) -> tuple[str, bool]:
        """A word with what may stand around it, and whether a sentence ends with it."""
        ornament = self._chance.random()
        if ornament < 0.07:
            return word + ",", False
        if ornament < 0.14:
            return word + ".", True
        if ornament < 0.15:
            return f"«{word}»", False
        if ornament < 0.17:
            return f"{self._chance.randrange(10_000)} {word}", False
        return word, False


def described(corpus: Corpus) -> dict[str, Any]:
    """What a report says of its posts."""
    words = [len(analyse(text).forms) for text in corpus.texts]
    return {
        "origin": corpus.origin,
        "posts": len(words),
        "words_a_post": round(sum(words) / len(words), 1),
        "distinct_forms": len({form for text in corpus.texts for form in analyse(text).forms}),
    }
