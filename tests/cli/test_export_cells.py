"""What exported posts look like in a file."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cli.export_cells import COLUMNS, csv_bytes, harmless_cell, is_formula, json_bytes, table_rows, to_parquet

SIGNS = "=+-@＝＋－＠﹦−\t\r\n \u200b\ufeff'\",;аb1"


def exported(**values: Any) -> dict[str, Any]:
    """A post as `storage.exports` gives it."""
    empty: dict[str, Any] = dict.fromkeys(COLUMNS)
    empty |= {
        "post_id": 7,
        "text": "",
        "topics": [],
        "has": [],
        "links": [],
        "forward": None,
        "views_are_rounded": False,
    }
    return {**empty, **values}


FORMULAS = (
    "=1+1", "+7 900", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1", "＝1", "＋1", "－1", "＠x", "﹦1", "\u200b=1",
    "\ufeff=1", "−1",
)  # fmt: skip


@pytest.mark.parametrize("cell", FORMULAS)
def test_what_a_spreadsheet_would_calculate_begins_with_an_apostrophe(cell: str) -> None:
    assert harmless_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "шторм", "1 = 1", "a@b", "'=1", "(=1)", " штиль", "— сказал он"])
def test_other_words_stay_as_they_are(cell: str) -> None:
    assert harmless_cell(cell) == cell


@given(st.lists(st.lists(st.text(st.sampled_from(SIGNS)), min_size=1, max_size=3), max_size=4))
@example([["=1", "a\r\n=2"], ['","=3']])
def test_no_cell_of_a_written_table_is_a_formula_and_none_is_lost(cells: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_bytes(cells).decode(), newline="")))
    assert read == [[f"'{cell}" if is_formula(cell) else cell for cell in row] for row in cells]
    assert not any(is_formula(cell) for row in read for cell in row)


def test_every_cell_is_quoted() -> None:
    assert csv_bytes([["a", 1, None]]) == b'"a","1",""\r\n'


def test_a_table_with_versions_has_a_row_for_each_and_the_post_as_it_stands_last() -> None:
    earlier = {"version": 1, "text": "was", "edited_at": None, "replaced_at": "2026-01-05T12:00:00+00:00"}
    rows = list(table_rows(exported(text="is", versions=[earlier]), versions=True))
    assert [(row[COLUMNS.index("text")], *row[-2:]) for row in rows] == [
        ("was", 1, "2026-01-05T12:00:00+00:00"), ("is", 2, None),
    ]  # fmt: skip


def test_parquet_has_the_same_columns_with_moments_and_numbers_as_such(tmp_path: Path) -> None:
    posts = [exported(post_id=1, text="=шторм", posted_at="2026-01-05T12:00:00+00:00", views=5), exported(post_id=2)]
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "lines").write_bytes(json_bytes(posts))
    to_parquet(tmp_path / "lines", tmp_path / "table", versions=False)
    table = parquet.read_table(tmp_path / "table")
    assert tuple(table.column_names) == COLUMNS
    first, second = table.to_pylist()
    assert (first["text"], first["views"], first["posted_at"].isoformat()) == ("=шторм", 5, "2026-01-05T12:00:00+00:00")
    assert (second["post_id"], second["posted_at"]) == (2, None)
