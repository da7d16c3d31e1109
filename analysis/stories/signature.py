"""What a post's text says, packed small: it is stored with the post, and kept in memory for the whole window."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

VERSION = 3
"""Of the layout and of what the numbers mean; other versions are refused, and their posts are signed anew."""

LANGUAGES: tuple[str | None, ...] = (None, "ru", "uk", "en")

MOST_TERMS = 64
"""Distinct words kept of a text, the first ones: news says first what happened."""

MOST_NAMES, MOST_SOUNDS, MOST_SHINGLES = 24, 24, 4

_HEAD = struct.Struct("<7B")

Numbers = tuple[int, ...]


class SignatureError(ValueError):
    """Bytes that are no signature of this version."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One text's words as numbers, each sequence without repeats. About 250 bytes for 60 words.

    The packed bytes are little-endian: version, language, lengths of terms, sounds, shingles and names, how many terms
    the first sentence has; then terms, sounds and shingles, four bytes a number; then of each name its place in terms.
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
        if len(packed) != _HEAD.size + 4 * sum(packed[2:5]) + packed[5] or packed[1] >= len(LANGUAGES):
            raise SignatureError("a damaged signature")
        if packed[5] and max(packed[-packed[5] :]) >= packed[2]:
            raise SignatureError("a damaged signature")
        return cls(packed)

    @classmethod
    def of(
        cls,
        language: str | None,
        *,
        terms: Sequence[int],
        names: Sequence[int] = (),
        sounds: Sequence[int] = (),
        shingles: Sequence[int] = (),
        title: int = 0,
    ) -> Signature:
        """Pack the sequences; those that are too long lose their ends. `title`: terms of the first sentence."""
        terms, sounds, shingles = terms[:MOST_TERMS], sounds[:MOST_SOUNDS], shingles[:MOST_SHINGLES]
        places = bytes([terms.index(name) for name in names[:MOST_NAMES]]) if names else b""
        counts = len(terms), len(sounds), len(shingles)
        code = LANGUAGES.index(language) if language in LANGUAGES else 0
        packed = _whole(sum(counts)).pack(
            VERSION, code, *counts, len(places), min(title, counts[0]), *terms, *sounds, *shingles
        )
        return cls(packed + places if places else packed)

    @property
    def language(self) -> str | None:
        """The text's language: "ru", "uk", "en", or None."""
        return LANGUAGES[self.packed[1]]

    @property
    def title(self) -> int:
        """How many of `terms` come in the first sentence."""
        return self.packed[6]

    @property
    def terms(self) -> Numbers:
        """The words that count, in the order in which they first come."""
        return _numbers(self.packed[2]).unpack_from(self.packed, _HEAD.size)

    @property
    def names(self) -> Numbers:
        """Those of `terms` that are written as names."""
        count = self.packed[5]
        terms = self.terms
        return tuple(terms[place] for place in self.packed[-count:]) if count else ()

    @property
    def sounds(self) -> Numbers:
        """Skeletons of its names, which are the same in every language."""
        return self.filed()[1]

    @property
    def shingles(self) -> Numbers:
        """The smallest numbers of its runs of three words, smallest first: near-copies share most of them."""
        return self.filed()[2]

    def counted(self) -> Numbers:
        """Terms and sounds: what is counted of how many posts hold it."""
        packed = self.packed
        return _numbers(packed[2] + packed[3]).unpack_from(packed, _HEAD.size)

    def filed(self) -> tuple[Numbers, Numbers, Numbers]:
        """Terms, sounds and shingles, unpacked at once."""
        packed = self.packed
        terms = packed[2]
        sounds = terms + packed[3]
        found = _numbers(sounds + packed[4]).unpack_from(packed, _HEAD.size)
        return found[:terms], found[terms:sounds], found[sounds:]


@cache
def _numbers(count: int) -> struct.Struct:
    """So many numbers of four bytes."""
    return struct.Struct(f"<{count}I")


@cache
def _whole(count: int) -> struct.Struct:
    """A signature of so many numbers, names left out."""
    return struct.Struct(f"{_HEAD.format}{count}I")
