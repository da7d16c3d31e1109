"""The newest matches, fast for words of every frequency.

PostgreSQL knows two ways. A walk from the newest post back finds a frequent word at once, and reads the whole table for
a rare one. The index of words has the matches of a rare word at once, and of a frequent one half the table, to be read
and sorted for twenty. Planners guess which is better from statistics that know the commonest words only, and nothing of
phrases and beginnings of words. So this asks instead of guessing:

1. The newest PROBE posts are looked at one by one. A frequent word ends here.
2. What they hold of the query says how far back the rest must be. That window, and no post before it, is asked by
   the index of words together with the dates, or looked at like the first when it is small. The next one is larger, by
   what the last one taught.
3. Where few posts match in all, all that are left are asked for at once.

What is walked along is the query's own frame: its channel, its days, and where the last page ended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, false, select, true, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement, Executable

from matching.conditions import After, Before, Channel
from matching.nodes import And, Node, all_of, leaves
from matching.query import Query
from matching.words import Phrase
from storage.ids import PostId
from storage.models import PostRow
from storage.search.bounds import Watch
from storage.search.conditions import Scope, holds, visible

PROBE = 500
"""Posts that are looked at one by one: 3 ms where all of them are unpacked (measured on 1 M posts, as what follows)."""

FEW = 10_000
"""So many expected matches are fetched and sorted at once, unless better is known: 40 ms."""

WALKED = 2_000
"""Up to so many posts are looked at one by one later on as well: 12 ms, where the index of words would bring half the
table for two common words in a row."""

ENOUGH = 2
"""So many matches among the posts looked at say how many there are in all; fewer say only that there are few."""

UNPACKING = 10
"""How much more a post costs that may hold a phrase: the index has only its words, so its terms are unpacked and their
places compared, 20 µs. Planners also expect too few: words of one language come together."""

STEP = 8
"""How much larger than all before it a window is at most, and when nothing has been found yet."""

WIDEST = 150_000
"""Posts in a window at most, for the index of dates is read twice for all of them: 30 ms. Who needs more than two such
windows had better read all that is left."""


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """A post that matches, and where it stands in time; the older is the smaller."""

    posted_at: dt.datetime
    id: PostId


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of a query that indexes of dates answer, and the rest of it."""

    within: tuple[ColumnElement[bool], ...]
    asked: ColumnElement[bool]
    has_phrases: bool = False

    @classmethod
    def of(cls, query: Query, scope: Scope) -> Frame:
        """Split a query: the channel and the days that all of it must have are its frame."""
        parts: Sequence[Node] = query.root.parts if isinstance(query.root, And) else (query.root,)
        within = [part for part in parts if _is_framing(part)]
        rest = [part for part in parts if part not in within]
        has_phrases = any(isinstance(leaf, Phrase) for leaf in leaves(query.root))
        return cls(tuple(map(holds, within)), visible(holds(all_of(rest)) if rest else true(), scope), has_phrases)

    def before(self, posted_at: dt.datetime, post_id: PostId) -> Frame:
        """The same of what is older than a post: of two posts of one moment the lower number."""
        older = tuple_(PostRow.posted_at, PostRow.id) < (posted_at, post_id)
        return self._narrowed(PostRow.posted_at <= posted_at, older)

    def earlier_than(self, moment: dt.datetime) -> Frame:
        """The same of posts published before a moment."""
        return self._narrowed(PostRow.posted_at < moment)

    def since(self, moment: dt.datetime) -> Frame:
        """The same of posts published at that moment or later."""
        return self._narrowed(PostRow.posted_at >= moment)

    def stored_until(self, newest_id: PostId) -> Frame:
        """The same of posts that were stored no later than one."""
        return self._narrowed(PostRow.id <= newest_id)

    def _narrowed(self, *conditions: ColumnElement[bool]) -> Frame:
        return replace(self, within=(*self.within, *conditions))


def _is_framing(part: Node) -> bool:
    return isinstance(part, After | Before) or (isinstance(part, Channel) and isinstance(part.channel, int))


ORDER = (PostRow.posted_at.desc(), PostRow.id.desc())


async def newest(connection: AsyncConnection, frame: Frame, limit: int, watch: Watch) -> list[Match]:
    """The newest posts in a frame that have what is asked, newest first."""
    found: list[Match] = []
    rest: Frame | None = frame
    size: int | None = PROBE
    looked_at = 0
    while rest is not None and len(found) < limit:
        if looked_at:
            await watch.allow_rest()
            size = await _window(connection, rest, len(found), looked_at, limit)
        if size is None or size > WALKED:
            matches, rest = await _fetch(connection, rest, size, limit - len(found))
        else:
            matches, rest = await _walk(connection, rest, size, limit - len(found))
        found += matches
        looked_at += size or 0
    return found


async def _walk(connection: AsyncConnection, frame: Frame, size: int, limit: int) -> tuple[list[Match], Frame | None]:
    """The matches among the newest `size` posts of the frame, one by one; and what is behind those posts.

    In one statement, which sees one moment: what arrives meanwhile would move the end, and the last posts would be
    looked at again.
    """
    # Named as the table is, so that what is asked of posts is asked of these.
    nearest = select(PostRow.__table__).where(*frame.within).order_by(*ORDER).limit(size).cte("posts")
    matching = select(PostRow.posted_at, PostRow.id, true()).where(frame.asked).order_by(*ORDER).limit(limit)
    last = select(PostRow.posted_at, PostRow.id, false()).order_by(*ORDER).offset(size - 1).limit(1)
    rows = (await connection.execute(union_all(matching, last).add_cte(nearest))).all()
    matches = _matches((posted_at, number) for posted_at, number, is_match in rows if is_match)
    end = next((Match(posted_at, PostId(number)) for posted_at, number, is_match in rows if not is_match), None)
    return matches, frame.before(end.posted_at, end.id) if end else None


async def _fetch(
    connection: AsyncConnection, frame: Frame, size: int | None, limit: int
) -> tuple[list[Match], Frame | None]:
    """The matches among the newest `size` posts of the frame (None: all), by the indexes; and what is behind those."""
    begins_at = await _moment_behind(connection, frame, size) if size else None
    window = frame.since(begins_at) if begins_at else frame
    # Materialised, so that the planner cannot walk along the dates for a rare word.
    matching = select(PostRow.posted_at, PostRow.id).where(*window.within, window.asked)
    matches = matching.cte("matches").prefix_with("MATERIALIZED")
    order = (matches.c.posted_at.desc(), matches.c.id.desc())
    rows = await connection.execute(select(matches.c.posted_at, matches.c.id).order_by(*order).limit(limit))
    return _matches(rows), frame.earlier_than(begins_at) if begins_at else None


def _matches(rows: Iterable[Any]) -> list[Match]:
    return [Match(posted_at, PostId(number)) for posted_at, number in rows]


async def _window(connection: AsyncConnection, frame: Frame, found: int, looked_at: int, limit: int) -> int | None:
    """How many posts to look at next; None: at all that are left."""
    wanted = limit - found
    expected = await estimate(connection, select(PostRow.id).where(*frame.within, frame.asked))
    is_known = found >= ENOUGH
    if is_known:
        left = await estimate(connection, select(PostRow.id).where(*frame.within))
        expected = max(expected, left * found // looked_at)
    few = FEW // 4 if is_known else FEW
    if expected * (UNPACKING if frame.has_phrases else 1) <= max(few, 4 * wanted):
        return None
    size = 2 * wanted * looked_at // found if found else STEP * looked_at
    return None if size > 2 * WIDEST else min(max(size, looked_at), STEP * looked_at, WIDEST)


async def _moment_behind(connection: AsyncConnection, frame: Frame, size: int) -> dt.datetime | None:
    """When the oldest of the next `size` posts was published; None where there are fewer."""
    moments = select(PostRow.posted_at).where(*frame.within).order_by(PostRow.posted_at.desc())
    return await connection.scalar(moments.offset(size - 1).limit(1))


class _Explain(Executable, ClauseElement):
    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


@compiles(_Explain)
def _compile_explain(element: _Explain, compiler: SQLCompiler, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.statement, **options)}"


async def estimate(connection: AsyncConnection, statement: Select[Any]) -> int:
    """How many rows the planner expects: about half a millisecond."""
    plan = await connection.scalar(_Explain(statement))
    return int(plan[0]["Plan"]["Plan Rows"])
