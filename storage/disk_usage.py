"""How much of the disk the database really uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from storage.database import Connection
from storage.forgetting import ROW_BYTES

PAGES = 2_000
"""Pages of each table (8 KiB) that are looked at: what share of a table is filled is then known to some 1 % (standard
error of a share among 2,000: sqrt(0.25 / 2000) = 1.1 %)."""

PACKED = 0.92
"""Bytes of rows, as we count them, in a byte of a table without holes: 0.90 to 0.93 for posts of 20 to 300 words
(measured); the rest is alignment and what is too small for another row."""

FILLED = 0.9
"""Once the budget is exceeded the oldest posts go until so much of it is used: room for the days to come, and more than
the measure may be wrong by."""


@dataclass(frozen=True, slots=True)
class DiskUsage:
    """Bytes of the database that hold something. What is empty inside its files is filled again before they grow."""

    others: int
    """All that does not go with posts: deliveries, numbers of messages, subscribers, PostgreSQL's own catalogs."""
    posts: int
    """Posts and their versions, with their indexes."""
    rows: int
    """Of these, the rows of posts alone."""

    @property
    def used(self) -> int:
        """All together."""
        return self.others + self.posts

    def freed_by(self, row_bytes: int) -> float:
        """What is free when so many bytes of posts' rows are gone, and their versions and entries in indexes too."""
        return row_bytes * self.posts / self.rows if self.rows else 0.0


async def measure(connection: Connection) -> DiskUsage:
    """The usage as it is now. Deleted rows count as free at once, whether VACUUM has seen them or not.

    PostgreSQL's files never shrink, so their size says nothing after the first posts were forgotten; a budget measured
    by it would forget more every night, until nothing is left. Here the rows of a sample of pages are summed up, and
    the indexes of a table are taken to be as full as the table.
    """
    whole = int(await connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
    posts = await _table(connection, "posts", ROW_BYTES)
    versions = await _table(connection, "post_versions", VERSION_BYTES)
    others = whole - posts.size - versions.size
    return DiskUsage(others=max(others, 0), posts=round(posts.used + versions.used), rows=round(posts.rows))


VERSION_BYTES = (
    "28 + 40 + pg_column_size(text) + pg_column_size(parts) + pg_column_size(content_hash)"  # 40: numbers and times
)


@dataclass(frozen=True, slots=True)
class _Table:
    size: int
    """Bytes of its files and its indexes' files."""
    heap: int
    """Bytes of its files alone."""
    rows: float
    """Bytes of its rows."""

    @property
    def used(self) -> float:
        """Bytes of all that is not empty: its indexes are as empty as the table."""
        return self.size * min(self.rows / (self.heap * PACKED), 1.0) if self.heap else 0.0


async def _table(connection: Connection, name: str, row_bytes: str) -> _Table:
    sizes: Any = (await connection.execute(SIZES, {"name": name})).one()
    percent = min(100.0, 100.0 * PAGES / max(sizes.pages, 1))
    sampled = text(f"SELECT coalesce(sum({row_bytes}), 0) FROM {name} TABLESAMPLE SYSTEM (:percent)")  # noqa: S608
    rows = float(await connection.scalar(sampled, {"percent": percent}) or 0) * 100.0 / percent
    return _Table(sizes.size, sizes.heap, rows)


SIZES = text(
    "SELECT pg_total_relation_size(CAST(:name AS regclass)) AS size, pg_table_size(CAST(:name AS regclass)) AS heap,"
    " pg_relation_size(CAST(:name AS regclass)) / 8192 AS pages"
)
