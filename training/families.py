"""Families of words: of one meaning in three languages, so that what is learned of one holds for its relatives, too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from analysis.text import analyse
from training.reading import lines_of

FAMILIES = Path(__file__).parent / "families.tsv"
"""One family a line: English, Russian and Ukrainian words, each language's after a tab, between commas."""


def families() -> Iterator[frozenset[str]]:
    """The lemmas of each family."""
    for languages in lines_of(FAMILIES):
        words = [analyse(word) for language in languages for word in language.split(",")]
        # What is two words to the analysis (pull-up) is no word of its own.
        yield frozenset(lemma for terms in words if len(terms.forms) == 1 for lemma in terms.lemmas[0])
