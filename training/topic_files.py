"""How learned weights are written."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import analysis.taxonomy

FOLDER = Path(analysis.taxonomy.__file__).parent / "learned"

WIDTH = 118


def write_learned(
    code: str, threshold: float, hand: Mapping[str, float], words: Mapping[str, float], manner: Mapping[str, float]
) -> None:
    """Write one file of `analysis/taxonomy/learned`; words of one weight stand on one line."""
    (FOLDER / f"{code}.toml").write_text(document(threshold, hand, words, manner), encoding="utf-8")


def document(
    threshold: float, hand: Mapping[str, float], words: Mapping[str, float], manner: Mapping[str, float]
) -> str:
    """The TOML text, the weightiest words first."""
    lines = ["# Learned by `python -m training.learn_topics`. How these files work: README.md in this folder."]
    lines += [f"threshold = {threshold}", "", "[hand]"]
    lines += [f"{other} = {weight}" for other, weight in sorted(hand.items(), key=lambda item: -item[1])]
    if manner:
        lines += ["", "[manner]", *(f"{name} = {weight}" for name, weight in manner.items())]
    lines += ["", "[words]"]
    groups: dict[float, list[str]] = defaultdict(list)
    for word, weight in words.items():
        if nearest := round(weight / 0.05) * 0.05:
            groups[round(nearest, 2)].append(word)
    for weight in sorted(groups, reverse=True):
        line = f'"{weight:.2f}" = """' + " ".join(sorted(groups[weight])) + '"""'
        lines += textwrap.wrap(line, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines) + "\n"
