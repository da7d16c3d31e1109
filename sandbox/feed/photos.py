"""Small photos for the sample feed, drawn from nothing, so that no picture file has to be shipped."""

from __future__ import annotations

import hashlib
import struct
import zlib

WIDTH = 160
HEIGHT = 100
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def photo(key: str) -> bytes:
    """A 160x100 PNG with a gradient between two colours that depend on the key alone.

    Two keys give two pictures, one key gives the same bytes everywhere: an album's parts take keys such as
    ``post/0``, ``post/1``. About 500 bytes.
    """
    digest = hashlib.sha256(key.encode()).digest()
    top, bottom = digest[:3], digest[3:6]
    rows = b"".join(b"\x00" + _blend(top, bottom, row / (HEIGHT - 1)) * WIDTH for row in range(HEIGHT))
    # 8 bits a channel, colour type 2 (RGB), then compression, filter and interlace of the PNG specification.
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows, 9)) + _chunk(b"IEND", b"")


def _blend(top: bytes, bottom: bytes, share: float) -> bytes:
    return bytes(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
