"""How common words are before a window has seen any: the shares of news texts that hold them.

`common_words.tsv` is counted by `training/learn_stories.py` over texts that may be learned from (decision 13).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def shares() -> Mapping[str, float]:
    """Lemma in common letters -> the share of texts of its alphabet that hold it; what is not listed is rare."""
    lines = files(__package__).joinpath("common_words.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {lemma: float(share) for lemma, share in rows}
