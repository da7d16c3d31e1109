"""Exported posts as CSV, JSON lines and Parquet. Pure but for `to_parquet`, which reads one file and writes another."""

from __future__ import annotations

import csv
import datetime as dt
import importlib
import io
import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any


class Format(StrEnum):
    """What posts are exported as."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


class ParquetMissing(Exception):
    """The library that writes Parquet is not installed; the message says how it is."""


NO_PARQUET = "Parquet needs the extra `parquet`: pip install 'channelwatch[parquet]', or export --format jsonl."

MOMENTS = ("posted_at", "seen_at", "edited_at", "deleted_at", "expires_at")

COLUMNS = (
    "post_id", "channel", "channel_title", "channel_telegram_id", "message_id", "url", *MOMENTS, "found_by", "language",
    "text", "topics", "story_id", "grouped_id", "reply_to", "forwarded_from", "has", "links", "views",
    "views_are_rounded", "forwards", "reactions",
)  # fmt: skip
"""Of a table: CSV and Parquet. JSON lines have all that is stored."""

VERSION_COLUMNS = ("version", "replaced_at")
"""Of a table with versions: a row each, the last of a post as it stands, with no `replaced_at`."""

FORMULA = frozenset("=+-@\u2212")
"""What a spreadsheet takes a cell for a formula by (OWASP ASVS 1.2.10; reference: fault-matrix, S12), and Unicode's
minus sign; other widths and shapes of these are folded to them."""

RULING = frozenset("\t\r\n\0")
"""Control characters that make what follows the first of a cell in some spreadsheets."""


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet might calculate a cell instead of showing it; what cannot be seen is passed over."""
    if cell[:1] in RULING:
        return True
    for sign in cell:
        if not (sign.isspace() or unicodedata.category(sign) in ("Cf", "Cc", "Mn", "Zs")):
            return unicodedata.normalize("NFKC", sign)[:1] in FORMULA
    return False


def harmless_cell(cell: str) -> str:
    """The cell with an apostrophe in front if a spreadsheet might calculate it."""
    return f"'{cell}" if is_formula(cell) else cell


def table_rows(post: Mapping[str, Any], *, versions: bool) -> Iterator[list[Any]]:
    """The rows of a post in a table: one, or one a version."""
    forward = post["forward"] or {}
    flat = {
        **post,
        "topics": " ".join(topic["code"] for topic in post["topics"]),
        "has": " ".join(post["has"]),
        "links": " ".join(post["links"]),
        "forwarded_from": forward.get("username") or forward.get("name") or forward.get("channel_telegram_id"),
        "reactions": json.dumps(post["reactions"], ensure_ascii=False) if post["reactions"] else None,
    }
    if not versions:
        yield [flat[name] for name in COLUMNS]
        return
    for earlier in post["versions"]:
        then = {**flat, "text": earlier["text"], "edited_at": earlier["edited_at"]}
        yield [*(then[name] for name in COLUMNS), earlier["version"], earlier["replaced_at"]]
    number = max((earlier["version"] for earlier in post["versions"]), default=0) + 1
    yield [*(flat[name] for name in COLUMNS), number, None]


def columns(*, versions: bool) -> tuple[str, ...]:
    """The names of a table's columns."""
    return COLUMNS + VERSION_COLUMNS if versions else COLUMNS


def csv_bytes(rows: Sequence[Sequence[Any]]) -> bytes:
    """Rows as RFC 4180 has them, every cell quoted, none of them a formula."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([harmless_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return written.getvalue().encode()


def json_bytes(posts: Sequence[Mapping[str, Any]]) -> bytes:
    """A line a post, with everything that is stored of it."""
    return "".join(f"{_JSON.encode(post)}\n" for post in posts).encode()


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

ROWS_AT_ONCE = 10_000
"""Rows of a Parquet row group, held in memory while it is made: some 30 MB of posts."""


def to_parquet(lines: Path, target: Path, *, versions: bool) -> None:
    """JSON lines, as `json_bytes` wrote them, as Parquet with the columns of a table. Raises ParquetMissing."""
    arrow, parquet = _arrow()
    schema = _schema(arrow, versions=versions)
    with lines.open("rb") as source, parquet.ParquetWriter(target, schema, compression="zstd") as writer:
        rows = (row for line in source for row in table_rows(json.loads(line), versions=versions))
        while group := list(islice(rows, ROWS_AT_ONCE)):
            by_column = zip(*group, strict=True)
            arrays = [_array(arrow, field, cells) for field, cells in zip(schema, by_column, strict=True)]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))


def check_parquet() -> None:
    """Raises ParquetMissing before any work is done."""
    _arrow()


def _arrow() -> tuple[Any, Any]:
    try:
        # By name, for it has no types, and need not be there.
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise ParquetMissing(NO_PARQUET) from None


NUMBERS = (
    "post_id", "channel_telegram_id", "message_id", "story_id", "grouped_id", "reply_to", "views", "forwards",
    "version",
)  # fmt: skip


def _schema(arrow: Any, *, versions: bool) -> Any:
    def kind(name: str) -> Any:
        if name in NUMBERS:
            return arrow.int64()
        if name in (*MOMENTS, "replaced_at"):
            return arrow.timestamp("us", tz="UTC")
        return arrow.bool_() if name == "views_are_rounded" else arrow.string()

    return arrow.schema([(name, kind(name)) for name in columns(versions=versions)])


def _array(arrow: Any, field: Any, cells: Sequence[Any]) -> Any:
    if arrow.types.is_timestamp(field.type):
        cells = [dt.datetime.fromisoformat(cell) if cell else None for cell in cells]
    elif arrow.types.is_string(field.type):
        cells = [None if cell is None else str(cell) for cell in cells]
    return arrow.array(cells, field.type)
