"""What a post's text says, packed small: it is stored with the post, and kept in memory for the whole window."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

VERSION = 2
"""Of the layout and of what the numbers mean; other versions are refused, and their posts are signed anew."""

LANGUAGES: tuple[str | None, ...] = (None, "ru", "uk", "en")

MOST_TERMS = 96
"""Distinct words kept of a text, the first ones: news says first what happened."""

MOST_NAMES, MOST_NUMBERS, MOST_SOUNDS, MOST_SHINGLES = 24, 16, 24, 4

_HEAD = struct.Struct("<8B")

Sequences = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]
"""A signature's terms, names, numbers, sounds and shingles."""


class SignatureError(ValueError):
    """Bytes that are no signature of this version."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One text's words as numbers, each sequence without repeats. About 300 bytes for 60 words.

    The packed bytes are little-endian: eight counts (version, language, the sequences' lengths, words of the text),
    then the sequences, four bytes a number.
    """

    packed: bytes

    def to_bytes(self) -> bytes:
        """What `from_bytes` reads."""
        return self.packed

    @classmethod
    def from_bytes(cls, packed: bytes) -> Signature:
        """A signature that was stored. Raises SignatureError for bytes of another version or of no signature."""
        if len(packed) < _HEAD.size or packed[0] != VERSION:
            raise SignatureError(f"a signature of version {packed[0] if packed else 'none'}, not {VERSION}")
        if len(packed) != _HEAD.size + 4 * sum(packed[2:7]) or packed[1] >= len(LANGUAGES):
            raise SignatureError("a damaged signature")
        return cls(packed)

    @classmethod
    def of(
        cls,
        language: str | None,
        words: int,
        *,
        terms: Sequence[int],
        names: Sequence[int],
        numbers: Sequence[int],
        sounds: Sequence[int],
        shingles: Sequence[int],
    ) -> Signature:
        """Pack the sequences; those that are too long lose their ends. `words`: how many the text has."""
        kept = (
            terms[:MOST_TERMS], names[:MOST_NAMES], numbers[:MOST_NUMBERS], sounds[:MOST_SOUNDS],
            shingles[:MOST_SHINGLES],
        )  # fmt: skip
        counts = [*map(len, kept)]
        code = LANGUAGES.index(language) if language in LANGUAGES else 0
        whole = _whole(sum(counts))
        return cls(whole.pack(VERSION, code, *counts, min(words, 255), *chain.from_iterable(kept)))

    @property
    def language(self) -> str | None:
        """The text's language: "ru", "uk", "en", or None."""
        return LANGUAGES[self.packed[1]]

    @property
    def words(self) -> int:
        """How many words the text has, at most 255."""
        return self.packed[7]

    @property
    def terms(self) -> tuple[int, ...]:
        """The words that count, in the order in which they first come."""
        return self._sequence(0)

    @property
    def names(self) -> tuple[int, ...]:
        """Those of `terms` that are written as names."""
        return self._sequence(1)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Those of `terms` that are numbers."""
        return self._sequence(2)

    @property
    def sounds(self) -> tuple[int, ...]:
        """Skeletons of its names, which are the same in every language."""
        return self._sequence(3)

    @property
    def shingles(self) -> tuple[int, ...]:
        """The smallest numbers of its runs of three words, smallest first: near-copies share most of them."""
        return self._sequence(4)

    def sequences(self) -> Sequences:
        """All five, unpacked at once: for who needs several of them."""
        packed = self.packed
        _, _, terms, names, numbers, sounds, shingles, _ = packed[: _HEAD.size]
        names += terms
        numbers += names
        sounds += numbers
        shingles += sounds
        found = _numbers(shingles).unpack_from(packed, _HEAD.size)
        return found[:terms], found[terms:names], found[names:numbers], found[numbers:sounds], found[sounds:]

    def _sequence(self, which: int) -> tuple[int, ...]:
        packed = self.packed
        start = _HEAD.size + 4 * sum(packed[2 : 2 + which])
        return _numbers(packed[2 + which]).unpack_from(packed, start)


@cache
def _numbers(count: int) -> struct.Struct:
    """So many numbers of four bytes."""
    return struct.Struct(f"<{count}I")


@cache
def _whole(count: int) -> struct.Struct:
    """A signature of so many numbers."""
    return struct.Struct(f"{_HEAD.format}{count}I")
