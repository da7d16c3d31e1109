"""Pictures of counts."""

from __future__ import annotations

import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st

from bot.charts import BAR, HEIGHT, UNFINISHED, WIDTH, bar_chart, step_for
from bot.pictures import Picture, width_of


def pixels(png: bytes) -> list[bytes]:
    """The rows of an unfiltered 24-bit PNG, its checksums verified."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    place, data = 8, b""
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        kind, body = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        assert struct.unpack(">I", png[place + 8 + length : place + 12 + length])[0] == zlib.crc32(kind + body)
        data += body if kind == b"IDAT" else b""
        place += 12 + length
    width = 3 * struct.unpack(">I", png[16:20])[0]
    raw = zlib.decompress(data)
    rows = [raw[start : start + width + 1] for start in range(0, len(raw), width + 1)]
    assert {row[0] for row in rows} == {0}
    return [row[1:] for row in rows]


def colours_in(row: bytes) -> list[tuple[int, ...]]:
    return [tuple(row[start : start + 3]) for start in range(0, len(row), 3)]


def test_a_picture_is_a_png_with_its_rectangle_in_place() -> None:
    picture = Picture(4, 3, (255, 255, 255))
    picture.fill(1, 1, 2, 1, (1, 2, 3))
    white, ink = (255, 255, 255), (1, 2, 3)
    assert [colours_in(row) for row in pixels(picture.png())] == [[white] * 4, [white, ink, ink, white], [white] * 4]


def test_what_is_written_stays_in_the_picture_and_in_its_width() -> None:
    picture = Picture(60, 40, (255, 255, 255))
    picture.write("0123456789x", 5, 20, 30, (0, 0, 0))
    assert len(pixels(picture.png())) == 40
    narrow = Picture(200, 40, (255, 255, 255))
    narrow.write("48", 10, 4, 30, (0, 0, 0))
    inked = [x for row in pixels(narrow.png()) for x, seen in enumerate(colours_in(row)) if seen != (255, 255, 255)]
    assert min(inked) >= 10
    assert max(inked) <= 10 + width_of("48", 30)


def test_bars_are_as_high_as_their_counts_and_the_last_is_paler() -> None:
    rows = [colours_in(row) for row in pixels(bar_chart([2, 4, 0, 1], ["1", "", "", "4"]))]
    assert (len(rows), len(rows[0])) == (HEIGHT, WIDTH)
    heights = [sum(row[x] == BAR for row in rows) for x in range(WIDTH)]
    tall = sorted({height for height in heights if height > 10})
    assert len(tall) == 2
    assert abs(tall[1] - 2 * tall[0]) <= 2
    assert any(UNFINISHED in row for row in rows)


def test_one_among_thousands_is_still_to_be_seen() -> None:
    rows = [colours_in(row) for row in pixels(bar_chart([1, 9_000], ["", ""]))]
    assert any(BAR in row for row in rows)


@given(st.integers(0, 10**9))
def test_a_scale_has_at_most_four_round_steps(highest: int) -> None:
    step = step_for(highest)
    assert 4 * step >= highest
    assert str(step).rstrip("0") in ("1", "2", "5")
    assert step == 1 or step * 4 <= 10 * highest
