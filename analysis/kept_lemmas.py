"""The lemmas that earlier runs met, kept in the data folder: only a head start, which may be deleted at any time."""

from __future__ import annotations

from pathlib import Path

from analysis.lemmas import signature
from analysis.text import LEMMAS

FILE = "lemmas.cache"


def load_lemmas(home: Path) -> bool:
    """Begin at full speed; False where no run before has left its lemmas, or by other dictionaries."""
    return LEMMAS.load(home / FILE, signature())


def save_lemmas(home: Path) -> None:
    """Keep the lemmas for the next run. Raises OSError; then that one is slower at first, and nothing else."""
    LEMMAS.save(home / FILE, signature())
