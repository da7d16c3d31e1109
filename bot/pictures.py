"""A picture from rectangles and digits, as PNG (W3C, Portable Network Graphics, third edition). Pure."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

Colour = tuple[int, int, int]
Place = tuple[float, float]

DIGIT_WIDTH = 0.6
"""Of a digit, in parts of its height."""

ADVANCE = 0.78
"""From a digit to the next."""

STROKE = 0.13
"""Thickness of a digit's line, in parts of its height."""


class Picture:
    """Pixels, rows from the top, on one colour."""

    def __init__(self, width: int, height: int, ground: Colour) -> None:
        self.width = width
        self.height = height
        self._rows = [bytearray(bytes(ground) * width) for _ in range(height)]

    def fill(self, left: int, top: int, width: int, height: int, colour: Colour) -> None:
        """A rectangle."""
        line = bytes(colour) * width
        for row in self._rows[top : top + height]:
            row[3 * left : 3 * (left + width)] = line

    def write(self, digits: str, left: int, top: int, height: int, colour: Colour) -> None:
        """Digits, so many pixels high; everything else is left out."""
        for place, digit in enumerate(character for character in digits if character in _STROKES):
            start = left + round(place * ADVANCE * height)
            for down, shades in enumerate(_glyph(digit, height)):
                for right, shade in enumerate(shades):
                    if shade:
                        self._mix(start + right, top + down, colour, shade)

    def png(self) -> bytes:
        """The file: 8 bits a colour, rows unfiltered."""
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        rows = zlib.compress(b"".join(b"\0" + row for row in self._rows), 9)
        return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")

    def _mix(self, x: int, y: int, colour: Colour, shade: float) -> None:
        if not (0 <= x < self.width and 0 <= y < self.height):
            return
        row = self._rows[y]
        for part, value in enumerate(colour, start=3 * x):
            row[part] = round(row[part] + (value - row[part]) * shade)


def width_of(digits: str, height: int) -> int:
    """How wide `Picture.write` makes them."""
    return round(((len(digits) - 1) * ADVANCE + DIGIT_WIDTH) * height) if digits else 0


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@lru_cache(maxsize=64)
def _glyph(digit: str, height: int) -> tuple[tuple[float, ...], ...]:
    """How much of each pixel a digit covers, 0 to 1: its lines are drawn with a round pen."""
    segments = [
        ((a[0] * height, a[1] * height), (b[0] * height, b[1] * height))
        for line in _STROKES[digit]
        for a, b in pairwise(line)
    ]
    pen = STROKE * height / 2
    return tuple(
        tuple(
            min(1.0, max(0.0, pen + 0.5 - min(_distance((x + 0.5, y + 0.5), *segment) for segment in segments)))
            for x in range(round(DIGIT_WIDTH * height) + 1)
        )
        for y in range(height)
    )


def _distance(point: Place, start: Place, end: Place) -> float:
    """From a point to a line between two others."""
    along, across = end[0] - start[0], end[1] - start[1]
    length = along * along + across * across
    share = ((point[0] - start[0]) * along + (point[1] - start[1]) * across) / length if length else 0.0
    share = min(1.0, max(0.0, share))
    return math.hypot(point[0] - start[0] - share * along, point[1] - start[1] - share * across)


def _arc(x: float, y: float, across: float, down: float, first: int, last: int) -> list[Place]:
    """A piece of an ellipse, in degrees clockwise from the right."""
    return list(_around(x, y, across, down, range(first, last + 1, 15)))


def _around(x: float, y: float, across: float, down: float, degrees: range) -> Iterator[Place]:
    for degree in degrees:
        yield x + across * math.cos(math.radians(degree)), y + down * math.sin(math.radians(degree))


_SIX = [_arc(0.3, 0.66, 0.23, 0.26, 0, 360), _arc(0.61, 0.66, 0.54, 0.6, 180, 240)]

_STROKES: dict[str, list[list[Place]]] = {
    "0": [_arc(0.3, 0.5, 0.23, 0.42, 0, 360)],
    "1": [[(0.1, 0.26), (0.34, 0.08), (0.34, 0.92)]],
    "2": [[*_arc(0.3, 0.31, 0.22, 0.23, 180, 390), (0.08, 0.92), (0.53, 0.92)]],
    "3": [_arc(0.28, 0.28, 0.2, 0.2, 195, 450), _arc(0.28, 0.7, 0.24, 0.22, 270, 525)],
    "4": [[(0.41, 0.92), (0.41, 0.08), (0.07, 0.66), (0.54, 0.66)]],
    "5": [[(0.49, 0.08), (0.14, 0.08), (0.11, 0.48), *_arc(0.28, 0.66, 0.24, 0.26, 225, 510)]],
    "6": _SIX,
    "7": [[(0.07, 0.08), (0.53, 0.08), (0.24, 0.92)]],
    "8": [_arc(0.3, 0.29, 0.19, 0.21, 0, 360), _arc(0.3, 0.71, 0.23, 0.21, 0, 360)],
    "9": [[(0.6 - x, 1 - y) for x, y in line] for line in _SIX],
}
"""The lines of each digit, in parts of its height, from its upper left corner."""
