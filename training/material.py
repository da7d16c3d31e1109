"""The labelled texts as the learner sees them: numbers."""

from __future__ import annotations

import importlib
from collections import Counter
from dataclasses import dataclass
from typing import Any

from analysis.held import collect, hand_evidence
from analysis.learned import beginning
from analysis.lexicon import Lexicon
from analysis.manner import manner_of
from analysis.text import LEMMAS, Terms, analyse
from analysis.topics import learned_need
from training.topic_texts import Labelled

SEEN_IN = 4
"""Texts of ours that must hold a word for it to be learned."""

COMMON = 0.015
"""Share of our texts above which a word tells how people write rather than about what: real posts are written otherwise
than ours, so only the hand-made lists, and the decision between news and chatter, may use such words."""


@dataclass(slots=True)
class Material:
    """All texts as the learner sees them, a row a text.

    `hand`: the evidence of the hand-made lists; `words`: the shares of each of `names`, divided by what the text needs;
    `manner`: how it is written. `scales`: what a word is multiplied with: rare ones may move more, as in tf-idf;
    `is_common`: which words more than COMMON of our texts have.
    """

    texts: list[Labelled]
    hand: Any
    words: Any
    manner: Any
    names: list[str]
    scales: Any
    is_common: Any


def features(terms: Terms) -> dict[str, float]:
    """Lemmas and beginnings of a text with their shares, as `Lexicon.row` weighs them."""
    found: dict[str, float] = {}
    for form in dict.fromkeys(terms.forms):
        if form and not any(map(str.isdigit, form)):
            lemmas = LEMMAS[form]
            for lemma in lemmas:
                found[lemma] = found.get(lemma, 0.0) + 1 / len(lemmas)
            if sound := beginning(form):
                found[sound + "*"] = found.get(sound + "*", 0.0) + 1.0
    return found


def gather(lexicon: Lexicon, texts: list[Labelled]) -> Material:
    """Analyse the texts."""
    np, sparse = importlib.import_module("numpy"), importlib.import_module("scipy.sparse")
    analysed = [analyse(labelled.text) for labelled in texts]
    held = [features(terms) for terms in analysed]
    needed = np.array([learned_need(len(terms.forms)) for terms in analysed])
    own = [words for words, labelled in zip(held, texts, strict=True) if labelled.source == "posts"]
    counts = Counter(word for words in own for word in words)
    names = sorted(word for word, count in counts.items() if count >= SEEN_IN)
    places = {word: place for place, word in enumerate(names)}
    known = np.array([counts[word] / len(own) for word in names])
    shares = sparse.lil_matrix((len(texts), len(names)))
    hand = np.zeros((len(texts), len(lexicon.scales)))
    for row, (terms, words) in enumerate(zip(analysed, held, strict=True)):
        for word in words.keys() & places.keys():
            shares[row, places[word]] = words[word]
        for topic, value in hand_evidence(collect(lexicon, terms)).items():
            hand[row, topic] = value
    return Material(
        texts,
        sparse.csr_matrix(hand / needed[:, None]),
        sparse.diags(1 / needed) @ shares.tocsr(),
        sparse.csr_matrix([manner_of(terms) for terms in analysed]),
        names,
        -np.log(known) / 5,
        known > COMMON,
    )
